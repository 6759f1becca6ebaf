// See engine_removal.h.
#include "engine_removal.h"

#include "conditions.h"
#include "engine_internal.h"
#include "json_text.h"
#include "masks.h"
#include "segmentry/fields.h"
#include "segmentry/json.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What one transaction removes: a quarter of a second's work, so that requests that wait do not
/// wait long.
#define REMOVAL_CONTACTS_MAX 4000
#define REMOVAL_EVENTS_MAX 20000

/// A field as text with a NUL, and how it is looked for.
typedef struct removal_field {
  char text[SEG_FILTER_FIELD_BYTES_MAX + 1];
  usage_field usage;
} removal_field;

/// False if no filter can name it.
static bool name_field(const char *prefix, seg_text_view name, bool with_nested,
                       removal_field *out) {
  size_t size = strlen(prefix) + name.size_bytes;
  if (name.size_bytes == 0 || size >= sizeof out->text) {
    return false;
  }
  (void)snprintf(out->text, sizeof out->text, "%s%.*s", prefix, (int)name.size_bytes, name.bytes);
  out->usage =
      (usage_field){.name = {.bytes = out->text, .size_bytes = size}, .with_nested = with_nested};
  return true;
}

/// The path of a field of `data`; empty for another one.
static seg_text_view data_path(seg_text_view field) {
  static const char prefix[] = "data.";
  size_t skip = sizeof prefix - 1;
  bool has_prefix = field.size_bytes > skip && memcmp(field.bytes, prefix, skip) == 0;
  return has_prefix
             ? (seg_text_view){.bytes = field.bytes + skip, .size_bytes = field.size_bytes - skip}
             : (seg_text_view){.bytes = "", .size_bytes = 0};
}

static bool is_built_in(seg_text_view field) {
  static const char *const names[] = {"email", "subscribed", "createdAt", "updatedAt"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (seg_text_equal(field, seg_text_of(names[i]))) {
      return true;
    }
  }
  return false;
}

// Usage.

/// Finds the campaigns, once the lock is given back.
static engine_status find_campaigns(engine *own, const project *in, usage_field field,
                                    usage_show show, void *context, removal_usage *out,
                                    engine_error *error) {
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  store_session *session = engine_session_borrow(own);
  store_status status = STORE_NOMEM;
  if (session != NULL) {
    status = usage_find_campaigns(session, in->num, field, show, context, &out->users, &cause);
  }
  engine_session_return(own, session);
  return engine_fail_store(error, status, &cause);
}

static bool has_users(const usage_counts *users) {
  return users->segments + users->campaigns + users->webhooks > 0;
}

engine_status engine_field_usage(engine *own, project *in, seg_text_view field, usage_show show,
                                 void *context, removal_usage *out, engine_error *error) {
  removal_field named;
  bool is_data = data_path(field).size_bytes > 0;
  if ((!is_data && !is_built_in(field)) || !name_field("", field, is_data, &named)) {
    return engine_fail(error, ENGINE_INVALID,
                       "field: is none; there are email, subscribed, createdAt, updatedAt, and "
                       "those that begin with data.");
  }
  uint64_t *mask = NULL;
  int64_t now_ms = engine_now_ms(own);
  *out = (removal_usage){.can_remove = false};
  (void)pthread_rwlock_rdlock(&in->lock);
  usage_find_in_project(in, named.usage, show, context, &out->users);
  bool ok = !is_data || mask_of_field(in, named.text, now_ms, &mask);
  if (ok) {
    out->contact_count = is_data ? mask_count(in, mask) : seg_table_contact_count(in->table);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  free(mask);
  if (!ok) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  engine_status status = find_campaigns(own, in, named.usage, show, context, out, error);
  out->can_remove = is_data && !has_users(&out->users);
  return status;
}

engine_status engine_event_usage(engine *own, project *in, seg_text_view name, usage_show show,
                                 void *context, removal_usage *out, engine_error *error) {
  removal_field named;
  if (!name_field("event.", name, false, &named)) {
    return engine_fail(error, ENGINE_INVALID, "event: a name has 1 to %d bytes, not %zu",
                       SEG_EVENT_NAME_BYTES_MAX, name.size_bytes);
  }
  *out = (removal_usage){.can_remove = false};
  (void)pthread_rwlock_rdlock(&in->lock);
  usage_find_in_project(in, named.usage, show, context, &out->users);
  seg_event_info info = seg_table_event(in->table, name);
  (void)pthread_rwlock_unlock(&in->lock);
  engine_status status = find_campaigns(own, in, named.usage, show, context, out, error);
  out->contact_count = info.contact_count;
  out->event_count = info.occurrence_count;
  out->can_remove = !has_users(&out->users) && !engine_is_reserved_event(name);
  return status;
}

// Removing. Each command is one round; the first one checks that nothing refers to the field, and
// until the last one nothing new may (conditions.h).

typedef struct removal_command {
  command base;
  removal_field field;
  seg_text_view name; ///< The path within `data`, or the event's name.
  bool has_begun;
  size_t count;
  // A field:
  uint32_t row;          ///< Where the next round goes on in the table.
  store_contact contact; ///< The one at hand, without the field; `data_json` is owned, and has NULL
                         ///< bytes if there was nothing to remove. No id and no email.
  bool has_failed;
  project_batch *part;
  // An event:
  int64_t after; ///< The last event that was deleted.
} removal_command;

static engine_status check_unused(removal_command *own, batch *in, const project *of) {
  usage_counts users;
  if (own->has_begun) {
    return ENGINE_OK;
  }
  store_status status =
      usage_find(in->session, of, own->field.usage, NULL, NULL, &users, &in->error);
  if (status != STORE_OK) {
    return engine_fail_store(own->base.error, status, &in->error);
  }
  own->has_begun = true;
  return !has_users(&users)
             ? ENGINE_OK
             : engine_fail(own->base.error, ENGINE_CONFLICT,
                           "%s is used by %zu segment%s, %zu active campaign%s and %zu webhook%s",
                           own->field.text, users.segments, users.segments == 1 ? "" : "s",
                           users.campaigns, users.campaigns == 1 ? "" : "s", users.webhooks,
                           users.webhooks == 1 ? "" : "s");
}

/// Submits rounds until the last one: each is a transaction of its own, so that others get their
/// turn in between.
static engine_status remove_all(engine *own, removal_command *removal, size_t *count) {
  engine_status status;
  struct removal_notice notice = {.field = removal->field.usage};
  condition_begin_removal(removal->base.project, &notice); // before the look at who refers to it
  do {
    status = writer_submit(own->writer, &removal->base);
  } while (status == ENGINE_OK && removal->base.is_unfinished);
  condition_end_removal(removal->base.project, &notice);
  *count = removal->count;
  return status;
}

/// Takes the field out of a contact's data and notes the contact as it then is.
static bool note_without(void *context, const store_contact *row) {
  removal_command *own = context;
  bool removed = false;
  const cJSON *tree = NULL;
  seg_text_view json = {.bytes = NULL, .size_bytes = 0};
  own->has_failed = !json_text_remove(row->data_json, own->name, &json, &removed) ||
                    (removed && seg_json_parse_into(change_list_arena(&own->part->changes), json,
                                                    SEG_JSON_DEPTH_MAX, &tree, NULL) != SEG_OK);
  if (own->has_failed || !removed) {
    free((void *)(uintptr_t)json.bytes);
    return false;
  }
  own->contact = (store_contact){.num = row->num,
                                 .project = row->project,
                                 .subscribed = row->subscribed,
                                 .data_json = json,
                                 .updated_at_ms = row->updated_at_ms};
  change put = {.kind = CHANGE_PUT_CONTACT,
                .contact_id = row->id,
                .contact_num = row->num,
                .email = row->email,
                .data = tree,
                .flag = row->subscribed,
                .created_at_ms = row->created_at_ms,
                .updated_at_ms = row->updated_at_ms};
  own->has_failed = !change_list_add(&own->part->changes, &put);
  return false;
}

static engine_status remove_from(removal_command *own, batch *in, const project *of, int64_t num) {
  own->contact = (store_contact){.num = num};
  own->has_failed = false;
  store_status status =
      store_contact_get_by_num(in->session, of->num, num, note_without, own, &in->error);
  if (status == STORE_OK && own->contact.data_json.bytes != NULL) {
    status = store_contact_update(in->session, &own->contact, &in->error);
    own->count++;
  }
  free((void *)(uintptr_t)own->contact.data_json.bytes);
  if (own->has_failed) {
    return engine_fail(own->base.error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return engine_fail_store(own->base.error, status, &in->error);
}

static engine_status run_remove_field(command *base, batch *in, project_batch *part) {
  removal_command *own = (removal_command *)base;
  const project *of = part->project;
  own->part = part;
  engine_status status = check_unused(own, in, of);
  uint64_t *mask = NULL;
  if (status == ENGINE_OK && !mask_of_field(of, own->field.text, in->now_ms, &mask)) {
    status = engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  size_t rows = seg_table_row_count(of->table);
  size_t taken = 0;
  for (; status == ENGINE_OK && own->row < rows && taken < REMOVAL_CONTACTS_MAX; own->row++) {
    if ((mask[own->row / 64] >> (own->row % 64) & 1) != 0) {
      taken++;
      status = remove_from(own, in, of, of->contact_nums[own->row]);
    }
  }
  free(mask);
  base->is_unfinished = status == ENGINE_OK && own->row < rows;
  return status;
}

engine_status engine_field_remove(engine *own, project *in, seg_text_view field, size_t *count,
                                  engine_error *error) {
  removal_command removal = {
      .base = {.run = run_remove_field, .project = in, .is_exclusive = true, .error = error},
      .name = data_path(field)};
  if (removal.name.size_bytes == 0 || !name_field("", field, true, &removal.field)) {
    return engine_fail(error, ENGINE_INVALID,
                       "field: only those that begin with data. can be deleted");
  }
  return remove_all(own, &removal, count);
}

static engine_status run_remove_event(command *base, batch *in, project_batch *part) {
  removal_command *own = (removal_command *)base;
  int64_t project_num = part->project->num;
  engine_status status = check_unused(own, in, part->project);
  if (status != ENGINE_OK) {
    return status;
  }
  int64_t name = 0;
  int64_t deleted = 0;
  int64_t rest = 0;
  store_status stored =
      store_event_name_find(in->session, project_num, own->name, &name, &in->error);
  if (stored == STORE_NOT_FOUND) {
    return ENGINE_OK; // never seen
  }
  if (stored == STORE_OK) {
    stored = store_event_delete_some(in->session, project_num, name, own->after, REMOVAL_EVENTS_MAX,
                                     &deleted, &own->after, &in->error);
  }
  base->is_unfinished = stored == STORE_OK && deleted == REMOVAL_EVENTS_MAX;
  if (stored == STORE_OK && !base->is_unfinished) { // whatever came in since the first round
    stored = store_event_delete_name(in->session, project_num, name, &rest, &in->error);
  }
  own->count += (size_t)(deleted + rest);
  return engine_fail_store(base->error, stored, &in->error);
}

/// The table keeps all of them until the store has none left.
static void publish_remove_event(command *base, project *of) {
  const removal_command *own = (const removal_command *)base;
  if (!base->is_unfinished) {
    seg_table_remove_event(of->table, own->name);
  }
}

engine_status engine_event_remove(engine *own, project *in, seg_text_view name, size_t *count,
                                  engine_error *error) {
  removal_command removal = {.base = {.run = run_remove_event,
                                      .publish = publish_remove_event,
                                      .project = in,
                                      .is_exclusive = true,
                                      .error = error},
                             .name = name};
  if (!name_field("event.", name, false, &removal.field)) {
    return engine_fail(error, ENGINE_INVALID, "event: a name has 1 to %d bytes, not %zu",
                       SEG_EVENT_NAME_BYTES_MAX, name.size_bytes);
  }
  if (engine_is_reserved_event(name)) {
    return engine_fail(error, ENGINE_INVALID, ENGINE_RESERVED_EVENT);
  }
  return remove_all(own, &removal, count);
}
