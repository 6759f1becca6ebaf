/// Reads CSV from a stream of pieces, as RFC 4180 has it and spreadsheets write it.
///
/// Quoted fields with doubled quotes and line ends inside, CRLF or LF (a lone CR is data), a byte
/// order mark, a last line with or without its end; empty lines are passed over. The delimiter is a
/// comma, or a semicolon if the header line has semicolons and no comma outside quotes. Text
/// must be UTF-8 without NUL: a file in another encoding is refused with the row where it shows.
/// A quote inside an unquoted field is data; behind a closing quote only a delimiter or a line end
/// may stand.
///
/// Rows are counted as a spreadsheet shows them: the header is row 1, the first row of data row 2;
/// empty lines count, a quoted line end does not.
/// Memory: one row, CSV_ROW_BYTES_MAX at most. Cost: one look at each byte and one copy.
/// Threads: one at a time.
#ifndef SEGMENTRY_CSV_H
#define SEGMENTRY_CSV_H

#include "segmentry/base.h"

/// Bytes of a field: SEG_DATA_TEXT_BYTES_MAX, which is all that a contact keeps of a text.
#define CSV_FIELD_BYTES_MAX 65536
/// Bytes of a row: as many as a contact's whole JSON body may have.
#define CSV_ROW_BYTES_MAX ((size_t)1024 * 1024)
/// Fields of a row: spreadsheets that people export have some hundreds.
#define CSV_FIELDS_MAX 1024

/// What is called as rows come; each returns false to stop, and the feed then returns SEG_E_INVALID
/// with an empty message. Fields are valid during the call and end with a NUL that is not counted.
typedef struct csv_events {
  void *context;
  /// The first row, once.
  bool (*header)(void *context, const seg_text_view *fields, size_t count);
  /// A row with as many fields as the header.
  bool (*row)(void *context, uint64_t row, const seg_text_view *fields, size_t count);
  /// A row that is not given to `row`: it has another number of fields than the header, or is over
  /// a limit. Then the fields are those before the one that was too much.
  /// message  "row 7 has 3 fields, the header has 4"
  bool (*refused)(void *context, uint64_t row, const seg_text_view *fields, size_t count,
                  const char *message);
} csv_events;

typedef struct csv_reader csv_reader;

/// Makes a reader. events are borrowed only during the call. Returns SEG_OK or SEG_E_NOMEM.
seg_status csv_create(seg_allocator allocator, const csv_events *events, csv_reader **out);
void csv_free(csv_reader *reader);

/// Takes the next piece, of any size. After a failure the same status comes again.
/// Returns SEG_OK; SEG_E_INVALID with the row for what is not CSV or not UTF-8; SEG_E_LIMIT for a
/// header over a limit; SEG_E_NOMEM.
seg_status csv_feed(csv_reader *reader, const char *bytes, size_t size_bytes, seg_error *error);
/// Says that the text has ended; may call `row` for a last line without its end. SEG_E_INVALID for
/// a quote that was never closed, or when there was no header at all.
seg_status csv_finish(csv_reader *reader, seg_error *error);

/// The row that is being read, for messages.
uint64_t csv_row(const csv_reader *reader);

#endif
