/// Builds CSV text as RFC 4180 has it: fields with a comma, a quote or a line end in them are
/// quoted, quotes doubled; rows end with CRLF.
///
/// Fields are written as they are: one that begins with `=` stays one, for a program that reads
/// them. The writer fails stickily: only the end is checked. Threads: one at a time.
#ifndef SEGMENTRY_ENGINE_CSV_WRITER_H
#define SEGMENTRY_ENGINE_CSV_WRITER_H

#include "text_buffer.h"

/// All zero is an empty one.
typedef struct csv_writer {
  text_buffer text;
  bool after_field; ///< A comma belongs before the next one.
  bool has_failed;  ///< There was no memory; sticks until the reset.
} csv_writer;

void csv_writer_free(csv_writer *writer);
/// Empties it and keeps its memory: for the next rows.
void csv_writer_reset(csv_writer *writer);

void csv_writer_field(csv_writer *writer, seg_text_view text);
void csv_writer_end_row(csv_writer *writer);

/// The text so far, borrowed until the writer changes. Returns SEG_OK or SEG_E_NOMEM.
seg_status csv_writer_text(const csv_writer *writer, seg_text_view *out);

#endif
