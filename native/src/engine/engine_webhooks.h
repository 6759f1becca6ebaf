/// Webhooks as the API asks for them: defined, tried, looked into. What they are told is written by
/// outbox.h, and what is told is sent by whoever uses deliveries.h.
///
/// All calls may come from any thread; see engine.h for `show` and `error`.
#ifndef SEGMENTRY_ENGINE_WEBHOOKS_H
#define SEGMENTRY_ENGINE_WEBHOOKS_H

#include "engine.h"
#include "webhook.h"

/// What stands for the value of a header, which may be a password. Given back in a change, it means
/// the value that is there.
#define WEBHOOK_MASK "***"

/// How long the secret before the current one signs too: time for all receivers to take the new
/// one, over a night and a working day.
#define WEBHOOK_OLD_SECRET_MS (INT64_C(24) * 60 * 60 * 1000)

/// How long deliveries that are not pending are kept, to be looked at and sent again.
#define WEBHOOK_LOG_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/// What a request says of a webhook. What it does not have is left as it is.
typedef struct webhook_input {
  seg_text_view name; ///< NULL bytes with has_name: none.
  seg_text_view url;  ///< NULL bytes: as it is.
  const seg_text_view *events;
  size_t event_count;
  const webhook_header *headers;
  size_t header_count;
  const struct cJSON *condition; ///< NULL with has_condition: none.
  bool has_name;
  bool has_events;
  bool has_headers;
  bool has_condition;
  bool has_enabled;
  bool enabled;
} webhook_input;

/// A webhook as it is shown.
typedef struct webhook_shown {
  const webhook *of;
  int64_t pending; ///< Deliveries that are.
  int64_t parked;
  /// Status and error of the last attempt that failed; NULL: none did, or it has expired.
  const store_attempt *last_failure;
  seg_text_view secret; ///< Only where it is new; else NULL bytes.
  int64_t now_ms;
} webhook_shown;

typedef void (*engine_webhook_show)(void *context, const webhook_shown *shown);

/// Creates a webhook, with a new secret. Returns ENGINE_OK, ENGINE_INVALID, ENGINE_CONDITION,
/// ENGINE_UNAVAILABLE or ENGINE_REPLAYED.
engine_status engine_webhook_create(engine *own, project *in, const webhook_input *input,
                                    engine_webhook_show show, void *context, engine_error *error);
/// Changes one. Another URL, or `enabled` said to be true, ends a pause: whoever says so has mended
/// the receiver. Returns the same, or ENGINE_NOT_FOUND.
engine_status engine_webhook_update(engine *own, project *in, seg_text_view id,
                                    const webhook_input *input, engine_webhook_show show,
                                    void *context, engine_error *error);
/// Deletes one; what is pending is not sent any more.
engine_status engine_webhook_delete(engine *own, project *in, seg_text_view id,
                                    engine_error *error);
/// Makes a new secret, which is shown; the old one signs too for WEBHOOK_OLD_SECRET_MS.
engine_status engine_webhook_rotate(engine *own, project *in, seg_text_view id,
                                    engine_webhook_show show, void *context, engine_error *error);
/// Shows one, or all, newest first.
engine_status engine_webhook_get(engine *own, project *in, seg_text_view id,
                                 engine_webhook_show show, void *context, engine_error *error);
engine_status engine_webhook_list(engine *own, project *in, engine_webhook_show show, void *context,
                                  engine_error *error);

/// Shows the webhooks whose conditions refer to a segment.
void engine_segment_webhooks(engine *own, project *in, seg_text_view segment_id,
                             void (*show)(void *context, const webhook *of), void *context);

// Deliveries.

/// Attempts that are shown of one delivery, the newest: a day's, mostly.
#define ENGINE_ATTEMPTS_SHOWN 20

/// Shows a delivery in three steps.
typedef struct delivery_show {
  void (*begin)(void *context, const store_delivery *row, seg_text_view webhook_id);
  void (*attempt)(void *context, const store_attempt *row); ///< Newest first.
  void (*end)(void *context);
  void *context;
} delivery_show;

/// Which deliveries.
typedef struct delivery_scope {
  const store_delivery_status *status; ///< Optional.
  int64_t before;                      ///< Those with a lower num, or STORE_NEWEST.
  size_t limit;
} delivery_scope;

/// Shows deliveries of a webhook, newest first. last, has_more  written  For the next page.
engine_status engine_delivery_list(engine *own, project *in, seg_text_view id,
                                   const delivery_scope *scope, const delivery_show *show,
                                   int64_t *last, bool *has_more, engine_error *error);

/// Shows one delivery.
engine_status engine_delivery_get(engine *own, project *in, seg_text_view delivery_id,
                                  const delivery_show *show, engine_error *error);

/// Tells a webhook of a trial, whatever its patterns and its condition are, and shows what it will
/// be told. ENGINE_CONFLICT: it is disabled.
engine_status engine_webhook_test(engine *own, project *in, seg_text_view id,
                                  const delivery_show *show, engine_error *error);

/// Makes a delivery due now, whatever became of it, with the id and the payload that it has, and
/// shows it.
engine_status engine_delivery_retry(engine *own, project *in, seg_text_view delivery_id,
                                    const delivery_show *show, engine_error *error);

/// Which deliveries are to be sent again, or now: those of a status, or all that are not pending.
typedef struct replay_range {
  int64_t from_ms;                     ///< Recorded then or later,
  int64_t to_ms;                       ///< and before then.
  const store_delivery_status *status; ///< Optional. Pending: what waits for its next attempt.
} replay_range;

/// Counts the deliveries of a range, and changes nothing. Cost: a look at each of its time, 1 µs.
/// count  written  How many a replay would make due.
engine_status engine_webhook_replay_count(engine *own, project *in, seg_text_view id,
                                          const replay_range *range, size_t *count,
                                          engine_error *error);
/// Makes the deliveries of a range due now, as engine_delivery_retry does one. Each some thousands
/// are a transaction of their own.
/// count  written  How many.
engine_status engine_webhook_replay(engine *own, project *in, seg_text_view id,
                                    const replay_range *range, size_t *count, engine_error *error);

/// Deletes some of what is too old, in a transaction of its own: at the start of a walk, and while
/// one is under way. In the writer's thread, with its session.
void webhooks_tidy(engine *own, store_session *session);

#endif
