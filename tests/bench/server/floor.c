// What the machine and SQLite themselves can do, for the server's benchmark to stand beside:
//
//     bench_floor FILE CONTACTS
//
// Each line of output is JSON: a name, and rows a second. Nothing but rows: no JSON read, no HTTP,
// no look at a segment. Every transaction is synchronised to the disk, as the server's are.
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/// How long each is measured, in seconds.
#define SECONDS 3.0

static sqlite3 *db;

static double now_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void need(int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    (void)fprintf(stderr, "bench_floor: %s\n", sqlite3_errmsg(db));
    exit(1);
  }
}

static void run(const char *sql) { need(sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *made = NULL;
  need(sqlite3_prepare_v2(db, sql, -1, &made, NULL));
  return made;
}

static void step(sqlite3_stmt *statement) {
  need(sqlite3_step(statement));
  need(sqlite3_reset(statement));
}

static uint64_t next_random(void) {
  static uint64_t state = UINT64_C(88172645463325252);
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static void report(const char *name, int64_t rows, double begin_s) {
  (void)printf("{\"name\":\"%s\",\"perSecond\":%.0f}\n", name, (double)rows / (now_s() - begin_s));
  (void)fflush(stdout);
}

static void make_tables(int64_t contacts) {
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-262144;"
      "PRAGMA wal_autocheckpoint=16384;"
      "CREATE TABLE updates(num INTEGER PRIMARY KEY, at INTEGER);"
      "CREATE TABLE events(num INTEGER PRIMARY KEY, contact INTEGER, name INTEGER, at INTEGER,"
      " id TEXT, data TEXT);"
      "CREATE INDEX events_by_time ON events(at, contact, num, name);"
      "CREATE TABLE contacts(num INTEGER PRIMARY KEY, project INTEGER, id TEXT, email TEXT,"
      " data TEXT);"
      "CREATE UNIQUE INDEX contacts_by_num ON contacts(project, num);"
      "CREATE UNIQUE INDEX contacts_by_id ON contacts(project, id);"
      "CREATE TABLE members(key INTEGER PRIMARY KEY, since INTEGER);"
      "CREATE TABLE changes(key INTEGER PRIMARY KEY, contact INTEGER, cause INTEGER, at INTEGER,"
      " event INTEGER);"
      "CREATE INDEX changes_by_time ON changes(at, contact, key, event); BEGIN");
  sqlite3_stmt *insert = prepare("INSERT INTO updates VALUES(?1, 0)");
  for (int64_t i = 1; i <= contacts; i++) {
    need(sqlite3_bind_int64(insert, 1, i));
    step(insert);
  }
  need(sqlite3_finalize(insert));
  run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Events of contacts at random, so many in a transaction; each also says when it was.
static void insert_events(const char *name, int64_t contacts, int64_t batch) {
  static int64_t num;
  sqlite3_stmt *insert =
      prepare("INSERT INTO events VALUES(?1, ?2, 3, ?3, '01234567-89ab-cdef-0123-456789abcdef',"
              " '{\"amount\":12.5,\"sku\":\"abc-123\"}')");
  sqlite3_stmt *touch = prepare("UPDATE updates SET at = ?2 WHERE num = ?1");
  double begin_s = now_s();
  int64_t rows = 0;
  for (; now_s() - begin_s < SECONDS; rows += batch) {
    run("BEGIN IMMEDIATE");
    int64_t at_ms = rows / 10;
    for (int64_t i = 0; i < batch; i++) {
      int64_t contact = 1 + (int64_t)(next_random() % (uint64_t)contacts);
      need(sqlite3_bind_int64(insert, 1, ++num));
      need(sqlite3_bind_int64(insert, 2, contact));
      need(sqlite3_bind_int64(insert, 3, at_ms));
      step(insert);
      need(sqlite3_bind_int64(touch, 1, contact));
      need(sqlite3_bind_int64(touch, 2, at_ms));
      step(touch);
    }
    run("COMMIT");
  }
  report(name, rows, begin_s);
  need(sqlite3_finalize(insert));
  need(sqlite3_finalize(touch));
}

/// New contacts, 1,000 in a transaction: as many as an import has. Ids rise, as those do that have
/// the time in front.
static void insert_contacts(void) {
  sqlite3_stmt *insert = prepare(
      "INSERT INTO contacts VALUES(?1, 1, printf('01234567-89ab-7def-0123-%012d', ?1), ?2,"
      " '{\"firstName\":\"Ada\",\"lastName\":\"Lovelace\",\"plan\":\"pro\",\"country\":\"GB\","
      "\"score\":12,\"signupDate\":\"2026-01-01T10:00:00Z\"}')");
  double begin_s = now_s();
  int64_t num = 0;
  while (now_s() - begin_s < SECONDS) {
    run("BEGIN IMMEDIATE");
    for (int64_t i = 0; i < 1000; i++) {
      char email[48];
      (void)snprintf(email, sizeof email, "p%016llx@example.com",
                     (unsigned long long)next_random());
      need(sqlite3_bind_int64(insert, 1, ++num));
      need(sqlite3_bind_text(insert, 2, email, -1, SQLITE_STATIC));
      step(insert);
    }
    run("COMMIT");
  }
  report("contacts", num, begin_s);
  need(sqlite3_finalize(insert));
}

/// Everybody into a segment: a member and a change each, 100,000 in a transaction.
static void insert_members(int64_t contacts) {
  sqlite3_stmt *member = prepare("INSERT INTO members VALUES(?1, 1)");
  sqlite3_stmt *change = prepare("INSERT INTO changes VALUES(?1, ?1, 1, 1, 1)");
  double begin_s = now_s();
  run("BEGIN IMMEDIATE");
  for (int64_t i = 1; i <= contacts; i++) {
    if (i % 100000 == 0) {
      run("COMMIT; BEGIN IMMEDIATE");
    }
    need(sqlite3_bind_int64(member, 1, i));
    step(member);
    need(sqlite3_bind_int64(change, 1, i));
    step(change);
  }
  run("COMMIT");
  report("members", contacts, begin_s);
  need(sqlite3_finalize(member));
  need(sqlite3_finalize(change));
}

int main(int argc, char **argv) {
  if (argc != 3) {
    (void)fprintf(stderr, "usage: bench_floor FILE CONTACTS\n");
    return 2;
  }
  int64_t contacts = strtoll(argv[2], NULL, 10);
  need(sqlite3_open(argv[1], &db));
  make_tables(contacts);
  insert_events("commits", contacts, 1);
  insert_events("events64", contacts, 64);
  insert_events("events16384", contacts, 16384);
  insert_contacts();
  insert_members(contacts);
  need(sqlite3_close(db));
  return 0;
}
