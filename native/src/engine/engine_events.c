// Events and email activities.
#include "engine_internal.h"
#include "segmentry/text.h"

#include <string.h>

engine_status engine_add_event(batch *in, project_batch *part, seg_text_view contact_id,
                               int64_t contact, seg_text_view name, int64_t at_ms,
                               seg_text_view data, char id[ID_TEXT_BYTES], engine_error *error) {
  if (!batch_take_event_room(part, name)) {
    return engine_fail(error, ENGINE_INVALID,
                       "event: the project has %d different event names, the most",
                       SEG_TABLE_EVENTS_MAX);
  }
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
  return change_list_add(&part->changes, &added)
             ? ENGINE_OK
             : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

typedef struct track_command {
  command base;
  seg_text_view email;
  const event_input *input;
  engine_event_show show;
  void *context;
  // While it runs.
  batch *in;
  project_batch *part;
  engine_status status;
} track_command;

/// Records the event while the contact is shown: its id and number are at hand then.
static void record_event(void *context, const store_contact *contact, bool is_new) {
  track_command *own = context;
  (void)is_new;
  char id[ID_TEXT_BYTES];
  int64_t at_ms = own->input->at_ms == STORE_NO_INSTANT ? own->in->now_ms : own->input->at_ms;
  own->status = engine_add_event(own->in, own->part, contact->id, contact->num, own->input->name,
                                 at_ms, own->input->data, id, own->base.error);
  if (own->status == ENGINE_OK && own->show != NULL) {
    own->show(own->context, contact, id, at_ms);
  }
}

static engine_status run_track(command *base, batch *in, project_batch *part) {
  track_command *own = (track_command *)base;
  own->in = in;
  own->part = part;
  int64_t num;
  engine_status status = engine_put_contact(in, part, own->email, &own->input->contact,
                                            record_event, own, &num, base->error);
  return status == ENGINE_OK ? own->status : status;
}

/// Names that only Segmentry itself records.
static bool is_reserved_event(seg_text_view name) {
  static const char *const prefixes[] = {"segment.", "contact.", "email."};
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
    size_t size = strlen(prefixes[i]);
    if (name.size_bytes >= size && memcmp(name.bytes, prefixes[i], size) == 0) {
      return true;
    }
  }
  return false;
}

engine_status engine_event_track(engine *own, project *in, const event_input *input,
                                 engine_event_show show, void *context, engine_error *error) {
  char bytes[SEG_EMAIL_BYTES_MAX];
  track_command track = {.base = {.run = run_track, .project = in, .error = error},
                         .input = input,
                         .show = show,
                         .context = context};
  if (input->name.size_bytes == 0 || input->name.size_bytes > SEG_EVENT_NAME_BYTES_MAX) {
    return engine_fail(error, ENGINE_INVALID, "event: a name has 1 to %d bytes, not %zu",
                       SEG_EVENT_NAME_BYTES_MAX, input->name.size_bytes);
  }
  if (is_reserved_event(input->name)) {
    return engine_fail(error, ENGINE_INVALID,
                       "event: names that begin with segment., contact. or email. are reserved");
  }
  if (!engine_read_email(input->contact.email, bytes, &track.email)) {
    return engine_fail(error, ENGINE_INVALID, "email: is not an address");
  }
  return writer_submit(own->writer, &track.base);
}

typedef struct activity_command {
  command base;
  seg_text_view email;
  store_activity row;
  char contact_id[SEG_CONTACT_ID_BYTES_MAX + 1];
} activity_command;

static bool keep_ids(void *context, const store_contact *row) {
  activity_command *own = context;
  own->row.contact = row->num;
  size_t size = row->id.size_bytes < sizeof own->contact_id ? row->id.size_bytes : 0;
  memcpy(own->contact_id, row->id.bytes, size);
  own->contact_id[size] = '\0';
  return false;
}

static engine_status run_activity(command *base, batch *in, project_batch *part) {
  activity_command *own = (activity_command *)base;
  store_status status = store_contact_get_by_email(in->session, part->project->num, own->email,
                                                   keep_ids, own, &in->error);
  if (status == STORE_OK) {
    status = store_activity_insert(in->session, part->project->num, &own->row, &in->error);
  }
  if (status != STORE_OK) {
    return engine_fail_store(base->error, status, &in->error);
  }
  change added = {.kind = CHANGE_ADD_ACTIVITY,
                  .contact_id = seg_text_of(own->contact_id),
                  .activity = (seg_activity)own->row.activity,
                  .at_ms = own->row.at_ms};
  return change_list_add(&part->changes, &added)
             ? ENGINE_OK
             : engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
}

engine_status engine_activity_record(engine *own, project *in, seg_text_view email,
                                     seg_activity activity, int64_t at_ms, seg_text_view message_id,
                                     engine_error *error) {
  char bytes[SEG_EMAIL_BYTES_MAX];
  activity_command record = {
      .base = {.run = run_activity, .project = in, .error = error},
      .row = {.activity = (int)activity, .at_ms = at_ms, .message_id = message_id}};
  if (!engine_read_email(email, bytes, &record.email)) {
    return engine_fail(error, ENGINE_INVALID, "email: is not an address");
  }
  return writer_submit(own->writer, &record.base);
}
