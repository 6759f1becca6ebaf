// Sending: the list of a campaign's recipients is written, and it becomes SENDING.
//
// The list is of one moment, but a million copies take seconds, and others want to write meanwhile.
// So a first command takes down who gets it and begins a transaction on a reading session: what
// that session reads stays as it is at this moment. Then the copies are read there and written by
// one command after another, each a transaction of its own; the last one changes the status with
// it. Until then the campaign is what it was, and the engine remembers that it must be left alone.
// If the program ends in between, the campaign was not sent: what is left of its list is cleared
// when it is sent again, or goes with it.
//
// Decided against: one transaction, which holds the writer for seconds; a status of its own, which
// a start would have to look for; numbers of contacts instead of copies, which would change with
// the contacts.
#include "campaigns_internal.h"
#include "masks.h"
#include "outbox.h"
#include "text_buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct send_command {
  command base;
  engine *engine;
  seg_text_view id;
  bool is_due; ///< Sent by the clock.
  engine_campaign_show show;
  void *context;
  store_session *moment; ///< A transaction is open on it once the list has been begun.
  kept_campaign kept;
  int64_t *nums; ///< The recipients, rising; NULL before the list has been begun.
  size_t count;
  size_t written;
  bool is_marked;
  store_session *target;
  store_status copied; ///< What became of the last copy.
  store_error *cause;
  struct send_command *next; ///< Of those under way; the engine's lock.
} send_command;

engine_status campaign_check_idle(engine *own, int64_t num, engine_error *error) {
  bool is_idle = true;
  (void)pthread_mutex_lock(&own->sending_lock);
  for (const send_command *at = own->sending; at != NULL; at = at->next) {
    is_idle = is_idle && at->kept.row.num != num;
  }
  (void)pthread_mutex_unlock(&own->sending_lock);
  return is_idle
             ? ENGINE_OK
             : engine_fail(error, ENGINE_CONFLICT,
                           "the campaign's recipients are being written; try again in a moment");
}

static void mark(send_command *own) {
  (void)pthread_mutex_lock(&own->engine->sending_lock);
  own->next = own->engine->sending;
  own->engine->sending = own;
  own->is_marked = true;
  (void)pthread_mutex_unlock(&own->engine->sending_lock);
}

static void unmark(send_command *own) {
  if (!own->is_marked) {
    return;
  }
  (void)pthread_mutex_lock(&own->engine->sending_lock);
  send_command **at = &own->engine->sending;
  while (*at != own) {
    at = &(*at)->next;
  }
  *at = own->next;
  (void)pthread_mutex_unlock(&own->engine->sending_lock);
}

static int by_num(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

int64_t *campaign_nums(const project *in, const uint64_t *mask, size_t *count) {
  size_t capacity = mask_count(in, mask);
  int64_t *nums = malloc((capacity + 1) * sizeof *nums);
  size_t found = 0;
  for (size_t block = 0; nums != NULL && block < seg_table_block_count(in->table); block++) {
    for (uint64_t word = mask[block]; word != 0; word &= word - 1) {
      nums[found++] = in->contact_nums[block * 64 + (size_t)__builtin_ctzll(word)];
    }
  }
  *count = found;
  if (nums != NULL) {
    qsort(nums, found, sizeof *nums, by_num);
  }
  return nums;
}

static engine_status check_sendable(const send_command *own, const batch *in) {
  const store_campaign *row = &own->kept.row;
  if (own->is_due) {
    bool is_due = row->status == STORE_CAMPAIGN_SCHEDULED && row->scheduled_for_ms <= in->now_ms;
    return is_due ? ENGINE_OK
                  : engine_fail(own->base.error, ENGINE_CONFLICT, "the campaign is not due");
  }
  return campaign_is_open(row)
             ? ENGINE_OK
             : engine_fail(own->base.error, ENGINE_CONFLICT,
                           "the campaign is %s and cannot be sent; that is for DRAFT and SCHEDULED "
                           "ones",
                           campaign_status_names[row->status]);
}

/// Fails with what the store said, as something that may be tried again.
static engine_status fail_writing(const send_command *own, const store_error *cause) {
  return engine_fail(own->base.error, ENGINE_UNAVAILABLE, "%.400s", cause->message);
}

/// Takes down who gets it, and the moment.
static engine_status begin_list(send_command *own, batch *in, const project *of) {
  engine_error *error = own->base.error;
  engine_status status = campaign_load(in, of, own->id, &own->kept, error);
  if (status == ENGINE_OK) {
    status = check_sendable(own, in);
  }
  if (status == ENGINE_OK) {
    status = campaign_check_idle(own->engine, own->kept.row.num, error);
  }
  if (status != ENGINE_OK) {
    return status;
  }
  uint64_t *mask = NULL;
  if (campaign_audience(of, &own->kept.row, in->now_ms, &mask)) {
    own->nums = campaign_nums(of, mask, &own->count);
  }
  free(mask);
  if (own->nums == NULL) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  if (own->count == 0 && !own->is_due) {
    return engine_fail(error, ENGINE_INVALID, "the campaign has no recipients");
  }
  int64_t cleared = 0;
  if (store_transaction_begin(own->moment, &in->error) != STORE_OK ||
      store_recipient_clear(in->session, of->num, own->kept.row.num, SIZE_MAX, &cleared,
                            &in->error) != STORE_OK) {
    return fail_writing(own, &in->error);
  }
  mark(own);
  return ENGINE_OK;
}

static bool copy_contact(void *context, const store_contact *row) {
  send_command *own = context;
  store_recipient recipient = campaign_recipient(row);
  own->copied =
      store_recipient_insert(own->target, row->project, own->kept.row.num, &recipient, own->cause);
  return false;
}

/// Writes the next piece of the list.
static engine_status write_list(send_command *own, batch *in, const project *of) {
  size_t end = own->written + CAMPAIGN_RECIPIENTS_MAX;
  end = end < own->count ? end : own->count;
  own->target = in->session;
  own->cause = &in->error;
  for (; own->written < end; own->written++) {
    own->copied = STORE_OK;
    store_error unread;
    store_status read = store_contact_get_by_num(own->moment, of->num, own->nums[own->written],
                                                 copy_contact, own, &unread);
    if (read != STORE_OK || own->copied != STORE_OK) {
      return fail_writing(own, read != STORE_OK ? &unread : &in->error);
    }
  }
  return ENGINE_OK;
}

/// Tells the webhooks that the list is there.
static store_status tell_webhooks(const send_command *own, batch *in, const project *of) {
  const store_campaign *row = &own->kept.row;
  text_buffer data = {0};
  char rest[64 + 2 * ID_TEXT_BYTES];
  (void)snprintf(rest, sizeof rest,
                 ",\"recipients\":%zu,\"recipientsUrl\":\"/campaigns/%.*s/recipients\"}",
                 own->count, (int)row->id.size_bytes, row->id.bytes);
  bool ok = text_buffer_add(&data, "{\"campaignId\":", 14) &&
            text_buffer_add_json_string(&data, row->id) &&
            text_buffer_add(&data, ",\"campaignName\":", 16) &&
            text_buffer_add_json_string(&data, row->name) &&
            text_buffer_add(&data, rest, strlen(rest));
  store_status status = STORE_NOMEM;
  if (ok) {
    seg_text_view json = {.bytes = data.bytes, .size_bytes = data.size_bytes};
    status = outbox_tell_all(in, of, seg_text_of(EVENT_CAMPAIGN_SENDING), json);
  }
  text_buffer_free(&data);
  return status;
}

static engine_status end_list(send_command *own, batch *in, const project *of) {
  store_campaign *row = &own->kept.row;
  row->status = STORE_CAMPAIGN_SENDING;
  row->recipient_count = (int64_t)own->count;
  row->updated_at_ms = in->now_ms;
  if (store_campaign_update(in->session, row, &in->error) != STORE_OK) {
    return fail_writing(own, &in->error);
  }
  if (tell_webhooks(own, in, of) != STORE_OK) {
    return fail_writing(own, &in->error);
  }
  (void)campaign_show(of, row, in->now_ms, own->show, own->context); // it has its count
  return ENGINE_OK;
}

static engine_status run_send(command *base, batch *in, project_batch *part) {
  send_command *own = (send_command *)base;
  engine_status status = own->nums == NULL ? begin_list(own, in, part->project) : ENGINE_OK;
  if (status == ENGINE_OK) {
    status = write_list(own, in, part->project);
  }
  base->is_unfinished = status == ENGINE_OK && own->written < own->count;
  return status == ENGINE_OK && !base->is_unfinished ? end_list(own, in, part->project) : status;
}

/// Writes the whole list. stop  optional  Once it is set, no further piece is begun.
static engine_status send_all(send_command *own, const atomic_bool *stop) {
  own->moment = engine_session_borrow(own->engine);
  if (own->moment == NULL) {
    return engine_fail(own->base.error, ENGINE_UNAVAILABLE, "out of memory");
  }
  engine_status status;
  do { // each round is a transaction of its own, so that others get their turn in between
    status = writer_submit(own->engine->writer, &own->base);
    if (status == ENGINE_OK && own->base.is_unfinished && stop != NULL && atomic_load(stop)) {
      status = engine_fail(own->base.error, ENGINE_UNAVAILABLE, "the server is stopping");
    }
  } while (status == ENGINE_OK && own->base.is_unfinished);
  unmark(own);
  engine_session_return(own->engine, own->moment);
  campaign_free(&own->kept);
  free(own->nums);
  return status;
}

engine_status engine_campaign_send(engine *own, project *in, seg_text_view id,
                                   engine_campaign_show show, void *context, engine_error *error) {
  send_command send = {
      .base = {.run = run_send, .project = in, .is_exclusive = true, .error = error},
      .engine = own,
      .id = id,
      .show = show,
      .context = context};
  return send_all(&send, NULL);
}

engine_status campaign_send_due(engine *own, project *in, seg_text_view id, const atomic_bool *stop,
                                engine_error *error) {
  send_command send = {
      .base = {.run = run_send, .project = in, .is_exclusive = true, .error = error},
      .engine = own,
      .id = id,
      .is_due = true};
  return send_all(&send, stop);
}
