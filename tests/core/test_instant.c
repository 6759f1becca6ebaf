// Instants: text to milliseconds and back.
#include "support.h"

#include <string.h>

static int64_t parsed(const char *text) {
  seg_instant instant;
  if (!seg_instant_parse(seg_text_of(text), &instant)) {
    fail_msg("%s is not a date", text);
  }
  return instant.ms;
}

/// What seg_instant_write says must parse to the same number; `last` is the text before it, which
/// must be smaller, since these texts sort as their instants do.
static void check_round_trip(int64_t ms, char last[SEG_INSTANT_TEXT_BYTES]) {
  char text[SEG_INSTANT_TEXT_BYTES];
  seg_instant_write(ms, text);
  assert_int_equal(strlen(text), SEG_INSTANT_TEXT_BYTES - 1);
  assert_true(parsed(text) == ms);
  assert_true(strcmp(last, text) < 0);
  memcpy(last, text, SEG_INSTANT_TEXT_BYTES);
}

static void every_day_comes_back(void **state) {
  (void)state;
  int64_t first = parsed("0001-01-01");
  int64_t end = parsed("9999-12-31") + SEG_DAY_MS;
  assert_true((end - first) / SEG_DAY_MS == 3652059);
  char last[SEG_INSTANT_TEXT_BYTES] = "";
  char last_end[SEG_INSTANT_TEXT_BYTES] = "";
  for (int64_t ms = first; ms < end; ms += 7 * SEG_DAY_MS) {
    check_round_trip(ms, last);
  }
  // The ends of days, around every turn of a year.
  for (int64_t ms = first; ms < end; ms += 365 * SEG_DAY_MS) {
    check_round_trip(ms + SEG_DAY_MS - 1, last_end);
  }
}

static void the_ends_of_time(void **state) {
  (void)state;
  char text[SEG_INSTANT_TEXT_BYTES];
  seg_instant_write(parsed("0001-01-01T00:00:00.000Z"), text);
  assert_string_equal(text, "0001-01-01T00:00:00.000Z");
  seg_instant_write(parsed("9999-12-31T23:59:59.999Z"), text);
  assert_string_equal(text, "9999-12-31T23:59:59.999Z");
  seg_instant_write(-1, text);
  assert_string_equal(text, "1969-12-31T23:59:59.999Z");
  assert_true(parsed("1970-01-01") == 0);
  assert_true(parsed("2024-02-29T12:00:00Z") == TEST_NOW_MS - SEG_DAY_MS);
}

static void texts_that_are_no_dates_leave_the_output_alone(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "2024",
      "2024-02-30",
      "2023-02-29",
      "1900-02-29",
      "0000-01-01",
      "2024-13-01",
      "2024-1-01",
      "2024-01-01T24:00Z",
      "2024-01-01T00:60Z",
      "2024-01-01 00:00",
      "2024-01-01T00:00:60Z",
      "2024-01-01T00:00:00.Z",
      "2024-01-01T00:00:00.1234567890Z",
      "2024-01-01Z",
      "2024-01-01T00:00+24:00",
      "2024-01-01T00:00+0100",
      "2024-01-01T00:00Zx",
      "10000-01-01",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    seg_instant out = {.ms = 42, .date_only = true};
    if (seg_instant_parse(seg_text_of(texts[i]), &out)) {
      fail_msg("'%s' is taken for a date", texts[i]);
    }
    assert_true(out.ms == 42 && out.date_only);
  }
}

/// A view may end anywhere: nothing behind its end may be read as part of the date.
static void the_end_of_the_view_counts(void **state) {
  (void)state;
  static const char text[] = "2024-02-29T12:34:56.789+02:00";
  for (size_t size = 0; size < sizeof text; size++) {
    seg_instant out;
    bool is_date = size == 10 || size == 16 || size == 19 || (size >= 21 && size <= 23) ||
                   size == sizeof text - 1;
    assert_int_equal(seg_instant_parse((seg_text_view){text, size}, &out), is_date);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_day_comes_back),
      cmocka_unit_test(the_ends_of_time),
      cmocka_unit_test(texts_that_are_no_dates_leave_the_output_alone),
      cmocka_unit_test(the_end_of_the_view_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
