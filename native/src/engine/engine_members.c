// Members of static segments, by hand; and the members of any segment, to be read.
#include "engine_internal.h"
#include "segmentry/plan.h"
#include "tracking.h"

#include <stdlib.h>
#include <string.h>

typedef struct members_command {
  command base;
  seg_text_view id;
  const seg_text_view *emails;
  size_t count;
  bool create_missing;
  bool subscribed;
  engine_email_show missed;
  void *context;
  members_result *result;
  // While it runs.
  segment *of;
  bool adds;
  int64_t contact;
  char contact_id[SEG_CONTACT_ID_BYTES_MAX + 1];
} members_command;

static void keep_contact(members_command *own, seg_text_view id, int64_t num) {
  size_t size = id.size_bytes < sizeof own->contact_id ? id.size_bytes : 0;
  memcpy(own->contact_id, id.bytes, size);
  own->contact_id[size] = '\0';
  own->contact = num;
}

static void keep_created(void *context, const store_contact *row, bool is_new) {
  members_command *own = context;
  keep_contact(own, row->id, row->num);
  own->result->created += is_new;
}

/// Finds the contact of an address, or makes it. `own->contact` is 0 if there is none.
static engine_status find_contact(members_command *own, batch *in, project_batch *part,
                                  seg_text_view email) {
  own->contact = 0;
  batch_contact found;
  if (batch_find_email(part, email, &found)) {
    keep_contact(own, found.id, found.num);
  } else if (own->adds && own->create_missing) {
    contact_input input = {.has_subscribed = true, .subscribed = own->subscribed};
    int64_t num;
    return engine_put_contact(in, part, email, &input, keep_created, own, &num, own->base.error);
  }
  return ENGINE_OK;
}

static engine_status change_member(members_command *own, batch *in, project_batch *part) {
  store_move move = {.project = part->project->num,
                     .segment = own->of->num,
                     .at_ms = in->now_ms,
                     .cause = STORE_CAUSE_MANUAL};
  store_status status = own->adds
                            ? store_member_add(in->session, &move, own->contact, &in->error)
                            : store_member_remove(in->session, &move, own->contact, &in->error);
  if (status == STORE_CONFLICT || (!own->adds && status == STORE_NOT_FOUND)) {
    return ENGINE_OK; // is one already, or is none
  }
  if (status != STORE_OK) {
    return engine_fail_store(own->base.error, status, &in->error);
  }
  own->of->moved_in += own->adds;
  own->of->moved_out += !own->adds;
  own->result->added += own->adds;
  own->result->removed += !own->adds;
  change member = {.kind = CHANGE_SET_MEMBER,
                   .contact_id = seg_text_of(own->contact_id),
                   .segment = own->of->id,
                   .flag = own->adds};
  return change_list_add(&part->changes, &member)
             ? ENGINE_OK
             : engine_fail(own->base.error, ENGINE_UNAVAILABLE, "out of memory");
}

static engine_status run_members(command *base, batch *in, project_batch *part) {
  members_command *own = (members_command *)base;
  own->of = project_find_segment(part->project, own->id);
  if (own->of == NULL) {
    return engine_fail(base->error, ENGINE_NOT_FOUND, "there is no segment with this id");
  }
  if (!own->of->is_static) {
    return engine_fail(base->error, ENGINE_INVALID,
                       "the segment is dynamic: its condition decides who is in it");
  }
  *own->result = (members_result){0};
  engine_status status = ENGINE_OK;
  for (size_t i = 0; status == ENGINE_OK && i < own->count; i++) {
    char bytes[SEG_EMAIL_BYTES_MAX];
    seg_text_view email;
    if (!engine_read_email(own->emails[i], bytes, &email)) {
      if (own->missed != NULL) {
        own->missed(own->context, own->emails[i], true);
      }
      continue;
    }
    status = find_contact(own, in, part, email);
    if (status == ENGINE_OK && own->contact != 0) {
      status = change_member(own, in, part);
    } else if (status == ENGINE_OK && own->missed != NULL) {
      own->missed(own->context, own->emails[i], false);
    }
  }
  return status;
}

engine_status engine_members_add(engine *own, project *in, seg_text_view id,
                                 const seg_text_view *emails, size_t count, bool create_missing,
                                 bool subscribed, engine_email_show missed, void *context,
                                 members_result *result, engine_error *error) {
  members_command add = {
      .base = {.run = run_members, .project = in, .is_exclusive = true, .error = error},
      .id = id,
      .emails = emails,
      .count = count,
      .create_missing = create_missing,
      .subscribed = subscribed,
      .missed = missed,
      .context = context,
      .result = result,
      .adds = true};
  return writer_submit(own->writer, &add.base);
}

engine_status engine_members_remove(engine *own, project *in, seg_text_view id,
                                    const seg_text_view *emails, size_t count,
                                    members_result *result, engine_error *error) {
  members_command removal = {
      .base = {.run = run_members, .project = in, .is_exclusive = true, .error = error},
      .id = id,
      .emails = emails,
      .count = count,
      .result = result};
  return writer_submit(own->writer, &removal.base);
}
