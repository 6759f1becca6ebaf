/// Matchers: what a filter on `data.*` asks of one value. Section 4 of docs/FILTERS.md, as a test
/// of one dictionary entry.
#ifndef SEG_MATCHER_H
#define SEG_MATCHER_H

#include "column.h"
#include "filter_internal.h"

typedef enum seg_test {
  SEG_TEST_ANY,           ///< Any value that is there.
  SEG_TEST_BITS_EQUAL,    ///< Booleans and numbers.
  SEG_TEST_NUMBER_RANGE,  ///< low_number <= value <= high_number
  SEG_TEST_INSTANT_RANGE, ///< low_ms <= instant <= high_ms
  SEG_TEST_TEXT_EQUAL,
  SEG_TEST_TEXT_RANGE, ///< By bytes, against `text`, as `op` says.
  SEG_TEST_CONTAINS    ///< Folded text contains `text`; an array has it as an element.
} seg_test;

typedef struct seg_matcher {
  seg_test test;
  unsigned kinds;      ///< One bit for each seg_value_kind that may match at all.
  bool negated;        ///< Among those kinds, the values that fail the test match.
  seg_value_kind kind; ///< For SEG_TEST_BITS_EQUAL.
  uint64_t bits;
  double low_number;
  double high_number;
  int64_t low_ms;
  int64_t high_ms;
  seg_operator op;
  seg_text_view text;
} seg_matcher;

/// Makes the matcher of a filter on `data.*`. The matcher views the term's texts.
seg_matcher seg_matcher_of(const seg_term *term, int64_t now_ms);

/// The one value that an equality looks for, or its negation lets through all but; false if it is
/// not such a one.
bool seg_matcher_exact_value(const seg_matcher *matcher, seg_value *out);

/// Whether a value matches. `entry` must be in use.
bool seg_matcher_matches(const seg_matcher *matcher, const seg_column *column,
                         const seg_entry *entry);

/// Whether an absent value matches: for notExists alone.
bool seg_matcher_matches_absent(const seg_matcher *matcher);

/// Closed range of instants; low_ms > high_ms is an empty one.
typedef struct seg_instant_range {
  int64_t low_ms;
  int64_t high_ms;
} seg_instant_range;

/// The instants that a comparison with a date, or a span of time before `now_ms`, lets through.
/// For notEquals the range of equals: the caller takes the complement.
seg_instant_range seg_instant_range_of(const seg_term *term, int64_t now_ms);

/// The first millisecond that is not before `now - value * unit`.
int64_t seg_cutoff_ms(const seg_term *term, int64_t now_ms);

/// Whether `text` contains `part`.
bool seg_text_contains(seg_text_view text, seg_text_view part);

#endif
