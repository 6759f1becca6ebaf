/// Requests that are carried out once, however often they are sent: what an Idempotency-Key asks.
///
/// The answer is kept in the transaction of the change. So whoever sends a request again, after a
/// lost connection or a crash of the server, gets the first answer if there was a change, and makes
/// the change if there was none. Failures are not kept: they changed nothing.
#ifndef SEGMENTRY_ENGINE_ONCE_H
#define SEGMENTRY_ENGINE_ONCE_H

#include "writer.h"

/// How long an answer is kept: longer than any client goes on trying.
#define ENGINE_ANSWER_MS (INT64_C(24) * 60 * 60 * 1000)

/// A request with a key. Its callbacks are called in the writer's thread.
struct engine_once {
  seg_text_view key;
  uint8_t body_hash[STORE_HASH_BYTES]; ///< Of everything that makes it this request.
  /// Says what will be answered, once the command has run and before the commit; false if there is
  /// no memory. The content is borrowed until the next call.
  bool (*answer)(void *context, int *status, seg_text_view *content);
  /// Is shown the first answer, in place of running the command.
  void (*replay)(void *context, int status, seg_text_view content);
  void *context;
};

/// Looks for an answer that is there already.
///
/// Returns ENGINE_OK: there is none, run the command; ENGINE_REPLAYED: it has been shown;
/// ENGINE_CONFLICT: the key belongs to another request; ENGINE_UNAVAILABLE.
engine_status once_look(const engine_once *own, batch *in, const project *of, engine_error *error);

/// Keeps the answer of a command that has run.
engine_status once_keep(const engine_once *own, batch *in, const project *of, engine_error *error);

#endif
