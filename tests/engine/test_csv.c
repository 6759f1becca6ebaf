// The CSV reader: every text is fed whole, byte by byte and in pieces, and must read the same.
#include "csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/// What has been read, as one text: `h:a|b` for the header, `2:1|2` a row, `3?1` a refused one.
typedef struct reading {
  char text[4096];
  size_t stop_at; ///< The row at which the callback stops; 0 never.
} reading;

static void note(reading *all, const char *mark, const seg_text_view *fields, size_t count) {
  size_t at = strlen(all->text);
  at += (size_t)snprintf(all->text + at, sizeof all->text - at, "%s", mark);
  for (size_t i = 0; i < count && at < sizeof all->text; i++) {
    assert_int_equal(fields[i].bytes[fields[i].size_bytes], '\0');
    at += (size_t)snprintf(all->text + at, sizeof all->text - at, "%s%.*s", i == 0 ? "" : "|",
                           (int)(fields[i].size_bytes < 50 ? fields[i].size_bytes : 50),
                           fields[i].bytes);
  }
  (void)snprintf(all->text + at, sizeof all->text - at, " ");
}

static bool on_header(void *context, const seg_text_view *fields, size_t count) {
  note(context, "h:", fields, count);
  return true;
}

static bool on_row(void *context, uint64_t row, const seg_text_view *fields, size_t count) {
  char mark[32];
  (void)snprintf(mark, sizeof mark, "%llu:", (unsigned long long)row);
  note(context, mark, fields, count);
  return ((reading *)context)->stop_at != row;
}

static bool on_refused(void *context, uint64_t row, const seg_text_view *fields, size_t count,
                       const char *message) {
  char mark[32];
  (void)snprintf(mark, sizeof mark, "%llu?", (unsigned long long)row);
  note(context, mark, fields, count);
  assert_true(strstr(message, "the header has") != NULL || strstr(message, "the most is") != NULL);
  return true;
}

static seg_status read_text(const char *text, size_t size, size_t piece, reading *all,
                            seg_error *error) {
  csv_events events = {.context = all, .header = on_header, .row = on_row, .refused = on_refused};
  csv_reader *reader;
  all->text[0] = '\0';
  assert_int_equal(csv_create(seg_allocator_default(), &events, &reader), SEG_OK);
  for (size_t at = 0; at < size; at += piece) {
    // A copy of just these bytes, so that a sanitizer sees one read too many.
    size_t now = size - at < piece ? size - at : piece;
    char *copy = malloc(now);
    assert_non_null(copy);
    memcpy(copy, text + at, now);
    (void)csv_feed(reader, copy, now, error);
    free(copy);
  }
  seg_status status = csv_finish(reader, error);
  csv_free(reader);
  return status;
}

static void expect_sized(const char *text, size_t size, seg_status wanted, const char *read,
                         const char *message) {
  static const size_t pieces[] = {1, 2, 3, 7, 64, SIZE_MAX / 2};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    reading all = {.stop_at = 0};
    seg_error error;
    assert_int_equal(read_text(text, size, pieces[i], &all, &error), wanted);
    assert_string_equal(all.text, read);
    if (message != NULL && strstr(error.message, message) == NULL) {
      fail_msg("\"%s\" does not have \"%s\"", error.message, message);
    }
  }
}

static void expect(const char *text, const char *read) {
  expect_sized(text, strlen(text), SEG_OK, read, NULL);
}

static void refuse(const char *text, const char *read, const char *message) {
  expect_sized(text, strlen(text), SEG_E_INVALID, read, message);
}

static void test_plain(void **state) {
  (void)state;
  expect("a,b\n1,2\n3,4\n", "h:a|b 2:1|2 3:3|4 ");
  expect("a,b\r\n1,2\r\n3,4", "h:a|b 2:1|2 3:3|4 ");
  expect("a,b\n,\n", "h:a|b 2:| ");
  expect("a\n1\n", "h:a 2:1 ");
  expect("a,b", "h:a|b ");
  expect("a,b\n1,2\r", "h:a|b 2:1|2 ");
  expect("\xEF\xBB\xBF"
         "a,b\n1,2\n",
         "h:a|b 2:1|2 ");
  expect("\xEF\xBB\xBF\"a\",b\n1,2\n", "h:a|b 2:1|2 ");
  expect("a\rb,c\n1\r,2\n", "h:a\rb|c 2:1\r|2 ");
}

static void test_quotes(void **state) {
  (void)state;
  expect("a,b\n\"1\",\"2,3\"\n", "h:a|b 2:1|2,3 ");
  expect("a,b\n\"x \"\"y\"\"\",\"\"\n", "h:a|b 2:x \"y\"| ");
  expect("a,b\n\"1\r\n2\",3\r\n4,5\r\n", "h:a|b 2:1\r\n2|3 3:4|5 ");
  expect("\"a\nb\",\"c\"\"d\"\n1,2\n", "h:a\nb|c\"d 2:1|2 ");
  expect("a,b\n1\"2,3\n", "h:a|b 2:1\"2|3 ");
  expect("a\n\"\"\n", "h:a 2: ");
  expect("a,b\n1,\"2\"", "h:a|b 2:1|2 ");
  refuse("a,b\n\"1\"x,2\n", "h:a|b ", "row 2, field 1");
  refuse("a,b\n\"1\"\rx,2\n", "h:a|b ", "row 2, field 1");
  refuse("a,b\n1,\"2\n", "h:a|b ", "row 2, field 2: the quote is never closed");
  refuse("a,\"b\n1,2\n", "", "row 1, field 2: the quote is never closed");
}

static void test_empty_lines(void **state) {
  (void)state;
  expect("a,b\n\n1,2\n\r\n\n3,4\n\n", "h:a|b 3:1|2 6:3|4 ");
  expect("\n\r\na;b\n1;2\n", "h:a|b 4:1|2 ");
  refuse("", "", "the file is empty");
  refuse("\n\n", "", "the file is empty");
  refuse("\xEF\xBB\xBF", "", "the file is empty");
}

static void test_ragged(void **state) {
  (void)state;
  expect("a,b\n1\n1,2,3\n4,5\n", "h:a|b 2?1 3?1|2|3 4:4|5 ");
}

static void test_delimiter(void **state) {
  (void)state;
  expect("a;b\n1,5;2\n", "h:a|b 2:1,5|2 ");
  expect("\"a,x\";b\n1;2\n", "h:a,x|b 2:1|2 ");
  expect("a;b,c\n1;2,3\n", "h:a;b|c 2:1;2|3 ");
  expect("a\n1;2\n", "h:a 2:1;2 ");
}

static void test_encoding(void **state) {
  (void)state;
  expect("a,b\n\xC3\xA9,\xE2\x82\xAC\n", "h:a|b 2:\xC3\xA9|\xE2\x82\xAC ");
  refuse("a,b\n1,2\nJos\xE9,2\n", "h:a|b 2:1|2 ", "row 3 is not UTF-8");
  refuse("caf\xE9,b\n1,2\n", "", "row 1 is not UTF-8");
  expect_sized("\xFF\xFE"
               "a\0,\0b\0\n\0",
               10, SEG_E_INVALID, "", "row 1 has a NUL byte");
  expect_sized("a,b\n1,\0\n", 8, SEG_E_INVALID, "h:a|b ", "row 2 has a NUL byte");
}

/// Reads `head`, `count` times `fill`, and `tail`; in the reading long fields are cut.
static seg_status read_long(const char *head, char fill, size_t count, const char *tail,
                            reading *all, seg_error *error) {
  size_t head_size = strlen(head);
  size_t tail_size = strlen(tail) + 1;
  char *text = malloc(head_size + count + tail_size);
  assert_non_null(text);
  memcpy(text, head, head_size);
  memset(text + head_size, fill, count);
  memcpy(text + head_size + count, tail, tail_size);
  all->stop_at = 0;
  seg_status status = read_text(text, strlen(text), 1000, all, error);
  free(text);
  return status;
}

static void test_rows_over_a_limit(void **state) {
  (void)state;
  reading all;
  seg_error error;
  assert_int_equal(read_long("a\n", 'x', CSV_FIELD_BYTES_MAX, "\n1\n", &all, &error), SEG_OK);
  assert_non_null(strstr(all.text, "2:xxx"));
  assert_int_equal(read_long("a,b\n1,", 'x', CSV_FIELD_BYTES_MAX + 1, ",2\n3,4\n", &all, &error),
                   SEG_OK);
  assert_string_equal(all.text, "h:a|b 2?1 3:3|4 ");
  assert_int_equal(read_long("a,b\n1,\"", '\n', CSV_FIELD_BYTES_MAX + 1, "\"\n3,4\n", &all, &error),
                   SEG_OK);
  assert_string_equal(all.text, "h:a|b 2?1 3:3|4 ");
  assert_int_equal(read_long("a,b\n1,\"", 'x', 3 * CSV_ROW_BYTES_MAX, "\n3,4\n", &all, &error),
                   SEG_E_INVALID);
  assert_string_equal(error.message, "row 2, field 2: the quote is never closed");

  assert_int_equal(read_long("a,b\n", ',', CSV_FIELDS_MAX - 1, "\n3,4\n", &all, &error), SEG_OK);
  assert_int_equal(read_long("a,b\n", ',', CSV_FIELDS_MAX, "\n3,4\n", &all, &error), SEG_OK);
  assert_non_null(strstr(all.text, " 3:3|4 "));

  char *row = calloc(1, 2 * CSV_ROW_BYTES_MAX);
  assert_non_null(row);
  for (size_t i = 0; i < CSV_ROW_BYTES_MAX + 100; i++) {
    row[i] = i % 60000 == 59999 ? ',' : 'x';
  }
  char *text = calloc(1, 3 * CSV_ROW_BYTES_MAX);
  assert_non_null(text);
  (void)snprintf(text, 3 * CSV_ROW_BYTES_MAX, "a\n%s\n1\n", row);
  assert_int_equal(read_text(text, strlen(text), 1000, &all, &error), SEG_OK);
  assert_non_null(strstr(all.text, " 3:1 "));
  free(row);
  free(text);
}

static void test_headers_over_a_limit(void **state) {
  (void)state;
  reading all;
  seg_error error;
  assert_int_equal(read_long("", 'x', CSV_FIELD_BYTES_MAX + 1, "\n1\n", &all, &error), SEG_E_LIMIT);
  assert_non_null(strstr(error.message, "row 1 has too many bytes in a field"));
  assert_int_equal(read_long("", ',', CSV_FIELDS_MAX, "\n1\n", &all, &error), SEG_E_LIMIT);
  assert_int_equal(read_long("", 'x', CSV_ROW_BYTES_MAX + 1, "", &all, &error), SEG_E_LIMIT);
  assert_string_equal(all.text, "");
}

static void test_stop(void **state) {
  (void)state;
  reading all = {.stop_at = 3};
  seg_error error;
  const char *text = "a\n1\n2\n3\n4\n";
  assert_int_equal(read_text(text, strlen(text), 4, &all, &error), SEG_E_INVALID);
  assert_string_equal(all.text, "h:a 2:1 3:2 ");
  assert_string_equal(error.message, "");
}

/// Memory that runs out at the n-th allocation.
typedef struct short_memory {
  int left;
} short_memory;

static void *short_resize(void *context, void *block, size_t old_bytes, size_t new_bytes) {
  short_memory *memory = context;
  (void)old_bytes;
  if (new_bytes == 0) {
    free(block);
    return NULL;
  }
  return memory->left-- > 0 ? realloc(block, new_bytes) : NULL;
}

static void test_no_memory(void **state) {
  (void)state;
  char text[5000];
  memset(text, 'x', sizeof text);
  memcpy(text, "a\n1\n", 4);
  for (int allowed = 0; allowed < 8; allowed++) {
    short_memory memory = {.left = allowed};
    seg_allocator allocator = {.resize = short_resize, .context = &memory};
    reading all = {.stop_at = 0};
    csv_events events = {
        .context = &all, .header = on_header, .row = on_row, .refused = on_refused};
    csv_reader *reader = NULL;
    seg_status status = csv_create(allocator, &events, &reader);
    if (status == SEG_OK) {
      seg_status fed = csv_feed(reader, text, sizeof text, NULL);
      status = csv_finish(reader, NULL);
      assert_true(fed == SEG_OK || fed == status);
    }
    assert_true(status == SEG_OK || status == SEG_E_NOMEM);
    assert_true(allowed > 0 || status == SEG_E_NOMEM);
    csv_free(reader);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),
      cmocka_unit_test(test_quotes),
      cmocka_unit_test(test_empty_lines),
      cmocka_unit_test(test_ragged),
      cmocka_unit_test(test_delimiter),
      cmocka_unit_test(test_encoding),
      cmocka_unit_test(test_rows_over_a_limit),
      cmocka_unit_test(test_headers_over_a_limit),
      cmocka_unit_test(test_stop),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
