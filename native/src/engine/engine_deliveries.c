// Deliveries as the API asks for them: looked at, tried, sent again, taken away when they are old.
#include "deliveries.h"
#include "engine_internal.h"
#include "engine_webhooks.h"
#include "outbox.h"
#include "webhooks_internal.h"

#include <stdio.h>
#include <stdlib.h>

// Showing.

/// A delivery on its way out.
typedef struct shown_delivery {
  const delivery_show *show;
  seg_text_view webhook_id;
} shown_delivery;

static bool begin_delivery(void *context, const store_delivery *row) {
  const shown_delivery *own = context;
  own->show->begin(own->show->context, row, own->webhook_id);
  return false;
}

static bool show_attempt(void *context, const store_attempt *row) {
  const shown_delivery *own = context;
  own->show->attempt(own->show->context, row);
  return true;
}

static store_status show_delivery(store_session *session, int64_t project_num, const webhook *of,
                                  int64_t num, const delivery_show *show, store_error *err) {
  shown_delivery shown = {.show = show, .webhook_id = of->id};
  store_status status =
      store_delivery_get(session, project_num, of->num, num, begin_delivery, &shown, err);
  if (status != STORE_OK) {
    return status;
  }
  status = store_attempt_list(session, project_num, of->num, num, ENGINE_ATTEMPTS_SHOWN,
                              show_attempt, &shown, err);
  show->end(show->context);
  return status;
}

/// The nums of a page's deliveries.
typedef struct num_list {
  int64_t *nums;
  size_t count;
  size_t limit;
  bool has_more;
} num_list;

static bool keep_num(void *context, const store_delivery *row) {
  num_list *own = context;
  own->has_more = own->count == own->limit;
  if (!own->has_more) {
    own->nums[own->count++] = row->num;
  }
  return !own->has_more;
}

/// Reads a page in two steps, since a visitor cannot ask for attempts; both see one moment.
static store_status show_page(store_session *session, int64_t project_num, const webhook *of,
                              const delivery_scope *scope, const delivery_show *show,
                              num_list *page, store_error *err) {
  store_status status = store_transaction_begin(session, err);
  if (status == STORE_OK) {
    status = store_delivery_page(session, project_num, of->num, scope->status, scope->before,
                                 scope->limit + 1, keep_num, page, err);
  }
  for (size_t i = 0; status == STORE_OK && i < page->count; i++) {
    status = show_delivery(session, project_num, of, page->nums[i], show, err);
  }
  store_transaction_rollback(session);
  return status;
}

engine_status engine_delivery_list(engine *own, project *in, seg_text_view id,
                                   const delivery_scope *scope, const delivery_show *show,
                                   int64_t *last, bool *has_more, engine_error *error) {
  webhook of = {.id = id}; // all that the page asks of it
  (void)pthread_rwlock_rdlock(&in->lock);
  const webhook *found = project_find_webhook(in, id);
  of.num = found == NULL ? 0 : found->num;
  (void)pthread_rwlock_unlock(&in->lock);
  if (found == NULL) {
    return webhook_unknown(error);
  }
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  num_list page = {.nums = malloc((scope->limit + 1) * sizeof *page.nums), .limit = scope->limit};
  store_session *session = page.nums == NULL ? NULL : engine_session_borrow(own);
  store_status status =
      session == NULL ? STORE_NOMEM : show_page(session, in->num, &of, scope, show, &page, &cause);
  engine_session_return(own, session);
  *last = page.count == 0 ? 0 : page.nums[page.count - 1];
  *has_more = page.has_more;
  free(page.nums);
  return engine_fail_store(error, status, &cause);
}

/// What an id says.
typedef struct delivery_place {
  int64_t webhook;
  int64_t num;
  int64_t nonce;
} delivery_place;

static bool keep_nonce(void *context, const store_delivery *row) {
  *(int64_t *)context = row->nonce;
  return false;
}

/// STORE_NOT_FOUND: there is no such delivery, or one of another nonce.
static store_status check_delivery(store_session *session, int64_t project_num,
                                   const delivery_place *place, store_error *err) {
  int64_t nonce = -1;
  store_status status =
      store_delivery_get(session, project_num, place->webhook, place->num, keep_nonce, &nonce, err);
  return status == STORE_OK && nonce != place->nonce ? STORE_NOT_FOUND : status;
}

static engine_status delivery_unknown(engine_error *error) {
  return engine_fail(error, ENGINE_NOT_FOUND, "there is no delivery with this id");
}

/// Takes down the id of a webhook. False if there is none.
static bool take_webhook_id(project *in, int64_t num, char out[ID_TEXT_BYTES]) {
  (void)pthread_rwlock_rdlock(&in->lock);
  const webhook *of = project_find_webhook_num(in, num);
  if (of != NULL) {
    (void)snprintf(out, ID_TEXT_BYTES, "%.*s", (int)of->id.size_bytes, of->id.bytes);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  return of != NULL;
}

engine_status engine_delivery_get(engine *own, project *in, seg_text_view delivery_id,
                                  const delivery_show *show, engine_error *error) {
  delivery_place place;
  char webhook_id[ID_TEXT_BYTES];
  if (!delivery_id_read(delivery_id, &place.webhook, &place.num, &place.nonce) ||
      !take_webhook_id(in, place.webhook, webhook_id)) {
    return delivery_unknown(error);
  }
  webhook of = {.num = place.webhook, .id = seg_text_of(webhook_id)}; // all that is asked of it
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  store_session *session = engine_session_borrow(own);
  store_status status = session == NULL ? STORE_NOMEM : store_transaction_begin(session, &cause);
  if (status == STORE_OK) { // the delivery and its attempts are of one moment
    status = check_delivery(session, in->num, &place, &cause);
    if (status == STORE_OK) {
      status = show_delivery(session, in->num, &of, place.num, show, &cause);
    }
    store_transaction_rollback(session);
  }
  engine_session_return(own, session);
  return status == STORE_NOT_FOUND ? delivery_unknown(error)
                                   : engine_fail_store(error, status, &cause);
}

// Trials, and sending again.

typedef struct delivery_command {
  command base;
  seg_text_view id; ///< Of the webhook, or of the delivery.
  const delivery_show *show;
  webhook *of;
} delivery_command;

/// Whom a trial speaks of: nobody's address, by RFC 2606.
#define TEST_CONTACT                                                                               \
  "{\"id\":\"test\",\"email\":\"test@example.com\",\"subscribed\":true,\"data\":{}}"

static engine_status run_test(command *base, batch *in, project_batch *part) {
  delivery_command *own = (delivery_command *)base;
  const webhook *of = project_find_webhook(part->project, own->id);
  if (of == NULL) {
    return webhook_unknown(base->error);
  }
  if (!of->is_enabled) {
    return engine_fail(base->error, ENGINE_CONFLICT, "the webhook is disabled; enable it first");
  }
  seg_text_view none = {.bytes = NULL, .size_bytes = 0};
  int64_t num;
  store_status status = outbox_tell(in, part->project, of, seg_text_of(TEST_CONTACT),
                                    seg_text_of(EVENT_WEBHOOK_TEST), none, &num);
  if (status == STORE_OK) {
    status = show_delivery(in->session, part->project->num, of, num, own->show, &in->error);
  }
  return engine_fail_store(base->error, status, &in->error);
}

engine_status engine_webhook_test(engine *own, project *in, seg_text_view id,
                                  const delivery_show *show, engine_error *error) {
  delivery_command test = {
      .base = {.run = run_test, .project = in, .error = error}, .id = id, .show = show};
  return writer_submit(own->writer, &test.base);
}

static void publish_renewed(command *base, project *of) {
  project_renew_webhook(of, ((delivery_command *)base)->of);
}

static engine_status run_retry(command *base, batch *in, project_batch *part) {
  delivery_command *own = (delivery_command *)base;
  delivery_place place;
  int64_t project_num = part->project->num;
  bool is_id = delivery_id_read(own->id, &place.webhook, &place.num, &place.nonce);
  own->of = is_id ? project_find_webhook_num(part->project, place.webhook) : NULL;
  store_status status = own->of == NULL
                            ? STORE_NOT_FOUND
                            : check_delivery(in->session, project_num, &place, &in->error);
  if (status == STORE_NOT_FOUND) {
    return delivery_unknown(base->error);
  }
  if (status == STORE_OK) {
    status = store_delivery_renew(in->session, project_num, place.webhook, place.num, in->now_ms,
                                  &in->error);
  }
  if (status == STORE_OK) {
    status = show_delivery(in->session, project_num, own->of, place.num, own->show, &in->error);
  }
  in->has_deliveries = true;
  return engine_fail_store(base->error, status, &in->error);
}

engine_status engine_delivery_retry(engine *own, project *in, seg_text_view delivery_id,
                                    const delivery_show *show, engine_error *error) {
  delivery_command retry = {
      .base = {.run = run_retry, .publish = publish_renewed, .project = in, .error = error},
      .id = delivery_id,
      .show = show};
  return writer_submit(own->writer, &retry.base);
}

// Replays.

/// Deliveries that one round looks at: a tenth of a second's work, so that requests that wait do
/// not wait long.
#define REPLAY_DELIVERIES_MAX 5000

/// How far clocks have been set back, at most, while deliveries were recorded: a range is looked
/// for by instants that rise with nums, and so much beyond on both sides.
#define REPLAY_CLOCK_MS (INT64_C(60) * 60 * 1000)

/// A walk over the deliveries of a range, a round at a time.
typedef struct range_walk {
  const replay_range *range;
  int64_t webhook;
  int64_t after; ///< The last that has been looked at; -1: none yet.
  int64_t *nums; ///< Those of a round that are in the range; room for REPLAY_DELIVERIES_MAX.
  size_t num_count;
  size_t looked_at; ///< In a round.
  bool is_over;
} range_walk;

static bool take_delivery(void *context, const store_delivery *row) {
  range_walk *own = context;
  const replay_range *range = own->range;
  own->is_over = row->at_ms >= range->to_ms + REPLAY_CLOCK_MS;
  own->after = row->num;
  if (!own->is_over && row->at_ms >= range->from_ms && row->at_ms < range->to_ms &&
      (range->status == NULL ? row->status != STORE_DELIVERY_PENDING
                             : row->status == *range->status)) {
    own->nums[own->num_count++] = row->num;
  }
  own->looked_at++;
  return !own->is_over;
}

/// Looks at the next round.
static store_status walk_range(range_walk *own, store_session *session, int64_t project_num,
                               store_error *err) {
  store_status status = STORE_OK;
  if (own->after < 0) {
    int64_t first = 0;
    status = store_delivery_find_first(session, project_num, own->webhook,
                                       own->range->from_ms - REPLAY_CLOCK_MS, &first, err);
    own->after = first - 1;
  }
  own->num_count = own->looked_at = 0;
  if (status == STORE_OK) {
    status = store_delivery_each(session, project_num, own->webhook, own->after,
                                 REPLAY_DELIVERIES_MAX, take_delivery, own, err);
  }
  own->is_over = own->is_over || own->looked_at < REPLAY_DELIVERIES_MAX;
  return status;
}

/// Makes room for a round; false if there is no memory.
static bool begin_walk(range_walk *own, const replay_range *range, engine_error *error) {
  *own = (range_walk){
      .range = range, .after = -1, .nums = malloc(REPLAY_DELIVERIES_MAX * sizeof *own->nums)};
  if (own->nums == NULL) {
    (void)engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  return own->nums != NULL;
}

engine_status engine_webhook_replay_count(engine *own, project *in, seg_text_view id,
                                          const replay_range *range, size_t *count,
                                          engine_error *error) {
  *count = 0;
  (void)pthread_rwlock_rdlock(&in->lock);
  const webhook *found = project_find_webhook(in, id);
  int64_t num = found == NULL ? 0 : found->num;
  (void)pthread_rwlock_unlock(&in->lock);
  if (found == NULL) {
    return webhook_unknown(error);
  }
  range_walk walk;
  if (!begin_walk(&walk, range, error)) {
    return ENGINE_UNAVAILABLE;
  }
  walk.webhook = num;
  store_error cause = {.status = STORE_NOMEM, .message = "out of memory"};
  store_session *session = engine_session_borrow(own);
  store_status status = session == NULL ? STORE_NOMEM : STORE_OK;
  while (status == STORE_OK && !walk.is_over) {
    status = walk_range(&walk, session, in->num, &cause);
    *count += walk.num_count;
  }
  engine_session_return(own, session);
  free(walk.nums);
  return engine_fail_store(error, status, &cause);
}

typedef struct replay_command {
  command base;
  seg_text_view id;
  webhook *of;
  range_walk walk;
  size_t *total; ///< To be sent again, of all rounds.
} replay_command;

static engine_status run_replay(command *base, batch *in, project_batch *part) {
  replay_command *own = (replay_command *)base;
  int64_t project_num = part->project->num;
  own->of = project_find_webhook(part->project, own->id);
  if (own->of == NULL) {
    return webhook_unknown(base->error);
  }
  own->walk.webhook = own->of->num;
  store_status status = walk_range(&own->walk, in->session, project_num, &in->error);
  for (size_t i = 0; status == STORE_OK && i < own->walk.num_count; i++) {
    status = store_delivery_renew(in->session, project_num, own->of->num, own->walk.nums[i],
                                  in->now_ms, &in->error);
  }
  base->is_unfinished = !own->walk.is_over;
  in->has_deliveries = true;
  *own->total += own->walk.num_count;
  return engine_fail_store(base->error, status, &in->error);
}

static void publish_replayed(command *base, project *of) {
  project_renew_webhook(of, ((replay_command *)base)->of);
}

engine_status engine_webhook_replay(engine *own, project *in, seg_text_view id,
                                    const replay_range *range, size_t *count, engine_error *error) {
  replay_command replay = {
      .base = {.run = run_replay, .publish = publish_replayed, .project = in, .error = error},
      .id = id,
      .total = count};
  *count = 0;
  if (!begin_walk(&replay.walk, range, error)) {
    return ENGINE_UNAVAILABLE;
  }
  engine_status status;
  do { // each round is a transaction of its own, so that others get their turn in between
    status = writer_submit(own->writer, &replay.base);
  } while (status == ENGINE_OK && replay.base.is_unfinished);
  free(replay.walk.nums);
  return status;
}

// What is too old.

/// Deliveries that one step looks at: some hundredths of a second, once a second.
#define TIDY_DELIVERIES 2000
/// Between two walks over all deliveries.
#define TIDY_PAUSE_MS (INT64_C(60) * 60 * 1000)

void webhooks_tidy(engine *own, store_session *session) {
  int64_t now_ms = engine_now_ms(own);
  bool is_early = now_ms < own->next_tidy_ms && own->next_tidy_ms - now_ms <= TIDY_PAUSE_MS;
  if (own->tidy_cursor == 0 && is_early) {
    return;
  }
  store_error error;
  int64_t cursor = own->tidy_cursor;
  store_status status = store_transaction_begin(session, &error);
  if (status == STORE_OK) {
    status =
        store_delivery_expire(session, now_ms - WEBHOOK_LOG_MS, TIDY_DELIVERIES, &cursor, &error);
  }
  if (status == STORE_OK) {
    status = store_transaction_commit(session, &error);
  }
  if (status == STORE_OK) {
    own->tidy_cursor = cursor;
    own->next_tidy_ms = now_ms + TIDY_PAUSE_MS;
  } else {
    store_transaction_rollback(session);
    own->options.log(own->options.context, "tidy_failed", error.message);
  }
}
