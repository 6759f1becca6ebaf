// A CSV reader as a state machine over bytes. The row being read lies in one buffer, its fields one
// after the other with a NUL behind each:
//
//     Ada\0ada@example.com\0\0         ends[] = 3, 19, 20
//
// The first row is kept raw until its end is seen, because only then is it known whether commas or
// semicolons delimit; then it goes through the machine like every other.
#include "csv.h"

#include "segmentry/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/// The first allocation: most rows are shorter.
#define ROW_BYTES_FIRST 1024

typedef enum state {
  FIELD_START,
  UNQUOTED,
  UNQUOTED_CR, ///< A CR that is a line end if a LF follows, else data.
  QUOTED,
  QUOTE_SEEN, ///< Inside quotes, a quote: the end of the field, or the first of two.
  QUOTE_CR,   ///< A CR behind a closing quote.
} state;

struct csv_reader {
  seg_allocator allocator;
  csv_events events;
  state state;
  bool header_scanned;   ///< The delimiter is known.
  bool header_given;     ///< The header callback has been called.
  bool header_in_quotes; ///< While scanning: inside quotes,
  bool header_at_start;  ///< at the start of what may be a field.
  bool row_begun;        ///< Something of this row has been seen, if only an empty quoted field.
  char delimiter;
  size_t header_count;
  uint64_t row;
  bool is_refused;                 ///< The row is over a limit:
  char refusal[SEG_MESSAGE_BYTES]; ///< which.
  seg_status status;               ///< Sticks, with its error.
  seg_error error;
  char *bytes;
  size_t size_bytes;
  size_t capacity;
  size_t field_start;
  size_t field_count;
  size_t ends[CSV_FIELDS_MAX];
  seg_text_view views[CSV_FIELDS_MAX];
};

seg_status csv_create(seg_allocator allocator, const csv_events *events, csv_reader **out) {
  csv_reader *reader = allocator.resize(allocator.context, NULL, 0, sizeof *reader);
  if (reader == NULL) {
    return SEG_E_NOMEM;
  }
  memset(reader, 0, sizeof *reader);
  reader->allocator = allocator;
  reader->events = *events;
  reader->header_at_start = true;
  reader->delimiter = ',';
  reader->row = 1;
  *out = reader;
  return SEG_OK;
}

void csv_free(csv_reader *reader) {
  if (reader == NULL) {
    return;
  }
  seg_allocator allocator = reader->allocator;
  if (reader->bytes != NULL) {
    allocator.resize(allocator.context, reader->bytes, reader->capacity, 0);
  }
  allocator.resize(allocator.context, reader, sizeof *reader, 0);
}

uint64_t csv_row(const csv_reader *reader) { return reader->row; }

static unsigned long long row_of(const csv_reader *reader) { return reader->row; }

/// Fails for good: from here on every call answers this. Returns false.
static bool fail(csv_reader *reader, seg_status status, const char *format, ...) SEG_PRINTF(3, 4);

static bool fail(csv_reader *reader, seg_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  reader->status = status;
  reader->error = (seg_error){.status = status};
  (void)vsnprintf(reader->error.message, sizeof reader->error.message, format, arguments);
  va_end(arguments);
  return false;
}

/// Of a row over a limit no more is kept than its whole fields before; the machine runs on to its
/// end. Without a header there is nothing to go on with.
static bool refuse_row(csv_reader *reader, const char *what, size_t limit) {
  (void)snprintf(reader->refusal, sizeof reader->refusal, "row %llu has %s; the most is %zu",
                 row_of(reader), what, limit);
  reader->size_bytes = reader->field_start;
  reader->is_refused = true;
  return reader->header_given || fail(reader, SEG_E_LIMIT, "%s", reader->refusal);
}

/// Keeps bytes of the row; they fit.
static bool append(csv_reader *reader, const char *bytes, size_t size_bytes) {
  size_t needed = reader->size_bytes + size_bytes;
  if (needed > reader->capacity) {
    size_t wanted = reader->capacity == 0 ? ROW_BYTES_FIRST : reader->capacity * 2;
    wanted = wanted < needed ? needed : wanted;
    void *grown = reader->allocator.resize(reader->allocator.context, reader->bytes,
                                           reader->capacity, wanted);
    if (grown == NULL) {
      return fail(reader, SEG_E_NOMEM, "out of memory at row %llu", row_of(reader));
    }
    reader->bytes = grown;
    reader->capacity = wanted;
  }
  memcpy(reader->bytes + reader->size_bytes, bytes, size_bytes);
  reader->size_bytes = needed;
  return true;
}

/// Whether so many bytes more would be too many for the row.
static bool is_row_full(const csv_reader *reader, size_t size_bytes) {
  return size_bytes > CSV_ROW_BYTES_MAX - reader->size_bytes;
}

static bool append_field(csv_reader *reader, const char *bytes, size_t size_bytes) {
  if (reader->is_refused) {
    return true;
  }
  if (reader->size_bytes - reader->field_start + size_bytes > CSV_FIELD_BYTES_MAX) {
    return refuse_row(reader, "too many bytes in a field", CSV_FIELD_BYTES_MAX);
  }
  if (is_row_full(reader, size_bytes)) {
    return refuse_row(reader, "too many bytes", CSV_ROW_BYTES_MAX);
  }
  return append(reader, bytes, size_bytes);
}

static bool end_field(csv_reader *reader) {
  reader->state = FIELD_START;
  if (reader->is_refused) {
    return true;
  }
  if (reader->field_count == CSV_FIELDS_MAX) {
    return refuse_row(reader, "too many fields", CSV_FIELDS_MAX);
  }
  if (is_row_full(reader, 1)) {
    return refuse_row(reader, "too many bytes", CSV_ROW_BYTES_MAX);
  }
  reader->ends[reader->field_count++] = reader->size_bytes;
  if (!append(reader, "", 1)) {
    return false;
  }
  reader->field_start = reader->size_bytes;
  return true;
}

static bool give(csv_reader *reader) {
  csv_events *events = &reader->events;
  if (!reader->header_given) {
    reader->header_given = true;
    reader->header_count = reader->field_count;
    return events->header(events->context, reader->views, reader->field_count);
  }
  if (!reader->is_refused && reader->field_count == reader->header_count) {
    return events->row(events->context, reader->row, reader->views, reader->field_count);
  }
  if (!reader->is_refused) {
    (void)snprintf(reader->refusal, sizeof reader->refusal,
                   "row %llu has %zu field%s, the header has %zu", row_of(reader),
                   reader->field_count, reader->field_count == 1 ? "" : "s", reader->header_count);
  }
  return events->refused(events->context, reader->row, reader->views, reader->field_count,
                         reader->refusal);
}

/// At a line end, or the end of all. An empty line is passed over.
static bool end_row(csv_reader *reader) {
  if (reader->row_begun) {
    if (!end_field(reader)) {
      return false;
    }
    if (!seg_text_is_utf8(
            (seg_text_view){.bytes = reader->bytes, .size_bytes = reader->size_bytes})) {
      return fail(reader, SEG_E_INVALID,
                  "row %llu is not UTF-8; save the file as \"CSV UTF-8\" and upload it again",
                  row_of(reader));
    }
    size_t start = 0;
    for (size_t i = 0; i < reader->field_count; i++) {
      reader->views[i] =
          (seg_text_view){.bytes = reader->bytes + start, .size_bytes = reader->ends[i] - start};
      start = reader->ends[i] + 1;
    }
    if (!give(reader)) {
      return fail(reader, SEG_E_INVALID, "%s", "");
    }
  }
  reader->row++;
  reader->row_begun = false;
  reader->is_refused = false;
  reader->size_bytes = 0;
  reader->field_start = 0;
  reader->field_count = 0;
  reader->state = FIELD_START;
  return true;
}

static bool refuse_quote(csv_reader *reader) {
  return fail(reader, SEG_E_INVALID,
              "row %llu, field %zu: behind a closing quote only a delimiter or a line end may "
              "stand; a quote inside a quoted field is written twice",
              row_of(reader), reader->field_count + 1);
}

/// One byte that is not in the middle of a run of plain ones.
static bool step(csv_reader *reader, char byte) {
  switch (reader->state) {
  case FIELD_START:
    if (byte == '"') {
      reader->row_begun = true;
      reader->state = QUOTED;
      return true;
    }
    reader->state = UNQUOTED;
    return step(reader, byte);
  case UNQUOTED:
    if (byte == reader->delimiter) {
      reader->row_begun = true;
      return end_field(reader);
    }
    if (byte == '\n') {
      return end_row(reader);
    }
    if (byte == '\r') {
      reader->state = UNQUOTED_CR;
      return true;
    }
    reader->row_begun = true;
    return append_field(reader, &byte, 1);
  case UNQUOTED_CR:
    if (byte == '\n') {
      return end_row(reader);
    }
    reader->row_begun = true;
    reader->state = UNQUOTED;
    return append_field(reader, "\r", 1) && step(reader, byte);
  case QUOTED:
    if (byte == '"') {
      reader->state = QUOTE_SEEN;
      return true;
    }
    return append_field(reader, &byte, 1);
  case QUOTE_SEEN:
    if (byte == '"') {
      reader->state = QUOTED;
      return append_field(reader, "\"", 1);
    }
    if (byte == reader->delimiter) {
      return end_field(reader);
    }
    if (byte == '\n') {
      return end_row(reader);
    }
    if (byte == '\r') {
      reader->state = QUOTE_CR;
      return true;
    }
    return refuse_quote(reader);
  case QUOTE_CR:
    return byte == '\n' ? end_row(reader) : refuse_quote(reader);
  }
  return false;
}

/// How many bytes from `at` are plain data in the state the machine is in.
static size_t plain_run(const csv_reader *reader, const char *at, const char *end) {
  const char *start = at;
  if (reader->state == QUOTED) {
    while (at < end && *at != '"') {
      at++;
    }
  } else if (reader->state == UNQUOTED) {
    while (at < end && *at != reader->delimiter && *at != '\n' && *at != '\r') {
      at++;
    }
  }
  return (size_t)(at - start);
}

static bool run_machine(csv_reader *reader, const char *at, const char *end) {
  while (at < end) {
    size_t run = plain_run(reader, at, end);
    if (run > 0) {
      reader->row_begun = true;
      if (!append_field(reader, at, run)) {
        return false;
      }
      at += run;
    } else if (!step(reader, *at++)) {
      return false;
    }
  }
  return true;
}

/// The first row is whole, raw, in the buffer: chooses the delimiter and reads it.
static bool read_header(csv_reader *reader) {
  static const char byte_order_mark[3] = {'\xEF', '\xBB', '\xBF'};
  size_t skip = reader->size_bytes >= 3 && memcmp(reader->bytes, byte_order_mark, 3) == 0 ? 3 : 0;
  char *raw = reader->bytes;
  size_t raw_size = reader->size_bytes;
  size_t raw_capacity = reader->capacity;
  bool commas = false;
  bool semicolons = false;
  bool quoted = false;
  for (size_t i = skip; i < raw_size; i++) {
    quoted = raw[i] == '"' ? !quoted : quoted;
    commas = commas || (!quoted && raw[i] == ',');
    semicolons = semicolons || (!quoted && raw[i] == ';');
  }
  reader->delimiter = semicolons && !commas ? ';' : ',';
  reader->header_scanned = true;
  reader->bytes = NULL;
  reader->size_bytes = 0;
  reader->capacity = 0;
  bool well = raw == NULL || run_machine(reader, raw + skip, raw + raw_size);
  if (raw != NULL) {
    reader->allocator.resize(reader->allocator.context, raw, raw_capacity, 0);
  }
  return well;
}

/// Collects the first row; `*at` ends behind its line end. Empty lines before it are rows, too.
static bool scan_header(csv_reader *reader, const char **at, const char *end) {
  const char *start = *at;
  const char *to = start;
  bool done = false;
  while (to < end && !done) {
    char byte = *to++;
    if (byte == '"' && (reader->header_in_quotes || reader->header_at_start)) {
      reader->header_in_quotes = !reader->header_in_quotes;
    }
    done = byte == '\n' && !reader->header_in_quotes;
    // A quote opens a field behind either delimiter; behind another quote it goes on with one.
    bool mark = byte == '\xBF' && reader->size_bytes + (size_t)(to - start) == 3;
    reader->header_at_start = byte == ',' || byte == ';' || byte == '"' || mark;
  }
  *at = to;
  size_t size = (size_t)(to - start);
  if (is_row_full(reader, size)) {
    return refuse_row(reader, "too many bytes", CSV_ROW_BYTES_MAX);
  }
  if (!append(reader, start, size)) {
    return false;
  }
  if (!done) {
    return true;
  }
  reader->header_at_start = true;
  if (!read_header(reader)) {
    return false;
  }
  // An empty line was not the header: go on looking.
  reader->header_scanned = reader->header_given || reader->state == QUOTED;
  return true;
}

static seg_status answer(const csv_reader *reader, seg_error *error) {
  if (error != NULL) {
    *error = reader->error;
  }
  return reader->status;
}

seg_status csv_feed(csv_reader *reader, const char *bytes, size_t size_bytes, seg_error *error) {
  if (reader->status != SEG_OK || size_bytes == 0) {
    return answer(reader, error);
  }
  const char *at = bytes;
  const char *end = bytes + size_bytes;
  const char *nul = memchr(bytes, '\0', size_bytes);
  end = nul == NULL ? end : nul;
  while (at < end && !reader->header_scanned && reader->status == SEG_OK) {
    (void)scan_header(reader, &at, end);
  }
  if (reader->status == SEG_OK) {
    (void)run_machine(reader, at, end);
  }
  if (reader->status == SEG_OK && nul != NULL) {
    (void)fail(reader, SEG_E_INVALID,
               "row %llu has a NUL byte, so the file is not CSV in UTF-8; save it as \"CSV UTF-8\" "
               "and upload it again",
               row_of(reader));
  }
  return answer(reader, error);
}

seg_status csv_finish(csv_reader *reader, seg_error *error) {
  if (reader->status == SEG_OK && !reader->header_scanned) {
    (void)read_header(reader);
  }
  if (reader->status == SEG_OK) {
    if (reader->state == QUOTED) {
      (void)fail(reader, SEG_E_INVALID, "row %llu, field %zu: the quote is never closed",
                 row_of(reader), reader->field_count + 1);
    } else if (reader->row_begun) {
      (void)end_row(reader);
    }
  }
  if (reader->status == SEG_OK && !reader->header_given) {
    (void)fail(reader, SEG_E_INVALID, "the file is empty; its first row must name the columns");
  }
  return answer(reader, error);
}
