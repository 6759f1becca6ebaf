/// Snapshots: chosen columns of a table as bytes, and back. For the browser, and for scripts.
///
/// The bytes carry a version and a checksum and are little-endian on every machine. Reading trusts
/// nothing: bytes that are cut, changed or made up give SEG_E_CORRUPT.
#ifndef SEGMENTRY_SNAPSHOT_H
#define SEGMENTRY_SNAPSHOT_H

#include "segmentry/table.h"

/// Different fields that a partial snapshot may name: all columns and all event names that a table
/// can have, and 1,024 more for the ten other fields and for segments, of which no condition names
/// more than 1,000. Each field that a filter asks for is looked up among them.
#define SEG_SNAPSHOT_FIELDS_MAX (SEG_TABLE_COLUMNS_MAX + SEG_TABLE_EVENTS_MAX + 1024)

/// Writes a snapshot.
///
/// fields       borrowed  Field names as filters use them; each contact's id is always included.
/// One
///                        that is named twice, or by both of its names, is written once. NULL takes
///                        everything the table knows; of a whole table that is a complete snapshot.
/// field_count  0 with NULL fields.
/// out          owned     Free with seg_text_free.
///
/// A field that no contact has is recorded as known and empty. Holes are closed: rows are numbered
/// anew, in the same order.
///
/// Returns SEG_OK; SEG_E_INVALID (not a field); SEG_E_FIELD (the table was read from a partial
/// snapshot without this field); SEG_E_LIMIT (more than SEG_SNAPSHOT_FIELDS_MAX different fields);
/// SEG_E_NOMEM. Cost: a look at each row for each field.
seg_status seg_snapshot_write(const seg_table *table, seg_allocator allocator,
                              const seg_text_view *fields, size_t field_count, seg_text_view *out,
                              seg_error *error);

/// Reads a snapshot into a new table. A filter over a field that a partial snapshot leaves out is
/// refused by seg_plan_create with SEG_E_FIELD.
///
/// Returns SEG_OK, SEG_E_CORRUPT (which covers a snapshot that is over a limit of the table),
/// SEG_E_VERSION, SEG_E_NOMEM.
seg_status seg_snapshot_read(seg_allocator allocator, uint64_t hash_seed, seg_text_view bytes,
                             seg_table **out, seg_error *error);

#endif
