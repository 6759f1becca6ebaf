// See outbox.h.
#include "outbox.h"

#include "deliveries.h"
#include "json_text.h"
#include "segmentry/instant.h"
#include "segmentry/plan.h"
#include "text_buffer.h"

#include <stdlib.h>
#include <string.h>

/// Evaluating a condition costs so many rows as much as copying one into the scratch table.
#define ROWS_A_COPY 1024

static batch_status status_of(store_status status) {
  return status == STORE_OK ? BATCH_OK : status == STORE_NOMEM ? BATCH_NOMEM : BATCH_FAILED;
}

// Messages.

static bool add(text_buffer *to, const char *literal) {
  seg_text_view text = seg_text_of(literal);
  return text_buffer_add(to, text.bytes, text.size_bytes);
}

static bool add_text(text_buffer *to, seg_text_view text) {
  return text_buffer_add(to, text.bytes, text.size_bytes);
}

static seg_text_view text_of(const text_buffer *of) {
  return (seg_text_view){.bytes = of->bytes, .size_bytes = of->size_bytes};
}

/// `{"id":…,"email":…,"subscribed":…,"data":…}`
static bool write_contact(const store_contact *row, text_buffer *out) {
  out->size_bytes = 0;
  return add(out, "{\"id\":") && text_buffer_add_json_string(out, row->id) &&
         add(out, ",\"email\":") && text_buffer_add_json_string(out, row->email) &&
         add(out, row->subscribed ? ",\"subscribed\":true,\"data\":"
                                  : ",\"subscribed\":false,\"data\":") &&
         (row->data_json.size_bytes > 0 ? add_text(out, row->data_json) : add(out, "{}")) &&
         add(out, "}");
}

/// The event's name and the members of its data. A member called `name` is left out: two of one
/// name would be one too many.
static bool write_event(seg_text_view name, seg_text_view data, text_buffer *out) {
  json_member member;
  out->size_bytes = 0;
  bool ok = add(out, "{\"name\":") && text_buffer_add_json_string(out, name);
  for (size_t at = 0; ok && json_text_next(data, &at, &member);) {
    if (!json_text_key_is(member.key, "name")) {
      ok = add(out, ",\"") && add_text(out, member.key) && add(out, "\":") &&
           add_text(out, member.value);
    }
  }
  return ok && add(out, "}");
}

/// What a message is put together from.
typedef struct message_parts {
  const webhook *of;
  int64_t contact; ///< 0: none.
  seg_text_view contact_json;
  seg_text_view event_json;
  int64_t event_at_ms;
} message_parts;

static bool write_message(const message_parts *parts, const char *id, text_buffer *out) {
  char instant[SEG_INSTANT_TEXT_BYTES];
  seg_instant_write(parts->event_at_ms, instant);
  out->size_bytes = 0;
  return add(out, "{\"contact\":") && add_text(out, parts->contact_json) &&
         add(out, ",\"workflow\":") && add_text(out, parts->of->workflow_json) &&
         add(out, ",\"execution\":{\"id\":\"") && add(out, id) && add(out, "\",\"startedAt\":\"") &&
         add(out, instant) && add(out, "\"},\"event\":") && add_text(out, parts->event_json) &&
         add(out, "}");
}

/// Stores a delivery. `message` is used, and not emptied.
static store_status store_message(batch *own, const project *in, const message_parts *parts,
                                  int64_t nonce, text_buffer *message, int64_t *num) {
  char id[DELIVERY_ID_BYTES];
  store_status status = store_delivery_next_num(own->session, num, &own->error);
  if (status != STORE_OK) {
    return status;
  }
  delivery_id_write(parts->of->num, *num, nonce, id);
  if (!write_message(parts, id, message)) {
    return STORE_NOMEM;
  }
  store_delivery row = {.webhook = parts->of->num,
                        .num = *num,
                        .contact = parts->contact,
                        .nonce = nonce,
                        .at_ms = own->now_ms,
                        .payload = text_of(message)};
  own->has_deliveries = true;
  return store_delivery_insert(own->session, in->num, &row, &own->error);
}

// Conditions.

/// Whom a webhook's condition holds for: a bit a row.
typedef struct condition_mask {
  uint64_t *bits;     ///< Owned; NULL until asked for.
  bool is_of_project; ///< Over the project's table; else over the scratch table.
} condition_mask;

/// A batch's telling of one project. The texts are used again for each message.
typedef struct telling {
  batch *own;
  project_batch *part;
  condition_mask *masks; ///< Of each webhook of the project.
  bool has_moved_rows;   ///< The scratch table has the rows of sweeps.
  int64_t nonce;         ///< One for all: their nums tell them apart.
  text_buffer contact;
  text_buffer event;
  text_buffer message;
  int64_t contact_num; ///< Of `contact`; 0: of none.
  bool has_failed;     ///< There was no memory for `contact`.
} telling;

/// Puts the rows that sweeps have moved into the scratch table, as they will be.
static batch_status copy_moved_rows(telling *state) {
  project_batch *part = state->part;
  const seg_table *table = part->project->table;
  for (size_t i = 0; !state->has_moved_rows && i < part->changes.count; i++) {
    const change *move = &part->changes.items[i];
    for (size_t k = 0; move->kind == CHANGE_MOVE_ROWS && k < move->row_count; k++) {
      seg_text_view id = seg_table_id(table, move->rows[k]);
      change member = {.kind = CHANGE_SET_MEMBER,
                       .contact_id = id,
                       .segment = move->segment,
                       .flag = move->flag};
      change event = {
          .kind = CHANGE_ADD_EVENT, .contact_id = id, .name = move->name, .at_ms = move->at_ms};
      if (batch_touch(part, id) != BATCH_OK ||
          change_apply(part->scratch, &member, NULL, NULL) != SEG_OK ||
          change_apply(part->scratch, &event, NULL, NULL) != SEG_OK) {
        return BATCH_NOMEM;
      }
    }
  }
  state->has_moved_rows = true;
  return BATCH_OK;
}

/// Whether a filter asks for what a sweep changes: memberships, and the events that they are.
static bool asks_for_moves(const seg_filter *filter) {
  static const char *const fields[] = {"segment.", "event."};
  bool found = false;
  for (size_t i = 0; !found && i < seg_filter_field_count(filter); i++) {
    seg_text_view field = seg_filter_field(filter, i);
    for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
      size_t size_bytes = strlen(fields[k]);
      found = found ||
              (field.size_bytes >= size_bytes && memcmp(field.bytes, fields[k], size_bytes) == 0);
    }
  }
  return found;
}

/// Whether the project's table will do for a filter: nothing but a sweep is told of, which the
/// filter does not see, and copying its rows would cost more.
static bool suits_project(const project_batch *part, const seg_filter *filter) {
  size_t moved = 0;
  for (size_t i = 0; i < part->changes.count; i++) {
    if (part->changes.items[i].kind != CHANGE_MOVE_ROWS) {
      return false;
    }
    moved += part->changes.items[i].row_count;
  }
  return moved >= seg_table_contact_count(part->project->table) / ROWS_A_COPY &&
         !asks_for_moves(filter);
}

/// Evaluates a filter on all of a table.
static batch_status evaluate(const telling *state, const seg_filter *filter, const seg_table *table,
                             uint64_t **mask) {
  project_view view = {.project = state->part->project, .table = table};
  seg_resolver resolver = project_resolver(&view);
  seg_block_range all = seg_plan_all_blocks(table);
  seg_plan *plan = NULL;
  *mask = calloc(all.end + 1, sizeof **mask);
  seg_status evaluated = *mask == NULL
                             ? SEG_E_NOMEM
                             : seg_plan_create(seg_allocator_default(), filter, table,
                                               state->own->now_ms, &resolver, all, &plan, NULL);
  if (evaluated == SEG_OK) {
    evaluated = seg_plan_evaluate(plan, all, *mask);
  }
  seg_plan_free(plan);
  // References were checked when the webhook was saved, and are kept since: only memory can be
  // lacking.
  return evaluated == SEG_OK ? BATCH_OK : BATCH_NOMEM;
}

/// Evaluates a webhook's condition where that costs least.
static batch_status evaluate_condition(telling *state, const seg_filter *filter,
                                       condition_mask *mask) {
  project_batch *part = state->part;
  mask->is_of_project = suits_project(part, filter);
  if (mask->is_of_project) {
    return evaluate(state, filter, part->project->table, &mask->bits);
  }
  batch_status status = batch_apply(part);
  if (status == BATCH_OK) {
    status = copy_moved_rows(state);
  }
  return status == BATCH_OK ? evaluate(state, filter, part->scratch, &mask->bits) : status;
}

/// An event that may be told: of a contact with this id, whose num is 0 if it is not known.
typedef struct occasion {
  const change *cause;
  seg_text_view contact_id;
  int64_t contact_num;
  uint32_t row; ///< MOVE_ROWS: in the project's table.
} occasion;

/// Whether the condition of webhook `index` holds for a contact.
static batch_status holds(telling *state, size_t index, const occasion *of, bool *out) {
  const seg_filter *filter = state->part->project->webhooks[index]->filter;
  condition_mask *mask = &state->masks[index];
  batch_status status = BATCH_OK;
  uint32_t row = of->row;
  *out = filter == NULL;
  if (*out) {
    return BATCH_OK;
  }
  if (mask->bits == NULL) {
    status = evaluate_condition(state, filter, mask);
  }
  if (status == BATCH_OK &&
      (mask->is_of_project || seg_table_find(state->part->scratch, of->contact_id, &row))) {
    *out = (mask->bits[row / 64] >> (row % 64) & 1) != 0;
  }
  return status;
}

// Telling.

static bool keep_contact(void *context, const store_contact *row) {
  telling *state = context;
  state->has_failed = !write_contact(row, &state->contact);
  state->contact_num = row->num;
  return false;
}

/// Reads the contact; `contact_num` of the state is then its. STORE_NOT_FOUND: it is gone.
static store_status read_contact(telling *state, const occasion *of) {
  store_session *session = state->own->session;
  int64_t project_num = state->part->project->num;
  if (of->contact_num != 0 && of->contact_num == state->contact_num) {
    return STORE_OK; // as it was for the webhook before
  }
  store_status status = of->contact_num != 0
                            ? store_contact_get_by_num(session, project_num, of->contact_num,
                                                       keep_contact, state, &state->own->error)
                            : store_contact_get(session, project_num, of->contact_id, keep_contact,
                                                state, &state->own->error);
  return status == STORE_OK && state->has_failed ? STORE_NOMEM : status;
}

/// Tells webhook `index` of an event. A contact that is gone is not told of.
static batch_status tell(telling *state, size_t index, occasion *of) {
  bool is_meant = false;
  batch_status status = holds(state, index, of, &is_meant);
  if (status != BATCH_OK || !is_meant) {
    return status;
  }
  store_status found = read_contact(state, of);
  if (found == STORE_NOT_FOUND) {
    return BATCH_OK;
  }
  if (found == STORE_OK) {
    of->contact_num = state->contact_num;
    message_parts parts = {.of = state->part->project->webhooks[index],
                           .contact = state->contact_num,
                           .contact_json = text_of(&state->contact),
                           .event_json = text_of(&state->event),
                           .event_at_ms = of->cause->at_ms};
    int64_t num;
    found = store_message(state->own, state->part->project, &parts, state->nonce, &state->message,
                          &num);
  }
  return status_of(found);
}

/// Tells webhook `index` of all that a change records.
static batch_status tell_change(telling *state, size_t index, const change *cause) {
  const project *in = state->part->project;
  batch_status status = BATCH_OK;
  if (cause->kind == CHANGE_ADD_EVENT) {
    occasion of = {
        .cause = cause, .contact_id = cause->contact_id, .contact_num = state->contact_num};
    return tell(state, index, &of);
  }
  for (size_t i = 0; status == BATCH_OK && i < cause->row_count; i++) {
    occasion of = {.cause = cause,
                   .contact_id = seg_table_id(in->table, cause->rows[i]),
                   .contact_num = in->contact_nums[cause->rows[i]],
                   .row = cause->rows[i]};
    status = tell(state, index, &of);
  }
  return status;
}

/// Tells the webhooks that watch the name of a change's event.
static batch_status tell_watchers(telling *state, const change *cause) {
  const project *in = state->part->project;
  batch_status status = BATCH_OK;
  bool is_written = false;
  state->contact_num = 0; // two events of a contact may have another state of it between them
  for (size_t i = 0; status == BATCH_OK && i < in->webhook_count; i++) {
    if (!in->webhooks[i]->is_enabled || !webhook_watches(in->webhooks[i], cause->name)) {
      continue;
    }
    if (!is_written && !write_event(cause->name, cause->event_data, &state->event)) {
      return BATCH_NOMEM;
    }
    is_written = true;
    status = tell_change(state, i, cause);
  }
  return status;
}

batch_status outbox_write(batch *own, project_batch *part) {
  const project *in = part->project;
  if (in->watching_count == 0 || part->told_count == part->changes.count) {
    part->told_count = part->changes.count;
    return BATCH_OK;
  }
  telling state = {.own = own,
                   .part = part,
                   .masks = calloc(in->webhook_count, sizeof *state.masks),
                   .nonce = random_number()};
  batch_status status = state.masks == NULL ? BATCH_NOMEM : BATCH_OK;
  for (; status == BATCH_OK && part->told_count < part->changes.count; part->told_count++) {
    const change *next = &part->changes.items[part->told_count];
    if (next->kind == CHANGE_ADD_EVENT || next->kind == CHANGE_MOVE_ROWS) {
      status = tell_watchers(&state, next);
    }
  }
  for (size_t i = 0; state.masks != NULL && i < in->webhook_count; i++) {
    free(state.masks[i].bits);
  }
  free(state.masks);
  text_buffer_free(&state.contact);
  text_buffer_free(&state.event);
  text_buffer_free(&state.message);
  return status;
}

batch_status outbox_write_all(batch *own) {
  batch_status status = BATCH_OK;
  for (size_t i = 0; status == BATCH_OK && i < own->project_count; i++) {
    status = outbox_write(own, &own->projects[i]);
  }
  return status;
}

// What is no contact's.

store_status outbox_tell(batch *own, const project *in, const webhook *of,
                         seg_text_view contact_json, seg_text_view event_name,
                         seg_text_view event_data, int64_t *num) {
  text_buffer event = {0};
  text_buffer message = {0};
  store_status status = STORE_NOMEM;
  if (write_event(event_name, event_data, &event)) {
    message_parts parts = {.of = of,
                           .contact_json =
                               contact_json.bytes == NULL ? seg_text_of("null") : contact_json,
                           .event_json = text_of(&event),
                           .event_at_ms = own->now_ms};
    status = store_message(own, in, &parts, random_number(), &message, num);
  }
  text_buffer_free(&event);
  text_buffer_free(&message);
  return status;
}

store_status outbox_tell_all(batch *own, const project *in, seg_text_view event_name,
                             seg_text_view event_data) {
  seg_text_view none = {.bytes = NULL, .size_bytes = 0};
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < in->webhook_count; i++) {
    const webhook *of = in->webhooks[i];
    int64_t num;
    if (of->is_enabled && of->filter == NULL && webhook_watches(of, event_name)) {
      status = outbox_tell(own, in, of, none, event_name, event_data, &num);
    }
  }
  return status;
}
