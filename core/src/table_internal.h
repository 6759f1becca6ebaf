/// The table's inside, for the modules that read columns directly: plan, snapshot.
#ifndef SEG_TABLE_INTERNAL_H
#define SEG_TABLE_INTERNAL_H

#include "base_internal.h"
#include "column.h"
#include "segmentry/table.h"
#include "segmentry/text.h"
#include "timeline.h"

/// What every contact has, for 4,096 rows.
typedef struct seg_page {
  uint64_t live[SEG_PAGE_BLOCKS];       ///< Rows that hold a contact.
  uint64_t subscribed[SEG_PAGE_BLOCKS]; ///< 0 where not live.
  int64_t created_at_ms[SEG_PAGE_ROWS];
  int64_t updated_at_ms[SEG_PAGE_ROWS];
  uint32_t id[SEG_PAGE_ROWS];     ///< In the table's pool of texts.
  uint32_t email[SEG_PAGE_ROWS];  ///< Trimmed, ASCII letters lower-cased.
  uint32_t folded[SEG_PAGE_ROWS]; ///< Equal to `email` where folding changes nothing.
} seg_page;

/// A segment's stored members: one bit a row.
typedef struct seg_membership {
  seg_text_view segment_id; ///< Owned.
  uint64_t *words;
  size_t block_capacity;
} seg_membership;

/// A value that a row is about to get.
typedef struct seg_staged {
  seg_column *column;
  uint32_t code;
} seg_staged;

struct seg_table {
  seg_allocator outer;     ///< The caller's.
  seg_allocator allocator; ///< The same, counting.
  size_t memory_bytes;
  uint64_t seed;
  uint64_t version; ///< See seg_table_version.

  seg_page **pages;
  size_t page_capacity;
  size_t row_count;
  size_t contact_count;
  size_t hole_hint; ///< No hole lies below this block.
  seg_pool texts;
  seg_index ids;
  seg_index emails; ///< By stored address, with is_indexed_by_email.
  bool is_indexed_by_email;

  seg_column **columns;
  size_t column_count;
  size_t column_capacity;
  seg_index column_paths;

  seg_timeline activities[SEG_ACTIVITY_COUNT];
  seg_timeline *events;
  size_t event_count;
  size_t event_capacity;
  seg_index event_names;

  seg_membership *memberships;
  size_t membership_count;
  size_t membership_capacity;
  seg_index membership_ids;

  // The row change under way.
  uint64_t change;
  seg_staged *staged;
  size_t staged_count;
  size_t staged_capacity;
  size_t columns_before; ///< `column_count` when the change began.
  seg_buffer array_text;

  // A table read from a partial snapshot knows these fields and no others.
  bool is_partial;
  seg_text_view *known_fields; ///< Owned, each too.
  size_t known_field_count;
};

static inline seg_page *seg_table_page(const seg_table *table, uint32_t row) {
  return table->pages[row / SEG_PAGE_ROWS];
}

/// Whether the table can answer for a field: a whole table for any, a partial one for those it has.
struct seg_field;
bool seg_table_knows_field(const seg_table *table, const struct seg_field *field);

/// Adds a row for a new id, with nothing else set yet. For the snapshot's reader.
/// Returns SEG_OK, SEG_E_INVALID, SEG_E_LIMIT, SEG_E_DUPLICATE, SEG_E_NOMEM.
seg_status seg_table_append_row(seg_table *table, seg_text_view id);
/// Sets the email of such a row, as it is stored; the table has no index of them yet. Returns
/// SEG_OK or SEG_E_NOMEM.
seg_status seg_table_set_email(seg_table *table, uint32_t row, seg_text_view email);

/// Takes back the columns from index `from` on that hold nothing: those that a refused change, or
/// one of nulls, has made. Cannot fail.
void seg_table_drop_empty_columns(seg_table *table, size_t from);

/// The column of a `data` path, or NULL.
seg_column *seg_table_find_column(const seg_table *table, seg_text_view path);
/// The same, made if it is not there. At the limit, a column that no contact has a value in any
/// more gives way to the new one. Returns SEG_OK, SEG_E_LIMIT, SEG_E_NOMEM.
seg_status seg_table_make_column(seg_table *table, seg_text_view path, seg_column **out,
                                 seg_error *error);
/// The timeline of an event name, or NULL.
seg_timeline *seg_table_find_event(const seg_table *table, seg_text_view name);
seg_status seg_table_make_event(seg_table *table, seg_text_view name, seg_timeline **out,
                                seg_error *error);
/// A segment's stored members, or NULL.
seg_membership *seg_table_find_membership(const seg_table *table, seg_text_view segment_id);
/// The same, made if it is not there; no members yet.
seg_status seg_table_make_membership(seg_table *table, seg_text_view segment_id,
                                     seg_membership **out, seg_error *error);

/// Checks a JSON value of any kind against the limits of `data`: depth, size of strings, numbers
/// that a double can hold. `name` begins the place in messages.
seg_status seg_value_check(const struct cJSON *value, const char *name, seg_error *error);

/// Turns `data`, which has been checked, into staged values of a row: all that can fail.
seg_status seg_data_stage(seg_table *table, uint32_t row, const struct cJSON *data,
                          seg_error *error);
/// Takes all values away from a row. Cannot fail.
void seg_data_clear(seg_table *table, uint32_t row);
/// Gives a row, which has none, its staged values. Cannot fail.
void seg_data_commit(seg_table *table, uint32_t row);
/// Forgets what was staged.
void seg_data_roll_back(seg_table *table);

#endif
