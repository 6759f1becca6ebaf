// See sns_adapter.h.
#include "sns_adapter.h"

#include "address_guard.h"
#include "outbound.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct kept_certificate {
  char *url; ///< Owned; NULL: the place is free.
  char *pem; ///< Owned.
  size_t size_bytes;
  int64_t at_ms;
} kept_certificate;

struct sns_adapter {
  sns_adapter_options options;
  char *topics; ///< Owned; the texts of `topic`.
  seg_text_view topic[SNS_TOPICS_MAX];
  size_t topic_count;
  char *certificate; ///< Owned: of the file; NULL without one.
  size_t certificate_bytes;
  pthread_mutex_t mutex;
  kept_certificate kept[SNS_CERTIFICATES_KEPT];
};

static seg_status fail(seg_error *error, seg_status status, const char *what, const char *which) {
  error->status = status;
  (void)snprintf(error->message, sizeof error->message, "%s%.300s", what, which);
  return status;
}

// Set up.

static seg_status read_topics(sns_adapter *own, seg_error *error) {
  const char *at = own->topics;
  while (*at != '\0') {
    size_t size_bytes = strcspn(at, ",");
    if (own->topic_count == SNS_TOPICS_MAX) {
      return fail(error, SEG_E_INVALID, "--sns-topics has more than 32 topics", "");
    }
    if (size_bytes > SNS_TOPIC_BYTES_MAX || strncmp(at, "arn:", 4) != 0) {
      return fail(error, SEG_E_INVALID,
                  "--sns-topics must be ARNs with commas between them, such as "
                  "arn:aws:sns:eu-central-1:123456789012:ses; found ",
                  at);
    }
    own->topic[own->topic_count++] = (seg_text_view){.bytes = at, .size_bytes = size_bytes};
    at += size_bytes;
    at += *at == ',';
  }
  return SEG_OK;
}

static seg_status read_certificate(sns_adapter *own, seg_error *error) {
  const char *path = own->options.certificate_file;
  if (path == NULL) {
    return SEG_OK;
  }
  FILE *file = fopen(path, "rbe");
  own->certificate = malloc(SNS_CERTIFICATE_BYTES_MAX);
  if (file == NULL || own->certificate == NULL) {
    if (file != NULL) {
      (void)fclose(file);
    }
    return fail(error, SEG_E_INVALID, "--sns-certificate: cannot read ", path);
  }
  own->certificate_bytes = fread(own->certificate, 1, SNS_CERTIFICATE_BYTES_MAX, file);
  bool is_whole = ferror(file) == 0 && fgetc(file) == EOF;
  (void)fclose(file);
  if (!is_whole || own->certificate_bytes == 0) {
    return fail(error, SEG_E_INVALID, "--sns-certificate: no certificate in PEM is in ", path);
  }
  return SEG_OK;
}

static bool fetch_outside(void *context, const char *url, char *out, size_t capacity,
                          size_t *size_bytes) {
  const outbound_limits limits = {.allows = address_guard_allows,
                                  .connect_ms = OUTBOUND_CONNECT_MS,
                                  .total_ms = OUTBOUND_TOTAL_MS,
                                  .answer_bytes_max = capacity};
  outbound request;
  (void)context;
  if (!outbound_create(&request, &limits)) {
    return false;
  }
  bool is_there = outbound_get(&request, url) && !request.was_cut;
  if (is_there) {
    memcpy(out, request.answer, request.answer_bytes);
    *size_bytes = request.answer_bytes;
  }
  outbound_free(&request);
  return is_there;
}

seg_status sns_adapter_create(const sns_adapter_options *options, sns_adapter **out,
                              seg_error *error) {
  sns_adapter *own = outbound_start_up() ? calloc(1, sizeof *own) : NULL;
  if (own == NULL) {
    return fail(error, SEG_E_NOMEM, "out of memory", "");
  }
  own->options = *options;
  if (own->options.fetch == NULL) {
    own->options.fetch = fetch_outside;
  }
  (void)pthread_mutex_init(&own->mutex, NULL);
  own->topics = strdup(options->topics);
  seg_status status =
      own->topics == NULL ? fail(error, SEG_E_NOMEM, "out of memory", "") : read_topics(own, error);
  status = status == SEG_OK ? read_certificate(own, error) : status;
  if (status != SEG_OK) {
    sns_adapter_free(own);
    return status;
  }
  *out = own;
  return SEG_OK;
}

static void forget(kept_certificate *gone) {
  free(gone->url);
  free(gone->pem);
  *gone = (kept_certificate){.url = NULL};
}

void sns_adapter_free(sns_adapter *gone) {
  if (gone == NULL) {
    return;
  }
  for (size_t i = 0; i < SNS_CERTIFICATES_KEPT; i++) {
    forget(&gone->kept[i]);
  }
  (void)pthread_mutex_destroy(&gone->mutex);
  free(gone->certificate);
  free(gone->topics);
  free(gone);
}

// Certificates.

/// A certificate as it was kept, or else as it is fetched. out  written  SNS_CERTIFICATE_BYTES_MAX.
static bool copy_kept(sns_adapter *own, const char *url, int64_t now_ms, char *out,
                      size_t *size_bytes) {
  bool is_there = false;
  (void)pthread_mutex_lock(&own->mutex);
  for (size_t i = 0; i < SNS_CERTIFICATES_KEPT && !is_there; i++) {
    kept_certificate *kept = &own->kept[i];
    if (kept->url != NULL && strcmp(kept->url, url) == 0 &&
        now_ms - kept->at_ms < SNS_CERTIFICATE_KEPT_MS) {
      memcpy(out, kept->pem, kept->size_bytes);
      *size_bytes = kept->size_bytes;
      is_there = true;
    }
  }
  (void)pthread_mutex_unlock(&own->mutex);
  return is_there;
}

/// Keeps a certificate in the place of an older one of this URL, or of the oldest.
static void keep(sns_adapter *own, const char *url, int64_t now_ms, const char *pem,
                 size_t size_bytes) {
  kept_certificate made = {
      .url = strdup(url), .pem = malloc(size_bytes), .size_bytes = size_bytes, .at_ms = now_ms};
  if (made.url == NULL || made.pem == NULL) {
    forget(&made);
    return;
  }
  memcpy(made.pem, pem, size_bytes);
  (void)pthread_mutex_lock(&own->mutex);
  kept_certificate *place = &own->kept[0];
  for (size_t i = 0; i < SNS_CERTIFICATES_KEPT; i++) {
    kept_certificate *kept = &own->kept[i];
    if (kept->url == NULL || strcmp(kept->url, url) == 0) {
      place = kept;
      break;
    }
    place = kept->at_ms < place->at_ms ? kept : place;
  }
  forget(place);
  *place = made;
  (void)pthread_mutex_unlock(&own->mutex);
}

static sns_trust trust_of(sns_verdict verdict) {
  switch (verdict) {
  case SNS_SIGNED:
    return SNS_TRUSTED;
  case SNS_NO_MEMORY:
    return SNS_TRUST_NO_MEMORY;
  default:
    return SNS_UNTRUSTED;
  }
}

/// Checks a message with the certificate that it names. One that is fetched is kept only if it has
/// signed something: so what is kept cannot be crowded out by made-up names.
static sns_trust judge_fetched(sns_adapter *own, const sns_message *message) {
  const char *url = message->certificate_url;
  int64_t now_ms = own->options.now_ms(own->options.context);
  size_t size_bytes = 0;
  if (!sns_is_certificate_url(url)) {
    return SNS_UNTRUSTED;
  }
  char *pem = malloc(SNS_CERTIFICATE_BYTES_MAX);
  if (pem == NULL) {
    return SNS_TRUST_NO_MEMORY;
  }
  sns_trust trust = SNS_NO_CERTIFICATE;
  bool is_kept = copy_kept(own, url, now_ms, pem, &size_bytes);
  if (is_kept ||
      own->options.fetch(own->options.context, url, pem, SNS_CERTIFICATE_BYTES_MAX, &size_bytes)) {
    trust = trust_of(
        sns_message_check(message, (seg_text_view){.bytes = pem, .size_bytes = size_bytes}));
  }
  if (trust == SNS_TRUSTED && !is_kept) {
    keep(own, url, now_ms, pem, size_bytes);
  }
  free(pem);
  return trust;
}

// Judging.

bool sns_adapter_allows(const sns_adapter *own, const char *topic_arn) {
  for (size_t i = 0; i < own->topic_count; i++) {
    if (seg_text_equal(own->topic[i], seg_text_of(topic_arn))) {
      return true;
    }
  }
  return false;
}

sns_trust sns_adapter_judge(sns_adapter *own, const sns_message *message) {
  if (!sns_adapter_allows(own, message->topic_arn)) {
    return SNS_TOPIC_UNKNOWN;
  }
  if (own->certificate == NULL) {
    return judge_fetched(own, message);
  }
  return trust_of(sns_message_check(
      message, (seg_text_view){.bytes = own->certificate, .size_bytes = own->certificate_bytes}));
}

bool sns_adapter_confirm(sns_adapter *own, const sns_message *message) {
  char answer[SNS_CERTIFICATE_BYTES_MAX];
  size_t size_bytes = 0;
  return message->type == SNS_SUBSCRIPTION_CONFIRMATION && sns_is_own_url(message->subscribe_url) &&
         own->options.fetch(own->options.context, message->subscribe_url, answer, sizeof answer,
                            &size_bytes);
}
