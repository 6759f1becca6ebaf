/// Files in: whole ones, and folders of NDJSON into a table.
#ifndef SEGMENTRY_DATA_FILES_H
#define SEGMENTRY_DATA_FILES_H

#include "segmentry/table.h"

/// Reads a whole file, or standard input for `-`.
///
/// bytes_max  A larger file is refused: nobody means it.
/// out        owned  Free with free(out->bytes).
///
/// Returns 0, or an exit status after saying on standard error what is wrong.
int data_read_file(const char *path, size_t bytes_max, seg_text_view *out);

/// Reads contacts.ndjson and, where they are there, events.ndjson and emails.ndjson of a folder.
/// Bad lines are named on standard error as `file:line: reason`; the rest goes in.
///
/// bad_lines  written  How many lines were refused.
///
/// Returns 0, or an exit status after saying on standard error what is wrong.
int data_read_folder(const char *folder, seg_table *table, size_t *bad_lines);

#endif
