// Segments: defined, counted, computed, filled by hand.
#include "conditions.h"
#include "engine_internal.h"
#include "segmentry/fields.h"
#include "segmentry/plan.h"
#include "segmentry/slug.h"
#include "segmentry/text.h"
#include "tracking.h"
#include "usage.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static seg_allocator memory(void) { return seg_allocator_default(); }

static engine_status unknown_segment(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "there is no segment with this id");
}

// Definitions.

typedef struct define_command {
  command base;
  seg_text_view id; ///< Empty for a new one.
  const segment_input *input;
  seg_filter *filter; ///< Parsed before it is queued; NULL if the condition stays.
  seg_text_view condition_json;
  seg_text_view slug; ///< Of a new name; NULL bytes if the name stays.
  engine_segment_show show;
  void *context;
  int64_t now_ms;
  segment *made; ///< What takes the place of `replaced`.
  segment *replaced;
  segment **leading; ///< Owned: the tracked segments whose members the change may change.
  size_t leading_count;
} define_command;

/// Parses the parts of a definition that need nothing of the project.
static engine_status read_definition(define_command *own, engine_error *error) {
  const segment_input *input = own->input;
  if (input->condition != NULL) {
    seg_status status =
        seg_filter_parse_tree(memory(), input->condition, &own->filter, &error->problems);
    if (status == SEG_OK) {
      status = seg_filter_write(own->filter, memory(), &own->condition_json);
    }
    if (status != SEG_OK) {
      return status == SEG_E_INVALID
                 ? engine_fail(error, ENGINE_CONDITION, "the condition is not valid")
                 : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
    }
  }
  if (input->name.bytes != NULL) {
    seg_error trouble;
    seg_status status = seg_slug(memory(), input->name, &own->slug, &trouble);
    if (status != SEG_OK) {
      return engine_fail(error, status == SEG_E_NOMEM ? ENGINE_UNAVAILABLE : ENGINE_INVALID,
                         "name: %.400s", trouble.message);
    }
  }
  return ENGINE_OK;
}

static void free_definition(define_command *own) {
  seg_filter_free(own->filter);
  seg_text_free(memory(), own->condition_json);
  seg_text_free(memory(), own->slug);
  free(own->leading);
}

/// Checks the references of the new condition, and counts what it matches now.
static engine_status check_and_count(define_command *own, project_batch *part, store_segment *row) {
  project_view view = {.project = part->project, .table = part->project->table};
  seg_resolver resolver = project_resolver(&view);
  engine_error *error = own->base.error;
  condition_owner owner = {.id = own->id, .name = row->name};
  engine_status checked = condition_check_stored(part->project, own->filter, &owner, error);
  if (checked != ENGINE_OK) {
    return checked;
  }
  size_t count = 0;
  seg_plan *plan = NULL;
  seg_status status =
      seg_plan_create(memory(), own->filter, part->project->table, own->now_ms, &resolver,
                      seg_plan_all_blocks(part->project->table), &plan, NULL);
  if (status == SEG_OK) {
    status = seg_plan_count(plan, &count);
  }
  seg_plan_free(plan);
  row->member_count = (int64_t)count;
  row->member_count_at_ms = own->now_ms;
  return status == SEG_OK ? ENGINE_OK : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

/// Whether there is room for the two events of each segment, of which `added` are about to be new.
/// Events that the table knows already are counted twice, which errs on the safe side: once an
/// entry is stored, there must be room for it.
static engine_status check_event_room(const project *of, size_t added, engine_error *error) {
  size_t needed = seg_table_event_count(of->table) + 2 * (of->segment_count + added);
  return needed <= SEG_TABLE_EVENTS_MAX
             ? ENGINE_OK
             : engine_fail(error, ENGINE_INVALID,
                           "name: the project has no room for another segment's events: at most %d "
                           "names",
                           SEG_TABLE_EVENTS_MAX);
}

static engine_status run_create(command *base, batch *in, project_batch *part) {
  define_command *own = (define_command *)base;
  const segment_input *input = own->input;
  char id[ID_TEXT_BYTES];
  id_make(id);
  own->now_ms = in->now_ms;
  store_segment row = {.project = part->project->num,
                       .id = seg_text_of(id),
                       .name = input->name,
                       .slug = own->slug,
                       .description = input->description,
                       .is_static = input->is_static,
                       .condition_json = own->condition_json,
                       .is_tracked = input->has_track && input->track,
                       .member_count_at_ms = in->now_ms,
                       .created_at_ms = in->now_ms,
                       .updated_at_ms = in->now_ms,
                       .is_redefined = true};
  engine_status room = check_event_room(part->project, 1, base->error);
  if (room != ENGINE_OK) {
    return room;
  }
  engine_status status = input->is_static ? ENGINE_OK : check_and_count(own, part, &row);
  if (status != ENGINE_OK) {
    return status;
  }
  store_status stored = store_segment_insert(in->session, &row, &row.num, &in->error);
  if (stored != STORE_OK) {
    return engine_fail_store(base->error, stored, &in->error);
  }
  own->made = segment_create(&row);
  if (own->made == NULL) {
    return engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  if (own->show != NULL) {
    own->show(own->context, part->project, own->made);
  }
  return ENGINE_OK;
}

static void publish_create(command *base, project *of) {
  define_command *own = (define_command *)base;
  if (!project_add_segment(of, own->made)) {
    base->is_lost = true;
    return;
  }
  own->made = NULL;
}

engine_status engine_segment_create(engine *own, project *in, const segment_input *input,
                                    engine_segment_show show, void *context, engine_error *error) {
  define_command create = {.base = {.run = run_create,
                                    .publish = publish_create,
                                    .project = in,
                                    .is_exclusive = true,
                                    .error = error},
                           .input = input,
                           .show = show,
                           .context = context};
  if (input->name.bytes == NULL) {
    return engine_fail(error, ENGINE_INVALID, "name: is missing");
  }
  if (input->is_static != (input->condition == NULL)) {
    return engine_fail(error, ENGINE_INVALID,
                       input->is_static ? "condition: a static segment has none"
                                        : "condition: is missing; a dynamic segment needs one");
  }
  engine_status status = read_definition(&create, error);
  if (status == ENGINE_OK) {
    status = writer_submit(own->writer, &create.base);
  }
  segment_free(create.made);
  free_definition(&create);
  return status;
}

/// Notes the segments that lead to a changed one: what the next sweep moves there is due to the
/// change.
static engine_status redefine_leading(define_command *own, batch *in, const project *of) {
  if (!project_list_leading(of, own->replaced, &own->leading, &own->leading_count)) {
    return engine_fail(own->base.error, ENGINE_UNAVAILABLE, "out of memory");
  }
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < own->leading_count; i++) {
    status =
        store_segment_set_redefined(in->session, of->num, own->leading[i]->num, true, &in->error);
  }
  return engine_fail_store(own->base.error, status, &in->error);
}

static engine_status run_change(command *base, batch *in, project_batch *part) {
  define_command *own = (define_command *)base;
  const segment_input *input = own->input;
  segment *old = project_find_segment(part->project, own->id);
  if (old == NULL) {
    return unknown_segment(base->error);
  }
  own->now_ms = in->now_ms;
  own->replaced = old;
  bool has_condition = own->filter != NULL && !old->is_static; // on a static one it is ignored
  store_segment row = {.num = old->num,
                       .project = part->project->num,
                       .id = old->id,
                       .name = input->name.bytes == NULL ? old->name : input->name,
                       .slug = own->slug.bytes == NULL ? old->slug : own->slug,
                       .description =
                           input->has_description ? input->description : old->description,
                       .is_static = old->is_static,
                       .condition_json = has_condition ? own->condition_json : old->condition_json,
                       .is_tracked = input->has_track ? input->track : old->is_tracked,
                       .member_count = old->member_count,
                       .member_count_at_ms = old->member_count_at_ms,
                       .created_at_ms = old->created_at_ms,
                       .updated_at_ms = in->now_ms};
  bool changes = has_condition || row.is_tracked != old->is_tracked;
  row.is_redefined = changes || old->is_redefined;
  // A new slug makes two new events; the old ones stay where they are.
  engine_status status = seg_text_equal(row.slug, old->slug)
                             ? ENGINE_OK
                             : check_event_room(part->project, 0, base->error);
  if (status == ENGINE_OK && has_condition) {
    status = check_and_count(own, part, &row);
  }
  if (status == ENGINE_OK && changes) {
    status = redefine_leading(own, in, part->project);
  }
  if (status != ENGINE_OK) {
    return status;
  }
  store_status stored = store_segment_update(in->session, &row, &in->error);
  if (stored == STORE_OK) {
    stored = store_segment_set_count(in->session, row.project, row.num, row.member_count,
                                     row.member_count_at_ms, &in->error);
  }
  if (stored != STORE_OK) {
    return engine_fail_store(base->error, stored, &in->error);
  }
  own->made = segment_create(&row);
  if (own->made == NULL) {
    return engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  own->made->is_pending = changes || old->is_pending;
  if (own->show != NULL) {
    own->show(own->context, part->project, own->made);
  }
  return ENGINE_OK;
}

static void publish_change(command *base, project *of) {
  define_command *own = (define_command *)base;
  for (size_t i = 0; i < own->leading_count; i++) {
    own->leading[i]->is_redefined = true;
  }
  if (!project_replace_segment(of, own->replaced, own->made)) {
    base->is_lost = true;
    return;
  }
  own->made = NULL;
}

engine_status engine_segment_update(engine *own, project *in, seg_text_view id,
                                    const segment_input *input, engine_segment_show show,
                                    void *context, engine_error *error) {
  segment_input kept = *input;
  (void)pthread_rwlock_rdlock(&in->lock);
  const segment *of = project_find_segment(in, id);
  if (of != NULL && of->is_static) { // which it stays: whatever the condition says, it is ignored
    kept.condition = NULL;
  }
  (void)pthread_rwlock_unlock(&in->lock);
  define_command edit = {.base = {.run = run_change,
                                  .publish = publish_change,
                                  .project = in,
                                  .is_exclusive = true,
                                  .error = error},
                         .id = id,
                         .input = &kept,
                         .show = show,
                         .context = context};
  engine_status status = read_definition(&edit, error);
  if (status == ENGINE_OK) {
    status = writer_submit(own->writer, &edit.base);
  }
  segment_free(edit.made);
  free_definition(&edit);
  return status;
}

// Deletion.

/// The names of the segments and webhooks that refer to one, as many as there is room for.
typedef struct user_names {
  char text[300];
  size_t size_bytes;
} user_names;

static void add_name(void *context, const usage_user *user) {
  user_names *names = context;
  seg_text_view name = user->name;
  if (user->kind == USAGE_CAMPAIGN ||
      names->size_bytes + name.size_bytes + 3 >= sizeof names->text) {
    return;
  }
  int size =
      snprintf(names->text + names->size_bytes, sizeof names->text - names->size_bytes, "%s%.*s",
               names->size_bytes == 0 ? "" : ", ", (int)name.size_bytes, name.bytes);
  names->size_bytes += (size_t)size;
}

/// Fails while a segment's or a webhook's condition, or an active campaign, refers to a segment.
static engine_status check_unused(batch *in, const project *of, const segment *gone,
                                  engine_error *error) {
  usage_segment_field named;
  user_names names = {.size_bytes = 0};
  usage_counts used = {0};
  int64_t campaigns = 0;
  usage_name_segment(gone, &named);
  store_status status =
      usage_find(in->session, of, named.field, add_name, &names, &used, &in->error);
  if (status == STORE_OK) {
    status = store_campaign_count_using(in->session, of->num, gone->num, &campaigns, &in->error);
  }
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &in->error);
  }
  if (used.segments + used.webhooks > 0) {
    return engine_fail(error, ENGINE_CONFLICT, "the segment is used by: %s", names.text);
  }
  campaigns += (int64_t)used.campaigns; // those that name it in a condition of their own
  return campaigns == 0
             ? ENGINE_OK
             : engine_fail(error, ENGINE_CONFLICT,
                           "the segment is in the audience of %lld active campaign%s; cancel %s or "
                           "pick a different audience first",
                           (long long)campaigns, campaigns == 1 ? "" : "s",
                           campaigns == 1 ? "it" : "them");
}

static engine_status run_remove(command *base, batch *in, project_batch *part) {
  define_command *own = (define_command *)base;
  segment *of = project_find_segment(part->project, own->id);
  if (of == NULL) {
    return unknown_segment(base->error);
  }
  engine_status unused = check_unused(in, part->project, of, base->error);
  if (unused != ENGINE_OK) {
    return unused;
  }
  store_status status = store_segment_delete(in->session, part->project->num, of->num, &in->error);
  own->replaced = of;
  return engine_fail_store(base->error, status, &in->error);
}

static void publish_remove(command *base, project *of) {
  define_command *own = (define_command *)base;
  seg_mask_view none = {.words = NULL, .block_count = 0};
  (void)seg_table_set_members(of->table, own->replaced->id, none, NULL);
  project_remove_segment(of, own->replaced);
}

engine_status engine_segment_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error) {
  define_command removal = {.base = {.run = run_remove,
                                     .publish = publish_remove,
                                     .project = in,
                                     .is_exclusive = true,
                                     .error = error},
                            .id = id};
  return writer_submit(own->writer, &removal.base);
}

// Reading.

engine_status engine_segment_get(engine *own, project *in, seg_text_view id,
                                 engine_segment_show show, void *context, engine_error *error) {
  (void)own;
  (void)pthread_rwlock_rdlock(&in->lock);
  const segment *of = project_find_segment(in, id);
  if (of != NULL) {
    show(context, in, of);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return of != NULL ? ENGINE_OK : unknown_segment(error);
}

void engine_segment_list(engine *own, project *in, engine_segment_show show, void *context) {
  (void)own;
  (void)pthread_rwlock_rdlock(&in->lock);
  for (size_t i = in->segment_count; i-- > 0;) {
    show(context, in, in->segments[i]);
  }
  (void)pthread_rwlock_unlock(&in->lock);
}

engine_status engine_segment_users(engine *own, project *in, seg_text_view id,
                                   engine_segment_show show, void *context, engine_error *error) {
  (void)own;
  (void)pthread_rwlock_rdlock(&in->lock);
  const segment *of = project_find_segment(in, id);
  usage_segment_field named;
  if (of != NULL) {
    usage_name_segment(of, &named);
  }
  for (size_t i = in->segment_count; of != NULL && i-- > 0;) {
    if (usage_refers(in->segments[i]->filter, named.field)) {
      show(context, in, in->segments[i]);
    }
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return of != NULL ? ENGINE_OK : unknown_segment(error);
}

// Counting and computing.

typedef struct compute_command {
  command base;
  seg_text_view id;
  segment *of;
  compute_result *result;
  int64_t now_ms;
  size_t next_block;    ///< Where the sweep goes on; 0 at first.
  uint64_t definitions; ///< How the project's segments were defined at first.
  bool settles;         ///< It is over, and they have not changed.
} compute_command;

static engine_status run_refresh(command *base, batch *in, project_batch *part) {
  compute_command *own = (compute_command *)base;
  own->of = project_find_segment(part->project, own->id);
  if (own->of == NULL) {
    return unknown_segment(base->error);
  }
  if (!tracking_count(part->project, own->of, in->now_ms, &own->result->total)) {
    return engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  store_status status =
      store_segment_set_count(in->session, part->project->num, own->of->num,
                              (int64_t)own->result->total, in->now_ms, &in->error);
  own->now_ms = in->now_ms;
  return engine_fail_store(base->error, status, &in->error);
}

static void publish_count(command *base, project *of) {
  compute_command *own = (compute_command *)base;
  (void)of;
  own->of->member_count = (int64_t)own->result->total;
  own->of->member_count_at_ms = own->now_ms;
}

engine_status engine_segment_refresh(engine *own, project *in, seg_text_view id,
                                     compute_result *result, engine_error *error) {
  *result = (compute_result){0};
  compute_command refresh = {.base = {.run = run_refresh,
                                      .publish = publish_count,
                                      .project = in,
                                      .is_exclusive = true,
                                      .error = error},
                             .id = id,
                             .result = result};
  return writer_submit(own->writer, &refresh.base);
}

static engine_status run_compute(command *base, batch *in, project_batch *part) {
  compute_command *own = (compute_command *)base;
  own->of = project_find_segment(part->project, own->id);
  if (own->of == NULL) {
    return unknown_segment(base->error);
  }
  if (!own->of->is_tracked) {
    return engine_fail(base->error, ENGINE_INVALID,
                       "the segment is not tracked; enable trackMembership first");
  }
  own->now_ms = in->now_ms;
  if (own->of->is_static) {
    return tracking_count(part->project, own->of, in->now_ms, &own->result->total)
               ? ENGINE_OK
               : engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  own->definitions = own->next_block == 0 ? part->project->definition_version : own->definitions;
  sweep_result swept;
  batch_status status = tracking_sweep(in, part->project, own->of, own->next_block, &swept);
  own->settles = !swept.is_cut && own->definitions == part->project->definition_version;
  if (status == BATCH_OK && own->settles) {
    status = tracking_settle(in, own->of, part->project);
  }
  if (status != BATCH_OK) {
    return engine_fail(base->error, ENGINE_UNAVAILABLE, "the entries could not be stored");
  }
  base->is_unfinished = swept.is_cut;
  own->next_block = swept.next_block;
  own->result->added += swept.entered;
  own->result->removed += swept.left;
  own->result->total = swept.total;
  return ENGINE_OK;
}

static void publish_compute(command *base, project *of) {
  compute_command *own = (compute_command *)base;
  if (!base->is_unfinished) {
    publish_count(base, of);
  }
  if (own->settles) {
    own->of->is_pending = false;
    own->of->is_redefined = false;
  }
}

engine_status engine_segment_compute(engine *own, project *in, seg_text_view id,
                                     compute_result *result, engine_error *error) {
  *result = (compute_result){0};
  compute_command compute = {.base = {.run = run_compute,
                                      .publish = publish_compute,
                                      .project = in,
                                      .is_exclusive = true,
                                      .error = error},
                             .id = id,
                             .result = result};
  engine_status status;
  // Each part is a transaction of its own, so that others get their turn in between.
  do {
    compute.base.is_unfinished = false;
    status = writer_submit(own->writer, &compute.base);
  } while (status == ENGINE_OK && compute.base.is_unfinished);
  return status;
}
