// Events and email activities.
#include "engine_internal.h"
#include "segmentry/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

engine_status engine_take_event_room(project_batch *part, seg_text_view name, engine_error *error) {
  bool fits;
  if (batch_take_event(part, name, &fits) != BATCH_OK) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return fits ? ENGINE_OK
              : engine_fail(error, ENGINE_INVALID,
                            "event: the project has %d different event names, the most",
                            SEG_TABLE_EVENTS_MAX);
}

engine_status engine_add_event(batch *in, project_batch *part, seg_text_view contact_id,
                               int64_t contact, seg_text_view name, int64_t at_ms,
                               seg_text_view data, char id[ID_TEXT_BYTES], engine_error *error) {
  store_event event = {
      .project = part->project->num, .contact = contact, .at_ms = at_ms, .data_json = data};
  store_status status =
      store_event_name_intern(in->session, part->project->num, name, &event.name, &in->error);
  if (status == STORE_OK) {
    id_make(id);
    event.id = seg_text_of(id);
    status = store_event_insert(in->session, &event, NULL, &in->error);
  }
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &in->error);
  }
  change added = {.kind = CHANGE_ADD_EVENT, .contact_id = contact_id, .name = name, .at_ms = at_ms};
  if (part->project->watching_count > 0) { // nobody else asks for it
    added.event_data = data;
  }
  return change_list_add(&part->changes, &added)
             ? ENGINE_OK
             : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

// Many items as one command. What needs no contact is checked in the caller's thread.

/// The normalised addresses of the items; NULL bytes where an item was refused already.
typedef struct email_list {
  seg_text_view *emails;
  char *bytes;
} email_list;

static bool begin_emails(email_list *own, size_t count) {
  own->emails = calloc(count + 1, sizeof *own->emails);
  own->bytes = malloc(count * SEG_EMAIL_BYTES_MAX + 1);
  return own->emails != NULL && own->bytes != NULL;
}

static void end_emails(email_list *own) {
  free(own->emails);
  free(own->bytes);
}

/// Reads the address of item `at`.
static engine_status read_item_email(email_list *own, size_t at, seg_text_view written,
                                     engine_error *error) {
  return engine_read_email(written, own->bytes + at * SEG_EMAIL_BYTES_MAX, &own->emails[at])
             ? ENGINE_OK
             : engine_fail(error, ENGINE_INVALID, "email: is not an address");
}

/// Ends the look at an item before it is queued: one that is refused says why, and is left out.
static void end_check(email_list *own, size_t at, engine_status status, engine_error *refusal,
                      char message[SEG_MESSAGE_BYTES]) {
  if (status != ENGINE_OK) {
    own->emails[at] = (seg_text_view){.bytes = NULL};
    (void)snprintf(message, SEG_MESSAGE_BYTES, "%s", refusal->message);
  }
  engine_error_free(refusal);
}

/// Ends an item that was run: one that is refused says why. Returns ENGINE_OK, or
/// ENGINE_UNAVAILABLE for what the store did not take, which ends the batch with `whole`.
static engine_status end_item(engine_status status, engine_error *item, engine_error *whole,
                              char message[SEG_MESSAGE_BYTES]) {
  engine_status batch_goes = ENGINE_OK;
  if (status == ENGINE_UNAVAILABLE) {
    batch_goes = engine_fail(whole, ENGINE_UNAVAILABLE, "%.400s", item->message);
  } else if (status != ENGINE_OK) {
    (void)snprintf(message, SEG_MESSAGE_BYTES, "%s", item->message);
  }
  engine_error_free(item);
  return batch_goes;
}

/// Queues a command with its items; `ok` is whether there was memory for them.
static engine_status submit_items(engine *own, command *submitted, email_list *emails, bool ok) {
  engine_status status = ok ? writer_submit(own->writer, submitted)
                            : engine_fail(submitted->error, ENGINE_UNAVAILABLE, "out of memory");
  end_emails(emails);
  return status;
}

typedef struct track_command {
  command base;
  const event_input *items;
  email_list emails;
  size_t count;
  event_result *results;
} track_command;

/// Records one event. All that can be refused is looked at before the first write, so that a
/// refused item leaves nothing to be undone.
static engine_status track_item(batch *in, project_batch *part, seg_text_view email,
                                const event_input *item, event_result *result,
                                engine_error *error) {
  contact_draft draft;
  engine_status status = engine_take_event_room(part, item->name, error);
  if (status != ENGINE_OK) {
    return status;
  }
  status = contact_draft_begin(in, part, email, &item->contact, false, &draft, error);
  if (status == ENGINE_OK) {
    result->at_ms = item->at_ms == STORE_NO_INSTANT ? in->now_ms : item->at_ms;
    status = contact_draft_write(in, part, &draft, error);
    if (status == ENGINE_OK) {
      status = engine_add_event(in, part, draft.row.id, draft.row.num, item->name, result->at_ms,
                                item->data, result->event_id, error);
    }
    // Half an item must not stay: whatever went wrong, it ends the batch.
    status = status == ENGINE_OK ? ENGINE_OK : ENGINE_UNAVAILABLE;
    memcpy(result->contact_id, draft.row.id.bytes, draft.row.id.size_bytes);
    result->contact_id[draft.row.id.size_bytes] = '\0';
  }
  contact_draft_end(&draft);
  return status;
}

static engine_status run_track(command *base, batch *in, project_batch *part) {
  track_command *own = (track_command *)base;
  engine_status status = ENGINE_OK;
  for (size_t i = 0; status == ENGINE_OK && i < own->count; i++) {
    event_result *result = &own->results[i];
    if (own->emails.emails[i].bytes == NULL) {
      continue;
    }
    engine_error error;
    engine_error_init(&error);
    result->status = track_item(in, part, own->emails.emails[i], &own->items[i], result, &error);
    status = end_item(result->status, &error, base->error, result->message);
  }
  return status;
}

/// Runs the items, of which there is one, and fails with it.
static engine_status run_track_one(command *base, batch *in, project_batch *part) {
  track_command *own = (track_command *)base;
  engine_status status = run_track(base, in, part);
  return status != ENGINE_OK || own->results->status == ENGINE_OK
             ? status
             : engine_fail(base->error, own->results->status, "%.400s", own->results->message);
}

/// Names that only Segmentry itself records, or tells webhooks.
bool engine_is_reserved_event(seg_text_view name) {
  static const char *const prefixes[] = {"segment.", "contact.", "email."};
  static const char *const told[] = {EVENT_CAMPAIGN_SENDING, EVENT_WEBHOOK_TEST};
  for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
    if (seg_text_equal(name, seg_text_of(told[i]))) {
      return true;
    }
  }
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
    size_t size = strlen(prefixes[i]);
    if (name.size_bytes >= size && memcmp(name.bytes, prefixes[i], size) == 0) {
      return true;
    }
  }
  return false;
}

/// Checks what needs no contact, and no project.
static engine_status check_event(const event_input *item, engine_error *error) {
  seg_text_view name = item->name;
  if (name.size_bytes == 0 || name.size_bytes > SEG_EVENT_NAME_BYTES_MAX) {
    return engine_fail(error, ENGINE_INVALID, "event: a name has 1 to %d bytes, not %zu",
                       SEG_EVENT_NAME_BYTES_MAX, name.size_bytes);
  }
  if (engine_is_reserved_event(name)) {
    return engine_fail(error, ENGINE_INVALID, ENGINE_RESERVED_EVENT);
  }
  return engine_check_data_bytes(item->data, error);
}

engine_status engine_events_track(engine *own, project *in, const event_input *items, size_t count,
                                  event_result *results, engine_error *error) {
  track_command track = {
      .base = {.run = run_track, .project = in, .item_count = count, .error = error},
      .items = items,
      .count = count,
      .results = results};
  bool ok = begin_emails(&track.emails, count);
  for (size_t i = 0; ok && i < count; i++) {
    engine_error refusal;
    engine_error_init(&refusal);
    results[i].status = check_event(&items[i], &refusal);
    if (results[i].status == ENGINE_OK) {
      results[i].status = read_item_email(&track.emails, i, items[i].contact.email, &refusal);
    }
    end_check(&track.emails, i, results[i].status, &refusal, results[i].message);
  }
  return submit_items(own, &track.base, &track.emails, ok);
}

engine_status engine_event_track(engine *own, project *in, const event_input *input,
                                 event_result *result, engine_error *error) {
  char bytes[SEG_EMAIL_BYTES_MAX];
  seg_text_view email;
  track_command track = {.base = {.run = run_track_one, .project = in, .error = error},
                         .items = input,
                         .emails = {.emails = &email},
                         .count = 1,
                         .results = result};
  engine_status status = check_event(input, error);
  if (status == ENGINE_OK && !engine_read_email(input->contact.email, bytes, &email)) {
    status = engine_fail(error, ENGINE_INVALID, "email: is not an address");
  }
  return status == ENGINE_OK ? writer_submit(own->writer, &track.base) : status;
}

// Email activities.

typedef struct activity_command {
  command base;
  const activity_input *items;
  email_list emails;
  size_t count;
  activity_result *results;
} activity_command;

static engine_status record_item(batch *in, project_batch *part, seg_text_view email,
                                 const activity_input *item, engine_error *error) {
  batch_contact contact;
  if (!batch_find_email(part, email, &contact)) {
    return engine_fail(error, ENGINE_NOT_FOUND, "there is no such contact in this project");
  }
  store_activity row = {.contact = contact.num,
                        .activity = (int)item->activity,
                        .at_ms = item->at_ms,
                        .message_id = item->message_id};
  store_status status = store_activity_insert(in->session, part->project->num, &row, &in->error);
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &in->error);
  }
  change added = {.kind = CHANGE_ADD_ACTIVITY,
                  .contact_id = contact.id,
                  .activity = item->activity,
                  .at_ms = item->at_ms};
  return change_list_add(&part->changes, &added)
             ? ENGINE_OK
             : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

static engine_status run_activities(command *base, batch *in, project_batch *part) {
  activity_command *own = (activity_command *)base;
  engine_status status = ENGINE_OK;
  for (size_t i = 0; status == ENGINE_OK && i < own->count; i++) {
    activity_result *result = &own->results[i];
    if (own->emails.emails[i].bytes == NULL) {
      continue;
    }
    engine_error error;
    engine_error_init(&error);
    result->status = record_item(in, part, own->emails.emails[i], &own->items[i], &error);
    status = end_item(result->status, &error, base->error, result->message);
  }
  return status;
}

engine_status engine_activities_record(engine *own, project *in, const activity_input *items,
                                       size_t count, activity_result *results,
                                       engine_error *error) {
  activity_command record = {
      .base = {.run = run_activities, .project = in, .item_count = count, .error = error},
      .items = items,
      .count = count,
      .results = results};
  bool ok = begin_emails(&record.emails, count);
  for (size_t i = 0; ok && i < count; i++) {
    engine_error refusal;
    engine_error_init(&refusal);
    results[i].status = read_item_email(&record.emails, i, items[i].email, &refusal);
    end_check(&record.emails, i, results[i].status, &refusal, results[i].message);
  }
  return submit_items(own, &record.base, &record.emails, ok);
}

// Reading.

static int newest_first(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left < right) - (left > right);
}

size_t engine_sort_instants(int64_t *instants, size_t count) {
  size_t kept = 0;
  qsort(instants, count, sizeof *instants, newest_first);
  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || instants[kept - 1] != instants[i]) {
      instants[kept++] = instants[i];
    }
  }
  return kept;
}

store_instants engine_contact_instants(engine *own, project *in, seg_text_view id,
                                       int64_t latest_ms, int64_t *out, size_t limit) {
  uint32_t row;
  size_t count = 0;
  int64_t *all = NULL;
  (void)own;
  (void)pthread_rwlock_rdlock(&in->lock);
  if (seg_table_find(in->table, id, &row)) {
    count = seg_table_instants(in->table, row, false, NULL, 0);
  }
  all = malloc((count + 1) * sizeof *all);
  if (all != NULL && count > 0) {
    (void)seg_table_instants(in->table, row, false, all, count);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  if (all == NULL) {
    return (store_instants){.at_ms = NULL};
  }
  count = engine_sort_instants(all, count);
  size_t used = 0;
  for (size_t i = 0; i < count && used < limit; i++) {
    if (all[i] <= latest_ms) {
      out[used++] = all[i];
    }
  }
  free(all);
  return (store_instants){.at_ms = out, .count = used};
}
