// Token buckets in a set-associative table: a key's hash names a set of eight places, and it lives
// in one of them. A set is guarded by one of a few locks, so unrelated projects rarely meet.
//
// Tokens are counted in sixty-thousandths: then a bucket gains exactly `per_minute` of them each
// millisecond, a request costs 60,000, and no fraction is ever lost.
#include "http/rate_limit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
/// What one request costs; see above.
#define TOKEN_UNITS INT64_C(60000)
/// Places that one key may live in.
#define SET_WAYS 8
#define SET_COUNT (SEG_HTTP_RATE_BUCKETS / SET_WAYS)
/// More than the threads of a server would contend for.
#define LOCK_COUNT 64
/// Bytes of a key that are kept: a project's id; more are folded into the hash alone.
#define KEY_BYTES_MAX 64

typedef struct bucket {
  uint64_t hash;
  int64_t units;
  int64_t at_ms;
  uint8_t key_bytes; ///< 0: the place is free.
  char key[KEY_BYTES_MAX];
} bucket;

struct seg_http_rate_limit {
  int64_t per_minute;
  uint64_t hash_seed;
  pthread_mutex_t locks[LOCK_COUNT];
  bucket buckets[SET_COUNT][SET_WAYS];
};

seg_status seg_http_rate_limit_create(uint32_t per_minute, uint64_t hash_seed,
                                      seg_http_rate_limit **out) {
  seg_http_rate_limit *limit = calloc(1, sizeof *limit);
  if (limit == NULL) {
    return SEG_E_NOMEM;
  }
  limit->per_minute = per_minute;
  limit->hash_seed = hash_seed;
  for (size_t i = 0; i < LOCK_COUNT; i++) {
    (void)pthread_mutex_init(&limit->locks[i], NULL); // cannot fail with default attributes
  }
  *out = limit;
  return SEG_OK;
}

void seg_http_rate_limit_free(seg_http_rate_limit *limit) {
  if (limit == NULL) {
    return;
  }
  for (size_t i = 0; i < LOCK_COUNT; i++) {
    (void)pthread_mutex_destroy(&limit->locks[i]);
  }
  free(limit);
}

/// FNV-1a with the seed in its basis, mixed at the end so that the low bits are good ones.
static uint64_t hash_key(uint64_t seed, seg_text_view key) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
  for (size_t i = 0; i < key.size_bytes; i++) {
    hash = (hash ^ (unsigned char)key.bytes[i]) * UINT64_C(0x100000001b3);
  }
  hash ^= hash >> 33;
  hash *= UINT64_C(0xff51afd7ed558ccd);
  return hash ^ (hash >> 33);
}

static void refill(const seg_http_rate_limit *limit, bucket *place, int64_t now_ms) {
  int64_t full = limit->per_minute * TOKEN_UNITS;
  if (now_ms <= place->at_ms) {
    return;
  }
  int64_t elapsed_ms = now_ms - place->at_ms;
  if (elapsed_ms > MINUTE_MS) {
    elapsed_ms = MINUTE_MS;
  }
  place->units += elapsed_ms * limit->per_minute;
  if (place->units > full) {
    place->units = full;
  }
  place->at_ms = now_ms;
}

/// The key's bucket, refilled. A new key takes a free place, else the fullest one.
static bucket *find(seg_http_rate_limit *limit, bucket set[SET_WAYS], uint64_t hash,
                    seg_text_view key, int64_t now_ms) {
  size_t kept = key.size_bytes < KEY_BYTES_MAX ? key.size_bytes : KEY_BYTES_MAX;
  bucket *best = NULL;
  for (size_t i = 0; i < SET_WAYS; i++) {
    bucket *place = &set[i];
    if (place->key_bytes == 0) {
      if (best == NULL || best->key_bytes != 0) {
        best = place;
      }
      continue;
    }
    refill(limit, place, now_ms);
    if (place->hash == hash && place->key_bytes == kept &&
        memcmp(place->key, key.bytes, kept) == 0) {
      return place;
    }
    if (best == NULL || (best->key_bytes != 0 && place->units > best->units)) {
      best = place;
    }
  }
  best->hash = hash;
  best->units = limit->per_minute * TOKEN_UNITS;
  best->at_ms = now_ms;
  best->key_bytes = (uint8_t)kept;
  memcpy(best->key, key.bytes, kept);
  return best;
}

bool seg_http_rate_limit_take(seg_http_rate_limit *limit, seg_text_view key, int64_t now_ms,
                              uint32_t *retry_after_seconds) {
  if (limit == NULL || limit->per_minute == 0 || key.size_bytes == 0) {
    return true;
  }
  uint64_t hash = hash_key(limit->hash_seed, key);
  size_t set = (size_t)(hash % SET_COUNT);
  pthread_mutex_t *lock = &limit->locks[set % LOCK_COUNT];
  (void)pthread_mutex_lock(lock);
  bucket *place = find(limit, limit->buckets[set], hash, key, now_ms);
  int64_t missing = TOKEN_UNITS - place->units;
  if (missing <= 0) {
    place->units -= TOKEN_UNITS;
  }
  (void)pthread_mutex_unlock(lock);
  if (missing <= 0) {
    return true;
  }
  int64_t wait_ms = (missing + limit->per_minute - 1) / limit->per_minute;
  *retry_after_seconds = (uint32_t)((wait_ms + 999) / 1000);
  return false;
}
