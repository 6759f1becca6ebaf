// Campaigns: defined, scheduled, cancelled, read. How a list of recipients is written is in
// engine_send.c, how it is read in engine_recipients.c.
#include "campaigns_internal.h"
#include "conditions.h"
#include "email.h"
#include "masks.h"
#include "owned_text.h"
#include "segmentry/text.h"

#include <stdlib.h>
#include <string.h>

static seg_allocator memory(void) { return seg_allocator_default(); }

static engine_status no_memory(engine_error *error) {
  return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

const char *const campaign_status_names[CAMPAIGN_STATUS_COUNT] = {
    [STORE_CAMPAIGN_DRAFT] = "DRAFT",         [STORE_CAMPAIGN_SCHEDULED] = "SCHEDULED",
    [STORE_CAMPAIGN_SENDING] = "SENDING",     [STORE_CAMPAIGN_SENT] = "SENT",
    [STORE_CAMPAIGN_CANCELLED] = "CANCELLED",
};

// Rows.

bool campaign_keep(void *context, const store_campaign *row) {
  kept_campaign *kept = context;
  store_campaign *own = &kept->row;
  *own = *row;
  own->id = own->name = own->subject = own->body = own->from = (seg_text_view){0};
  own->segment_id = own->audience_condition_json = (seg_text_view){0};
  kept->is_there = owned_text_copy(row->id, &own->id) && owned_text_copy(row->name, &own->name) &&
                   owned_text_copy(row->subject, &own->subject) &&
                   owned_text_copy(row->body, &own->body) &&
                   owned_text_copy(row->from, &own->from) &&
                   owned_text_copy(row->segment_id, &own->segment_id) &&
                   owned_text_copy(row->audience_condition_json, &own->audience_condition_json);
  return false;
}

void campaign_free(kept_campaign *gone) {
  store_campaign *own = &gone->row;
  owned_text_free(own->id);
  owned_text_free(own->name);
  owned_text_free(own->subject);
  owned_text_free(own->body);
  owned_text_free(own->from);
  owned_text_free(own->segment_id);
  owned_text_free(own->audience_condition_json);
  *gone = (kept_campaign){.is_there = false};
}

static engine_status unknown_campaign(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "there is no campaign with this id");
}

engine_status campaign_load(batch *in, const project *of, seg_text_view id, kept_campaign *out,
                            engine_error *error) {
  *out = (kept_campaign){.is_there = false};
  store_status status =
      store_campaign_get(in->session, of->num, id, campaign_keep, out, &in->error);
  if (status == STORE_NOT_FOUND) {
    return unknown_campaign(error);
  }
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &in->error);
  }
  return out->is_there ? ENGINE_OK : no_memory(error);
}

// Audiences.

/// The rows of a campaign's audience, unsubscribed ones among them.
static bool find_audience(const project *in, const store_campaign *row, int64_t now_ms,
                          uint64_t **mask) {
  if (row->audience_type == STORE_AUDIENCE_SEGMENT) {
    const segment *of = project_find_segment(in, row->segment_id);
    if (of != NULL) {
      return mask_of_members(in, of, now_ms, mask);
    }
    *mask = mask_new(in->table); // a segment is not deleted under an open campaign
    return *mask != NULL;
  }
  seg_filter *filter = NULL;
  seg_problems problems;
  seg_problems_init(&problems, memory());
  bool ok =
      seg_filter_parse(memory(), row->audience_condition_json, &filter, &problems) == SEG_OK &&
      mask_of_filter(in, filter, now_ms, mask);
  seg_filter_free(filter);
  seg_problems_free(&problems);
  return ok;
}

bool campaign_audience(const project *in, const store_campaign *row, int64_t now_ms,
                       uint64_t **mask) {
  *mask = NULL;
  if (row->audience_type == STORE_AUDIENCE_ALL) {
    return mask_of_subscribed(in, now_ms, mask);
  }
  uint64_t *subscribed = NULL;
  bool ok = find_audience(in, row, now_ms, mask) && mask_of_subscribed(in, now_ms, &subscribed);
  for (size_t i = 0; ok && i < seg_table_block_count(in->table); i++) {
    (*mask)[i] &= subscribed[i];
  }
  free(subscribed);
  return ok;
}

bool campaign_show(const project *in, const store_campaign *row, int64_t now_ms,
                   engine_campaign_show show, void *context) {
  store_campaign shown = *row;
  if (campaign_is_open(row)) {
    uint64_t *mask = NULL;
    bool ok = campaign_audience(in, row, now_ms, &mask);
    shown.recipient_count = ok ? (int64_t)mask_count(in, mask) : 0;
    free(mask);
    if (!ok) {
      return false;
    }
  }
  if (show != NULL) {
    show(context, in, &shown);
  }
  return true;
}

// Definitions.

typedef struct campaign_command {
  command base;
  engine *engine;
  seg_text_view id; ///< Empty for a new one.
  const campaign_input *input;
  seg_text_view from;           ///< The input's, normalised; NULL bytes: as it is.
  seg_text_view condition_json; ///< Of a new condition; owned.
  int64_t scheduled_for_ms;
  const struct status_rule *rule; ///< NULL for a new one.
  engine_campaign_show show;
  void *context;
} campaign_command;

static engine_status check_text(const char *name, seg_text_view text, size_t size_bytes_max,
                                bool required, engine_error *error) {
  if (text.bytes == NULL) {
    return required ? engine_fail(error, ENGINE_INVALID, "%s: is missing", name) : ENGINE_OK;
  }
  if (text.size_bytes == 0 || text.size_bytes > size_bytes_max) {
    return engine_fail(error, ENGINE_INVALID, "%s: has %zu bytes; 1 to %zu are allowed", name,
                       text.size_bytes, size_bytes_max);
  }
  return ENGINE_OK;
}

/// Checks what needs nothing of the project. from  SEG_EMAIL_BYTES_MAX bytes.
static engine_status check_input(campaign_command *own, char *from) {
  const campaign_input *input = own->input;
  engine_error *error = own->base.error;
  bool is_new = own->id.size_bytes == 0;
  engine_status status = check_text("name", input->name, CAMPAIGN_NAME_BYTES_MAX, is_new, error);
  if (status == ENGINE_OK) {
    status = check_text("subject", input->subject, CAMPAIGN_SUBJECT_BYTES_MAX, is_new, error);
  }
  if (status == ENGINE_OK) {
    status = check_text("body", input->body, CAMPAIGN_BODY_BYTES_MAX, is_new, error);
  }
  if (status == ENGINE_OK) {
    status = check_text("from", input->from, SEG_EMAIL_BYTES_MAX, is_new, error);
  }
  if (status == ENGINE_OK && input->from.bytes != NULL &&
      !engine_read_email(input->from, from, &own->from)) {
    status = engine_fail(error, ENGINE_INVALID, "from: is not an address");
  }
  if (status == ENGINE_OK && is_new && !input->has_audience_type) {
    status = engine_fail(error, ENGINE_INVALID,
                         "audienceType: is missing; allowed are ALL, SEGMENT, FILTERED");
  }
  return status;
}

static engine_status take_segment(campaign_command *own, const project *in, store_campaign *row) {
  if (own->input->segment_id.bytes != NULL) {
    const segment *of = project_find_segment(in, own->input->segment_id);
    if (of == NULL) {
      return engine_fail(own->base.error, ENGINE_NOT_FOUND,
                         "segmentId: there is no segment with this id");
    }
    row->segment = of->num;
    row->segment_id = of->id;
  }
  return row->segment != 0 ? ENGINE_OK
                           : engine_fail(own->base.error, ENGINE_INVALID,
                                         "segmentId: is missing; the audience is a segment");
}

static engine_status take_condition(campaign_command *own, project *in, store_campaign *row) {
  engine_error *error = own->base.error;
  if (own->input->condition == NULL) {
    return row->audience_condition_json.bytes != NULL
               ? ENGINE_OK
               : engine_fail(error, ENGINE_INVALID,
                             "audienceCondition: is missing; the audience is filtered by it");
  }
  seg_filter *filter = NULL;
  seg_status parsed =
      seg_filter_parse_tree(memory(), own->input->condition, &filter, &error->problems);
  if (parsed == SEG_E_INVALID) {
    return engine_fail(error, ENGINE_CONDITION, "the condition is not valid");
  }
  engine_status status =
      parsed == SEG_OK ? condition_check_stored(in, filter, NULL, error) : no_memory(error);
  if (status == ENGINE_OK && seg_filter_write(filter, memory(), &own->condition_json) != SEG_OK) {
    status = no_memory(error);
  }
  seg_filter_free(filter);
  row->audience_condition_json = own->condition_json;
  return status;
}

/// Puts the input into a row, which has what was there before. What does not belong to the kind of
/// audience is not looked at, and not kept.
static engine_status apply_input(campaign_command *own, project *in, store_campaign *row) {
  const campaign_input *input = own->input;
  row->name = input->name.bytes == NULL ? row->name : input->name;
  row->subject = input->subject.bytes == NULL ? row->subject : input->subject;
  row->body = input->body.bytes == NULL ? row->body : input->body;
  row->from = own->from.bytes == NULL ? row->from : own->from;
  row->audience_type = input->has_audience_type ? input->audience_type : row->audience_type;
  if (row->audience_type != STORE_AUDIENCE_SEGMENT) {
    row->segment = 0;
    row->segment_id = (seg_text_view){0};
  }
  if (row->audience_type != STORE_AUDIENCE_FILTERED) {
    row->audience_condition_json = (seg_text_view){0};
  }
  switch (row->audience_type) {
  case STORE_AUDIENCE_SEGMENT:
    return take_segment(own, in, row);
  case STORE_AUDIENCE_FILTERED:
    return take_condition(own, in, row);
  default:
    return ENGINE_OK;
  }
}

static engine_status show_row(campaign_command *own, const batch *in, const project *of,
                              const store_campaign *row) {
  return campaign_show(of, row, in->now_ms, own->show, own->context) ? ENGINE_OK
                                                                     : no_memory(own->base.error);
}

static engine_status run_create(command *base, batch *in, project_batch *part) {
  campaign_command *own = (campaign_command *)base;
  char id[ID_TEXT_BYTES];
  id_make(id);
  store_campaign row = {.project = part->project->num,
                        .id = seg_text_of(id),
                        .status = STORE_CAMPAIGN_DRAFT,
                        .scheduled_for_ms = STORE_NO_INSTANT,
                        .created_at_ms = in->now_ms,
                        .updated_at_ms = in->now_ms};
  engine_status status = apply_input(own, part->project, &row);
  if (status == ENGINE_OK) {
    store_status stored = store_campaign_insert(in->session, &row, &row.num, &in->error);
    status = engine_fail_store(base->error, stored, &in->error);
  }
  return status == ENGINE_OK ? show_row(own, in, part->project, &row) : status;
}

/// From which statuses a change is allowed, and where it leads.
typedef struct status_rule {
  unsigned from; ///< A bit a status.
  store_campaign_status to;
  const char *verb;    ///< For messages: what it cannot be.
  const char *allowed; ///< The same statuses.
} status_rule;

#define FROM(status) (1U << STORE_CAMPAIGN_##status)
static const status_rule UPDATE = {FROM(DRAFT) | FROM(SCHEDULED), 0, "changed",
                                   "DRAFT and SCHEDULED"};
static const status_rule SCHEDULE = {FROM(DRAFT) | FROM(SCHEDULED), STORE_CAMPAIGN_SCHEDULED,
                                     "scheduled", "DRAFT and SCHEDULED"};
static const status_rule CANCEL = {FROM(DRAFT) | FROM(SCHEDULED) | FROM(SENDING),
                                   STORE_CAMPAIGN_CANCELLED, "cancelled",
                                   "DRAFT, SCHEDULED and SENDING"};
static const status_rule FINISH = {FROM(SENDING), STORE_CAMPAIGN_SENT, "reported as sent",
                                   "SENDING"};
static const status_rule REMOVE = {FROM(DRAFT) | FROM(SCHEDULED) | FROM(SENT) | FROM(CANCELLED), 0,
                                   "deleted", "DRAFT, SCHEDULED, SENT and CANCELLED"};

/// Reads the campaign and checks that its status allows the change.
static engine_status load_allowed(campaign_command *own, batch *in, const project *of,
                                  kept_campaign *out) {
  const status_rule *rule = own->rule;
  engine_error *error = own->base.error;
  engine_status status = campaign_load(in, of, own->id, out, error);
  if (status != ENGINE_OK) {
    return status;
  }
  if ((rule->from >> out->row.status & 1) == 0) {
    return engine_fail(error, ENGINE_CONFLICT,
                       "the campaign is %s and cannot be %s; that is for %s ones",
                       campaign_status_names[out->row.status], rule->verb, rule->allowed);
  }
  return campaign_check_idle(own->engine, out->row.num, error);
}

/// Stores a changed row and shows it.
static engine_status save(campaign_command *own, batch *in, const project *of,
                          store_campaign *row) {
  row->updated_at_ms = in->now_ms;
  store_status stored = store_campaign_update(in->session, row, &in->error);
  engine_status status = engine_fail_store(own->base.error, stored, &in->error);
  return status == ENGINE_OK ? show_row(own, in, of, row) : status;
}

static engine_status run_update(command *base, batch *in, project_batch *part) {
  campaign_command *own = (campaign_command *)base;
  kept_campaign old;
  engine_status status = load_allowed(own, in, part->project, &old);
  if (status == ENGINE_OK) {
    store_campaign row = old.row; // its texts stay those of `old`, or become the input's
    status = apply_input(own, part->project, &row);
    if (status == ENGINE_OK) {
      status = save(own, in, part->project, &row);
    }
  }
  campaign_free(&old);
  return status;
}

static engine_status run_change_status(command *base, batch *in, project_batch *part) {
  campaign_command *own = (campaign_command *)base;
  kept_campaign kept;
  engine_status status = load_allowed(own, in, part->project, &kept);
  if (status == ENGINE_OK) {
    kept.row.status = own->rule->to;
    status = save(own, in, part->project, &kept.row);
  }
  campaign_free(&kept);
  return status;
}

static engine_status check_schedule(campaign_command *own, const batch *in, const project *of,
                                    const store_campaign *row) {
  engine_error *error = own->base.error;
  if (own->scheduled_for_ms <= in->now_ms) {
    return engine_fail(error, ENGINE_INVALID, "scheduledFor: must be in the future");
  }
  uint64_t *mask = NULL;
  bool ok = campaign_audience(of, row, in->now_ms, &mask);
  size_t count = ok ? mask_count(of, mask) : 0;
  free(mask);
  if (!ok) {
    return no_memory(error);
  }
  return count > 0 ? ENGINE_OK
                   : engine_fail(error, ENGINE_INVALID, "the campaign has no recipients");
}

static engine_status run_schedule(command *base, batch *in, project_batch *part) {
  campaign_command *own = (campaign_command *)base;
  kept_campaign kept;
  engine_status status = load_allowed(own, in, part->project, &kept);
  if (status == ENGINE_OK) {
    status = check_schedule(own, in, part->project, &kept.row);
  }
  if (status == ENGINE_OK) {
    kept.row.status = own->rule->to;
    kept.row.scheduled_for_ms = own->scheduled_for_ms;
    status = save(own, in, part->project, &kept.row);
  }
  campaign_free(&kept);
  return status;
}

/// One round: a piece of the list, and with the last one the campaign. A list that is not whole any
/// more is never shown: the first round says that there is none.
static engine_status run_delete(command *base, batch *in, project_batch *part) {
  campaign_command *own = (campaign_command *)base;
  int64_t project_num = part->project->num;
  kept_campaign kept;
  base->is_unfinished = false;
  engine_status status = load_allowed(own, in, part->project, &kept);
  if (status != ENGINE_OK) {
    campaign_free(&kept);
    return status;
  }
  store_status stored = STORE_OK;
  if (kept.row.recipient_count > 0) {
    kept.row.recipient_count = 0;
    stored = store_campaign_update(in->session, &kept.row, &in->error);
  }
  int64_t deleted = 0;
  if (stored == STORE_OK) {
    stored = store_recipient_clear(in->session, project_num, kept.row.num, CAMPAIGN_RECIPIENTS_MAX,
                                   &deleted, &in->error);
  }
  base->is_unfinished = stored == STORE_OK && deleted == CAMPAIGN_RECIPIENTS_MAX;
  if (stored == STORE_OK && !base->is_unfinished) {
    stored = store_campaign_delete(in->session, project_num, kept.row.num, &in->error);
  }
  campaign_free(&kept);
  return engine_fail_store(base->error, stored, &in->error);
}

/// All of them are exclusive: they look at segments, or keep them from being deleted.
static campaign_command make_command(engine *own, project *in, seg_text_view id, command_run run,
                                     engine_campaign_show show, void *context,
                                     engine_error *error) {
  return (campaign_command){
      .base = {.run = run, .project = in, .is_exclusive = true, .error = error},
      .engine = own,
      .id = id,
      .show = show,
      .context = context};
}

static engine_status submit_definition(campaign_command *definition) {
  char from[SEG_EMAIL_BYTES_MAX];
  engine_status status = check_input(definition, from);
  if (status == ENGINE_OK) {
    status = writer_submit(definition->engine->writer, &definition->base);
  }
  seg_text_free(memory(), definition->condition_json);
  return status;
}

engine_status engine_campaign_create(engine *own, project *in, const campaign_input *input,
                                     engine_campaign_show show, void *context,
                                     engine_error *error) {
  seg_text_view none = {.bytes = "", .size_bytes = 0};
  campaign_command create = make_command(own, in, none, run_create, show, context, error);
  create.input = input;
  return submit_definition(&create);
}

engine_status engine_campaign_update(engine *own, project *in, seg_text_view id,
                                     const campaign_input *input, engine_campaign_show show,
                                     void *context, engine_error *error) {
  campaign_command update = make_command(own, in, id, run_update, show, context, error);
  update.rule = &UPDATE;
  update.input = input;
  return submit_definition(&update);
}

engine_status engine_campaign_delete(engine *own, project *in, seg_text_view id,
                                     engine_error *error) {
  campaign_command deletion = make_command(own, in, id, run_delete, NULL, NULL, error);
  deletion.rule = &REMOVE;
  engine_status status;
  do { // each round is a transaction of its own, so that others get their turn in between
    status = writer_submit(own->writer, &deletion.base);
  } while (status == ENGINE_OK && deletion.base.is_unfinished);
  return status;
}

engine_status engine_campaign_schedule(engine *own, project *in, seg_text_view id, int64_t at_ms,
                                       engine_campaign_show show, void *context,
                                       engine_error *error) {
  campaign_command schedule = make_command(own, in, id, run_schedule, show, context, error);
  schedule.rule = &SCHEDULE;
  schedule.scheduled_for_ms = at_ms;
  return writer_submit(own->writer, &schedule.base);
}

engine_status engine_campaign_cancel(engine *own, project *in, seg_text_view id,
                                     engine_campaign_show show, void *context,
                                     engine_error *error) {
  campaign_command cancel = make_command(own, in, id, run_change_status, show, context, error);
  cancel.rule = &CANCEL;
  return writer_submit(own->writer, &cancel.base);
}

engine_status engine_campaign_finish(engine *own, project *in, seg_text_view id,
                                     engine_campaign_show show, void *context,
                                     engine_error *error) {
  campaign_command finish = make_command(own, in, id, run_change_status, show, context, error);
  finish.rule = &FINISH;
  return writer_submit(own->writer, &finish.base);
}

// Reading.

typedef struct campaign_view {
  project *in;
  int64_t now_ms;
  engine_campaign_show show;
  void *context;
  bool has_failed;
} campaign_view;

static bool show_stored(void *context, const store_campaign *row) {
  campaign_view *view = context;
  (void)pthread_rwlock_rdlock(&view->in->lock);
  view->has_failed = !campaign_show(view->in, row, view->now_ms, view->show, view->context);
  (void)pthread_rwlock_unlock(&view->in->lock);
  return !view->has_failed;
}

/// What reading came to; gives the session back.
static engine_status end_reading(engine *own, store_session *session, const campaign_view *view,
                                 store_status status, const store_error *cause,
                                 engine_error *error) {
  engine_session_return(own, session);
  if (session == NULL || view->has_failed) {
    return no_memory(error);
  }
  return status == STORE_NOT_FOUND ? unknown_campaign(error)
                                   : engine_fail_store(error, status, cause);
}

engine_status engine_campaign_get(engine *own, project *in, seg_text_view id,
                                  engine_campaign_show show, void *context, engine_error *error) {
  campaign_view view = {.in = in, .now_ms = engine_now_ms(own), .show = show, .context = context};
  store_error cause = {.status = STORE_OK};
  store_session *session = engine_session_borrow(own);
  store_status status = STORE_OK;
  if (session != NULL) {
    status = store_campaign_get(session, in->num, id, show_stored, &view, &cause);
  }
  return end_reading(own, session, &view, status, &cause, error);
}

engine_status engine_campaign_list(engine *own, project *in, const store_campaign_scope *scope,
                                   size_t offset, size_t limit, engine_campaign_show show,
                                   void *context, int64_t *total, engine_error *error) {
  campaign_view view = {.in = in, .now_ms = engine_now_ms(own), .show = show, .context = context};
  store_error cause = {.status = STORE_OK};
  store_session *session = engine_session_borrow(own);
  store_status status = STORE_OK;
  *total = 0;
  if (session != NULL) {
    status =
        store_campaign_page(session, in->num, scope, offset, limit, show_stored, &view, &cause);
  }
  if (session != NULL && status == STORE_OK) {
    status = store_campaign_count(session, in->num, scope, total, &cause);
  }
  return end_reading(own, session, &view, status, &cause, error);
}
