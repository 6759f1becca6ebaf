/// Looking at members and conditions without changing anything: what engine.h declares, with the
/// parts that only the API asks for.
#ifndef SEGMENTRY_ENGINE_PREVIEW_H
#define SEGMENTRY_ENGINE_PREVIEW_H

#include "engine.h"

/// Ids of contacts; owned, each too.
typedef struct id_list {
  seg_text_view *ids;
  size_t count;
} id_list;
void id_list_free(id_list *gone);

/// As engine_segment_members, of those whose email has `search` in it (ASCII case apart); an empty
/// search means all.
engine_status engine_segment_search(engine *own, project *in, seg_text_view id,
                                    seg_text_view search, size_t offset, size_t limit, id_list *out,
                                    size_t *total, engine_error *error);

/// Who would enter and leave, some of each.
typedef struct preview_moves {
  id_list entering;
  id_list leaving;
} preview_moves;
void preview_moves_free(preview_moves *gone);

/// As engine_preview. moves  optional  Filled in if `segment_id` is given.
engine_status engine_preview_moves(engine *own, project *in, const struct cJSON *condition,
                                   seg_text_view segment_id, size_t sample, preview *out,
                                   preview_moves *moves, engine_error *error);

/// Counts the subscribed contacts; false if there is no memory. Threads: takes the read lock.
bool engine_count_subscribed(engine *own, project *in, size_t *subscribed, size_t *total);

/// What the whole engine holds, for its operator.
typedef struct engine_totals {
  size_t projects;
  size_t contacts;
  size_t segments;
  size_t tracked_segments;
  size_t memory_bytes; ///< Of the tables.
} engine_totals;
engine_totals engine_count_all(engine *own);

#endif
