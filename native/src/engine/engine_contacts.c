// Contacts: created, updated, deleted.
#include "engine_internal.h"
#include "json_text.h"
#include "outbox.h"
#include "segmentry/json.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

// Drafts.

/// Copies a row of the store into the draft, texts and all.
static bool keep_row(void *context, const store_contact *row) {
  contact_draft *draft = context;
  seg_text_view texts[] = {row->id, row->email, row->data_json};
  seg_text_view *kept[] = {&draft->row.id, &draft->kept_email, &draft->row.data_json};
  draft->kept = malloc(row->id.size_bytes + row->email.size_bytes + row->data_json.size_bytes + 1);
  if (draft->kept == NULL) {
    return false;
  }
  char *at = draft->kept;
  draft->row = *row;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    memcpy(at, texts[i].bytes, texts[i].size_bytes);
    *kept[i] = (seg_text_view){.bytes = at, .size_bytes = texts[i].size_bytes};
    at += texts[i].size_bytes;
  }
  draft->was_kept = true;
  return false;
}

void contact_draft_end(contact_draft *draft) {
  free(draft->kept);
  free((void *)(uintptr_t)draft->merged.bytes);
}

engine_status engine_check_data_bytes(seg_text_view data, engine_error *error) {
  return data.size_bytes <= ENGINE_DATA_BYTES_MAX
             ? ENGINE_OK
             : engine_fail(error, ENGINE_INVALID,
                           "data: has %zu bytes as JSON; at most %d are allowed", data.size_bytes,
                           ENGINE_DATA_BYTES_MAX);
}

static seg_status parse_data(project_batch *part, contact_draft *draft, seg_error *error) {
  return seg_json_parse_into(change_list_arena(&part->changes), draft->row.data_json,
                             SEG_JSON_DEPTH_MAX, &draft->tree, error);
}

static engine_status take_data_room(project_batch *part, const contact_draft *draft,
                                    engine_error *error) {
  batch_lack lack;
  seg_text_view path;
  if (batch_take_data(part, draft->tree, draft->row.data_json.size_bytes, &lack, &path) !=
      BATCH_OK) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  switch (lack) {
  case BATCH_LACKS_FIELDS:
    return engine_fail(error, ENGINE_INVALID, "data: the project has %d different fields, the most",
                       SEG_TABLE_COLUMNS_MAX);
  case BATCH_LACKS_TEXTS:
    return engine_fail(error, ENGINE_INVALID,
                       "data%s%.*s: the project's contacts have as many different texts here as "
                       "one field can hold",
                       path.size_bytes > 0 ? "." : "", (int)path.size_bytes, path.bytes);
  case BATCH_LACKS_NOTHING:
    break;
  }
  return ENGINE_OK;
}

/// Checks the data that a contact is about to have, and parses it, unless that has been done.
static engine_status check_data(project_batch *part, contact_draft *draft, engine_error *error) {
  seg_error trouble;
  engine_status sized = engine_check_data_bytes(draft->row.data_json, error);
  if (sized != ENGINE_OK) {
    return sized;
  }
  seg_status status = SEG_OK;
  if (draft->tree == NULL) {
    status = parse_data(part, draft, &trouble);
    if (status == SEG_OK) {
      status = seg_data_check(draft->tree, &trouble);
    }
  }
  if (status != SEG_OK) {
    return engine_fail(error, status == SEG_E_NOMEM ? ENGINE_UNAVAILABLE : ENGINE_INVALID, "%.400s",
                       trouble.message);
  }
  return take_data_room(part, draft, error);
}

/// Merges and checks the data that a contact will have.
static engine_status merge_data(project_batch *part, const contact_input *input,
                                contact_draft *draft, engine_error *error) {
  seg_text_view stored = draft->row.data_json;
  if (!draft->is_new && input->data.bytes == NULL) {
    return ENGINE_OK; // says nothing of it
  }
  if (draft->is_new && input->tree != NULL) {
    draft->has_new_data = true;
    draft->row.data_json = input->data;
    draft->tree = input->tree;
    return check_data(part, draft, error);
  }
  seg_status status = json_text_merge(stored, input->data, &draft->merged);
  if (status == SEG_E_LIMIT) {
    return engine_fail(error, ENGINE_INVALID, "data: more than %d members and elements",
                       SEG_DATA_MEMBERS_MAX);
  }
  if (status != SEG_OK) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  if (!draft->is_new && seg_text_equal(draft->merged, stored)) {
    return ENGINE_OK; // says nothing new
  }
  draft->has_new_data = true;
  draft->row.data_json = draft->merged;
  return check_data(part, draft, error);
}

static const char *flip_event(const contact_draft *draft) {
  return draft->row.subscribed ? "contact.subscribed" : "contact.unsubscribed";
}

/// Applies an input to a contact that was kept, or to a new one.
/// email  NULL bytes: as it is.
static engine_status draft_input(batch *in, project_batch *part, seg_text_view email,
                                 const contact_input *input, contact_draft *draft,
                                 engine_error *error) {
  store_contact *row = &draft->row;
  bool was_subscribed = row->subscribed;
  draft->is_new = !draft->was_kept;
  draft->has_new_email =
      draft->is_new || (email.bytes != NULL && !seg_text_equal(email, draft->kept_email));
  if (draft->is_new) {
    id_make(draft->new_id);
    row->num = 0;
    row->project = part->project->num;
    row->id = seg_text_of(draft->new_id);
    row->created_at_ms = in->now_ms;
  }
  batch_contact other;
  if (draft->has_new_email && batch_find_email(part, email, &other)) {
    return engine_fail(error, ENGINE_CONFLICT, "the email is taken");
  }
  if (draft->has_new_email && !batch_take_contact(part)) {
    return engine_fail(error, ENGINE_INVALID,
                       "email: the project has as many addresses as there is room for");
  }
  row->email = draft->has_new_email ? email : draft->kept_email;
  row->updated_at_ms = in->now_ms;
  row->subscribed = input->has_subscribed ? input->subscribed
                    : draft->is_new       ? input->subscribed_if_new
                                          : was_subscribed;
  draft->flips = !draft->is_new && row->subscribed != was_subscribed;
  engine_status status = merge_data(part, input, draft, error);
  if (status == ENGINE_OK && draft->flips) {
    status = engine_take_event_room(part, seg_text_of(flip_event(draft)), error);
  }
  return status;
}

/// Reads a contact that the table knows into a draft. That the store lacks it is no mistake of the
/// input's.
static engine_status keep_by_num(batch *in, const project *of, int64_t num, contact_draft *out,
                                 engine_error *error) {
  store_status found =
      store_contact_get_by_num(in->session, of->num, num, keep_row, out, &in->error);
  if (found != STORE_OK) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "%.400s", in->error.message);
  }
  return out->was_kept ? ENGINE_OK : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

engine_status contact_draft_begin(batch *in, project_batch *part, seg_text_view email,
                                  const contact_input *input, bool is_shown, contact_draft *out,
                                  engine_error *error) {
  batch_contact known;
  engine_status status = ENGINE_OK;
  *out = (contact_draft){.is_new = true};
  if (batch_find_email(part, email, &known)) {
    bool flips = input->has_subscribed && input->subscribed != known.subscribed;
    if (is_shown || flips || input->data.bytes != NULL) {
      status = keep_by_num(in, part->project, known.num, out, error);
    } else { // it is only touched: nothing of what the store has is asked for
      out->was_kept = true;
      out->kept_email = email;
      out->row = (store_contact){.num = known.num,
                                 .project = part->project->num,
                                 .id = known.id,
                                 .subscribed = known.subscribed};
    }
  }
  return status == ENGINE_OK ? draft_input(in, part, email, input, out, error) : status;
}

/// Notes what the table has to know: all of the contact, or that it was touched.
static bool note_draft(project_batch *part, contact_draft *draft) {
  const store_contact *row = &draft->row;
  change noted = {.kind = CHANGE_TOUCH_CONTACT,
                  .contact_id = row->id,
                  .flag = row->subscribed,
                  .updated_at_ms = row->updated_at_ms};
  if (draft->has_new_data || draft->has_new_email) {
    if (draft->tree == NULL && parse_data(part, draft, NULL) != SEG_OK) {
      return false;
    }
    noted.kind = CHANGE_PUT_CONTACT;
    noted.contact_num = row->num;
    noted.email = row->email;
    noted.data = draft->tree;
    noted.created_at_ms = row->created_at_ms;
  }
  return change_list_add(&part->changes, &noted);
}

/// Says whose the addresses are that the draft takes or leaves.
static bool note_emails(project_batch *part, const contact_draft *draft) {
  const store_contact *row = &draft->row;
  batch_contact known = {.num = row->num, .id = row->id, .subscribed = row->subscribed};
  bool leaves = draft->has_new_email && !draft->is_new;
  return (!leaves || batch_note_email(part, draft->kept_email, NULL)) &&
         ((!draft->has_new_email && !draft->flips) || batch_note_email(part, row->email, &known));
}

engine_status contact_draft_write(batch *in, project_batch *part, contact_draft *draft,
                                  engine_error *error) {
  store_status status = STORE_OK;
  if (draft->is_new) {
    status = store_contact_insert(in->session, &draft->row, &draft->row.num, &in->error);
  } else if (draft->has_new_email || draft->has_new_data || draft->flips) {
    store_contact row = draft->row;
    row.email = draft->has_new_email ? row.email : (seg_text_view){.bytes = NULL};
    status = store_contact_update(in->session, &row, &in->error);
  } else {
    status = store_contact_touch(in->session, draft->row.project, draft->row.num,
                                 draft->row.updated_at_ms, &in->error);
  }
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &in->error);
  }
  if (!note_draft(part, draft) || !note_emails(part, draft)) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  char id[ID_TEXT_BYTES];
  seg_text_view none = {.bytes = NULL, .size_bytes = 0};
  return draft->flips
             ? engine_add_event(in, part, draft->row.id, draft->row.num,
                                seg_text_of(flip_event(draft)), in->now_ms, none, id, error)
             : ENGINE_OK;
}

/// Writes a draft and shows what became of it.
static engine_status write_and_show(batch *in, project_batch *part, contact_draft *draft,
                                    engine_contact_show show, void *context, int64_t *num,
                                    engine_error *error) {
  engine_status status = contact_draft_write(in, part, draft, error);
  if (status == ENGINE_OK) {
    *num = draft->row.num;
    if (show != NULL) {
      show(context, &draft->row, draft->is_new);
    }
  }
  return status;
}

engine_status engine_put_contact(batch *in, project_batch *part, seg_text_view email,
                                 const contact_input *input, engine_contact_show show,
                                 void *context, int64_t *num, engine_error *error) {
  contact_draft draft;
  engine_status status = contact_draft_begin(in, part, email, input, show != NULL, &draft, error);
  if (status == ENGINE_OK) {
    status = write_and_show(in, part, &draft, show, context, num, error);
  }
  contact_draft_end(&draft);
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

/// Reads a contact by id into a draft, which contact_draft_end must end.
static engine_status keep_by_id(batch *in, const project *of, seg_text_view id, contact_draft *out,
                                engine_error *error) {
  *out = (contact_draft){.is_new = false};
  store_status found = store_contact_get(in->session, of->num, id, keep_row, out, &in->error);
  if (found == STORE_OK && !out->was_kept) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return engine_fail_store(error, found, &in->error);
}

static engine_status run_update(command *base, batch *in, project_batch *part) {
  contact_command *own = (contact_command *)base;
  contact_draft draft;
  int64_t num;
  engine_status status = keep_by_id(in, part->project, own->id, &draft, base->error);
  if (status == ENGINE_OK) {
    status = draft_input(in, part, own->email, own->input, &draft, base->error);
  }
  if (status == ENGINE_OK) {
    status = write_and_show(in, part, &draft, own->show, own->context, &num, base->error);
  }
  contact_draft_end(&draft);
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

/// Writes the exits of a contact that is about to go; `row` is its scratch row.
static engine_status leave_all(batch *in, const project_batch *part, uint32_t row, int64_t num,
                               engine_error *error) {
  for (size_t i = 0; i < part->project->segment_count; i++) {
    segment *of = part->project->segments[i];
    seg_mask_view members;
    if (!seg_table_members(part->scratch, of->id, &members) || row / 64 >= members.block_count ||
        (members.words[row / 64] >> (row % 64) & 1) == 0) {
      continue;
    }
    store_move move = {.project = part->project->num,
                       .segment = of->num,
                       .at_ms = in->now_ms,
                       .cause = STORE_CAUSE_DELETE};
    store_status status = store_member_remove(in->session, &move, num, &in->error);
    if (status != STORE_OK) {
      return engine_fail_store(error, status, &in->error);
    }
    of->moved_out++;
  }
  return ENGINE_OK;
}

/// Deletes a contact from the store, with what the table knows of its instants.
static engine_status delete_row(batch *in, const project_batch *part, uint32_t row, int64_t num,
                                engine_error *error) {
  size_t count = seg_table_instants(part->scratch, row, true, NULL, 0);
  int64_t *at_ms = malloc((count + 1) * sizeof *at_ms);
  if (at_ms == NULL) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  (void)seg_table_instants(part->scratch, row, true, at_ms, count);
  store_instants instants = {.at_ms = at_ms, .count = engine_sort_instants(at_ms, count)};
  store_status status =
      store_contact_delete(in->session, part->project->num, num, instants, &in->error);
  free(at_ms);
  return engine_fail_store(error, status, &in->error);
}

engine_status engine_delete_contact(batch *in, project_batch *part, seg_text_view id,
                                    engine_error *error) {
  contact_draft old;
  uint32_t row = 0;
  engine_status status = keep_by_id(in, part->project, id, &old, error);
  // The scratch table has the contact as the batch has made it so far.
  if (status == ENGINE_OK && (batch_apply(part) != BATCH_OK || batch_touch(part, id) != BATCH_OK ||
                              !seg_table_find(part->scratch, id, &row))) {
    status = engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  // Webhooks are told of the contact as it is before it goes.
  if (status == ENGINE_OK && outbox_write(in, part) != BATCH_OK) {
    status = engine_fail(error, ENGINE_UNAVAILABLE, "the webhooks' messages could not be stored");
  }
  if (status == ENGINE_OK) {
    status = leave_all(in, part, row, old.row.num, error);
  }
  if (status == ENGINE_OK) {
    status = delete_row(in, part, row, old.row.num, error);
  }
  if (status == ENGINE_OK) {
    change gone = {.kind = CHANGE_REMOVE_CONTACT, .contact_id = id};
    status = change_list_add(&part->changes, &gone) && batch_note_email(part, old.kept_email, NULL)
                 ? ENGINE_OK
                 : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  contact_draft_end(&old);
  return status;
}

static engine_status run_delete(command *base, batch *in, project_batch *part) {
  return engine_delete_contact(in, part, ((contact_command *)base)->id, base->error);
}

engine_status engine_contact_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error) {
  contact_command deletion = {.base = {.run = run_delete, .project = in, .error = error}, .id = id};
  return writer_submit(own->writer, &deletion.base);
}

// Reading.

void engine_contacts_look_up(engine *own, project *in, const seg_text_view *emails, size_t count,
                             bool *found) {
  (void)own;
  (void)pthread_rwlock_rdlock(&in->lock);
  for (size_t i = 0; i < count; i++) {
    char bytes[SEG_EMAIL_BYTES_MAX];
    seg_text_view email;
    uint32_t row;
    found[i] =
        engine_read_email(emails[i], bytes, &email) && seg_table_find_email(in->table, email, &row);
  }
  (void)pthread_rwlock_unlock(&in->lock);
}
