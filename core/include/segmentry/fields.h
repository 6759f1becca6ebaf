/// What a table knows of its custom fields: for pickers that offer fields and values.
#ifndef SEGMENTRY_FIELDS_H
#define SEGMENTRY_FIELDS_H

#include "segmentry/table.h"

struct cJSON;

/// What a value in `data` is. The numbers are pinned: snapshots hold them.
typedef enum seg_value_kind {
  SEG_VALUE_ABSENT = 0, ///< No value: missing or null.
  SEG_VALUE_BOOLEAN = 1,
  SEG_VALUE_NUMBER = 2,
  SEG_VALUE_TEXT = 3,
  SEG_VALUE_ARRAY = 4,
  SEG_VALUE_OBJECT = 5
} seg_value_kind;
#define SEG_VALUE_KIND_COUNT 6

/// One `data` path. Counts are contacts.
typedef struct seg_field_info {
  seg_text_view path;                   ///< Without `data.`; valid until the table changes.
  size_t count;                         ///< That have a value there.
  size_t by_kind[SEG_VALUE_KIND_COUNT]; ///< By what the value is.
  size_t instant_count;                 ///< Of the texts, those that are dates.
} seg_field_info;

/// Paths that some contact has or had, in the order in which they were first seen.
size_t seg_table_field_count(const seg_table *table);
/// Cost: a look at each distinct value.
seg_field_info seg_table_field(const seg_table *table, size_t index);

/// Paths that some contact has a value at: what SEG_TABLE_COLUMNS_MAX bounds.
size_t seg_table_used_field_count(const seg_table *table);

/// What a contact's `data` meets in a table.
typedef struct seg_data_room {
  size_t new_field_count; ///< Paths that the table does not know yet: at most what it would add.
  size_t text_bytes;      ///< Room for texts, in the fullest of the fields that it has texts for.
  seg_text_view
      text_path; ///< That field, without `data.`; empty: any. Valid as `table` and `data`.
} seg_data_room;
/// data  Which seg_data_check has accepted, or NULL.
seg_data_room seg_table_data_room(const seg_table *table, const struct cJSON *data);

/// What the texts of a contact's `data` take of that room at most, by its size as JSON. A field
/// holds a text as it is, and as it is compared, which may be four times as long.
#define SEG_DATA_ROOM_BYTES(json_bytes) (8 * (json_bytes))
/// Room for ids and addresses, and what a contact takes of it at most.
size_t seg_table_text_room(const seg_table *table);
#define SEG_CONTACT_ROOM_BYTES (SEG_CONTACT_ID_BYTES_MAX + 5 * SEG_EMAIL_BYTES_MAX + 32)

/// Event names that the table knows, and whether it knows this one.
size_t seg_table_event_count(const seg_table *table);
bool seg_table_knows_event(const seg_table *table, seg_text_view name);

/// One custom event; all zero for a name that the table does not know.
typedef struct seg_event_info {
  size_t contact_count;    ///< Contacts that have it.
  size_t occurrence_count; ///< Of all of them.
} seg_event_info;
/// Cost: a look at each block of rows.
seg_event_info seg_table_event(const seg_table *table, seg_text_view name);

/// One distinct value of a field.
typedef struct seg_field_value {
  seg_value_kind kind; ///< BOOLEAN, NUMBER or TEXT.
  bool boolean;
  double number;
  seg_text_view text; ///< Valid until the table changes.
  size_t count;       ///< Contacts that have it.
} seg_field_value;

/// Finds the most frequent values of a field, most frequent first. Arrays and objects are left out.
///
/// path   borrowed  Without `data.`.
/// limit  Room in `out`.
///
/// Returns how many were written; 0 for an unknown path. Cost: a look at each distinct value.
size_t seg_table_field_values(const seg_table *table, seg_text_view path, size_t limit,
                              seg_field_value *out);

#endif
