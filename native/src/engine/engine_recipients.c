// Recipients, read piece by piece: nothing of the store is held while a slow client takes its time.
#include "campaigns_internal.h"
#include "masks.h"

#include <stdlib.h>

struct recipient_reader {
  engine *engine;
  project *project;
  kept_campaign kept;
  int64_t after; ///< The last contact that was shown.
  // Where there is no list:
  int64_t *nums; ///< The audience, rising; NULL where there is one.
  size_t count;
  size_t at;
  // Of the call under way:
  store_recipient_visit visit;
  void *context;
  size_t shown;
  bool is_stopped; ///< By the visitor.
  bool is_whole;   ///< At the end of a list: it is still there.
};

static engine_status not_a_recipient(engine_error *error) {
  return engine_fail(error, ENGINE_INVALID, "after: is no recipient's id");
}

/// Works the audience out. `after` may have left it, but must still be a contact.
static engine_status open_audience(recipient_reader *own, seg_text_view after,
                                   engine_error *error) {
  project *in = own->project;
  uint64_t *mask = NULL;
  uint32_t row = 0;
  int64_t now_ms = engine_now_ms(own->engine);
  (void)pthread_rwlock_rdlock(&in->lock);
  bool is_known = after.bytes == NULL || seg_table_find(in->table, after, &row);
  if (after.bytes != NULL && is_known) {
    own->after = in->contact_nums[row];
  }
  if (is_known && campaign_audience(in, &own->kept.row, now_ms, &mask)) {
    own->nums = campaign_nums(in, mask, &own->count);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  free(mask);
  if (!is_known) {
    return not_a_recipient(error);
  }
  while (own->nums != NULL && own->at < own->count && own->nums[own->at] <= own->after) {
    own->at++;
  }
  return own->nums != NULL ? ENGINE_OK : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

static engine_status open_reader(recipient_reader *own, store_session *session, seg_text_view id,
                                 seg_text_view after, engine_error *error) {
  store_error cause;
  store_status status =
      store_campaign_get(session, own->project->num, id, campaign_keep, &own->kept, &cause);
  if (status == STORE_NOT_FOUND) {
    return engine_fail(error, ENGINE_NOT_FOUND, "there is no campaign with this id");
  }
  if (status == STORE_OK && !own->kept.is_there) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  if (status == STORE_OK && campaign_is_open(&own->kept.row)) {
    return open_audience(own, after, error);
  }
  if (status == STORE_OK && after.bytes != NULL) {
    status = store_recipient_find(session, own->project->num, own->kept.row.num, after, &own->after,
                                  &cause);
    if (status == STORE_NOT_FOUND) {
      return not_a_recipient(error);
    }
  }
  return engine_fail_store(error, status, &cause);
}

engine_status engine_recipients_open(engine *own, project *in, seg_text_view id,
                                     seg_text_view after, recipient_reader **out,
                                     engine_error *error) {
  recipient_reader *reader = calloc(1, sizeof *reader);
  store_session *session = engine_session_borrow(own);
  engine_status status = ENGINE_UNAVAILABLE;
  if (reader == NULL || session == NULL) {
    (void)engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  } else {
    reader->engine = own;
    reader->project = in;
    status = open_reader(reader, session, id, after, error);
  }
  engine_session_return(own, session);
  if (status != ENGINE_OK) {
    engine_recipients_close(reader);
    return status;
  }
  *out = reader;
  return ENGINE_OK;
}

static bool show_recipient(void *context, const store_recipient *recipient) {
  recipient_reader *own = context;
  own->after = recipient->contact;
  own->shown++;
  own->is_stopped = !own->visit(own->context, recipient);
  return !own->is_stopped;
}

/// A contact that has unsubscribed since is left out, as one that is gone.
static bool show_contact(void *context, const store_contact *row) {
  store_recipient recipient = campaign_recipient(row);
  if (row->subscribed) {
    (void)show_recipient(context, &recipient);
  }
  return false;
}

static store_status read_audience(recipient_reader *own, store_session *session, size_t limit,
                                  bool *is_end, store_error *cause) {
  store_status status = STORE_OK;
  size_t end = own->count - own->at < limit ? own->count : own->at + limit;
  for (; status == STORE_OK && !own->is_stopped && own->at < end; own->at++) {
    status = store_contact_get_by_num(session, own->project->num, own->nums[own->at], show_contact,
                                      own, cause);
    status = status == STORE_NOT_FOUND ? STORE_OK : status;
  }
  *is_end = own->at == own->count;
  return status;
}

static bool check_list(void *context, const store_campaign *row) {
  recipient_reader *own = context;
  own->is_whole = row->recipient_count == own->kept.row.recipient_count;
  return false;
}

/// At the end the campaign must still have its list: else that was deleted while it was read.
static store_status read_list(recipient_reader *own, store_session *session, size_t limit,
                              bool *is_end, store_error *cause) {
  const store_campaign *row = &own->kept.row;
  store_status status = STORE_OK;
  if (row->recipient_count > 0) { // else there may be the rest of a list that was never finished
    status = store_recipient_page(session, own->project->num, row->num, own->after, limit,
                                  show_recipient, own, cause);
  }
  *is_end = own->shown < limit && !own->is_stopped;
  if (status == STORE_OK && *is_end) {
    own->is_whole = false;
    status = store_campaign_get(session, own->project->num, row->id, check_list, own, cause);
    if (status == STORE_OK && !own->is_whole) {
      status = STORE_NOT_FOUND;
    }
  }
  return status;
}

engine_status engine_recipients_next(recipient_reader *own, size_t limit,
                                     store_recipient_visit visit, void *context, bool *is_end,
                                     engine_error *error) {
  store_session *session = engine_session_borrow(own->engine);
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  store_status status = STORE_NOMEM;
  own->visit = visit;
  own->context = context;
  own->shown = 0;
  own->is_stopped = false;
  if (session != NULL) {
    status = own->nums != NULL ? read_audience(own, session, limit, is_end, &cause)
                               : read_list(own, session, limit, is_end, &cause);
  }
  engine_session_return(own->engine, session);
  return status == STORE_OK ? ENGINE_OK
                            : engine_fail(error, ENGINE_UNAVAILABLE, "%.400s", cause.message);
}

void engine_recipients_close(recipient_reader *own) {
  if (own == NULL) {
    return;
  }
  campaign_free(&own->kept);
  free(own->nums);
  free(own);
}
