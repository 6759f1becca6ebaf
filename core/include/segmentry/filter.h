/// Filters: a condition's JSON, checked and made immutable. docs/FILTERS.md is the contract.
#ifndef SEGMENTRY_FILTER_H
#define SEGMENTRY_FILTER_H

#include "segmentry/base.h"

struct cJSON;

/// Levels of nesting, the outermost condition being the first: nobody reads deeper ones, and a
/// bound keeps every recursion in the core shallow.
#define SEG_FILTER_DEPTH_MAX 32
/// Filters in one condition: ten times what the largest segments seen in the field use; keeps one
/// evaluation's cost bounded.
#define SEG_FILTER_FILTERS_MAX 1000
/// Bytes of a condition's JSON without insignificant white space: 1,000 filters of usual size fit.
#define SEG_FILTER_JSON_BYTES_MAX 65536
/// Bytes of a string value: longer than any name, address or URL that people filter by.
#define SEG_FILTER_VALUE_BYTES_MAX 1024
/// Bytes of a field name, its `data.` or `event.` included.
#define SEG_FILTER_FIELD_BYTES_MAX 256

/// A validated condition. Immutable: any number of threads may use one.
typedef struct seg_filter seg_filter;

/// Parses a condition from JSON text.
///
/// json      borrowed  UTF-8.
/// out       owned     Free with seg_filter_free.
/// problems  appended  Everything that is wrong, each with its place, in document order.
///
/// Returns SEG_OK; SEG_E_INVALID with at least one problem; SEG_E_NOMEM (the list may then be cut).
/// Segment references are not looked up here: see seg_filter_check_references.
seg_status seg_filter_parse(seg_allocator allocator, seg_text_view json, seg_filter **out,
                            seg_problems *problems);

/// The same for a condition inside a JSON tree that the caller already has. The tree must come from
/// a text that seg_json_parse accepted: valid UTF-8, no NUL. NULL is a missing condition.
seg_status seg_filter_parse_tree(seg_allocator allocator, const struct cJSON *condition,
                                 seg_filter **out, seg_problems *problems);

/// The same, but on SEG_E_INVALID it also gives what could be read, so that the references in it
/// can be checked and all problems be told at once. Such a filter cannot be planned.
seg_status seg_filter_parse_loose(seg_allocator allocator, const struct cJSON *condition,
                                  seg_filter **out, seg_problems *problems);

/// Whether a filter may be planned: all are, but those that seg_filter_parse_loose gave with
/// SEG_E_INVALID.
bool seg_filter_is_valid(const seg_filter *filter);

void seg_filter_free(seg_filter *filter);

/// Writes the condition as JSON again. Parsing that gives an equal filter.
///
/// out  owned  Free with seg_text_free.
///
/// Returns SEG_OK; SEG_E_INVALID for a filter that seg_filter_is_valid says no to; SEG_E_NOMEM.
seg_status seg_filter_write(const seg_filter *filter, seg_allocator allocator, seg_text_view *out);

/// Groups and filters of the condition, in document order: the nodes that a preview counts.
size_t seg_filter_node_count(const seg_filter *filter);

/// Bytes enough for any node's path, with the final NUL.
#define SEG_FILTER_PATH_BYTES 1536

/// Writes the path of node `index`, such as `groups[1].filters[0]`.
void seg_filter_node_path(const seg_filter *filter, size_t index, char out[SEG_FILTER_PATH_BYTES]);

/// The filters alone, in document order: their fields, as written. For knowing which columns a
/// filter needs.
size_t seg_filter_field_count(const seg_filter *filter);
seg_text_view seg_filter_field(const seg_filter *filter, size_t index);

/// A segment as the caller's project knows it.
typedef struct seg_segment {
  seg_text_view name;       ///< For messages.
  const seg_filter *filter; ///< NULL for a static segment.
  /// The stored membership, for static and tracked segments: one bit a row of the table that is
  /// evaluated. NULL for an untracked dynamic one, which is evaluated at the same instant instead.
  const uint64_t *members;
  size_t member_block_count;
} seg_segment;

/// Finds segments by id. `find` returns false for an unknown id; what it gives must stay valid
/// until the call that got the resolver returns, or the plan that was made with it is freed.
typedef struct seg_resolver {
  bool (*find)(void *context, seg_text_view id, seg_segment *out);
  void *context;
} seg_resolver;

/// Checks the references of a filter that is about to become the condition of segment `self`:
/// each must exist, and none may lead back to a segment already on the way, through tracked
/// segments too.
///
/// self_id    borrowed  The segment's own id; empty for one that has none yet, or for a preview.
/// self_name  borrowed  For messages.
/// problems   appended  `unknown_segment` and `segment_cycle`, at the filter's `field`.
///
/// Returns SEG_OK, SEG_E_SEGMENT with at least one problem, SEG_E_NOMEM.
/// Cost: each segment that can be reached is visited once, and once more for each reference beyond
/// which a problem lies.
seg_status seg_filter_check_references(const seg_filter *filter, seg_text_view self_id,
                                       seg_text_view self_name, const seg_resolver *resolver,
                                       seg_problems *problems);

#endif
