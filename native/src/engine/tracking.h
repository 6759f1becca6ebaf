/// Tracking: who enters and who leaves the tracked segments.
///
/// On a change, the touched contacts alone are evaluated, in the batch's scratch table. For what
/// time alone brings, and after a definition changed, a sweep evaluates whole tables and compares
/// with the stored members. Both go through the segments in dependency order, so that a chain of
/// segments moves in one go.
#ifndef SEGMENTRY_TRACKING_H
#define SEGMENTRY_TRACKING_H

#include "batch.h"
#include "segmentry/slug.h"

/// What a cause is called wherever it is written, by store_cause.
extern const char *const tracking_cause_names[STORE_CAUSE_DELETE + 1];

/// Evaluates the tracked segments on the contacts of the scratch table, writes entries and exits to
/// the store, and notes them.
batch_status tracking_evaluate_touched(batch *own, project_batch *part);

/// What a sweep did.
typedef struct sweep_result {
  size_t moves;   ///< Entries and exits of all segments.
  size_t entered; ///< Of the last segment: of `only`, if it was reached.
  size_t left;
  size_t total; ///< Its members now.
  bool is_cut;  ///< The limit was reached: there is more to do.
} sweep_result;

/// Entries and exits that one transaction takes at most: a second's work, so that requests that
/// wait do not wait long.
#define SWEEP_CHANGES_MAX 100000

/// Evaluates whole tables: all tracked segments, or `only` one and those that it leads to, so that
/// its stored members are what its condition says of the stored members of the others. Writes what
/// changed to the store and notes it.
///
/// Segments that refer to `only` are left to the next sweep. The batch must be empty.
/// result  written
batch_status tracking_sweep(batch *own, project *of, segment *only, sweep_result *result);

/// Writes that the members of a segment are what its definition says: after a sweep that was not
/// cut.
batch_status tracking_settle(batch *own, const segment *of, const project *in);

/// Counts the members of a segment as they are now. Threads: the caller holds the read lock, or is
/// the writer. Returns false if there is no memory.
bool tracking_count(const project *own, const segment *of, int64_t now_ms, size_t *count);

/// Writes the `data` of an entry or exit event; returns its size.
int tracking_event_data(const segment *of, char out[BATCH_MOVE_JSON_BYTES]);

#endif
