/// How often a project may ask: a token bucket for each key.
///
/// A bucket holds a minute's worth of tokens, so a project may spend a minute at once and then gets
/// its tokens back evenly. The number of buckets is bounded; when a new key finds its place taken
/// by keys of which none has refilled, the fullest of them gives way, which can only be in a
/// client's favour. Time is handed in and may stand still or go back: that gives no tokens.
/// Threads: any number; a short lock for each of some groups of keys.
#ifndef SEGMENTRY_HTTP_RATE_LIMIT_H
#define SEGMENTRY_HTTP_RATE_LIMIT_H

#include "segmentry/base.h"

/// Requests a minute of one project unless said otherwise: Plunk's limit.
#define SEG_HTTP_RATE_PER_MINUTE 1000
/// Buckets kept: more projects than one machine serves, in under a megabyte.
#define SEG_HTTP_RATE_BUCKETS 8192

typedef struct seg_http_rate_limit seg_http_rate_limit;

/// per_minute  0 limits nothing.
/// hash_seed   A random number, so that nobody chooses keys that share a place.
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_http_rate_limit_create(uint32_t per_minute, uint64_t hash_seed,
                                      seg_http_rate_limit **out);
void seg_http_rate_limit_free(seg_http_rate_limit *limit);

/// Takes one token.
///
/// now_ms               Of any clock that runs evenly, the same for all calls.
/// retry_after_seconds  written  When false: until the next token, rounded up, at least 1.
///
/// Returns whether there was one.
bool seg_http_rate_limit_take(seg_http_rate_limit *limit, seg_text_view key, int64_t now_ms,
                              uint32_t *retry_after_seconds);

#endif
