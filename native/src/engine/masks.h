/// Masks: which rows of a project's table a question matches at one instant.
///
/// Each has a word more than the table has blocks, so that an empty table has one too; free them
/// with free. Threads: the caller holds the project's read lock, or is the writer.
#ifndef SEGMENTRY_ENGINE_MASKS_H
#define SEGMENTRY_ENGINE_MASKS_H

#include "project.h"

/// No rows; NULL if there is no memory.
uint64_t *mask_new(const seg_table *table);

/// For all of these:
///
/// mask  written, owned  Also to be freed when the call fails; may then be NULL.
///
/// Returns false if there is no memory.
/// Cost: one evaluation of a filter over the whole table.

/// The rows that a filter matches; its references have been checked.
bool mask_of_filter(const project *in, const seg_filter *filter, int64_t now_ms, uint64_t **mask);
/// The members of a segment now: those of its filter, or the stored ones of a static segment.
bool mask_of_members(const project *in, const segment *of, int64_t now_ms, uint64_t **mask);
/// The subscribed contacts.
bool mask_of_subscribed(const project *in, int64_t now_ms, uint64_t **mask);
/// The contacts that have a value at a field that begins with `data.` and has at most
/// SEG_FILTER_FIELD_BYTES_MAX bytes.
bool mask_of_field(const project *in, const char *field, int64_t now_ms, uint64_t **mask);

/// The rows of a mask over a project's table.
size_t mask_count(const project *in, const uint64_t *mask);

#endif
