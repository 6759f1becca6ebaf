// See once.h.
#include "once.h"

#include <openssl/crypto.h>
#include <string.h>

/// Old answers that each request with a key deletes: more than the one that it adds, so that they
/// go, and few enough that nobody waits when a day's worth of them is old at once.
#define EXPIRED_MAX 16

typedef struct first_answer {
  const engine_once *once;
  bool is_same;
} first_answer;

static bool show_first(void *context, const store_answer *answer) {
  first_answer *first = context;
  const engine_once *once = first->once;
  first->is_same = CRYPTO_memcmp(answer->body_hash, once->body_hash, STORE_HASH_BYTES) == 0;
  if (first->is_same) {
    once->replay(once->context, answer->status, answer->content);
  }
  return false;
}

engine_status once_look(const engine_once *own, batch *in, const project *of, engine_error *error) {
  first_answer first = {.once = own, .is_same = false};
  store_status status = store_answer_expire(in->session, of->num, own->key,
                                            in->now_ms - ENGINE_ANSWER_MS, EXPIRED_MAX, &in->error);
  if (status == STORE_OK) {
    status = store_answer_get(in->session, of->num, own->key, show_first, &first, &in->error);
  }
  if (status == STORE_NOT_FOUND) {
    return ENGINE_OK;
  }
  if (status != STORE_OK) {
    return engine_fail_store(error, status, &in->error);
  }
  return first.is_same ? ENGINE_REPLAYED
                       : engine_fail(error, ENGINE_CONFLICT,
                                     "the Idempotency-Key was used for another request within the "
                                     "last 24 hours; use a new key for a new request");
}

engine_status once_keep(const engine_once *own, batch *in, const project *of, engine_error *error) {
  store_answer kept = {.key = own->key, .at_ms = in->now_ms};
  memcpy(kept.body_hash, own->body_hash, STORE_HASH_BYTES);
  if (!own->answer(own->context, &kept.status, &kept.content)) {
    return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  }
  store_status status = store_answer_put(in->session, of->num, &kept, &in->error);
  return engine_fail_store(error, status, &in->error);
}
