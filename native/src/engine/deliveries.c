// See deliveries.h.
#include "deliveries.h"

#include "engine_internal.h"
#include "text_buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Ids: `msg_`, the webhook's num in 6 digits, the delivery's in 10, the nonce in 16.

void delivery_id_write(int64_t of_webhook, int64_t num, int64_t nonce,
                       char out[DELIVERY_ID_BYTES]) {
  (void)snprintf(out, DELIVERY_ID_BYTES, "msg_%06llx%010llx%016llx", (unsigned long long)of_webhook,
                 (unsigned long long)num, (unsigned long long)nonce);
}

/// Reads `count` hexadecimal digits, in small letters.
static bool read_digits(const char *bytes, size_t count, int64_t *out) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) {
    bool is_digit = bytes[i] >= '0' && bytes[i] <= '9';
    if (!is_digit && (bytes[i] < 'a' || bytes[i] > 'f')) {
      return false;
    }
    value = value << 4 | (uint64_t)(is_digit ? bytes[i] - '0' : bytes[i] - 'a' + 10);
  }
  *out = (int64_t)value;
  return value <= INT64_MAX;
}

bool delivery_id_read(seg_text_view id, int64_t *of_webhook, int64_t *num, int64_t *nonce) {
  return id.size_bytes == DELIVERY_ID_BYTES - 1 && memcmp(id.bytes, "msg_", 4) == 0 &&
         read_digits(id.bytes + 4, 6, of_webhook) && read_digits(id.bytes + 10, 10, num) &&
         read_digits(id.bytes + 20, 16, nonce);
}

// What is due.

/// The project of a webhook; NULL if there is none. No lock may be held.
static project *project_of_webhook(engine *own, int64_t num) {
  project **projects = NULL;
  size_t count = engine_list_projects(own, &projects);
  project *found = NULL;
  for (size_t i = 0; found == NULL && i < count; i++) {
    (void)pthread_rwlock_rdlock(&projects[i]->lock);
    found = project_find_webhook_num(projects[i], num) == NULL ? NULL : projects[i];
    (void)pthread_rwlock_unlock(&projects[i]->lock);
  }
  free(projects);
  return found;
}

/// Deliveries on their way out of the store. The texts move while they grow, so their places are
/// set at the end: they stand one behind the other.
typedef struct pending_read {
  delivery_list *list;
  size_t capacity;
  text_buffer texts;
  bool has_failed;
} pending_read;

static bool keep_pending(void *context, const store_delivery *row) {
  pending_read *own = context;
  delivery_list *list = own->list;
  if (list->count == own->capacity) {
    size_t capacity = own->capacity == 0 ? 64 : own->capacity * 2;
    delivery *grown = realloc(list->items, capacity * sizeof *grown);
    own->has_failed = grown == NULL;
    if (own->has_failed) {
      return false;
    }
    list->items = grown;
    own->capacity = capacity;
  }
  delivery *kept = &list->items[list->count++];
  *kept = (delivery){.webhook = row->webhook,
                     .num = row->num,
                     .contact = row->contact,
                     .payload = row->payload,
                     .attempts = row->attempts,
                     .since_ms = row->since_ms,
                     .next_at_ms = row->next_at_ms};
  delivery_id_write(row->webhook, row->num, row->nonce, kept->id);
  own->has_failed = !text_buffer_add(&own->texts, row->payload.bytes, row->payload.size_bytes);
  return !own->has_failed;
}

engine_status engine_deliveries_pending(engine *own, int64_t of_webhook, int64_t after,
                                        size_t limit, delivery_list *out) {
  *out = (delivery_list){0};
  const project *in = project_of_webhook(own, of_webhook);
  if (in == NULL) {
    return ENGINE_OK;
  }
  pending_read state = {.list = out};
  store_session *session = engine_session_borrow(own);
  store_status status = session == NULL
                            ? STORE_FAILED
                            : store_delivery_list_pending(session, in->num, of_webhook, after,
                                                          limit, keep_pending, &state, NULL);
  engine_session_return(own, session);
  out->texts = state.texts.bytes;
  if (status != STORE_OK || state.has_failed) {
    delivery_list_free(out);
    return ENGINE_UNAVAILABLE;
  }
  size_t at = 0;
  for (size_t i = 0; i < out->count; i++) {
    out->items[i].payload.bytes = out->texts + at;
    at += out->items[i].payload.size_bytes;
  }
  return ENGINE_OK;
}

void delivery_list_free(delivery_list *gone) {
  free(gone->items);
  free(gone->texts);
  *gone = (delivery_list){0};
}

// Targets.

/// Targets on their way out of memory; as above, their texts find their places at the end.
typedef struct target_read {
  delivery_target_list *list;
  int64_t *projects; ///< Of each.
  size_t capacity;
  size_t header_count;
  size_t header_capacity;
  text_buffer texts;
  int64_t now_ms;
} target_read;

static bool grow_targets(target_read *own, size_t headers) {
  delivery_target_list *list = own->list;
  if (list->count == own->capacity) {
    size_t capacity = own->capacity == 0 ? 16 : own->capacity * 2;
    delivery_target *items = realloc(list->items, capacity * sizeof *items);
    list->items = items == NULL ? list->items : items;
    int64_t *projects = realloc(own->projects, capacity * sizeof *projects);
    own->projects = projects == NULL ? own->projects : projects;
    if (items == NULL || projects == NULL) {
      return false;
    }
    own->capacity = capacity;
  }
  if (own->header_count + headers > own->header_capacity) {
    size_t capacity = 2 * (own->header_count + headers);
    webhook_header *grown = realloc(list->headers, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    list->headers = grown;
    own->header_capacity = capacity;
  }
  return true;
}

static bool keep_text(target_read *own, seg_text_view text) {
  return text_buffer_add(&own->texts, text.bytes, text.size_bytes);
}

static void read_key(delivery_target *own, seg_text_view secret) {
  own->key_count += signing_secret_read(secret.bytes, secret.size_bytes, own->keys[own->key_count]);
}

static bool keep_target(target_read *own, const project *in, const webhook *of) {
  if (!grow_targets(own, of->header_count) || own->projects == NULL) {
    return false;
  }
  own->projects[own->list->count] = in->num;
  delivery_target *kept = &own->list->items[own->list->count++];
  *kept = (delivery_target){.webhook = of->num,
                            .version = of->version,
                            .url = of->url,
                            .header_count = of->header_count,
                            .health = of->health};
  read_key(kept, of->secret);
  if (of->old_secret.bytes != NULL && own->now_ms < of->old_secret_until_ms) {
    read_key(kept, of->old_secret);
  }
  bool ok = keep_text(own, of->url);
  for (size_t i = 0; ok && i < of->header_count; i++) {
    own->list->headers[own->header_count++] = of->headers[i];
    ok = keep_text(own, of->headers[i].name) && keep_text(own, of->headers[i].value);
  }
  return ok;
}

static bool keep_targets_of(target_read *own, project *in) {
  bool ok = true;
  (void)pthread_rwlock_rdlock(&in->lock);
  for (size_t i = 0; ok && i < in->webhook_count; i++) {
    ok = !in->webhooks[i]->is_enabled || keep_target(own, in, in->webhooks[i]);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return ok;
}

static void place_text(const delivery_target_list *list, size_t *at, seg_text_view *text) {
  text->bytes = list->texts + *at;
  *at += text->size_bytes;
}

static void place_texts(delivery_target_list *list) {
  size_t at = 0;
  webhook_header *next = list->headers;
  for (size_t i = 0; i < list->count; i++) {
    delivery_target *target = &list->items[i];
    place_text(list, &at, &target->url);
    target->headers = next;
    for (size_t k = 0; k < target->header_count; k++, next++) {
      place_text(list, &at, &next->name);
      place_text(list, &at, &next->value);
    }
  }
}

/// Leaves out the targets without pending deliveries.
static store_status keep_pending_targets(target_read *own, store_session *session) {
  size_t kept = 0;
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && own->projects != NULL && i < own->list->count; i++) {
    bool is_pending = false;
    status = store_delivery_is_pending(session, own->projects[i], own->list->items[i].webhook,
                                       &is_pending, NULL);
    if (is_pending) {
      own->list->items[kept++] = own->list->items[i];
    }
  }
  own->list->count = kept;
  return status;
}

engine_status engine_delivery_targets(engine *own, delivery_target_list *out) {
  *out = (delivery_target_list){0};
  target_read state = {.list = out, .now_ms = engine_now_ms(own)};
  project **projects = NULL;
  size_t count = engine_list_projects(own, &projects);
  bool ok = projects != NULL;
  for (size_t i = 0; ok && i < count; i++) {
    ok = keep_targets_of(&state, projects[i]);
  }
  free(projects);
  out->texts = state.texts.bytes;
  place_texts(out);
  store_session *session = ok ? engine_session_borrow(own) : NULL;
  ok = session != NULL && keep_pending_targets(&state, session) == STORE_OK;
  engine_session_return(own, session);
  free(state.projects);
  if (!ok) {
    delivery_target_list_free(out);
  }
  return ok ? ENGINE_OK : ENGINE_UNAVAILABLE;
}

void delivery_target_list_free(delivery_target_list *gone) {
  free(gone->items);
  free(gone->texts);
  free(gone->headers);
  *gone = (delivery_target_list){0};
}

/// The webhooks of a project, by num. Returns how many, or -1 if there is no memory.
/// out  written, owned  Free with free.
static int64_t list_webhook_nums(project *in, int64_t **out) {
  (void)pthread_rwlock_rdlock(&in->lock);
  size_t count = in->webhook_count;
  *out = malloc((count + 1) * sizeof **out);
  for (size_t i = 0; *out != NULL && i < count; i++) {
    (*out)[i] = in->webhooks[i]->num;
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return *out == NULL ? -1 : (int64_t)count;
}

static bool count_pending_of(store_session *session, project *in, int64_t *pending) {
  int64_t *nums;
  int64_t count = list_webhook_nums(in, &nums);
  bool ok = count >= 0;
  for (int64_t i = 0; ok && i < count; i++) {
    int64_t of_webhook = 0;
    int64_t parked = 0;
    ok = store_delivery_count(session, in->num, nums[i], &of_webhook, &parked, NULL) == STORE_OK;
    *pending += of_webhook;
  }
  free(nums);
  return ok;
}

engine_status engine_deliveries_count(engine *own, int64_t *pending) {
  project **projects = NULL;
  size_t count = engine_list_projects(own, &projects);
  store_session *session = engine_session_borrow(own);
  bool ok = projects != NULL && session != NULL;
  *pending = 0;
  for (size_t i = 0; ok && i < count; i++) {
    ok = count_pending_of(session, projects[i], pending);
  }
  engine_session_return(own, session);
  free(projects);
  return ok ? ENGINE_OK : ENGINE_UNAVAILABLE;
}

// What became of attempts.

/// What a command notes of one webhook.
typedef struct noted_webhook {
  project *in;
  int64_t num;
  uint64_t version;
  store_webhook_health health;
  bool has_new_health;
  bool disables;
} noted_webhook;

typedef struct note_command {
  command base;
  engine *engine;
  const delivery_outcome *outcomes;
  size_t count;
  noted_webhook *webhooks; ///< Those of the outcomes, each once; owned.
  size_t webhook_count;
} note_command;

/// What is noted of a webhook so far; NULL if it is gone. In the writer's thread, which alone
/// changes webhooks.
static noted_webhook *note_of(note_command *own, int64_t num) {
  for (size_t i = own->webhook_count; i-- > 0;) {
    if (own->webhooks[i].num == num) {
      return own->webhooks[i].in == NULL ? NULL : &own->webhooks[i];
    }
  }
  noted_webhook *added = &own->webhooks[own->webhook_count++];
  *added = (noted_webhook){.in = project_of_webhook(own->engine, num), .num = num};
  if (added->in == NULL) {
    return NULL;
  }
  const webhook *of = project_find_webhook_num(added->in, num);
  added->health = of->health;
  added->version = of->version;
  return added;
}

static void note_health(noted_webhook *of, const delivery_outcome *outcome) {
  if (outcome->version != of->version) {
    return;
  }
  of->has_new_health = true;
  if (outcome->was_sent && outcome->is_success) {
    of->health.failures = 0;
    of->health.last_success_at_ms = outcome->attempt.at_ms;
  } else if (outcome->was_sent) {
    of->health.failures++;
    of->health.last_failure_at_ms = outcome->attempt.at_ms;
  }
  of->health.paused_until_ms = outcome->paused_until_ms;
  of->disables = of->disables || outcome->disables;
}

static seg_text_view cut(seg_text_view text, size_t size_bytes_max) {
  text.size_bytes = text.size_bytes < size_bytes_max ? text.size_bytes : size_bytes_max;
  return text;
}

static store_status note_outcome(batch *in, noted_webhook *of, const delivery_outcome *outcome) {
  int64_t project_num = of->in->num;
  store_status status = STORE_OK;
  if (outcome->was_sent) {
    store_attempt attempt = outcome->attempt;
    attempt.error = cut(attempt.error, DELIVERY_ERROR_BYTES_MAX);
    attempt.request = cut(attempt.request, DELIVERY_REQUEST_BYTES_MAX);
    attempt.answer = cut(attempt.answer, DELIVERY_ANSWER_BYTES_MAX);
    int64_t num = 0;
    status = store_attempt_insert(in->session, project_num, outcome->webhook, outcome->num,
                                  &attempt, &num, &in->error);
    if (status == STORE_OK && !outcome->is_success && outcome->version == of->version) {
      of->health.failed_attempt = num;
    }
  }
  if (status == STORE_OK && outcome->result == DELIVERY_AGAIN) {
    status = store_delivery_delay(in->session, project_num, outcome->webhook, outcome->num,
                                  outcome->next_at_ms, &in->error);
  } else if (status == STORE_OK) {
    status = store_delivery_settle(in->session, project_num, outcome->webhook, outcome->num,
                                   outcome->result == DELIVERY_DELIVERED ? STORE_DELIVERY_DELIVERED
                                                                         : STORE_DELIVERY_PARKED,
                                   &in->error);
    if (status == STORE_OK && outcome->result == DELIVERY_DELIVERED) {
      of->health.delivered++; // whatever the webhook was then: it counts all
      of->has_new_health = true;
    }
  }
  return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/// Writes the health of a webhook, and that it is disabled.
static store_status write_noted(batch *in, const noted_webhook *of) {
  store_status status =
      store_webhook_set_health(in->session, of->in->num, of->num, &of->health, &in->error);
  if (status == STORE_OK && of->disables) {
    store_webhook row = webhook_row(project_find_webhook_num(of->in, of->num), of->in->num);
    row.is_enabled = false;
    row.updated_at_ms = in->now_ms;
    status = store_webhook_update(in->session, &row, &in->error);
  }
  return status;
}

static engine_status run_note(command *base, batch *in, project_batch *part) {
  note_command *own = (note_command *)base;
  (void)part;
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < own->count; i++) {
    noted_webhook *of = note_of(own, own->outcomes[i].webhook);
    if (of != NULL) {
      note_health(of, &own->outcomes[i]);
      status = note_outcome(in, of, &own->outcomes[i]);
    }
  }
  for (size_t i = 0; status == STORE_OK && i < own->webhook_count; i++) {
    status = own->webhooks[i].has_new_health ? write_noted(in, &own->webhooks[i]) : STORE_OK;
  }
  return status == STORE_OK
             ? ENGINE_OK
             : engine_fail(base->error, ENGINE_UNAVAILABLE, "%.400s", in->error.message);
}

static void publish_note(command *base, project *none) {
  note_command *own = (note_command *)base;
  (void)none;
  for (size_t i = 0; i < own->webhook_count; i++) {
    const noted_webhook *noted = &own->webhooks[i];
    if (!noted->has_new_health) {
      continue;
    }
    (void)pthread_rwlock_wrlock(&noted->in->lock);
    webhook *of = project_find_webhook_num(noted->in, noted->num);
    if (of != NULL) {
      of->health = noted->health;
      noted->in->watching_count -= noted->disables && of->is_enabled;
      of->is_enabled = of->is_enabled && !noted->disables;
    }
    (void)pthread_rwlock_unlock(&noted->in->lock);
  }
}

engine_status engine_deliveries_note(engine *own, const delivery_outcome *outcomes, size_t count) {
  engine_error error;
  engine_error_init(&error);
  note_command note = {
      .base = {.run = run_note, .publish = publish_note, .item_count = count, .error = &error},
      .engine = own,
      .outcomes = outcomes,
      .count = count,
      .webhooks = calloc(count + 1, sizeof *note.webhooks)};
  engine_status status =
      note.webhooks == NULL ? ENGINE_UNAVAILABLE : writer_submit(own->writer, &note.base);
  free(note.webhooks);
  engine_error_free(&error);
  return status;
}
