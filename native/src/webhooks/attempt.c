// See attempt.h.
#include "attempt.h"

#include "engine/text_buffer.h"
#include "signature.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Bytes of a header of ours: the longest has two signatures.
#define OWN_HEADER_BYTES 160
/// Stands in the log for a value that may be secret.
#define MASK "***"

parcel *parcel_make(const delivery *of, byte_count *held) {
  size_t size_bytes = sizeof(parcel) + of->payload.size_bytes + 1; // a body of no bytes is one too
  parcel *made = malloc(size_bytes);
  if (made == NULL) {
    return NULL;
  }
  *made = (parcel){.held = held,
                   .size_bytes = size_bytes,
                   .attempts = of->attempts,
                   .since_ms = of->since_ms,
                   .payload_bytes = of->payload.size_bytes};
  memcpy(made->id, of->id, sizeof made->id);
  if (of->payload.size_bytes > 0) {
    memcpy(made->payload, of->payload.bytes, of->payload.size_bytes);
  }
  for (byte_count *at = held; at != NULL; at = at->whole) {
    at->bytes += size_bytes;
  }
  return made;
}

void parcel_free(void *content) {
  parcel *gone = content;
  for (byte_count *at = gone->held; at != NULL; at = at->whole) {
    at->bytes -= gone->size_bytes;
  }
  free(gone);
}

/// The headers on their way: for curl, for other origins, and for the log.
typedef struct header_lists {
  struct curl_slist *full;
  struct curl_slist *bare;
  text_buffer log;
  bool has_failed;
} header_lists;

static void add_to(header_lists *own, struct curl_slist **list, const char *line) {
  struct curl_slist *longer = curl_slist_append(*list, line);
  own->has_failed = own->has_failed || longer == NULL;
  *list = longer == NULL ? *list : longer;
}

static void add_to_log(header_lists *own, const char *text, size_t size_bytes) {
  own->has_failed = own->has_failed || !text_buffer_add(&own->log, text, size_bytes);
}

/// One of ours, which goes along wherever a redirect leads.
static void add_own(header_lists *own, const char *line) {
  add_to(own, &own->full, line);
  add_to(own, &own->bare, line);
  add_to_log(own, line, strlen(line));
  add_to_log(own, "\n", 1);
}

/// One of the webhook's.
static void add_custom(header_lists *own, const webhook_header *header) {
  char line[WEBHOOK_HEADER_NAME_BYTES_MAX + WEBHOOK_HEADER_VALUE_BYTES_MAX + sizeof ": "];
  (void)snprintf(line, sizeof line, "%.*s: %.*s", (int)header->name.size_bytes, header->name.bytes,
                 (int)header->value.size_bytes, header->value.bytes);
  add_to(own, &own->full, line);
  add_to_log(own, header->name.bytes, header->name.size_bytes);
  add_to_log(own, ": " MASK "\n", sizeof ": " MASK "\n" - 1);
}

static bool add_signatures(header_lists *own, const parcel *of, const delivery_target *to,
                           int64_t at_ms) {
  char timestamp[24];
  char line[OWN_HEADER_BYTES];
  (void)snprintf(timestamp, sizeof timestamp, "%" PRId64, at_ms / 1000);
  const signed_message message = {.id = seg_text_of(of->id),
                                  .timestamp = seg_text_of(timestamp),
                                  .body = {.bytes = of->payload, .size_bytes = of->payload_bytes}};
  (void)snprintf(line, sizeof line, "webhook-id: %s", of->id);
  add_own(own, line);
  (void)snprintf(line, sizeof line, "webhook-timestamp: %s", timestamp);
  add_own(own, line);
  size_t at = (size_t)snprintf(line, sizeof line, "webhook-signature:");
  for (size_t i = 0; i < to->key_count; i++) {
    signature_key key = {.size_bytes = DELIVERY_KEY_BYTES};
    char signature[SIGNATURE_TEXT_BYTES];
    memcpy(key.bytes, to->keys[i], DELIVERY_KEY_BYTES);
    if (!signature_write(&key, &message, signature)) {
      return false;
    }
    at += (size_t)snprintf(line + at, sizeof line - at, " %s", signature);
  }
  add_own(own, line);
  return true;
}

bool attempt_begin(const parcel *own, const delivery_target *to, int64_t at_ms, int64_t now_ms,
                   outbound *out, char **request) {
  header_lists headers = {.full = NULL};
  add_to_log(&headers, "POST ", sizeof "POST " - 1);
  add_to_log(&headers, to->url.bytes, to->url.size_bytes);
  add_to_log(&headers, "\n", 1);
  add_own(&headers, "Content-Type: application/json");
  add_own(&headers, "User-Agent: Segmentry/" SEG_VERSION);
  bool is_signed = add_signatures(&headers, own, to, at_ms);
  for (size_t i = 0; i < to->header_count; i++) {
    add_custom(&headers, &to->headers[i]);
  }
  add_to_log(&headers, "", 1);
  // curl would wait for "100 Continue" before a large body.
  add_to(&headers, &headers.full, "Expect:");
  add_to(&headers, &headers.bare, "Expect:");
  char url[WEBHOOK_URL_BYTES_MAX + 1];
  (void)snprintf(url, sizeof url, "%.*s", (int)to->url.size_bytes, to->url.bytes);
  const seg_text_view body = {.bytes = own->payload, .size_bytes = own->payload_bytes};
  bool is_begun = outbound_begin(out, url, body, headers.full, headers.bare, now_ms);
  if (!is_begun || !is_signed || headers.has_failed) {
    text_buffer_free(&headers.log);
    return false;
  }
  *request = headers.log.bytes;
  return true;
}
