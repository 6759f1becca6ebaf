/// The columns of a CSV file of contacts: what its header names, and a row as a contact.
///
/// One column must be `email`; one may be `subscribed`. Both names are read in any case. Every
/// other column becomes a member of `data`, but reserved and empty names, which are dropped. Of two
/// columns with one name the last counts. White space around names and cells is not theirs.
#ifndef SEGMENTRY_IMPORT_COLUMNS_H
#define SEGMENTRY_IMPORT_COLUMNS_H

#include "text_buffer.h"
#include "writer.h"

typedef struct import_columns import_columns;

/// Reads a header.
///
/// out  owned  import_columns_free.
///
/// Returns ENGINE_OK; ENGINE_INVALID if there is no column `email`, or two; ENGINE_UNAVAILABLE.
engine_status import_columns_create(const seg_text_view *fields, size_t count, import_columns **out,
                                    engine_error *error);
void import_columns_free(import_columns *gone);

/// What a row says of its contact.
typedef struct import_row {
  seg_text_view email; ///< As written.
  bool has_subscribed;
  bool subscribed;
} import_row;

/// The cell of `email` in a row that may have too few fields; an empty text if it is not there.
seg_text_view import_columns_email(const import_columns *own, const seg_text_view *fields,
                                   size_t count);

/// Reads a row with as many fields as the header, and appends its `data` as a JSON object.
///
/// A cell is empty: nothing; true, false, yes, no in any case: a boolean; an integer that a double
/// holds exactly, or a decimal: a number as it is written; anything else, such as 007, +1 or 1e3: a
/// text. So there is nothing in it that a merge would change: no name is there twice, and no value
/// is empty or null.
///
/// Returns ENGINE_OK; ENGINE_INVALID if `subscribed` is neither yes nor no; ENGINE_UNAVAILABLE.
engine_status import_columns_read(const import_columns *own, const seg_text_view *fields,
                                  import_row *out, text_buffer *data, engine_error *error);

#endif
