/// An export: everything of a project that an import takes, row by row, as of one moment.
#ifndef SEGMENTRY_TRANSFER_EXPORT_H
#define SEGMENTRY_TRANSFER_EXPORT_H

#include "store/store.h"

/// Who takes the rows, in this order of kinds. Returning false ends the export early.
typedef struct export_visitor {
  bool (*contact)(void *context, const store_contact *row);         ///< Oldest first.
  bool (*event)(void *context, const store_event *row);             ///< Newest first.
  bool (*activity)(void *context, const store_activity_entry *row); ///< As they came.
  /// Oldest first. In its condition a segment refers to others by name.
  bool (*segment)(void *context, const store_segment *row);
  /// Of static and tracked segments, whose name it is.
  bool (*member)(void *context, seg_text_view segment, const store_member *row);
  /// Entries and exits of these segments, in the order of time; not of contacts that are gone.
  /// cause  As the API names it.
  bool (*change)(void *context, const store_member_change *row, const char *cause);
  void *context;
} export_visitor;

/// Shows a project of a database that a server may have open. STORE_NOT_FOUND: no such file, or no
/// such project. Also returns STORE_OK when a visitor ended it.
store_status export_project(const char *db, const char *project_id, const export_visitor *visitor,
                            store_error *error);

#endif
