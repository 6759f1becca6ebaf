// Deliveries as the API asks for them: looked at, tried, sent again, taken away when they are old.
#include "deliveries.h"
#include "engine_internal.h"
#include "engine_webhooks.h"
#include "outbox.h"
#include "webhooks_internal.h"

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

// Trials, and sending again.

typedef struct delivery_command {
  command base;
  seg_text_view id; ///< Of the webhook, or of the delivery.
  const delivery_show *show;
  const replay_range *range;
  webhook *of;
  int64_t after; ///< Of a replay: the last that has been looked at; -1: none yet.
  int64_t *nums; ///< Those of a round that are to be sent again.
  size_t num_count;
  bool is_last;
  size_t count;  ///< Looked at in a round.
  size_t *total; ///< To be sent again, of all rounds.
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

static bool keep_nonce(void *context, const store_delivery *row) {
  *(int64_t *)context = row->nonce;
  return false;
}

static engine_status run_retry(command *base, batch *in, project_batch *part) {
  delivery_command *own = (delivery_command *)base;
  int64_t of_num = 0;
  int64_t num = 0;
  int64_t nonce = 0;
  int64_t stored_nonce = -1;
  int64_t project_num = part->project->num;
  bool is_id = delivery_id_read(own->id, &of_num, &num, &nonce);
  own->of = is_id ? project_find_webhook_num(part->project, of_num) : NULL;
  store_status status = STORE_NOT_FOUND;
  if (own->of != NULL) {
    status = store_delivery_get(in->session, project_num, of_num, num, keep_nonce, &stored_nonce,
                                &in->error);
  }
  if (status == STORE_NOT_FOUND || (status == STORE_OK && nonce != stored_nonce)) {
    return engine_fail(base->error, ENGINE_NOT_FOUND, "there is no delivery with this id");
  }
  if (status == STORE_OK) {
    status = store_delivery_renew(in->session, project_num, of_num, num, in->now_ms, &in->error);
  }
  if (status == STORE_OK) {
    status = show_delivery(in->session, project_num, own->of, num, own->show, &in->error);
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

static bool take_delivery(void *context, const store_delivery *row) {
  delivery_command *own = context;
  const replay_range *range = own->range;
  own->is_last = row->at_ms >= range->to_ms + REPLAY_CLOCK_MS;
  own->after = row->num;
  if (!own->is_last && row->at_ms >= range->from_ms && row->at_ms < range->to_ms &&
      row->status != STORE_DELIVERY_PENDING &&
      (range->status == NULL || row->status == *range->status)) {
    own->nums[own->num_count++] = row->num;
  }
  own->count++;
  return !own->is_last;
}

static store_status replay_some(delivery_command *own, batch *in, int64_t project_num) {
  store_status status = STORE_OK;
  if (own->after < 0) {
    int64_t first = 0;
    status = store_delivery_find_first(in->session, project_num, own->of->num,
                                       own->range->from_ms - REPLAY_CLOCK_MS, &first, &in->error);
    own->after = first - 1;
  }
  own->num_count = own->count = 0;
  own->is_last = false;
  if (status == STORE_OK) {
    status = store_delivery_each(in->session, project_num, own->of->num, own->after,
                                 REPLAY_DELIVERIES_MAX, take_delivery, own, &in->error);
  }
  for (size_t i = 0; status == STORE_OK && i < own->num_count; i++) {
    status = store_delivery_renew(in->session, project_num, own->of->num, own->nums[i], in->now_ms,
                                  &in->error);
  }
  return status;
}

static engine_status run_replay(command *base, batch *in, project_batch *part) {
  delivery_command *own = (delivery_command *)base;
  own->of = project_find_webhook(part->project, own->id);
  if (own->of == NULL) {
    return webhook_unknown(base->error);
  }
  store_status status = replay_some(own, in, part->project->num);
  base->is_unfinished = !own->is_last && own->count == REPLAY_DELIVERIES_MAX;
  in->has_deliveries = true;
  *own->total += own->num_count;
  return engine_fail_store(base->error, status, &in->error);
}

engine_status engine_webhook_replay(engine *own, project *in, seg_text_view id,
                                    const replay_range *range, size_t *count, engine_error *error) {
  delivery_command replay = {
      .base = {.run = run_replay, .publish = publish_renewed, .project = in, .error = error},
      .id = id,
      .range = range,
      .after = -1,
      .total = count,
      .nums = malloc(REPLAY_DELIVERIES_MAX * sizeof *replay.nums)};
  *count = 0;
  engine_status status =
      replay.nums != NULL ? ENGINE_OK : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  do { // each round is a transaction of its own, so that others get their turn in between
    status = status == ENGINE_OK ? writer_submit(own->writer, &replay.base) : status;
  } while (status == ENGINE_OK && replay.base.is_unfinished);
  free(replay.nums);
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
