/// A project in memory: its contacts as a table, its segments as filters. A cache of the store,
/// rebuilt at start.
///
/// Threads: the writer thread alone changes it, under the write lock and after the commit; readers
/// hold the read lock while they look, and never take it twice (fair_lock.h).
#ifndef SEGMENTRY_PROJECT_H
#define SEGMENTRY_PROJECT_H

#include "segmentry/filter.h"
#include "segmentry/table.h"
#include "store/store.h"
#include "webhook.h"

#include <pthread.h>

/// A segment and what the engine knows of it. All texts are owned.
typedef struct segment {
  int64_t num;
  size_t place; ///< In the project's `segments`.
  seg_text_view id;
  seg_text_view name;
  seg_text_view slug;
  seg_text_view description;    ///< NULL bytes: none.
  seg_text_view condition_json; ///< NULL bytes: none, for a static one.
  seg_filter *filter;           ///< NULL for a static one.
  bool is_static;
  bool is_tracked;
  bool is_pending; ///< Stored members may not be what matches: since the start, or a change of its
                   ///< definition, no sweep has settled them.
  bool is_redefined; ///< Its definition, or that of a segment it leads to, changed: the next
                     ///< sweep's entries and exits are due to that. The store remembers it.
  int64_t moved_in;  ///< Contacts that the batch under way lets enter, and leave.
  int64_t moved_out;
  int64_t member_count;
  int64_t member_count_at_ms;
  int64_t created_at_ms;
  int64_t updated_at_ms;
} segment;

typedef struct project {
  int64_t num;
  seg_text_view id;   ///< Owned.
  seg_text_view name; ///< Owned.
  pthread_rwlock_t lock;
  uint64_t hash_seed;    ///< Of the table, and of others that hold what strangers send.
  seg_table *table;      ///< With its index of addresses: each is one contact's.
  int64_t *contact_nums; ///< By row: the store's number of the contact.
  size_t contact_num_capacity;
  segment **segments; ///< Oldest first; owned.
  segment **by_id;    ///< The same, sorted: conditions may refer to segments some hundred times.
  segment **by_slug;
  size_t segment_count;
  size_t segment_capacity; ///< Of all three.
  segment **tracked; ///< In the order in which they are evaluated: what they refer to comes first.
  size_t tracked_count;
  uint64_t definition_version; ///< Grows with each segment that is added, replaced or removed.
  webhook **webhooks;          ///< Oldest first; owned.
  size_t webhook_count;
  size_t watching_count;    ///< Webhooks that are enabled.
  uint64_t webhook_version; ///< The last that a webhook got.
  pthread_mutex_t removal_lock;
  struct removal_notice *removals; ///< Fields and events that are being taken away (conditions.h).
} project;

/// Makes a project without contacts and segments. Returns STORE_OK or STORE_NOMEM.
store_status project_create(const store_project *row, uint64_t hash_seed, project **out);
/// Who is told now and then how far loading is.
typedef struct project_progress {
  void (*show)(void *context, size_t contacts, size_t events);
  void *context;
} project_progress;

/// Reads a project out of the store.
///
/// second    optional  Another session that sees the same, for reading events meanwhile.
/// progress  optional
///
/// Returns STORE_OK and the project, or why not. Threads: none else uses `out` yet.
store_status project_load(store_session *session, store_session *second, const store_project *row,
                          uint64_t hash_seed, const project_progress *progress, project **out,
                          store_error *error);
void project_free(project *gone);

/// Finds a segment by its id; NULL if the project has none.
segment *project_find_segment(const project *own, seg_text_view id);

/// The id that a field `segment.<id>` names; false for any other field.
bool project_field_segment(seg_text_view field, seg_text_view *id);

/// Makes a segment from the store's row. NULL if there is no memory or its condition is damaged.
segment *segment_create(const store_segment *row);
void segment_free(segment *gone);

/// Adds a segment, which the project then owns; puts the tracked ones in order again.
/// Returns false, with the project as before, if there is no memory.
bool project_add_segment(project *own, segment *added);
/// The same of many: they come newest first, and stand in no order until project_end_segments.
bool project_append_segment(project *own, segment *added);
/// Ends what project_append_segment began. False if there is no memory.
bool project_end_segments(project *own);
/// Puts a segment in the place of another one with its id, which is freed, and the tracked ones in
/// order. Returns false if there is no memory; the order is then the old one.
bool project_replace_segment(project *own, segment *gone, segment *made);
/// Takes a segment out and frees it.
void project_remove_segment(project *own, segment *gone);

/// Finds a tracked segment and the tracked ones that it leads to, in the order in which they are
/// evaluated: it comes last.
/// out  written, owned  Free with free.
/// Returns false if there is no memory.
bool project_order_references(const project *own, segment *of, segment ***out, size_t *count);

// Webhooks. What changes one needs the write lock, but at the start.

/// Finds a webhook by its id, or by the store's number; NULL if the project has none.
webhook *project_find_webhook(const project *own, seg_text_view id);
webhook *project_find_webhook_num(const project *own, int64_t num);
/// Adds a webhook, which the project then owns, or puts it into the place of the one with its num,
/// which is freed. Returns false, with the project as before, if there is no memory.
bool project_put_webhook(project *own, webhook *put);
/// Takes a webhook out and frees it.
void project_remove_webhook(project *own, webhook *gone);
/// Says that what is due to a webhook is to be read anew.
void project_renew_webhook(project *own, webhook *of);

/// Finds the tracked segments that lead to a segment, through others or not, but not itself.
/// out  written, owned  Free with free.
/// Returns false if there is no memory.
bool project_list_leading(const project *own, const segment *to, segment ***out, size_t *count);

/// Remembers the store's number of a row's contact. False if there is no memory.
bool project_set_contact_num(project *own, uint32_t row, int64_t num);

/// What a resolver needs: the project, and the table whose memberships count.
typedef struct project_view {
  const project *project;
  const seg_table *table;
} project_view;

/// A resolver over a project's segments. `view` must outlive it.
seg_resolver project_resolver(project_view *view);

#endif
