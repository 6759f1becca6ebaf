// ISO 8601 by hand: strptime knows neither fractions nor zones, and reads a locale.
#include "segmentry/instant.h"

#include <stdio.h>

typedef struct cursor {
  const char *at;
  const char *end;
} cursor;

static bool take(cursor *text, char wanted) {
  if (text->at == text->end || *text->at != wanted) {
    return false;
  }
  text->at++;
  return true;
}

static bool take_number(cursor *text, int digits, int low, int high, int *out) {
  if (text->end - text->at < digits) {
    return false;
  }
  int number = 0;
  for (int i = 0; i < digits; i++) {
    char digit = *text->at++;
    if (digit < '0' || digit > '9') {
      return false;
    }
    number = number * 10 + (digit - '0');
  }
  *out = number;
  return number >= low && number <= high;
}

/// Reads `.` and 1 to 9 digits, if they are there; keeps milliseconds.
static bool take_fraction(cursor *text, int *out_ms) {
  *out_ms = 0;
  if (!take(text, '.')) {
    return true;
  }
  int digits = 0;
  int place_ms = 100;
  for (; digits <= 9 && text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
    *out_ms += (*text->at - '0') * place_ms;
    place_ms /= 10;
    digits++;
  }
  return digits >= 1 && digits <= 9;
}

static bool take_zone(cursor *text, int64_t *out_offset_ms) {
  *out_offset_ms = 0;
  if (text->at == text->end || take(text, 'Z')) {
    return true;
  }
  int sign = take(text, '+') ? 1 : -1;
  if (sign < 0 && !take(text, '-')) {
    return false;
  }
  int hours;
  int minutes;
  if (!take_number(text, 2, 0, 23, &hours) || !take(text, ':') ||
      !take_number(text, 2, 0, 59, &minutes)) {
    return false;
  }
  *out_offset_ms = sign * (hours * SEG_HOUR_MS + minutes * SEG_MINUTE_MS);
  return true;
}

static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int days_in_month(int year, int month) {
  static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/// Days from 1970-01-01 to a proleptic Gregorian date. The year is taken to begin in March, so that
/// the leap day is its last and month lengths follow one linear formula.
static int64_t days_from_date(int year, int month, int day) {
  int64_t march_year = month <= 2 ? year - 1 : year;
  int64_t march_month = month <= 2 ? month + 9 : month - 3;
  int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
  int64_t days = 365 * march_year + march_year / 4 - march_year / 100 + march_year / 400;
  const int64_t days_before_1970 = 719468; // from 0000-03-01
  return days + day_of_year - days_before_1970;
}

bool seg_instant_parse(seg_text_view text, seg_instant *out) {
  if (text.size_bytes < 10) {
    return false;
  }
  cursor at = {.at = text.bytes, .end = text.bytes + text.size_bytes};
  int year;
  int month;
  int day;
  if (!take_number(&at, 4, 1, 9999, &year) || !take(&at, '-') ||
      !take_number(&at, 2, 1, 12, &month) || !take(&at, '-') ||
      !take_number(&at, 2, 1, days_in_month(year, month), &day)) {
    return false;
  }
  int64_t ms = days_from_date(year, month, day) * SEG_DAY_MS;
  if (at.at == at.end) {
    *out = (seg_instant){.ms = ms, .date_only = true};
    return true;
  }
  int hour;
  int minute;
  int second = 0;
  int fraction_ms = 0;
  if (!take(&at, 'T') || !take_number(&at, 2, 0, 23, &hour) || !take(&at, ':') ||
      !take_number(&at, 2, 0, 59, &minute)) {
    return false;
  }
  if (take(&at, ':') &&
      (!take_number(&at, 2, 0, 59, &second) || !take_fraction(&at, &fraction_ms))) {
    return false;
  }
  int64_t offset_ms;
  if (!take_zone(&at, &offset_ms) || at.at != at.end) {
    return false;
  }
  ms += hour * SEG_HOUR_MS + minute * SEG_MINUTE_MS + second * INT64_C(1000) + fraction_ms;
  *out = (seg_instant){.ms = ms - offset_ms, .date_only = false};
  return true;
}

void seg_instant_write(int64_t ms, char out[SEG_INSTANT_TEXT_BYTES]) {
  int64_t days = ms / SEG_DAY_MS;
  int64_t rest = ms % SEG_DAY_MS;
  if (rest < 0) {
    rest += SEG_DAY_MS;
    days--;
  }
  int year = (int)(1970 + days / 366); // at most a few years early, on either side of 1970
  if (days < 0) {
    year = (int)(1970 + days / 365 - 1);
  }
  while (days_from_date(year + 1, 1, 1) <= days) {
    year++;
  }
  int month = 1;
  while (month < 12 && days_from_date(year, month + 1, 1) <= days) {
    month++;
  }
  int day = (int)(days - days_from_date(year, month, 1)) + 1;
  (void)snprintf(out, SEG_INSTANT_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                 (unsigned)year % 10000U, (unsigned)month % 100U, (unsigned)day % 100U,
                 (unsigned)(rest / SEG_HOUR_MS) % 100U,
                 (unsigned)(rest / SEG_MINUTE_MS % 60) % 100U, (unsigned)(rest / 1000 % 60) % 100U,
                 (unsigned)(rest % 1000) % 1000U);
}
