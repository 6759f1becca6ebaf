/// An import: the lines that `segmentry eval` reads, into a project of a database.
///
/// Everything happens in one transaction: an import is stored as a whole, or nothing of it is. The
/// same files may come again: contacts are known by their address, occurrences by contact, name and
/// instant, and what is there already is not added twice.
///
/// An import fires no entries and exits. Who matches a tracked segment afterwards is its member,
/// and the history says so, but no event says that she entered: moving in from elsewhere must not
/// welcome everybody anew.
///
///     import_begin -> lines (import_take) -> segments -> memberships (import_take) ->
///     import_finish
#ifndef SEGMENTRY_TRANSFER_IMPORT_H
#define SEGMENTRY_TRANSFER_IMPORT_H

#include "segmentry/ingest.h"
#include "store/store.h"

typedef struct import import;

typedef struct import_options {
  const char *db;         ///< Must be there. Held alone until the end: STORE_BUSY.
  const char *project_id; ///< STORE_NOT_FOUND
  int64_t now_ms;
} import_options;

/// What an import did.
typedef struct import_counts {
  size_t contacts_created;
  size_t contacts_updated; ///< Were there, and now hold something else.
  size_t contacts_same;
  size_t events_added;
  size_t events_same;
  size_t activities_added;
  size_t activities_same;
  size_t segments_created;
  size_t segments_updated; ///< Were there: their definition is the file's now.
  size_t members_added;    ///< Of static segments.
  size_t changes_added;    ///< Entries and exits of the past.
} import_counts;

/// Opens the database and begins.
store_status import_begin(const import_options *options, import **out, store_error *error);
/// Ends an import; without import_finish nothing of it is stored. NULL is nothing.
void import_end(import *own);

/// The table that lines are to be read into (seg_ingest_lines), contacts first.
seg_table *import_table(import *own);
/// Takes a line that is fine: for seg_ingest_report.good_line, with the import as its context.
/// Refuses what a project does not take: an address that is none, or that another line has; a
/// membership of a segment that has no stored ones. After SEG_E_NOMEM import_failure says more.
seg_status import_take(void *context, const seg_ingest_line *line, seg_error *error);
/// Why import_take ended the reading; NULL if it did not, or for lack of memory.
const store_error *import_failure(const import *own);

/// Called for each thing that is wrong with the segments. place  Such as `"VIP": condition`.
typedef void (*import_problem)(void *context, const char *place, const char *message);

/// Defines segments, as an array of
///
///     {"name", "id"?, "description"?, "type"?, "condition"?, "trackMembership"?, "members"?,
///      "createdAt"?, "updatedAt"?}
///
/// `segment.X` in a condition is the segment of the array with the name X, or the id X, or one of
/// the project with the id X. "members" are addresses or ids of contacts. A segment that the
/// project has by this name gets this definition, and keeps its members.
///
/// tree           borrowed, changed  From seg_json_parse.
/// problem_count  written            If it is not 0, nothing more should be done than import_end.
store_status import_segments(import *own, struct cJSON *tree, import_problem problem, void *context,
                             size_t *problem_count, store_error *error);

/// Settles memberships and counts, and commits.
store_status import_finish(import *own, import_counts *counts, store_error *error);

#endif
