/// Files in: whole ones, and folders of NDJSON into a table.
#ifndef SEGMENTRY_DATA_FILES_H
#define SEGMENTRY_DATA_FILES_H

#include "segmentry/ingest.h"

/// Reads a whole file, or standard input for `-`.
///
/// bytes_max  A larger file is refused: nobody means it.
/// out        owned  Free with free(out->bytes).
///
/// Returns 0, or an exit status after saying on standard error what is wrong.
int data_read_file(const char *path, size_t bytes_max, seg_text_view *out);

/// Who is shown each line that goes in, as seg_ingest_report.good_line is.
typedef struct data_taker {
  seg_status (*take)(void *context, const seg_ingest_line *line, seg_error *error);
  /// Whether `take` has ended the reading for a reason of its own, which it tells by itself.
  bool (*has_failed)(const void *context);
  void *context;
} data_taker;

/// Reads contacts.ndjson and, where they are there, events.ndjson and emails.ndjson of a folder.
/// Bad lines are named on standard error as `file:line: reason`; the rest goes in.
///
/// taker      borrowed, optional
/// bad_lines  written  How many lines were refused.
///
/// Returns 0, or an exit status after saying on standard error what is wrong; EXIT_NO_INPUT without
/// a word where the taker has failed.
int data_read_folder(const char *folder, seg_table *table, const data_taker *taker,
                     size_t *bad_lines);

/// Reads members.ndjson, where it is there, in the same way. bad_lines  added to
int data_read_members(const char *folder, seg_table *table, const data_taker *taker,
                      size_t *bad_lines);

/// Reads changes.ndjson, where it is there, in the same way. bad_lines  added to
int data_read_changes(const char *folder, seg_table *table, const data_taker *taker,
                      size_t *bad_lines);

/// Joins a folder and a file's name. NULL if there is no memory; free with free.
char *data_path(const char *folder, const char *name);

#endif
