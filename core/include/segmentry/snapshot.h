/// Snapshots: chosen columns of a table as bytes, and back. For the browser, and for scripts.
///
/// The bytes carry a version and a checksum and are little-endian on every machine. Reading trusts
/// nothing: bytes that are cut, changed or made up give SEG_E_CORRUPT.
#ifndef SEGMENTRY_SNAPSHOT_H
#define SEGMENTRY_SNAPSHOT_H

#include "segmentry/table.h"

/// Writes a snapshot.
///
/// fields       borrowed  Field names as filters use them; each contact's id is always included.
/// field_count  0 with NULL fields takes every column the table has and marks the snapshot
/// complete. out          owned     Free with seg_text_free.
///
/// A field that no contact has is recorded as known and empty. Holes are closed: rows are numbered
/// anew, in the same order. Returns SEG_OK, SEG_E_INVALID (not a field), SEG_E_NOMEM.
seg_status seg_snapshot_write(const seg_table *table, seg_allocator allocator,
                              const seg_text_view *fields, size_t field_count, seg_text_view *out,
                              seg_error *error);

/// Reads a snapshot into a new table. A filter over a field that a partial snapshot leaves out is
/// refused by seg_plan_create with SEG_E_FIELD.
///
/// Returns SEG_OK, SEG_E_CORRUPT, SEG_E_VERSION, SEG_E_NOMEM.
seg_status seg_snapshot_read(seg_allocator allocator, uint64_t hash_seed, seg_text_view bytes,
                             seg_table **out, seg_error *error);

#endif
