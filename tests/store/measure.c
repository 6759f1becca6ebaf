// Prints how many rows a second the store takes and gives: `store_measure FILE [CONTACTS]`.
// Numbers for people, not a test.
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW_MS INT64_C(1780315200000)
#define SEGMENTS 3
#define EVENTS_PER_CONTACT 5

static double now_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void need(store_status status, const store_error *err) {
  if (status != STORE_OK) {
    (void)fprintf(stderr, "store_measure: %s\n", err->message);
    exit(1);
  }
}

static void report(const char *what, int64_t rows, double start_s) {
  double seconds = now_s() - start_s;
  (void)printf("%-44s %9lld rows %7.2f s %10.0f rows/s\n", what, (long long)rows, seconds,
               (double)rows / seconds);
  (void)fflush(stdout);
}

static uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 31)) * UINT64_C(0x7FB5D329728EA185);
  value = (value ^ (value >> 27)) * UINT64_C(0x81DADEF4BC2DD44D);
  return value ^ (value >> 33);
}

static void add_contacts(store_session *session, int64_t project, int64_t count, bool is_sorted) {
  store_error err;
  double start_s = now_s();
  need(store_transaction_begin(session, &err), &err);
  for (int64_t i = 0; i < count; i++) {
    uint64_t random = mixed((uint64_t)i + (is_sorted ? 1U << 30 : 0));
    char id[64];
    char email[64];
    char data[160];
    (void)snprintf(id, sizeof id, "%08x-1234-4abc-8def-%012llx",
                   is_sorted ? (unsigned)i : (unsigned)random, (unsigned long long)(random >> 16));
    (void)snprintf(email, sizeof email, "user%llx@example.com", (unsigned long long)(random >> 20));
    (void)snprintf(data, sizeof data,
                   "{\"plan\":\"pro\",\"age\":%u,\"city\":\"Berlin\",\"score\":%u,"
                   "\"signedUpAt\":\"2026-02-01T00:00:00.000Z\",\"company\":\"Example\"}",
                   (unsigned)(random % 80), (unsigned)(random % 1000));
    store_contact contact = {.project = project,
                             .id = seg_text_of(id),
                             .email = seg_text_of(email),
                             .subscribed = i % 2 == 0,
                             .data_json = seg_text_of(data),
                             .created_at_ms = NOW_MS + i,
                             .updated_at_ms = NOW_MS + i};
    int64_t num = 0;
    need(store_contact_insert(session, &contact, &num, &err), &err);
  }
  need(store_transaction_commit(session, &err), &err);
  report(is_sorted ? "contacts, rising ids, random emails" : "contacts, random ids and emails",
         count, start_s);
}

static bool first_num(void *context, const store_contact *contact) {
  *(int64_t *)context = contact->num;
  return false;
}

static void add_members(store_session *session, int64_t project, int64_t first, int64_t count,
                        bool has_events) {
  store_error err;
  int64_t entry = 0;
  char name[32];
  static int made;
  (void)snprintf(name, sizeof name, "vip-%d", ++made);
  store_segment segment = {.project = project,
                           .id = seg_text_of(name),
                           .name = seg_text_of(name),
                           .slug = seg_text_of(name),
                           .is_tracked = true};
  int64_t num = 0;
  double start_s = now_s();
  need(store_transaction_begin(session, &err), &err);
  need(store_segment_insert(session, &segment, &num, &err), &err);
  store_move move = {
      .project = project, .segment = num, .at_ms = NOW_MS, .cause = STORE_CAUSE_CLOCK};
  if (has_events) {
    need(store_event_name_intern(session, project, seg_text_of(name), &entry, &err), &err);
    need(store_segment_event_intern(session, project, num, entry, seg_text_of("{}"), &move.event,
                                    &err),
         &err);
  }
  for (int64_t i = first; i < first + count; i++) {
    need(store_member_add(session, &move, i, &err), &err);
  }
  need(store_transaction_commit(session, &err), &err);
  report(has_events ? "memberships, each with its history and event"
                    : "memberships, each with its history",
         count, start_s);
}

static void add_events(store_session *session, int64_t project, int64_t first, int64_t contacts,
                       int64_t count) {
  store_error err;
  int64_t names[12];
  double start_s = now_s();
  need(store_transaction_begin(session, &err), &err);
  for (int i = 0; i < 12; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "event-%d", i);
    need(store_event_name_intern(session, project, seg_text_of(name), &names[i], &err), &err);
  }
  for (int64_t i = 0; i < count; i++) {
    if (i % 5000 == 4999) { // as batches come
      need(store_transaction_commit(session, &err), &err);
      need(store_transaction_begin(session, &err), &err);
    }
    uint64_t random = mixed((uint64_t)i);
    char id[64];
    (void)snprintf(id, sizeof id, "%08x-1234-4abc-8def-%012llx", (unsigned)i,
                   (unsigned long long)(random >> 16));
    store_event event = {.project = project,
                         .contact = first + (int64_t)(random % (uint64_t)contacts),
                         .id = seg_text_of(id),
                         .name = names[(random >> 40) % 12],
                         .at_ms = NOW_MS + i,
                         .data_json = seg_text_of("{\"amount\":12.5,\"sku\":\"abc-123\"}")};
    need(store_event_insert(session, &event, NULL, &err), &err);
  }
  need(store_transaction_commit(session, &err), &err);
  report("events, random contacts, 5,000 a commit", count, start_s);
}

static bool count_contact(void *context, const store_contact *contact) {
  (void)contact;
  ++*(int64_t *)context;
  return true;
}

static bool count_mark(void *context, const store_event_mark *mark) {
  (void)mark;
  ++*(int64_t *)context;
  return true;
}

static bool count_name(void *context, const store_event_name *name) {
  *(int64_t *)context += name->count;
  return true;
}

static bool count_member(void *context, int64_t contact, int64_t since_ms) {
  (void)contact;
  (void)since_ms;
  ++*(int64_t *)context;
  return true;
}

static bool last_segment(void *context, const store_segment *segment) {
  *(int64_t *)context = segment->num;
  return false;
}

static void read_all(store_session *session, int64_t project) {
  store_error err;
  int64_t rows = 0;
  double start_s = now_s();
  need(store_contact_each(session, project, count_contact, &rows, &err), &err);
  report("reading every contact", rows, start_s);
  rows = 0;
  start_s = now_s();
  need(store_event_each(session, project, count_mark, &rows, &err), &err);
  report("reading every event", rows, start_s);
  rows = 0;
  start_s = now_s();
  need(store_event_name_stats(session, project, count_name, &rows, &err), &err);
  report("counting events by name", rows, start_s);
  int64_t segment = 0;
  need(store_segment_list(session, project, last_segment, &segment, &err), &err);
  rows = 0;
  start_s = now_s();
  need(store_member_each(session, project, segment, count_member, &rows, &err), &err);
  report("reading every member of a segment", rows, start_s);
}

static void delete_some(store_session *session, int64_t project, int64_t first, int64_t count) {
  store_error err;
  const int64_t at_ms = NOW_MS;
  store_instants instants = {.at_ms = &at_ms, .count = 1};
  double start_s = now_s();
  need(store_transaction_begin(session, &err), &err);
  for (int64_t i = 0; i < count; i++) {
    need(store_contact_delete(session, project, first + i, instants, &err), &err);
  }
  need(store_transaction_commit(session, &err), &err);
  report("deleting contacts, one instant each", count, start_s);
  int64_t segment = 0;
  need(store_segment_list(session, project, last_segment, &segment, &err), &err);
  start_s = now_s();
  need(store_transaction_begin(session, &err), &err);
  need(store_segment_delete(session, project, segment, &err), &err);
  need(store_transaction_commit(session, &err), &err);
  report("deleting a segment", 1, start_s);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    (void)fprintf(stderr, "usage: store_measure FILE [CONTACTS]\n");
    return 2;
  }
  int64_t contacts = argc > 2 ? strtoll(argv[2], NULL, 10) : 1000000;
  store_error err;
  store *file = NULL;
  store_session *session = NULL;
  need(store_open(&(store_options){.path = argv[1]}, &file, &err), &err);
  need(store_session_open(file, STORE_ACCESS_WRITE, &session, &err), &err);
  int64_t project = 0;
  store_project row = {.id = seg_text_of("p"), .public_key = seg_text_of("pk")};
  need(store_transaction_begin(session, &err), &err);
  need(store_project_insert(session, &row, &project, &err), &err);
  need(store_transaction_commit(session, &err), &err);
  add_contacts(session, project, contacts / 2, false);
  add_contacts(session, project, contacts - contacts / 2, true);
  int64_t first = 0;
  need(store_contact_each(session, project, first_num, &first, &err), &err);
  for (int i = 0; i < SEGMENTS; i++) {
    add_members(session, project, first, contacts, false);
  }
  add_events(session, project, first, contacts, contacts * EVENTS_PER_CONTACT);
  add_members(session, project, first, contacts, true);
  store_session_close(session);
  need(store_session_open(file, STORE_ACCESS_WRITE, &session, &err), &err);
  read_all(session, project);
  delete_some(session, project, first, contacts < 1000 ? contacts : 1000);
  int64_t size_bytes = 0;
  need(store_file_size(file, &size_bytes, &err), &err);
  (void)printf("%lld bytes\n", (long long)size_bytes);
  store_session_close(session);
  store_close(file);
  return 0;
}
