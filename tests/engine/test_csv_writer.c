// The CSV writer: what RFC 4180 says, and that our own reader reads it back.
#include "csv_writer.h"

#include "csv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_text(const csv_writer *writer, const char *expected) {
  seg_text_view text;
  assert_int_equal(csv_writer_text(writer, &text), SEG_OK);
  assert_true(seg_text_equal(text, seg_text_of(expected)));
}

static void fields_are_quoted_where_they_must_be(void **state) {
  (void)state;
  csv_writer writer = {.after_field = false};
  assert_text(&writer, "");
  csv_writer_field(&writer, seg_text_of("plain text"));
  csv_writer_field(&writer, seg_text_of(""));
  csv_writer_field(&writer, seg_text_of("a,b"));
  csv_writer_end_row(&writer);
  csv_writer_field(&writer, seg_text_of("say \"x\""));
  csv_writer_field(&writer, seg_text_of("two\nlines\r"));
  csv_writer_field(&writer, seg_text_of("=1+1"));
  csv_writer_end_row(&writer);
  assert_text(&writer, "plain text,,\"a,b\"\r\n\"say \"\"x\"\"\",\"two\nlines\r\",=1+1\r\n");
  csv_writer_reset(&writer);
  csv_writer_field(&writer, seg_text_of("again"));
  csv_writer_end_row(&writer);
  assert_text(&writer, "again\r\n");
  csv_writer_free(&writer);
}

static const char *const nasty[] = {"",       "\"",     "\"\"",          ",",        "\r\n",
                                    "a\"b,c", "\n\"\n", "{\"a\":\"b\"}", " spaces ", "\xC3\xA9"};
#define NASTY_COUNT (sizeof nasty / sizeof nasty[0])

static bool compare_row(void *context, uint64_t row, const seg_text_view *fields, size_t count) {
  (void)row;
  assert_int_equal(count, NASTY_COUNT);
  for (size_t i = 0; i < count; i++) {
    assert_true(seg_text_equal(fields[i], seg_text_of(nasty[i])));
  }
  ++*(size_t *)context;
  return true;
}

static bool take_header(void *context, const seg_text_view *fields, size_t count) {
  (void)context;
  (void)fields;
  return count == NASTY_COUNT;
}

static void what_is_written_is_read_back(void **state) {
  (void)state;
  csv_writer writer = {.after_field = false};
  size_t rows = 0;
  csv_events events = {.context = &rows, .header = take_header, .row = compare_row};
  csv_reader *reader;
  seg_text_view text;
  for (size_t i = 0; i < NASTY_COUNT; i++) {
    csv_writer_field(&writer, seg_text_of("name"));
  }
  csv_writer_end_row(&writer);
  for (size_t row = 0; row < 100; row++) {
    for (size_t i = 0; i < NASTY_COUNT; i++) {
      csv_writer_field(&writer, seg_text_of(nasty[i]));
    }
    csv_writer_end_row(&writer);
  }
  assert_int_equal(csv_writer_text(&writer, &text), SEG_OK);
  assert_int_equal(csv_create(seg_allocator_default(), &events, &reader), SEG_OK);
  assert_int_equal(csv_feed(reader, text.bytes, text.size_bytes, NULL), SEG_OK);
  assert_int_equal(csv_finish(reader, NULL), SEG_OK);
  assert_int_equal(rows, 100);
  csv_free(reader);
  csv_writer_free(&writer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_quoted_where_they_must_be),
      cmocka_unit_test(what_is_written_is_read_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
