/* SQLite's side of the benchmark: tables, indexes and queries as a careful user would write them.
 *
 *   sqlite load DB DIR           make DB from DIR/contacts.ndjson and DIR/emails.ndjson
 *   sqlite count DB NOW_MS RUNS  print one JSON line a query, the best of RUNS in microseconds
 *
 * Where a choice was open SQLite got the faster one: integer keys, instants as integers, an index
 * for every column or path the filter touches, statistics, a page cache that holds everything.
 * What is timed is stepping a prepared statement to its end. Events are left out: the filter does
 * not ask for them. */

#define _POSIX_C_SOURCE 200809L
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS 86400000LL

/* The generator writes every instant with milliseconds and a Z. */
#define INSTANT_MS(path)                                                                           \
  "unixepoch(?1->>'" path "') * 1000 + CAST(substr(?1->>'" path "', 21, 3) AS INTEGER)"

static const char settings[] = "PRAGMA cache_size = -8000000; PRAGMA temp_store = MEMORY;";

static const char schema[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "CREATE TABLE contacts (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, email TEXT NOT NULL,"
    "  subscribed INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    "  data TEXT NOT NULL);"
    "CREATE TABLE emails (contact_id INTEGER NOT NULL REFERENCES contacts (id), sent_at INTEGER,"
    "  opened_at INTEGER, clicked_at INTEGER);"
    "BEGIN";

static const char insert_contact[] =
    "INSERT INTO contacts (uuid, email, subscribed, created_at, updated_at, data) VALUES"
    " (?1->>'id', ?1->>'email', ?1->>'subscribed', " INSTANT_MS(
        "createdAt") ","
                     "  " INSTANT_MS("updatedAt") ", ?1->'data')";

static const char insert_email[] =
    "INSERT INTO emails VALUES ((SELECT id FROM contacts WHERE uuid = ?1->>'contactId'),"
    "  " INSTANT_MS("sentAt") ", " INSTANT_MS("openedAt") ", " INSTANT_MS("clickedAt") ")";

static const char indexes[] =
    "COMMIT;"
    "CREATE INDEX contacts_this_filter ON contacts (data->>'$.plan', subscribed, created_at);"
    "CREATE INDEX contacts_plan ON contacts (data->>'$.plan');"
    "CREATE INDEX contacts_subscribed ON contacts (subscribed);"
    "CREATE INDEX contacts_created ON contacts (created_at);"
    "CREATE INDEX emails_contact_opened ON emails (contact_id, opened_at);"
    "CREATE INDEX emails_contact_clicked ON emails (contact_id, clicked_at);"
    "CREATE INDEX emails_opened ON emails (opened_at, contact_id);"
    "CREATE INDEX emails_clicked ON emails (clicked_at, contact_id);"
    "ANALYZE";

/* ?1 now, ?2 30 days before, ?3 14 days before. Each query has the faster of the two phrasings;
 * the planner, left alone, would take the index made for this filter in the second one too. */
#define WHERE " WHERE subscribed = 1 AND data->>'$.plan' = 'pro' AND created_at < ?2 AND ("
#define OPENED "opened_at BETWEEN ?3 AND ?1"
#define CLICKED "clicked_at BETWEEN ?3 AND ?1"
#define EXISTS(activity) "EXISTS (SELECT 1 FROM emails WHERE contact_id = c.id AND " activity ")"
#define IN(activity) "id IN (SELECT contact_id FROM emails WHERE " activity ")"

static const struct {
  const char *contestant;
  const char *sql;
} queries[] = {
    {"SQLite, JSON functions, contacts not indexed",
     "SELECT count(*) FROM contacts c NOT INDEXED" WHERE EXISTS(OPENED) " OR " EXISTS(CLICKED) ")"},
    {"SQLite, an index a column",
     "SELECT count(*) FROM contacts c INDEXED BY contacts_plan" WHERE IN(OPENED) " OR " IN(
         CLICKED) ")"},
    {"SQLite, an index made for this filter",
     "SELECT count(*) FROM contacts c" WHERE EXISTS(OPENED) " OR " EXISTS(CLICKED) ")"},
};

static void check(sqlite3 *db, int status) {
  if (status == SQLITE_OK || status == SQLITE_ROW || status == SQLITE_DONE)
    return;
  fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
  exit(1);
}

static void load_file(sqlite3 *db, const char *dir, const char *name, const char *sql) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *file = fopen(path, "r");
  if (!file) {
    perror(path);
    exit(1);
  }
  sqlite3_stmt *insert;
  check(db, sqlite3_prepare_v2(db, sql, -1, &insert, NULL));
  char *line = NULL;
  size_t capacity_bytes = 0;
  ssize_t size_bytes;
  while ((size_bytes = getline(&line, &capacity_bytes, file)) > 0) {
    check(db, sqlite3_bind_text(insert, 1, line, (int)size_bytes, SQLITE_STATIC));
    check(db, sqlite3_step(insert));
    check(db, sqlite3_reset(insert));
  }
  free(line);
  sqlite3_finalize(insert);
  fclose(file);
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void count(sqlite3 *db, size_t query, int64_t now_ms, int run_count) {
  sqlite3_stmt *select;
  check(db, sqlite3_prepare_v2(db, queries[query].sql, -1, &select, NULL));
  check(db, sqlite3_bind_int64(select, 1, now_ms));
  check(db, sqlite3_bind_int64(select, 2, now_ms - 30 * DAY_MS));
  check(db, sqlite3_bind_int64(select, 3, now_ms - 14 * DAY_MS));
  double best_us = -1;
  int64_t matches = 0;
  for (int run = 0; run <= run_count; run++) { /* the first one warms the cache */
    double start_us = now_us();
    check(db, sqlite3_step(select));
    matches = sqlite3_column_int64(select, 0);
    double us = now_us() - start_us;
    check(db, sqlite3_reset(select));
    if (run > 0 && (best_us < 0 || us < best_us))
      best_us = us;
  }
  sqlite3_finalize(select);
  printf("{\"contestant\":\"%s\",\"count\":%lld,\"us\":%.1f}\n", queries[query].contestant,
         (long long)matches, best_us);
}

int main(int argc, char **argv) {
  int loading = argc == 4 && strcmp(argv[1], "load") == 0;
  int counting = argc == 5 && strcmp(argv[1], "count") == 0;
  if (!loading && !counting) {
    fputs("usage: sqlite load DB DIR | sqlite count DB NOW_MS RUNS\n", stderr);
    return 2;
  }
  sqlite3 *db;
  if (sqlite3_open(argv[2], &db) != SQLITE_OK)
    check(db, SQLITE_CANTOPEN);
  check(db, sqlite3_exec(db, settings, NULL, NULL, NULL));
  if (loading) {
    check(db, sqlite3_exec(db, schema, NULL, NULL, NULL));
    load_file(db, argv[3], "contacts.ndjson", insert_contact);
    load_file(db, argv[3], "emails.ndjson", insert_email);
    check(db, sqlite3_exec(db, indexes, NULL, NULL, NULL));
  } else {
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
      count(db, i, strtoll(argv[3], NULL, 10), atoi(argv[4]));
  }
  check(db, sqlite3_close(db));
  return 0;
}
