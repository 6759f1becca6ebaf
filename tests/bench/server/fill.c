// Makes a database for the server's benchmark, straight through the store:
//
//     bench_fill FILE KEY CONTACTS EVENTS_PER_CONTACT
//
// One project with the secret key KEY; contacts `user0@example.com` on with six fields of data;
// their events at random contacts, spread over the year before now, the last one a minute ago.
#include "ids.h"
#include "segmentry/instant.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMES 12
/// Rows of one transaction.
#define COMMIT_ROWS 100000

static void need(store_status status, const store_error *err) {
  if (status != STORE_OK) {
    (void)fprintf(stderr, "bench_fill: %s\n", err->message);
    exit(1);
  }
}

static uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 31)) * UINT64_C(0x7FB5D329728EA185);
  value = (value ^ (value >> 27)) * UINT64_C(0x81DADEF4BC2DD44D);
  return value ^ (value >> 33);
}

/// Ends a transaction and begins the next one, every so many rows.
static void step(store_session *session, int64_t row) {
  store_error err;
  if (row % COMMIT_ROWS == COMMIT_ROWS - 1) {
    need(store_transaction_commit(session, &err), &err);
    need(store_transaction_begin(session, &err), &err);
  }
}

static int64_t add_project(store_session *session, const char *key, int64_t now_ms) {
  store_error err;
  int64_t num = 0;
  store_project row = {.id = seg_text_of("bench"),
                       .name = seg_text_of("Benchmark"),
                       .public_key = seg_text_of("pk_bench"),
                       .created_at_ms = now_ms};
  secret_hash(key, strlen(key), row.secret_hash);
  need(store_project_insert(session, &row, &num, &err), &err);
  return num;
}

static void add_contact(store_session *session, int64_t project, int64_t at, int64_t now_ms,
                        int64_t *num) {
  store_error err;
  uint64_t random = mixed((uint64_t)at);
  char id[ID_TEXT_BYTES];
  char email[64];
  char data[200];
  char signed_up[SEG_INSTANT_TEXT_BYTES];
  int64_t created_at_ms = now_ms - (int64_t)(random % 365) * SEG_DAY_MS;
  id_make(id);
  seg_instant_write(created_at_ms, signed_up);
  (void)snprintf(email, sizeof email, "user%lld@example.com", (long long)at);
  (void)snprintf(data, sizeof data,
                 "{\"plan\":\"%s\",\"age\":%u,\"city\":\"city-%u\",\"score\":%u,"
                 "\"signedUpAt\":\"%s\",\"company\":\"company-%u\"}",
                 random % 4 == 0 ? "pro" : "free", (unsigned)(random >> 8) % 80,
                 (unsigned)(random >> 16) % 300, (unsigned)(random >> 24) % 1000, signed_up,
                 (unsigned)(random >> 40) % 20000);
  store_contact row = {.project = project,
                       .id = seg_text_of(id),
                       .email = seg_text_of(email),
                       .subscribed = random % 3 != 0,
                       .data_json = seg_text_of(data),
                       .created_at_ms = created_at_ms,
                       .updated_at_ms = created_at_ms};
  need(store_contact_insert(session, &row, num, &err), &err);
}

static void add_events(store_session *session, int64_t project, int64_t first, int64_t contacts,
                       int64_t count, int64_t now_ms) {
  store_error err;
  int64_t names[NAMES];
  for (int i = 0; i < NAMES; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "event-%d", i);
    need(store_event_name_intern(session, project, seg_text_of(name), &names[i], &err), &err);
  }
  int64_t year_ms = 365 * SEG_DAY_MS;
  for (int64_t i = 0; i < count; i++) {
    uint64_t random = mixed((uint64_t)i + (UINT64_C(1) << 40));
    char id[ID_TEXT_BYTES];
    id_make(id);
    store_event row = {.project = project,
                       .contact = first + (int64_t)(random % (uint64_t)contacts),
                       .id = seg_text_of(id),
                       .name = names[(random >> 40) % NAMES],
                       .at_ms =
                           now_ms - year_ms +
                           (int64_t)((double)i / (double)count * (double)(year_ms - SEG_MINUTE_MS)),
                       .data_json = seg_text_of("{\"amount\":12.5,\"sku\":\"abc-123\"}")};
    need(store_event_insert(session, &row, NULL, &err), &err);
    step(session, i);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    (void)fprintf(stderr, "usage: bench_fill FILE KEY CONTACTS EVENTS_PER_CONTACT\n");
    return 2;
  }
  int64_t contacts = strtoll(argv[3], NULL, 10);
  int64_t now_ms = (int64_t)time(NULL) * 1000;
  store_error err;
  store *file = NULL;
  store_session *session = NULL;
  need(store_open(&(store_options){.path = argv[1]}, &file, &err), &err);
  need(store_session_open(file, STORE_ACCESS_WRITE, &session, &err), &err);
  need(store_transaction_begin(session, &err), &err);
  int64_t project = add_project(session, argv[2], now_ms);
  int64_t last = 0;
  for (int64_t i = 0; i < contacts; i++) {
    add_contact(session, project, i, now_ms, &last);
    step(session, i);
  }
  add_events(session, project, last - contacts + 1, contacts, contacts * strtoll(argv[4], NULL, 10),
             now_ms);
  need(store_transaction_commit(session, &err), &err);
  store_session_close(session);
  store_close(file);
  return 0;
}
