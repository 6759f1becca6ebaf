// See matcher.h. Ranges are closed on both sides: `greaterThan 5` begins at the next double.
//
// memmem is in every C library that the core is built with; its time is linear in the worst case.
// But it begins with a table of the part, which costs more than looking through an email or a date
// does.
#include "matcher.h"

#include <math.h>
#include <string.h>

#define KIND(kind) (1U << (kind))
#define KINDS_ALL                                                                                  \
  (KIND(SEG_VALUE_BOOLEAN) | KIND(SEG_VALUE_NUMBER) | KIND(SEG_VALUE_TEXT) |                       \
   KIND(SEG_VALUE_ARRAY) | KIND(SEG_VALUE_OBJECT))

int64_t seg_cutoff_ms(const seg_term *term, int64_t now_ms) {
  static const double unit_ms[] = {0, (double)SEG_DAY_MS, (double)SEG_HOUR_MS,
                                   (double)SEG_MINUTE_MS};
  // t >= cutoff and t < cutoff mean the same for whole t when the cutoff is rounded up.
  double cutoff = ceil((double)now_ms - term->value.number * unit_ms[term->unit]);
  const double lowest = -9.0e18; // within int64, and before any date
  return cutoff < lowest ? (int64_t)lowest : (int64_t)cutoff;
}

seg_instant_range seg_instant_range_of(const seg_term *term, int64_t now_ms) {
  int64_t ms = term->value.instant.ms;
  switch (term->op) {
  case SEG_OP_GREATER_THAN:
    return (seg_instant_range){ms + 1, INT64_MAX};
  case SEG_OP_GREATER_THAN_OR_EQUAL:
    return (seg_instant_range){ms, INT64_MAX};
  case SEG_OP_LESS_THAN:
    return (seg_instant_range){INT64_MIN + 1, ms - 1};
  case SEG_OP_LESS_THAN_OR_EQUAL:
    return (seg_instant_range){INT64_MIN + 1, ms};
  case SEG_OP_WITHIN:
  case SEG_OP_TRIGGERED_WITHIN:
    return (seg_instant_range){seg_cutoff_ms(term, now_ms), now_ms};
  case SEG_OP_OLDER_THAN:
  case SEG_OP_TRIGGERED_OLDER_THAN:
    return (seg_instant_range){INT64_MIN + 1, seg_cutoff_ms(term, now_ms) - 1};
  case SEG_OP_NOT_TRIGGERED_WITHIN: // its complement: some occurrence since the cutoff
    return (seg_instant_range){seg_cutoff_ms(term, now_ms), INT64_MAX};
  default: // equals and notEquals: a date alone is its whole day
    return (seg_instant_range){ms, term->value.instant.date_only ? ms + SEG_DAY_MS - 1 : ms};
  }
}

static void set_number_range(seg_matcher *matcher, const seg_term *term) {
  double number = term->value.number;
  matcher->test = SEG_TEST_NUMBER_RANGE;
  matcher->kinds = KIND(SEG_VALUE_NUMBER);
  matcher->low_number = -INFINITY;
  matcher->high_number = INFINITY;
  switch (term->op) {
  case SEG_OP_GREATER_THAN:
    matcher->low_number = nextafter(number, INFINITY);
    break;
  case SEG_OP_GREATER_THAN_OR_EQUAL:
    matcher->low_number = number;
    break;
  case SEG_OP_LESS_THAN:
    matcher->high_number = nextafter(number, -INFINITY);
    break;
  default:
    matcher->high_number = number;
    break;
  }
}

static void set_instant_range(seg_matcher *matcher, const seg_term *term, int64_t now_ms) {
  seg_instant_range range = seg_instant_range_of(term, now_ms);
  matcher->test = SEG_TEST_INSTANT_RANGE;
  matcher->low_ms = range.low_ms;
  matcher->high_ms = range.high_ms;
}

static void set_equality(seg_matcher *matcher, const seg_term *term, int64_t now_ms) {
  const seg_literal *value = &term->value;
  matcher->negated = term->op == SEG_OP_NOT_EQUALS;
  if (value->kind == SEG_LITERAL_TEXT && value->is_instant) {
    set_instant_range(matcher, term, now_ms);
  } else if (value->kind == SEG_LITERAL_TEXT) {
    matcher->test = SEG_TEST_TEXT_EQUAL;
    matcher->text = value->text;
  } else {
    matcher->test = SEG_TEST_BITS_EQUAL;
    matcher->kind = value->kind == SEG_LITERAL_NUMBER ? SEG_VALUE_NUMBER : SEG_VALUE_BOOLEAN;
    matcher->bits = value->boolean ? 1 : 0;
    if (value->kind == SEG_LITERAL_NUMBER) {
      memcpy(&matcher->bits, &value->number, sizeof matcher->bits);
    }
  }
}

static void set_order(seg_matcher *matcher, const seg_term *term, int64_t now_ms) {
  if (term->value.kind == SEG_LITERAL_NUMBER) {
    set_number_range(matcher, term);
    return;
  }
  matcher->kinds = KIND(SEG_VALUE_TEXT);
  if (term->value.is_instant) {
    set_instant_range(matcher, term, now_ms);
    return;
  }
  matcher->test = SEG_TEST_TEXT_RANGE;
  matcher->op = term->op;
  matcher->text = term->value.text;
}

seg_matcher seg_matcher_of(const seg_term *term, int64_t now_ms) {
  seg_matcher matcher = {.test = SEG_TEST_ANY, .kinds = KINDS_ALL};
  switch (term->op) {
  case SEG_OP_EQUALS:
  case SEG_OP_NOT_EQUALS:
    set_equality(&matcher, term, now_ms);
    break;
  case SEG_OP_CONTAINS:
  case SEG_OP_NOT_CONTAINS:
    matcher.test = SEG_TEST_CONTAINS;
    matcher.kinds = KIND(SEG_VALUE_TEXT) | KIND(SEG_VALUE_ARRAY);
    matcher.negated = term->op == SEG_OP_NOT_CONTAINS;
    matcher.text = term->value.folded;
    break;
  case SEG_OP_NOT_EXISTS:
    matcher.kinds = 0;
    matcher.negated = true;
    break;
  case SEG_OP_WITHIN:
  case SEG_OP_OLDER_THAN:
    matcher.kinds = KIND(SEG_VALUE_TEXT);
    set_instant_range(&matcher, term, now_ms);
    break;
  case SEG_OP_EXISTS:
    break;
  default:
    set_order(&matcher, term, now_ms);
    break;
  }
  return matcher;
}

bool seg_matcher_exact_value(const seg_matcher *matcher, seg_value *out) {
  if (matcher->test == SEG_TEST_TEXT_EQUAL) {
    *out = (seg_value){.kind = SEG_VALUE_TEXT, .text = matcher->text};
    return true;
  }
  if (matcher->test != SEG_TEST_BITS_EQUAL) {
    return false;
  }
  *out = (seg_value){.kind = matcher->kind, .boolean = matcher->bits != 0};
  if (matcher->kind == SEG_VALUE_NUMBER) {
    memcpy(&out->number, &matcher->bits, sizeof out->number);
  }
  return true;
}

bool seg_matcher_matches_absent(const seg_matcher *matcher) {
  return matcher->test == SEG_TEST_ANY && matcher->negated;
}

/// Texts up to this size are looked through byte by byte: a few times as fast as memmem for most,
/// and still at most this many comparisons for the worst.
#define SHORT_TEXT_BYTES 64

static bool short_contains(seg_text_view text, seg_text_view part) {
  const char *at = text.bytes;
  const char *end = text.bytes + text.size_bytes - part.size_bytes + 1; // of where it can begin
  while ((at = memchr(at, part.bytes[0], (size_t)(end - at))) != NULL) {
    if (memcmp(at, part.bytes, part.size_bytes) == 0) {
      return true;
    }
    at++;
  }
  return false;
}

bool seg_text_contains(seg_text_view text, seg_text_view part) {
  if (part.size_bytes == 0 || part.size_bytes > text.size_bytes) {
    return part.size_bytes == 0;
  }
  return text.size_bytes <= SHORT_TEXT_BYTES
             ? short_contains(text, part)
             : memmem(text.bytes, text.size_bytes, part.bytes, part.size_bytes) != NULL;
}

static bool text_is_in_range(seg_operator op, int order) {
  switch (op) {
  case SEG_OP_GREATER_THAN:
    return order > 0;
  case SEG_OP_GREATER_THAN_OR_EQUAL:
    return order >= 0;
  case SEG_OP_LESS_THAN:
    return order < 0;
  default:
    return order <= 0;
  }
}

static bool entry_contains(const seg_column *column, const seg_entry *entry, seg_text_view part) {
  seg_text_view folded = seg_pool_text(&column->pool, entry->folded);
  if (entry->kind == SEG_VALUE_TEXT) {
    return seg_text_contains(folded, part);
  }
  size_t at = 0;
  seg_text_view element;
  while (seg_array_text_next(folded, &at, &element)) {
    if (seg_text_equal(element, part)) {
      return true;
    }
  }
  return false;
}

static bool passes(const seg_matcher *matcher, const seg_column *column, const seg_entry *entry) {
  switch (matcher->test) {
  case SEG_TEST_ANY:
    return true;
  case SEG_TEST_BITS_EQUAL:
    return entry->kind == matcher->kind && entry->bits == matcher->bits;
  case SEG_TEST_NUMBER_RANGE: {
    double number;
    memcpy(&number, &entry->bits, sizeof number);
    return number >= matcher->low_number && number <= matcher->high_number;
  }
  case SEG_TEST_INSTANT_RANGE: {
    int64_t ms = (int64_t)entry->bits;
    return entry->kind == SEG_VALUE_TEXT && ms != SEG_INSTANT_NONE && ms >= matcher->low_ms &&
           ms <= matcher->high_ms;
  }
  case SEG_TEST_TEXT_EQUAL:
    return entry->kind == SEG_VALUE_TEXT &&
           seg_text_equal(seg_pool_text(&column->pool, entry->text), matcher->text);
  case SEG_TEST_TEXT_RANGE:
    return text_is_in_range(
        matcher->op, seg_text_compare(seg_pool_text(&column->pool, entry->text), matcher->text));
  case SEG_TEST_CONTAINS:
    return entry_contains(column, entry, matcher->text);
  }
  return false;
}

bool seg_matcher_matches(const seg_matcher *matcher, const seg_column *column,
                         const seg_entry *entry) {
  return ((matcher->kinds >> entry->kind) & 1U) != 0 &&
         passes(matcher, column, entry) != matcher->negated;
}
