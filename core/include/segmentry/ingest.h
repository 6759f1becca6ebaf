/// Ingest: lines of NDJSON into a table, as a command line, a browser and a script all hand them
/// in.
#ifndef SEGMENTRY_INGEST_H
#define SEGMENTRY_INGEST_H

#include "segmentry/table.h"

/// Bytes of one line: one contact's document.
#define SEG_INGEST_LINE_BYTES_MAX 1048576

/// What a line holds. The numbers are pinned: the WASM module passes them.
typedef enum seg_ingest_kind {
  SEG_INGEST_CONTACTS = 0, ///< {id,email,subscribed,createdAt,updatedAt,data}
  SEG_INGEST_EVENTS = 1,   ///< {contactId,name,createdAt,data?}
  /// {contactId,sentAt,deliveredAt,openedAt,clickedAt,bouncedAt,complainedAt}
  SEG_INGEST_EMAILS = 2,
  SEG_INGEST_MEMBERS = 3, ///< {segment,contactId,since?}: of the table's stored memberships.
  /// {segment,contactId,type,at}: who entered a segment and who left it. For the caller alone: such
  /// a line is checked, and the table takes nothing of it.
  SEG_INGEST_CHANGES = 4
} seg_ingest_kind;

/// A line that went in, for a caller that keeps more of it than the table does. Everything is
/// borrowed for the call.
typedef struct seg_ingest_line {
  seg_ingest_kind kind;
  size_t number;               ///< From 1.
  seg_text_view text;          ///< As it was read.
  const struct cJSON *members; ///< Its object.
  uint32_t row;                ///< Of its contact.
  seg_contact_view contact;    ///< SEG_INGEST_CONTACTS, as written.
  seg_text_view event_name;    ///< SEG_INGEST_EVENTS
  int64_t event_at_ms;         ///< SEG_INGEST_EVENTS
  /// SEG_INGEST_EMAILS, by seg_activity; SEG_INSTANT_NONE where there is none.
  int64_t activity_at_ms[SEG_ACTIVITY_COUNT];
  seg_text_view segment; ///< SEG_INGEST_MEMBERS, SEG_INGEST_CHANGES
  int64_t since_ms;      ///< SEG_INGEST_MEMBERS; SEG_INSTANT_NONE where it is not said.
  bool is_entry;         ///< SEG_INGEST_CHANGES; else an exit.
  int64_t change_at_ms;  ///< SEG_INGEST_CHANGES
} seg_ingest_line;

/// What became of the lines, and who is told about them.
typedef struct seg_ingest_report {
  /// Called for each line that went in. May be NULL. What it returns other than SEG_OK refuses the
  /// line, for the reason in `error`: a contact is taken out again; an occurrence stays, so what
  /// refuses one must not use the table. SEG_E_NOMEM ends the reading.
  seg_status (*good_line)(void *context, const seg_ingest_line *line, seg_error *error);
  /// Called for each bad line; the message is valid during the call. May be NULL.
  void (*bad_line)(void *context, size_t line, const char *message);
  void *context;
  size_t line_count; ///< Lines seen so far, blank ones included; start at 0 for a file.
  size_t good_count; ///< Lines that went in.
  size_t bad_count;  ///< Lines that were refused, each as a whole.
} seg_ingest_report;

/// Takes in lines. A bad line is reported and passed over; the rest still goes in.
///
/// lines   borrowed  Whole lines; the last one may lack its newline. Blank lines are passed over.
/// report  updated   Numbers go on from where they stand, so a file may come in pieces.
///
/// Returns SEG_OK, bad lines or not; SEG_E_NOMEM, with the lines before it in the table.
seg_status seg_ingest_lines(seg_table *table, seg_ingest_kind kind, seg_text_view lines,
                            seg_ingest_report *report);

/// Replaces a contact by a line as it would be added; events and memberships stay. What an addition
/// refuses, this refuses in the same words. On any error the table is as before.
///
/// Returns SEG_OK; SEG_E_MISSING if no contact has the id; else as seg_table_update; SEG_E_JSON.
seg_status seg_ingest_update(seg_table *table, seg_text_view line, seg_error *error);

#endif
