// Webhooks as they are defined. Their deliveries are in engine_deliveries.c.
#include "engine_webhooks.h"

#include "conditions.h"
#include "deliveries.h"
#include "engine_internal.h"
#include "segmentry/slug.h"
#include "segmentry/text.h"
#include "text_buffer.h"
#include "usage.h"
#include "webhooks_internal.h"

#include <stdlib.h>
#include <string.h>

engine_status webhook_unknown(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "there is no webhook with this id");
}

// What needs nothing of the project is read and checked in the caller's thread.

typedef struct webhook_command {
  command base;
  seg_text_view id; ///< Empty for a new one.
  const webhook_input *input;
  seg_filter *filter; ///< Of a new condition.
  seg_text_view condition_json;
  text_buffer events_json;
  text_buffer headers_json;
  bool rotates;
  engine_webhook_show show;
  void *context;
  webhook *made;
  webhook *replaced;
} webhook_command;

static bool is_mask(seg_text_view value) {
  return seg_text_equal(value, seg_text_of(WEBHOOK_MASK));
}

static engine_status check_events(const webhook_input *input, engine_error *error) {
  char why[WEBHOOK_RULE_BYTES];
  if (input->event_count == 0 || input->event_count > WEBHOOK_PATTERNS_MAX) {
    return engine_fail(error, ENGINE_INVALID, "events: has %zu elements; 1 to %d are allowed",
                       input->event_count, WEBHOOK_PATTERNS_MAX);
  }
  for (size_t i = 0; i < input->event_count; i++) {
    if (!webhook_check_pattern(input->events[i], why)) {
      return engine_fail(error, ENGINE_INVALID, "events[%zu]: %s", i, why);
    }
  }
  return ENGINE_OK;
}

static engine_status check_headers(const webhook_input *input, engine_error *error) {
  char why[WEBHOOK_RULE_BYTES];
  if (input->header_count > WEBHOOK_HEADERS_MAX) {
    return engine_fail(error, ENGINE_INVALID, "headers: has %zu members; at most %d are allowed",
                       input->header_count, WEBHOOK_HEADERS_MAX);
  }
  for (size_t i = 0; i < input->header_count; i++) {
    seg_text_view name = input->headers[i].name;
    if (!webhook_check_header(name, input->headers[i].value, why)) {
      return engine_fail(error, ENGINE_INVALID, "headers: \"%.100s\" %s", name.bytes, why);
    }
    for (size_t k = 0; k < i; k++) {
      if (webhook_header_is(name, input->headers[k].name)) {
        return engine_fail(error, ENGINE_INVALID, "headers: \"%.100s\" is there twice", name.bytes);
      }
    }
  }
  return ENGINE_OK;
}

static engine_status check_texts(const webhook_input *input, engine_error *error) {
  char why[WEBHOOK_RULE_BYTES];
  bool has_name = input->name.bytes != NULL;
  if (has_name && (input->name.size_bytes == 0 || input->name.size_bytes > SEG_NAME_BYTES_MAX)) {
    return engine_fail(error, ENGINE_INVALID, "name: has %zu bytes; 1 to %d are allowed",
                       input->name.size_bytes, SEG_NAME_BYTES_MAX);
  }
  if (input->url.bytes != NULL && !webhook_check_url(input->url, why)) {
    return engine_fail(error, ENGINE_INVALID, "url: %s", why);
  }
  return ENGINE_OK;
}

static bool write_events(webhook_command *own) {
  bool ok = text_buffer_add(&own->events_json, "[", 1);
  for (size_t i = 0; ok && i < own->input->event_count; i++) {
    ok = (i == 0 || text_buffer_add(&own->events_json, ",", 1)) &&
         text_buffer_add_json_string(&own->events_json, own->input->events[i]);
  }
  return ok && text_buffer_add(&own->events_json, "]", 1);
}

static engine_status read_condition(webhook_command *own, engine_error *error) {
  seg_status status = seg_filter_parse_tree(seg_allocator_default(), own->input->condition,
                                            &own->filter, &error->problems);
  if (status == SEG_OK) {
    status = seg_filter_write(own->filter, seg_allocator_default(), &own->condition_json);
  }
  if (status == SEG_E_INVALID) {
    return engine_fail(error, ENGINE_CONDITION, "the condition is not valid");
  }
  return status == SEG_OK ? ENGINE_OK : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

static engine_status read_webhook(webhook_command *own, engine_error *error) {
  const webhook_input *input = own->input;
  engine_status status = check_texts(input, error);
  if (status == ENGINE_OK && input->has_events) {
    status = check_events(input, error);
  }
  if (status == ENGINE_OK && input->has_headers) {
    status = check_headers(input, error);
  }
  if (status == ENGINE_OK && input->condition != NULL) {
    status = read_condition(own, error);
  }
  if (status == ENGINE_OK && input->has_events && !write_events(own)) {
    status = engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return status;
}

static void free_command(webhook_command *own) {
  webhook_free(own->made);
  seg_filter_free(own->filter);
  seg_text_free(seg_allocator_default(), own->condition_json);
  text_buffer_free(&own->events_json);
  text_buffer_free(&own->headers_json);
}

// In the writer's thread.

/// The value that a header will have: the one that is there, if the input has the mask.
static bool find_value(const webhook *old, const webhook_header *wanted, seg_text_view *value) {
  *value = wanted->value;
  if (!is_mask(wanted->value)) {
    return true;
  }
  for (size_t i = 0; old != NULL && i < old->header_count; i++) {
    if (webhook_header_is(old->headers[i].name, wanted->name)) {
      *value = old->headers[i].value;
      return true;
    }
  }
  return false;
}

static engine_status write_headers(webhook_command *own, const webhook *old) {
  text_buffer *json = &own->headers_json;
  bool ok = text_buffer_add(json, "{", 1);
  for (size_t i = 0; ok && i < own->input->header_count; i++) {
    const webhook_header *header = &own->input->headers[i];
    seg_text_view value;
    if (!find_value(old, header, &value)) {
      return engine_fail(own->base.error, ENGINE_INVALID,
                         "headers: \"%.100s\" has the value \"" WEBHOOK_MASK
                         "\", which stands for the one that is there; there is none",
                         header->name.bytes);
    }
    ok = (i == 0 || text_buffer_add(json, ",", 1)) &&
         text_buffer_add_json_string(json, header->name) && text_buffer_add(json, ":", 1) &&
         text_buffer_add_json_string(json, value);
  }
  ok = ok && text_buffer_add(json, "}", 1);
  return ok ? ENGINE_OK : engine_fail(own->base.error, ENGINE_UNAVAILABLE, "out of memory");
}

static seg_text_view text_of(const text_buffer *of) {
  return (seg_text_view){.bytes = of->bytes, .size_bytes = of->size_bytes};
}

/// Puts what the input says into a row, whose other members are as they were.
static engine_status apply_input(webhook_command *own, project *in, const webhook *old,
                                 store_webhook *row) {
  const webhook_input *input = own->input;
  row->name = input->has_name ? input->name : row->name;
  row->url = input->url.bytes != NULL ? input->url : row->url;
  row->is_enabled = input->has_enabled ? input->enabled : row->is_enabled;
  if (input->has_events) {
    row->events_json = text_of(&own->events_json);
  }
  engine_status status = ENGINE_OK;
  if (input->has_condition) {
    row->condition_json = own->condition_json;
    status = own->filter == NULL ? ENGINE_OK
                                 : condition_check_stored(in, own->filter, NULL, own->base.error);
  }
  if (status == ENGINE_OK && input->has_headers) {
    status = write_headers(own, old);
    row->headers_json = text_of(&own->headers_json);
  }
  return status;
}

// What the store's log says of a webhook.

typedef struct webhook_log {
  int64_t pending;
  int64_t parked;
  store_attempt last_failure; ///< Its status, and its error below.
  char error[DELIVERY_ERROR_BYTES_MAX];
  bool has_failure;
} webhook_log;

static bool keep_failure(void *context, const store_attempt *row) {
  webhook_log *own = context;
  size_t size =
      row->error.size_bytes < sizeof own->error ? row->error.size_bytes : sizeof own->error;
  if (size > 0) {
    memcpy(own->error, row->error.bytes, size);
  }
  own->last_failure = (store_attempt){.at_ms = row->at_ms, .http_status = row->http_status};
  own->last_failure.error = (seg_text_view){.bytes = own->error, .size_bytes = size};
  own->has_failure = true;
  return false;
}

static store_status read_log(store_session *session, int64_t project_num, int64_t num,
                             const store_webhook_health *health, webhook_log *out,
                             store_error *err) {
  out->has_failure = false;
  store_status status =
      store_delivery_count(session, project_num, num, &out->pending, &out->parked, err);
  if (status != STORE_OK || health->failed_attempt == 0) {
    return status;
  }
  status =
      store_attempt_get(session, project_num, num, health->failed_attempt, keep_failure, out, err);
  // Expired, and its number perhaps another one's by now.
  out->has_failure = out->has_failure && out->last_failure.at_ms == health->last_failure_at_ms;
  return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static webhook_shown show_with_log(const webhook *of, const webhook_log *log, int64_t now_ms) {
  return (webhook_shown){.of = of,
                         .pending = log->pending,
                         .parked = log->parked,
                         .last_failure = log->has_failure ? &log->last_failure : NULL,
                         .now_ms = now_ms};
}

/// Shows the webhook as it will be.
static engine_status show_made(webhook_command *own, batch *in, const project *of,
                               const store_webhook *row, bool has_new_secret) {
  own->made = webhook_create(row);
  if (own->made == NULL) {
    return engine_fail(own->base.error, ENGINE_UNAVAILABLE, "out of memory");
  }
  webhook_log log;
  store_status status = read_log(in->session, of->num, row->num, &row->health, &log, &in->error);
  webhook_shown shown = show_with_log(own->made, &log, in->now_ms);
  if (has_new_secret) {
    shown.secret = own->made->secret;
  }
  if (status == STORE_OK && own->show != NULL) {
    own->show(own->context, &shown);
  }
  in->has_deliveries = true; // what is due may be sent elsewhere now, or otherwise, or again
  return engine_fail_store(own->base.error, status, &in->error);
}

static engine_status run_create(command *base, batch *in, project_batch *part) {
  webhook_command *own = (webhook_command *)base;
  project *of = part->project;
  char id[ID_TEXT_BYTES];
  char secret[SIGNING_SECRET_TEXT_BYTES];
  if (of->webhook_count >= WEBHOOKS_MAX) {
    return engine_fail(base->error, ENGINE_CONFLICT, "the project has %d webhooks, the most",
                       WEBHOOKS_MAX);
  }
  id_make(id);
  signing_secret_make(secret);
  store_webhook row = {.project = of->num,
                       .id = seg_text_of(id),
                       .is_enabled = true,
                       .secret = seg_text_of(secret),
                       .old_secret_until_ms = STORE_NO_INSTANT,
                       .created_at_ms = in->now_ms,
                       .updated_at_ms = in->now_ms,
                       .health = {.last_success_at_ms = STORE_NO_INSTANT,
                                  .last_failure_at_ms = STORE_NO_INSTANT,
                                  .paused_until_ms = STORE_NO_INSTANT}};
  engine_status status = apply_input(own, of, NULL, &row);
  if (status == ENGINE_OK) {
    status = engine_fail_store(
        base->error, store_webhook_insert(in->session, &row, &row.num, &in->error), &in->error);
  }
  return status == ENGINE_OK ? show_made(own, in, of, &row, true) : status;
}

/// Whether a change is a reason to try again at once.
static bool ends_pause(const webhook_input *input, const webhook *old, const store_webhook *row) {
  return (input->has_enabled && input->enabled) || !seg_text_equal(old->url, row->url);
}

static store_status store_change(batch *in, store_webhook *row, bool has_new_health) {
  store_status status = store_webhook_update(in->session, row, &in->error);
  if (status == STORE_OK && has_new_health) {
    row->health.failures = 0;
    row->health.paused_until_ms = STORE_NO_INSTANT;
    status =
        store_webhook_set_health(in->session, row->project, row->num, &row->health, &in->error);
  }
  return status;
}

static engine_status run_update(command *base, batch *in, project_batch *part) {
  webhook_command *own = (webhook_command *)base;
  const webhook *old = project_find_webhook(part->project, own->id);
  if (old == NULL) {
    return webhook_unknown(base->error);
  }
  store_webhook row = webhook_row(old, part->project->num);
  row.updated_at_ms = in->now_ms;
  char secret[SIGNING_SECRET_TEXT_BYTES];
  engine_status status = ENGINE_OK;
  if (own->rotates) {
    signing_secret_make(secret);
    row.old_secret = old->secret;
    row.old_secret_until_ms = in->now_ms + WEBHOOK_OLD_SECRET_MS;
    row.secret = seg_text_of(secret);
  } else {
    status = apply_input(own, part->project, old, &row);
  }
  if (status == ENGINE_OK) {
    bool is_resumed = !own->rotates && ends_pause(own->input, old, &row);
    store_status stored = store_change(in, &row, is_resumed);
    status = engine_fail_store(base->error, stored, &in->error);
  }
  return status == ENGINE_OK ? show_made(own, in, part->project, &row, own->rotates) : status;
}

static void publish_made(command *base, project *of) {
  webhook_command *own = (webhook_command *)base;
  if (!project_put_webhook(of, own->made)) {
    base->is_lost = true;
    return;
  }
  own->made = NULL;
}

static engine_status submit(engine *own, webhook_command *made) {
  engine_status status = made->rotates ? ENGINE_OK : read_webhook(made, made->base.error);
  if (status == ENGINE_OK) {
    status = writer_submit(own->writer, &made->base);
  }
  free_command(made);
  return status;
}

engine_status engine_webhook_create(engine *own, project *in, const webhook_input *input,
                                    engine_webhook_show show, void *context, engine_error *error) {
  webhook_command create = {.base = {.run = run_create,
                                     .publish = publish_made,
                                     .project = in,
                                     .is_exclusive = true,
                                     .error = error},
                            .input = input,
                            .show = show,
                            .context = context};
  if (input->url.bytes == NULL) {
    return engine_fail(error, ENGINE_INVALID, "url: is missing");
  }
  if (!input->has_events) {
    return engine_fail(error, ENGINE_INVALID, "events: is missing");
  }
  return submit(own, &create);
}

engine_status engine_webhook_update(engine *own, project *in, seg_text_view id,
                                    const webhook_input *input, engine_webhook_show show,
                                    void *context, engine_error *error) {
  webhook_command update = {.base = {.run = run_update,
                                     .publish = publish_made,
                                     .project = in,
                                     .is_exclusive = true,
                                     .error = error},
                            .id = id,
                            .input = input,
                            .show = show,
                            .context = context};
  return submit(own, &update);
}

engine_status engine_webhook_rotate(engine *own, project *in, seg_text_view id,
                                    engine_webhook_show show, void *context, engine_error *error) {
  webhook_command rotation = {.base = {.run = run_update,
                                       .publish = publish_made,
                                       .project = in,
                                       .is_exclusive = true,
                                       .error = error},
                              .id = id,
                              .rotates = true,
                              .show = show,
                              .context = context};
  return submit(own, &rotation);
}

static engine_status run_delete(command *base, batch *in, project_batch *part) {
  webhook_command *own = (webhook_command *)base;
  own->replaced = project_find_webhook(part->project, own->id);
  if (own->replaced == NULL) {
    return webhook_unknown(base->error);
  }
  in->has_deliveries = true; // those that are pending are not any more
  store_status status =
      store_webhook_delete(in->session, part->project->num, own->replaced->num, &in->error);
  return engine_fail_store(base->error, status, &in->error);
}

static void publish_delete(command *base, project *of) {
  project_remove_webhook(of, ((webhook_command *)base)->replaced);
}

engine_status engine_webhook_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error) {
  webhook_command deletion = {.base = {.run = run_delete,
                                       .publish = publish_delete,
                                       .project = in,
                                       .is_exclusive = true,
                                       .error = error},
                              .id = id};
  return writer_submit(own->writer, &deletion.base);
}

// Reading. Deliveries are counted in the store first, since nobody may wait for it with the lock.

typedef struct counted_webhook {
  int64_t num;
  store_webhook_health health;
  webhook_log log;
} counted_webhook;

/// Takes down the webhooks of a project, newest first; all, or the one with this id.
static size_t take_nums(project *in, seg_text_view id, counted_webhook *out) {
  size_t count = 0;
  (void)pthread_rwlock_rdlock(&in->lock);
  for (size_t i = in->webhook_count; i-- > 0;) {
    if (id.bytes == NULL || seg_text_equal(in->webhooks[i]->id, id)) {
      out[count].num = in->webhooks[i]->num;
      out[count++].health = in->webhooks[i]->health;
    }
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return count;
}

/// Shows all webhooks, or the one with an id. shown  written  How many.
static engine_status show_webhooks(engine *own, project *in, seg_text_view id,
                                   engine_webhook_show show, void *context, size_t *shown,
                                   engine_error *error) {
  counted_webhook list[WEBHOOKS_MAX];
  size_t count = take_nums(in, id, list);
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  store_session *session = engine_session_borrow(own);
  store_status status = session == NULL ? STORE_NOMEM : STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < count; i++) {
    status = read_log(session, in->num, list[i].num, &list[i].health, &list[i].log, &cause);
  }
  engine_session_return(own, session);
  *shown = 0;
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &cause);
  }
  int64_t now_ms = engine_now_ms(own);
  (void)pthread_rwlock_rdlock(&in->lock);
  for (size_t i = 0; i < count; i++) {
    const webhook *of = project_find_webhook_num(in, list[i].num);
    if (of != NULL) {
      webhook_shown row = show_with_log(of, &list[i].log, now_ms);
      show(context, &row);
      *shown += 1;
    }
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return ENGINE_OK;
}

engine_status engine_webhook_get(engine *own, project *in, seg_text_view id,
                                 engine_webhook_show show, void *context, engine_error *error) {
  size_t shown;
  engine_status status = show_webhooks(own, in, id, show, context, &shown, error);
  return status == ENGINE_OK && shown == 0 ? webhook_unknown(error) : status;
}

engine_status engine_webhook_list(engine *own, project *in, engine_webhook_show show, void *context,
                                  engine_error *error) {
  size_t shown;
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  return show_webhooks(own, in, all, show, context, &shown, error);
}

void engine_segment_webhooks(engine *own, project *in, seg_text_view segment_id,
                             void (*show)(void *context, const webhook *of), void *context) {
  usage_segment_field named;
  (void)own;
  (void)pthread_rwlock_rdlock(&in->lock);
  const segment *asked = project_find_segment(in, segment_id);
  if (asked != NULL) {
    usage_name_segment(asked, &named);
  }
  for (size_t i = 0; asked != NULL && i < in->webhook_count; i++) {
    if (usage_refers(in->webhooks[i]->filter, named.field)) {
      show(context, in->webhooks[i]);
    }
  }
  (void)pthread_rwlock_unlock(&in->lock);
}
