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

/// What a part of a sweep did.
typedef struct sweep_result {
  size_t entered; ///< Of the last segment, which is `only`.
  size_t left;
  size_t total;      ///< Its members now.
  size_t next_block; ///< Where the next part begins.
  bool is_cut;       ///< There is a next part.
} sweep_result;

/// Entries and exits that one transaction takes at most, and those of one block of rows on top: a
/// tenth of a second's work, so that requests that wait do not wait long. One that webhooks are
/// told of counts as several.
#define SWEEP_MOVES_MAX 20000

/// Evaluates the rows from a block on, as many as one transaction takes: all tracked segments, or
/// `only` one and those that it leads to, so that its stored members are what its condition says of
/// the stored members of the others. Writes what changed to the store and notes it.
///
/// A sweep is cut by rows and not by segments, since a contact's memberships depend on one another,
/// and on no other contact's. So all that moves with a contact moves in one transaction, however
/// many parts there are. Between two parts others write: whom they touch, they evaluate.
///
/// Segments that refer to `only` are left to the next sweep. The batch must be empty.
/// begin   0, or the `next_block` of the part before.
/// result  written
batch_status tracking_sweep(batch *own, project *of, segment *only, size_t begin,
                            sweep_result *result);

/// Writes that the members of a segment are what its definition says: after a whole sweep
/// of one definition.
batch_status tracking_settle(batch *own, const segment *of, const project *in);

/// Counts the members of a segment as they are now. Threads: the caller holds the read lock, or is
/// the writer. Returns false if there is no memory.
bool tracking_count(const project *own, const segment *of, int64_t now_ms, size_t *count);

/// Writes the `data` of an entry or exit event; returns its size.
int tracking_event_data(const segment *of, char out[BATCH_MOVE_JSON_BYTES]);

#endif
