/// ISO 8601 instants: text to milliseconds and back, as section 3 of docs/FILTERS.md defines them.
#ifndef SEGMENTRY_INSTANT_H
#define SEGMENTRY_INSTANT_H

#include "segmentry/base.h"

/// One day, hour and minute in milliseconds. No calendar: a day is 24 hours.
#define SEG_DAY_MS INT64_C(86400000)
#define SEG_HOUR_MS INT64_C(3600000)
#define SEG_MINUTE_MS INT64_C(60000)

/// Stands for "no instant" in tables; no date of the years 0001 to 9999 comes near it.
#define SEG_INSTANT_NONE INT64_MIN

/// A parsed date.
typedef struct seg_instant {
  int64_t ms;     ///< Milliseconds since 1970-01-01T00:00:00Z; the day's midnight if date_only.
  bool date_only; ///< The text was YYYY-MM-DD: in an equality it stands for the whole UTC day.
} seg_instant;

/// Reads a date. Returns false, with `out` untouched, if the text is not exactly one.
/// Cost: one pass over at most 35 bytes.
bool seg_instant_parse(seg_text_view text, seg_instant *out);

/// Bytes that seg_instant_write needs, with the final NUL.
#define SEG_INSTANT_TEXT_BYTES 25

/// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ`. `ms` must lie in the years 0001 to 9999.
void seg_instant_write(int64_t ms, char out[SEG_INSTANT_TEXT_BYTES]);

#endif
