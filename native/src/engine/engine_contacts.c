// Contacts: created, updated, deleted.
#include "engine_internal.h"
#include "json_text.h"
#include "segmentry/json.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

/// A contact copied out of the store: its texts are owned.
typedef struct kept_contact {
  bool is_there;
  int64_t num;
  bool subscribed;
  int64_t created_at_ms;
  char *id;
  char *email;
  seg_text_view data;
} kept_contact;

static bool keep_contact(void *context, const store_contact *row) {
  kept_contact *kept = context;
  char *data = malloc(row->data_json.size_bytes + 1);
  kept->id = strndup(row->id.bytes, row->id.size_bytes);
  kept->email = strndup(row->email.bytes, row->email.size_bytes);
  if (data == NULL || kept->id == NULL || kept->email == NULL) {
    free(data);
    return false;
  }
  memcpy(data, row->data_json.bytes, row->data_json.size_bytes);
  kept->data = (seg_text_view){.bytes = data, .size_bytes = row->data_json.size_bytes};
  kept->num = row->num;
  kept->subscribed = row->subscribed;
  kept->created_at_ms = row->created_at_ms;
  kept->is_there = true;
  return true;
}

static void free_kept(kept_contact *kept) {
  free(kept->id);
  free(kept->email);
  free((void *)(uintptr_t)kept->data.bytes);
}

/// Merges and checks the data that a contact will have.
/// json, tree  written, owned
static engine_status merge_data(project_batch *part, seg_text_view stored, seg_text_view patch,
                                seg_text_view *json, cJSON **tree, engine_error *error) {
  seg_error trouble;
  if (!json_text_merge(stored, patch, json)) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  seg_status status = seg_json_parse(*json, SEG_JSON_DEPTH_MAX, tree, &trouble);
  if (status == SEG_OK) {
    status = seg_data_check(*tree, &trouble);
  }
  if (status != SEG_OK) {
    return engine_fail(error, status == SEG_E_NOMEM ? ENGINE_UNAVAILABLE : ENGINE_INVALID, "%.400s",
                       trouble.message);
  }
  if (!batch_take_field_room(part, *tree)) {
    return engine_fail(error, ENGINE_INVALID, "data: the project has %d different fields, the most",
                       SEG_TABLE_COLUMNS_MAX);
  }
  return ENGINE_OK;
}

/// Tracks a flip of `subscribed`.
static engine_status track_flip(batch *in, project_batch *part, const store_contact *contact,
                                engine_error *error) {
  char id[ID_TEXT_BYTES];
  seg_text_view none = {.bytes = NULL, .size_bytes = 0};
  const char *name = contact->subscribed ? "contact.subscribed" : "contact.unsubscribed";
  return engine_add_event(in, part, contact->id, contact->num, seg_text_of(name), in->now_ms, none,
                          id, error);
}

/// Writes a contact to the store and notes it; `row->num` is 0 for a new one. Takes `tree` over.
static engine_status save_contact(batch *in, project_batch *part, store_contact *row, cJSON *tree,
                                  engine_error *error) {
  store_status status = row->num == 0
                            ? store_contact_insert(in->session, row, &row->num, &in->error)
                            : store_contact_update(in->session, row, &in->error);
  if (status != STORE_OK) {
    seg_json_free(tree);
    return engine_fail_store(error, status, &in->error);
  }
  change put = {.kind = CHANGE_PUT_CONTACT,
                .contact_id = row->id,
                .contact_num = row->num,
                .email = row->email,
                .data = tree,
                .flag = row->subscribed,
                .created_at_ms = row->created_at_ms,
                .updated_at_ms = row->updated_at_ms};
  return change_list_add(&part->changes, &put)
             ? ENGINE_OK
             : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

/// Applies an input to a contact that is there, or to a new one of this email.
static engine_status apply_input(batch *in, project_batch *part, const kept_contact *old,
                                 seg_text_view email, const contact_input *input,
                                 engine_contact_show show, void *context, int64_t *num,
                                 engine_error *error) {
  char new_id[ID_TEXT_BYTES];
  seg_text_view json = {.bytes = NULL, .size_bytes = 0};
  cJSON *tree = NULL;
  id_make(new_id);
  bool subscribed = input->has_subscribed ? input->subscribed
                    : old->is_there       ? old->subscribed
                                          : input->subscribed_if_new;
  engine_status status = merge_data(part, old->data, input->data, &json, &tree, error);
  store_contact row = {.num = old->num,
                       .project = part->project->num,
                       .id = seg_text_of(old->is_there ? old->id : new_id),
                       .email = email,
                       .subscribed = subscribed,
                       .data_json = json,
                       .created_at_ms = old->is_there ? old->created_at_ms : in->now_ms,
                       .updated_at_ms = in->now_ms};
  if (status == ENGINE_OK) {
    status = save_contact(in, part, &row, tree, error);
  } else {
    seg_json_free(tree);
  }
  if (status == ENGINE_OK && old->is_there && old->subscribed != subscribed) {
    status = track_flip(in, part, &row, error);
  }
  if (status == ENGINE_OK) {
    *num = row.num;
    if (show != NULL) {
      show(context, &row, !old->is_there);
    }
  }
  free((void *)(uintptr_t)json.bytes);
  return status;
}

engine_status engine_put_contact(batch *in, project_batch *part, seg_text_view email,
                                 const contact_input *input, engine_contact_show show,
                                 void *context, int64_t *num, engine_error *error) {
  kept_contact old = {.is_there = false};
  store_status found = store_contact_get_by_email(in->session, part->project->num, email,
                                                  keep_contact, &old, &in->error);
  engine_status status = found == STORE_OK || found == STORE_NOT_FOUND
                             ? apply_input(in, part, &old, email, input, show, context, num, error)
                             : engine_fail_store(error, found, &in->error);
  free_kept(&old);
  return status;
}

// Commands.

typedef struct contact_command {
  command base;
  seg_text_view id; ///< For an update or a deletion.
  seg_text_view email;
  const contact_input *input;
  engine_contact_show show;
  void *context;
} contact_command;

static engine_status run_put(command *base, batch *in, project_batch *part) {
  contact_command *own = (contact_command *)base;
  int64_t num;
  return engine_put_contact(in, part, own->email, own->input, own->show, own->context, &num,
                            base->error);
}

engine_status engine_contact_put(engine *own, project *in, const contact_input *input,
                                 engine_contact_show show, void *context, engine_error *error) {
  char bytes[SEG_EMAIL_BYTES_MAX];
  contact_command put = {.base = {.run = run_put, .project = in, .error = error},
                         .input = input,
                         .show = show,
                         .context = context};
  if (!engine_read_email(input->email, bytes, &put.email)) {
    return engine_fail(error, ENGINE_INVALID, "email: is not an address");
  }
  return writer_submit(own->writer, &put.base);
}

static engine_status run_update(command *base, batch *in, project_batch *part) {
  contact_command *own = (contact_command *)base;
  kept_contact old = {.is_there = false};
  int64_t num;
  store_status found =
      store_contact_get(in->session, part->project->num, own->id, keep_contact, &old, &in->error);
  engine_status status = engine_fail_store(base->error, found, &in->error);
  if (status == ENGINE_OK) {
    seg_text_view email = own->email.bytes == NULL ? seg_text_of(old.email) : own->email;
    status =
        apply_input(in, part, &old, email, own->input, own->show, own->context, &num, base->error);
  }
  free_kept(&old);
  return status;
}

engine_status engine_contact_update(engine *own, project *in, seg_text_view id,
                                    const contact_input *input, engine_contact_show show,
                                    void *context, engine_error *error) {
  char bytes[SEG_EMAIL_BYTES_MAX];
  contact_command update = {.base = {.run = run_update, .project = in, .error = error},
                            .id = id,
                            .input = input,
                            .show = show,
                            .context = context};
  if (input->email.bytes != NULL && !engine_read_email(input->email, bytes, &update.email)) {
    return engine_fail(error, ENGINE_INVALID, "email: is not an address");
  }
  return writer_submit(own->writer, &update.base);
}

/// Writes the exits of a contact that is about to go.
static engine_status leave_all(batch *in, project_batch *part, const kept_contact *gone,
                               engine_error *error) {
  if (batch_apply(part) != BATCH_OK || batch_touch(part, seg_text_of(gone->id)) != BATCH_OK) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  uint32_t row;
  bool is_there = seg_table_find(part->scratch, seg_text_of(gone->id), &row);
  for (size_t i = 0; is_there && i < part->project->segment_count; i++) {
    segment *of = part->project->segments[i];
    seg_mask_view members;
    if (!seg_table_members(part->scratch, of->id, &members) || row / 64 >= members.block_count ||
        (members.words[row / 64] >> (row % 64) & 1) == 0) {
      continue;
    }
    store_status status = store_member_remove(in->session, part->project->num, of->num, gone->num,
                                              in->now_ms, STORE_CAUSE_DELETE, &in->error);
    if (status != STORE_OK) {
      return engine_fail_store(error, status, &in->error);
    }
    of->has_moved = true;
  }
  return ENGINE_OK;
}

static engine_status run_delete(command *base, batch *in, project_batch *part) {
  contact_command *own = (contact_command *)base;
  kept_contact old = {.is_there = false};
  store_status found =
      store_contact_get(in->session, part->project->num, own->id, keep_contact, &old, &in->error);
  engine_status status = engine_fail_store(base->error, found, &in->error);
  if (status == ENGINE_OK) {
    status = leave_all(in, part, &old, base->error);
  }
  if (status == ENGINE_OK) {
    found = store_contact_delete(in->session, part->project->num, old.num, &in->error);
    status = engine_fail_store(base->error, found, &in->error);
  }
  if (status == ENGINE_OK) {
    change gone = {.kind = CHANGE_REMOVE_CONTACT, .contact_id = own->id};
    status = change_list_add(&part->changes, &gone)
                 ? ENGINE_OK
                 : engine_fail(base->error, ENGINE_UNAVAILABLE, "out of memory");
  }
  free_kept(&old);
  return status;
}

engine_status engine_contact_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error) {
  contact_command deletion = {.base = {.run = run_delete, .project = in, .error = error}, .id = id};
  return writer_submit(own->writer, &deletion.base);
}
