// Input that means harm: events in every order and number, forged snapshots that add up
// but do not hold what they promise, lists of fields without end, texts chosen to collide.
#include "support.h"

#include "../../core/src/hash.h" // internal: no public function shows a hash
#include "segmentry/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Timelines.

#define ROWS 150U // two blocks and a part
#define OCCURRENCES_MAX 400U
#define ROUNDS 40
#define ADDITIONS 800U

typedef struct model_row {
  bool is_live;
  size_t count;
  int64_t at_ms[OCCURRENCES_MAX];
} model_row;

typedef struct model {
  seg_table *table;
  model_row rows[ROWS];
  unsigned next_id;
  uint64_t random;
  test_memory memory;
} model;

static uint32_t below(model *own, uint32_t bound) { return test_random_below(&own->random, bound); }

static bool is_triggered(const model_row *row) { return row->count > 0; }
static bool is_within(const model_row *row) {
  for (size_t i = 0; i < row->count; i++) {
    if (row->at_ms[i] >= TEST_NOW_MS - 5 * SEG_DAY_MS && row->at_ms[i] <= TEST_NOW_MS) {
      return true;
    }
  }
  return false;
}
static bool is_not_since(const model_row *row) {
  for (size_t i = 0; i < row->count; i++) {
    if (row->at_ms[i] >= TEST_NOW_MS - 5 * SEG_DAY_MS) {
      return false;
    }
  }
  return true;
}
static bool is_older(const model_row *row) { return row->count > 0 && is_not_since(row); }
static bool is_not_triggered(const model_row *row) { return row->count == 0; }

static const struct {
  const char *filter;
  bool (*matches)(const model_row *row);
} questions[] = {
    {"\"field\":\"event.login\",\"operator\":\"triggered\"", is_triggered},
    {"\"field\":\"event.login\",\"operator\":\"notTriggered\"", is_not_triggered},
    {"\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":5,\"unit\":\"days\"",
     is_within},
    {"\"field\":\"event.login\",\"operator\":\"triggeredOlderThan\",\"value\":5,"
     "\"unit\":\"days\"",
     is_older},
    {"\"field\":\"event.login\",\"operator\":\"notTriggeredWithin\",\"value\":5,"
     "\"unit\":\"days\"",
     is_not_since},
};
#define QUESTION_COUNT (sizeof questions / sizeof questions[0])

/// Compares the answers of a table, whose rows are the live ones of the model in order, or with
/// `has_holes` in their places.
static void check_answers(const model *own, const seg_table *table, bool has_holes,
                          const char *which) {
  for (size_t i = 0; i < QUESTION_COUNT; i++) {
    seg_filter *filter = test_filter_of(seg_allocator_default(), questions[i].filter);
    uint64_t *mask = test_mask(table, filter, NULL);
    uint32_t at = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
      const model_row *expected = &own->rows[row];
      if (!expected->is_live) {
        continue;
      }
      uint32_t asked = has_holes ? row : at++;
      bool found = ((mask[asked / 64] >> (asked % 64)) & 1) != 0;
      if (found != questions[i].matches(expected)) {
        fail_msg("%s: %s: row %u with %zu occurrences", which, questions[i].filter, (unsigned)row,
                 expected->count);
      }
    }
    free(mask);
    seg_filter_free(filter);
  }
}

static seg_text_view written(const seg_table *table) {
  seg_text_view bytes = {NULL, 0};
  assert_int_equal(seg_snapshot_write(table, seg_allocator_default(), NULL, 0, &bytes, NULL),
                   SEG_OK);
  return bytes;
}

static void check_everything(model *own) {
  seg_allocator allocator = seg_allocator_default();
  check_answers(own, own->table, true, "table");
  assert_int_equal(own->memory.held_bytes, seg_table_memory_bytes(own->table));

  seg_text_view bytes = written(own->table);
  seg_table *read = NULL;
  assert_int_equal(seg_snapshot_read(allocator, 3, bytes, &read, NULL), SEG_OK);
  check_answers(own, read, false, "snapshot");

  seg_table *copy = test_table(allocator);
  for (uint32_t row = 0; row < ROWS; row++) {
    uint32_t to_row;
    if (own->rows[row].is_live) {
      assert_int_equal(seg_table_copy_row(copy, own->table, row, &to_row, NULL), SEG_OK);
    }
  }
  check_answers(own, copy, false, "copy");

  // All three hold the same occurrences, to the millisecond: snapshots put them in order.
  seg_text_view of_read = written(read);
  seg_text_view of_copy = written(copy);
  assert_true(seg_text_equal(bytes, of_read));
  assert_true(seg_text_equal(bytes, of_copy));
  seg_text_free(allocator, of_copy);
  seg_text_free(allocator, of_read);
  seg_text_free(allocator, bytes);
  seg_table_free(copy);
  seg_table_free(read);
}

static void add_contact(model *own, uint32_t row) {
  char id[32];
  (void)snprintf(id, sizeof id, "c%u", own->next_id++);
  assert_int_equal(test_add(own->table, id, NULL), row);
  own->rows[row] = (model_row){.is_live = true};
}

/// Adds an occurrence; now and then without memory at first, which must change nothing.
static void add_occurrence(model *own, uint32_t row, int64_t at_ms) {
  if (own->rows[row].count == OCCURRENCES_MAX) {
    return;
  }
  seg_status status = SEG_E_NOMEM;
  if (below(own, 4) == 0) {
    test_memory_fail_at(&own->memory, 0);
    status = seg_table_add_event(own->table, row, TEXT("login"), at_ms, NULL);
    test_memory_fail_at(&own->memory, TEST_MEMORY_NEVER);
  }
  if (status != SEG_OK) {
    assert_int_equal(status, SEG_E_NOMEM);
    status = seg_table_add_event(own->table, row, TEXT("login"), at_ms, NULL);
  }
  assert_int_equal(status, SEG_OK);
  own->rows[row].at_ms[own->rows[row].count++] = at_ms;
}

/// Rows that get many, among others that get few.
static uint32_t some_row(model *own) {
  return below(own, 3) == 0 ? below(own, ROWS) : below(own, 12) * 11;
}

/// One round's occurrences: forwards, backwards, or in no order; from far back to the future.
static void add_occurrences(model *own) {
  uint32_t order = below(own, 3);
  int64_t reach = (int64_t)below(own, 30) - 15; // the round's newest, in days from now
  for (uint32_t i = 0; i < ADDITIONS; i++) {
    uint32_t step = order == 0 ? i : order == 1 ? ADDITIONS - i : below(own, ADDITIONS);
    int64_t at_ms = TEST_NOW_MS + reach * SEG_DAY_MS -
                    (int64_t)(ADDITIONS - step) * (30 * SEG_DAY_MS / ADDITIONS) -
                    (int64_t)below(own, 3);
    uint32_t row = some_row(own);
    if (own->rows[row].is_live) {
      add_occurrence(own, row, at_ms);
    }
  }
}

static void timelines_agree_with_a_naive_model(void **state) {
  (void)state;
  model *own = calloc(1, sizeof *own);
  assert_non_null(own);
  own->random = test_seed();
  own->memory = TEST_MEMORY_INIT;
  own->table = test_table(test_memory_allocator(&own->memory));
  for (uint32_t row = 0; row < ROWS; row++) {
    add_contact(own, row);
  }
  for (int round = 0; round < ROUNDS; round++) {
    add_occurrences(own);
    check_everything(own);
    // Some go, and others take their rows with nothing of theirs.
    for (uint32_t i = 0; i < 1 + below(own, 20); i++) {
      uint32_t row = some_row(own);
      seg_table_remove(own->table, row);
      own->rows[row] = (model_row){.is_live = false};
    }
    check_everything(own);
    for (uint32_t row = 0; row < ROWS; row++) {
      if (!own->rows[row].is_live) {
        add_contact(own, row);
      }
    }
    check_everything(own);
  }
  for (uint32_t row = 0; row < ROWS; row++) {
    seg_table_remove(own->table, row);
  }
  seg_table_free(own->table);
  assert_int_equal(own->memory.block_count, 0);
  free(own);
}

/// Where an addition costs as much as there is, these take longer than a test may: minutes.
static void many_occurrences_in_any_order_are_quick(void **state) {
  (void)state;
  static const struct {
    uint32_t contacts;
    int32_t step; // of the instants
    int32_t count;
  } cases[] = {{64, 1, 4000000}, {64, -1, 4000000}, {1, -1, 3000000}, {3, 1, 3000000}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    seg_table *table = test_table(seg_allocator_default());
    for (uint32_t row = 0; row < cases[i].contacts; row++) {
      char id[16];
      (void)snprintf(id, sizeof id, "c%u", (unsigned)row);
      (void)test_add(table, id, NULL);
    }
    size_t empty_bytes = seg_table_memory_bytes(table);
    for (int32_t k = 0; k < cases[i].count; k++) {
      uint32_t row = (uint32_t)k % cases[i].contacts;
      int64_t at_ms = TEST_NOW_MS - 50 * SEG_DAY_MS + (int64_t)k * cases[i].step;
      assert_int_equal(seg_table_add_event(table, row, TEXT("login"), at_ms, NULL), SEG_OK);
    }
    size_t bytes = seg_table_memory_bytes(table) - empty_bytes;
    assert_true(bytes < (size_t)cases[i].count * 13); // 8 and what growing by half leaves idle
    assert_int_equal(test_count_of(table, "\"field\":\"event.login\",\"operator\":"
                                          "\"triggeredOlderThan\",\"value\":40,\"unit\":\"days\""),
                     cases[i].contacts);
    seg_table_free(table);
  }
}

// Forged snapshots: bytes made here, with a right checksum.

typedef struct forger {
  unsigned char *bytes;
  size_t size;
  size_t capacity;
} forger;

static void put_byte(forger *to, unsigned value) {
  if (to->size == to->capacity) {
    to->capacity = to->capacity * 2 + 256;
    to->bytes = realloc(to->bytes, to->capacity);
    assert_non_null(to->bytes);
  }
  to->bytes[to->size++] = (unsigned char)value;
}

static void put_fixed(forger *to, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++) {
    put_byte(to, (unsigned)(value >> (8 * i)) & 0xFF);
  }
}

static void put_number(forger *to, size_t value) {
  for (; value >= 0x80; value >>= 7) {
    put_byte(to, (unsigned)(value & 0x7F) | 0x80);
  }
  put_byte(to, (unsigned)value);
}

static void put_text(forger *to, const char *text) {
  put_number(to, strlen(text));
  for (; *text != '\0'; text++) {
    put_byte(to, (unsigned char)*text);
  }
}

static uint32_t checksum_of(const unsigned char *bytes, size_t size) {
  uint32_t checksum = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    checksum ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      checksum = (checksum & 1) != 0 ? (checksum >> 1) ^ UINT32_C(0xEDB88320) : checksum >> 1;
    }
  }
  return ~checksum;
}

static void put_data(forger *to, const char *path, const size_t *elements, size_t count) {
  put_byte(to, 5);
  put_text(to, path);
  put_number(to, 1);
  put_byte(to, 4); // an array
  put_number(to, count);
  for (size_t i = 0; i < count; i++) {
    put_number(to, elements[i]);
    for (size_t k = 0; k < elements[i]; k++) {
      put_byte(to, 'x');
    }
  }
  put_byte(to, 1); // the codes of both rows
  put_byte(to, 0);
}

/// The event `login`, of the first row or of nobody.
static void put_event(forger *to, bool has_any) {
  put_byte(to, 6);
  put_text(to, "login");
  put_fixed(to, (uint64_t)TEST_NOW_MS, 8);
  put_number(to, has_any ? 1 : 0);
  for (unsigned i = 0; has_any && i < 3; i++) {
    put_byte(to, i == 1 ? 1 : 0); // no rows before it, one occurrence, at the base
  }
}

/// A section by its letter. Both rows get nothing where that can be said.
static void put_section(forger *to, char letter) {
  static const size_t small[] = {1};
  static const size_t full[] = {65536, 1, 0};
  static const size_t over[] = {65537, 1};
  switch (letter) {
  case 'e':
    put_byte(to, 1);
    put_text(to, "a@b");
    put_text(to, "c@d");
    break;
  case 's':
    put_byte(to, 2);
    put_byte(to, 3);
    break;
  case 'c':
  case 'u':
    put_byte(to, letter == 'c' ? 3 : 4);
    put_fixed(to, (uint64_t)TEST_NOW_MS, 8);
    put_number(to, 0);
    put_number(to, 1);
    break;
  case 'd':
    put_data(to, "x", small, 1);
    break;
  case 'D':
    put_data(to, "y", full, 3);
    break;
  case 'O':
    put_data(to, "z", over, 2);
    break;
  case 'v':
  case 'V':
    put_event(to, letter == 'V');
    break;
  case 'm':
    put_byte(to, 8);
    put_text(to, "m");
    put_byte(to, 1);
    break;
  default: // '0' to '5'
    put_byte(to, 7);
    put_byte(to, (unsigned)(letter - '0'));
    put_fixed(to, 0, 8);
    put_number(to, 0);
    break;
  }
}

/// fields    separated by spaces
/// sections  a letter each
static seg_text_view forge(forger *to, unsigned flag, const char *fields, const char *sections) {
  *to = (forger){.bytes = NULL};
  for (int i = 0; i < 3; i++) {
    put_fixed(to, 0, 8); // the header's place
  }
  put_byte(to, flag);
  size_t count = 0;
  for (const char *at = fields; *at != '\0'; at++) {
    count += at == fields || at[-1] == ' ';
  }
  put_number(to, count);
  while (*fields != '\0') {
    size_t size = strcspn(fields, " ");
    put_number(to, size);
    for (size_t i = 0; i < size; i++) {
      put_byte(to, (unsigned char)*fields++);
    }
    fields += *fields == ' ';
  }
  put_number(to, 2);
  put_text(to, "a");
  put_text(to, "b");
  for (; *sections != '\0'; sections++) {
    put_section(to, *sections);
  }
  put_byte(to, 0);
  size_t size = to->size;
  to->size = 0;
  for (const char *c = "SEGSNAP\n"; *c != '\0'; c++) {
    put_byte(to, (unsigned char)*c);
  }
  put_fixed(to, 1, 4);
  put_fixed(to, checksum_of(to->bytes + 24, size - 24), 4);
  put_fixed(to, size - 24, 8);
  to->size = size;
  return (seg_text_view){(const char *)to->bytes, size};
}

static void check_forged(unsigned flag, const char *fields, const char *sections,
                         seg_status expected) {
  forger made;
  test_memory memory = TEST_MEMORY_INIT;
  seg_text_view bytes = forge(&made, flag, fields, sections);
  seg_table *table = NULL;
  seg_error error;
  seg_status status = seg_snapshot_read(test_memory_allocator(&memory), 5, bytes, &table, &error);
  if (status != expected) {
    fail_msg("flag %u, fields '%.60s', sections '%s': status %d, not %d: %s", flag, fields,
             sections, (int)status, (int)expected, error.message);
  }
  assert_error(&error, status);
  if (status == SEG_OK) {
    assert_int_equal(memory.held_bytes, seg_table_memory_bytes(table));
    assert_int_equal(seg_table_contact_count(table), 2);
  }
  seg_table_free(table);
  assert_int_equal(memory.block_count, 0);
  free(made.bytes);
}

#define WHOLE "escu012345"

static void a_complete_snapshot_must_have_all_sections(void **state) {
  (void)state;
  check_forged(1, "", WHOLE, SEG_OK);
  check_forged(1, "", "543210ucse", SEG_OK); // in any order
  check_forged(1, "", WHOLE "dDvm", SEG_OK);
  check_forged(1, "", "", SEG_E_CORRUPT);
  for (size_t i = 0; i < strlen(WHOLE); i++) {
    char sections[] = WHOLE;
    memmove(sections + i, sections + i + 1, sizeof sections - i - 1);
    check_forged(1, "", sections, SEG_E_CORRUPT);
  }
  check_forged(1, "email", WHOLE, SEG_E_CORRUPT); // all fields, and a list of some
  const unsigned flags[] = {2, 7, 128, 255};
  for (size_t i = 0; i < 4; i++) {
    check_forged(flags[i], "", WHOLE, SEG_E_CORRUPT);
    check_forged(flags[i], "email", "e", SEG_E_CORRUPT);
  }
}

static void a_partial_snapshot_must_have_what_it_lists(void **state) {
  (void)state;
  static const struct {
    const char *field;
    const char *section;
  } needed[] = {{"email", "e"},         {"subscribed", "s"},      {"createdAt", "c"},
                {"updatedAt", "u"},     {"email.sent", "0"},      {"email.delivered", "1"},
                {"email.opened", "2"},  {"email.open", "2"},      {"email.clicked", "3"},
                {"email.bounced", "4"}, {"email.complaint", "5"}, {"segment.m", "m"}};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
    char fields[64];
    char others[16] = "";
    (void)snprintf(fields, sizeof fields, "data.x %s event.login", needed[i].field);
    for (const char *c = WHOLE "m"; *c != '\0'; c++) {
      if (*c != needed[i].section[0]) {
        (void)snprintf(others + strlen(others), sizeof others - strlen(others), "%c", *c);
      }
    }
    check_forged(0, fields, needed[i].section, SEG_OK);
    check_forged(0, fields, "", SEG_E_CORRUPT);
    check_forged(0, fields, others, SEG_E_CORRUPT);
  }
  check_forged(0, "", "", SEG_OK);
  check_forged(0, "data.x event.login", "", SEG_OK); // known, and nobody has any
  check_forged(0, "segment.other", "m", SEG_E_CORRUPT);
  check_forged(0, "name", "", SEG_E_CORRUPT);
}

static void nothing_may_come_twice(void **state) {
  (void)state;
  const char *const twice[] = {"ee", "ss", "cc", "uu", "00", "55",
                               "dd", "vv", "Vv", "vV", "VV", "mm"};
  for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
    const char once[] = {twice[i][0], '\0'};
    check_forged(0, "", once, SEG_OK);
    check_forged(0, "", twice[i], SEG_E_CORRUPT);
  }
}

static void limits_of_the_table_hold_for_snapshots(void **state) {
  (void)state;
  check_forged(0, "", "D", SEG_OK); // 64 KiB in one string of an array
  check_forged(0, "", "O", SEG_E_CORRUPT);
  size_t room = (size_t)(SEG_SNAPSHOT_FIELDS_MAX + 1) * 16;
  char *fields = malloc(room);
  assert_non_null(fields);
  size_t size = 0;
  for (unsigned i = 0; i < SEG_SNAPSHOT_FIELDS_MAX; i++) {
    size += (size_t)snprintf(fields + size, room - size, "%sdata.f%u", i == 0 ? "" : " ", i);
  }
  check_forged(0, fields, "", SEG_OK);
  (void)snprintf(fields + size, room - size, " data.more");
  check_forged(0, fields, "", SEG_E_CORRUPT);
  free(fields);
}

// Lists of fields for the writer.

static seg_table *table_with_three(void) {
  seg_table *table = test_table(seg_allocator_default());
  uint32_t row = test_add(table, "one", "{\"x\":1}");
  assert_int_equal(seg_table_add_activity(table, row, SEG_ACTIVITY_OPENED, TEST_NOW_MS, NULL),
                   SEG_OK);
  assert_int_equal(seg_table_set_member(table, TEXT("m"), row, true, NULL), SEG_OK);
  (void)test_add(table, "two", "{\"x\":2}");
  (void)test_add(table, "three", NULL);
  return table;
}

static seg_text_view write_fields(const seg_table *table, const seg_text_view *fields, size_t count,
                                  seg_status expected) {
  seg_text_view bytes = {NULL, 0};
  seg_error error;
  assert_int_equal(
      seg_snapshot_write(table, seg_allocator_default(), fields, count, &bytes, &error), expected);
  assert_error(&error, expected);
  assert_int_equal(bytes.bytes != NULL, expected == SEG_OK);
  return bytes;
}

static void a_repeated_field_is_written_once(void **state) {
  (void)state;
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = table_with_three();
  const seg_text_view plain[] = {TEXT("data.x"), TEXT("email.open"), TEXT("email"),
                                 TEXT("segment.m")};
  const seg_text_view repeated[] = {TEXT("data.x"),    TEXT("email.open"), TEXT("data.x"),
                                    TEXT("email"),     TEXT("email"),      TEXT("email.opened"),
                                    TEXT("segment.m"), TEXT("segment.m")};
  seg_text_view a = write_fields(table, plain, 4, SEG_OK);
  seg_text_view b = write_fields(table, repeated, 8, SEG_OK);
  assert_true(seg_text_equal(a, b));
  // And what was read writes all of it again, with the memberships that came later.
  seg_table *read = NULL;
  assert_int_equal(seg_snapshot_read(allocator, 9, b, &read, NULL), SEG_OK);
  seg_text_view again = write_fields(read, NULL, 0, SEG_OK);
  assert_true(seg_text_equal(a, again));
  assert_int_equal(seg_table_set_member(read, TEXT("later"), 2, true, NULL), SEG_OK);
  seg_text_view more = write_fields(read, NULL, 0, SEG_OK);
  seg_table *last = NULL;
  assert_int_equal(seg_snapshot_read(allocator, 9, more, &last, NULL), SEG_OK);
  seg_mask_view members;
  assert_true(seg_table_members(last, TEXT("later"), &members));
  assert_int_equal(members.words[0], 4);
  const seg_text_view unknown[] = {TEXT("email"), TEXT("data.y")};
  (void)write_fields(last, unknown, 2, SEG_E_FIELD);
  seg_text_free(allocator, more);
  seg_text_free(allocator, again);
  seg_text_free(allocator, b);
  seg_text_free(allocator, a);
  seg_table_free(last);
  seg_table_free(read);
  seg_table_free(table);
}

/// Quadratic work on so many would take minutes; so would it on a partial table.
static void lists_of_fields_have_a_limit(void **state) {
  (void)state;
  enum { LISTED = 40 * SEG_SNAPSHOT_FIELDS_MAX };
  seg_allocator allocator = seg_allocator_default();
  seg_table *table = table_with_three();
  char(*names)[24] = calloc(SEG_SNAPSHOT_FIELDS_MAX + 1, sizeof *names);
  seg_text_view *fields = calloc(LISTED, sizeof *fields);
  assert_true(names != NULL && fields != NULL);
  for (unsigned i = 0; i <= SEG_SNAPSHOT_FIELDS_MAX; i++) {
    (void)snprintf(names[i], sizeof names[i], "%s.f%u", i % 2 == 0 ? "data" : "event", i);
  }
  for (unsigned i = 0; i < LISTED; i++) {
    fields[i] = TEXT(names[i % SEG_SNAPSHOT_FIELDS_MAX]);
  }
  seg_text_view bytes = write_fields(table, fields, LISTED, SEG_OK);
  seg_table *read = NULL;
  assert_int_equal(seg_snapshot_read(allocator, 9, bytes, &read, NULL), SEG_OK);
  seg_text_view again = write_fields(read, fields, LISTED, SEG_OK);
  assert_true(seg_text_equal(bytes, again));
  fields[LISTED - 1] = TEXT(names[SEG_SNAPSHOT_FIELDS_MAX]);
  (void)write_fields(table, fields, LISTED, SEG_E_LIMIT);
  (void)write_fields(read, fields, LISTED, SEG_E_FIELD);
  seg_text_free(allocator, again);
  seg_text_free(allocator, bytes);
  seg_table_free(read);
  seg_table_free(table);
  free(fields);
  free(names);
}

// Hashes.

/// SipHash-1-3 as another implementation computes it, which gives the published values of 2-4.
static void the_hash_is_siphash(void **state) {
  (void)state;
  static const struct {
    size_t size;
    uint32_t hash;
  } expected[] = {{0, UINT32_C(0xA53227C8)}, {1, UINT32_C(0x5313B67A)}, {3, UINT32_C(0x77320AE6)},
                  {7, UINT32_C(0x4385D444)}, {8, UINT32_C(0x86A5FF03)}, {15, UINT32_C(0xAA0D143A)},
                  {31, UINT32_C(0x1FCFB309)}};
  const char text[] = "segmentry keeps its own counsel";
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    char *own = malloc(expected[i].size + 1); // its own block, so that a read beyond it is seen
    assert_non_null(own);
    memcpy(own, text, expected[i].size);
    assert_int_equal(seg_hash(UINT64_C(0x0123456789ABCDEF), own, expected[i].size),
                     expected[i].hash);
    free(own);
  }
  assert_int_equal(seg_hash(UINT64_C(0x0123456789ABCDEF), NULL, 0), expected[0].hash);
}

static void differences_do_not_cancel(void **state) {
  (void)state;
  uint64_t random = test_seed();
  unsigned collisions = 0;
  for (int i = 0; i < 100000; i++) {
    unsigned char a[16];
    for (size_t k = 0; k < sizeof a; k++) {
      a[k] = (unsigned char)('a' + test_random_below(&random, 26));
    }
    unsigned char b[16];
    memcpy(b, a, sizeof b);
    b[7] ^= 0x40;
    b[15] ^= 0x40;
    b[12] ^= 0x02;
    uint64_t seed = test_random(&random);
    collisions += seg_hash(seed, a, sizeof a) == seg_hash(seed, b, sizeof b);
  }
  assert_true(collisions < 3); // by chance one in 40,000 runs has even one
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timelines_agree_with_a_naive_model),
      cmocka_unit_test(many_occurrences_in_any_order_are_quick),
      cmocka_unit_test(a_complete_snapshot_must_have_all_sections),
      cmocka_unit_test(a_partial_snapshot_must_have_what_it_lists),
      cmocka_unit_test(nothing_may_come_twice),
      cmocka_unit_test(limits_of_the_table_hold_for_snapshots),
      cmocka_unit_test(a_repeated_field_is_written_once),
      cmocka_unit_test(lists_of_fields_have_a_limit),
      cmocka_unit_test(the_hash_is_siphash),
      cmocka_unit_test(differences_do_not_cancel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
