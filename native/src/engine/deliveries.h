/// Deliveries, for who sends them: what is due, and what became of it.
///
/// What is due was written in the transaction of the event that it tells of (outbox.h). The sender
/// reads it, sends, and notes what came of it; a delivery that is not noted is due again after a
/// restart. So each is sent at least once, always under the same id.
///
/// All calls may come from any thread.
#ifndef SEGMENTRY_DELIVERIES_H
#define SEGMENTRY_DELIVERIES_H

#include "engine.h"
#include "webhook.h"

/// Bytes of a delivery's id with its final NUL: `msg_` and 32 digits.
#define DELIVERY_ID_BYTES 37

/// Writes the id of a delivery: what `webhook-id` says. It has the numbers in it, so that it is
/// found without an index, and random bits, so that no other database gives it.
void delivery_id_write(int64_t of_webhook, int64_t num, int64_t nonce, char out[DELIVERY_ID_BYTES]);
/// Reads one; false if it is none.
bool delivery_id_read(seg_text_view id, int64_t *of_webhook, int64_t *num, int64_t *nonce);

/// A delivery that is pending.
typedef struct delivery {
  int64_t webhook;
  int64_t num;     ///< Rising: the order in which events were recorded.
  int64_t contact; ///< 0 for events without one.
  char id[DELIVERY_ID_BYTES];
  seg_text_view payload; ///< The body, as it was when the event was recorded. Owned by the list.
  int64_t attempts;      ///< So far.
  int64_t since_ms;      ///< What its day of attempts is counted from.
  int64_t next_at_ms;    ///< Not before.
} delivery;

typedef struct delivery_list {
  delivery *items;
  size_t count;
  char *texts;
} delivery_list;

/// Reads the pending deliveries of a webhook with num > after, in their order, at most `limit`.
/// out  written, owned  End with delivery_list_free. Empty for a webhook that is gone.
/// Returns ENGINE_OK or ENGINE_UNAVAILABLE.
engine_status engine_deliveries_pending(engine *own, int64_t of_webhook, int64_t after,
                                        size_t limit, delivery_list *out);
void delivery_list_free(delivery_list *gone);

/// Bytes of a key that signs.
#define DELIVERY_KEY_BYTES 32
/// Keys that sign at a time: the one, and for a day the one before it.
#define DELIVERY_KEYS_MAX 2

/// An enabled webhook that has pending deliveries. All texts are owned by the list.
typedef struct delivery_target {
  int64_t webhook;
  /// Another one when deliveries have become due, or ceased to be, elsewhere than at the end: by
  /// `retry` and `replay`. Or when the webhook itself has changed. What was read of it before is to
  /// be read anew, from 0 on; what is being sent may go on, and be noted.
  uint64_t version;
  seg_text_view url;
  webhook_header *headers;
  size_t header_count;
  uint8_t keys[DELIVERY_KEYS_MAX][DELIVERY_KEY_BYTES]; ///< The newest first.
  size_t key_count;
  store_webhook_health health; ///< As it was noted last.
} delivery_target;

typedef struct delivery_target_list {
  delivery_target *items;
  size_t count;
  char *texts;
  webhook_header *headers;
} delivery_target_list;

/// Reads the enabled webhooks of all projects that have pending deliveries.
/// out  written, owned  End with delivery_target_list_free.
/// Returns ENGINE_OK or ENGINE_UNAVAILABLE.
/// Cost: a copy of each enabled webhook, and a look into the store, about 5 µs.
engine_status engine_delivery_targets(engine *own, delivery_target_list *out);
void delivery_target_list_free(delivery_target_list *gone);

/// How many deliveries are pending, of all webhooks.
/// Returns ENGINE_OK or ENGINE_UNAVAILABLE.
/// Cost: a look at each of them, about 10 ns.
engine_status engine_deliveries_count(engine *own, int64_t *pending);

/// What becomes of a delivery.
typedef enum delivery_result {
  DELIVERY_DELIVERED,
  DELIVERY_AGAIN, ///< It is due again at `next_at_ms`.
  DELIVERY_PARKED ///< Given up.
} delivery_result;

/// Bytes that are kept of an answer, of why an attempt failed, and of what was sent beside the
/// body: the longest URL and all headers fit.
#define DELIVERY_ANSWER_BYTES_MAX 4096
#define DELIVERY_ERROR_BYTES_MAX 500
#define DELIVERY_REQUEST_BYTES_MAX 6144

/// What became of one attempt.
typedef struct delivery_outcome {
  int64_t webhook;
  uint64_t version; ///< Of the target, when it was sent there.
  int64_t num;
  int64_t next_at_ms;      ///< DELIVERY_AGAIN
  int64_t paused_until_ms; ///< Of the webhook, from now on; STORE_NO_INSTANT: it is not.
  store_attempt attempt;   ///< If it was sent.
  delivery_result result;
  bool was_sent; ///< Else it was given up without an attempt.
  bool is_success;
  bool disables; ///< The receiver wants no more: the webhook is disabled.
} delivery_outcome;

/// Notes what became of many attempts, in their order, as one command of the writer: the log, what
/// each delivery is now, and the webhooks' health. Those of webhooks that are gone, and of
/// deliveries that are not pending any more, are passed over. Where the webhook has another version
/// now, the health stays but for the count of those delivered: what another URL answered says
/// nothing of this one. Texts that are too long are cut.
///
/// Returns ENGINE_OK, or ENGINE_UNAVAILABLE: none is noted; try again.
engine_status engine_deliveries_note(engine *own, const delivery_outcome *outcomes, size_t count);

/// Sets who is told that there may be something to do: a commit wrote deliveries, or changed a
/// webhook. `wake` is called in the writer's thread, must not wait, and must not call the engine.
/// wake  optional  NULL: nobody; then a call that was under way has ended.
void engine_on_deliveries(engine *own, void (*wake)(void *context), void *context);

#endif
