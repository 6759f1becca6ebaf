/// Whom to believe about emails: the SNS topics that are allowed, and the certificates that sign
/// their messages.
///
/// A message counts if its topic is one of those that were given at the start and its signature is
/// good. The certificate is the one of a file, or is fetched from where the message says, which
/// must be SNS itself over TLS; it is kept for a day.
///
/// Threads: any.
#ifndef SEGMENTRY_WEBHOOKS_SNS_ADAPTER_H
#define SEGMENTRY_WEBHOOKS_SNS_ADAPTER_H

#include "sns_message.h"

/// Topics of a server, and bytes of the ARN of one.
#define SNS_TOPICS_MAX 32
#define SNS_TOPIC_BYTES_MAX 512
/// Bytes of a certificate in PEM: Amazon's have about 2,000.
#define SNS_CERTIFICATE_BYTES_MAX 16384
/// Certificates that are kept, and how long: there is one for each region, changed once a year.
#define SNS_CERTIFICATES_KEPT 8
#define SNS_CERTIFICATE_KEPT_MS INT64_C(86400000)

typedef struct sns_adapter sns_adapter;

typedef struct sns_adapter_options {
  const char *topics;           ///< ARNs with commas between them; "" is none.
  const char *certificate_file; ///< optional  PEM, in place of what is fetched.
  int64_t (*now_ms)(void *context);
  void *context;
  /// For tests: fetches a URL in place of libcurl. out  written  `capacity` bytes at most.
  bool (*fetch)(void *context, const char *url, char *out, size_t capacity, size_t *size_bytes);
} sns_adapter_options;

/// Makes an adapter. On failure says why in `error`: SEG_E_INVALID or SEG_E_NOMEM.
seg_status sns_adapter_create(const sns_adapter_options *options, sns_adapter **out,
                              seg_error *error);
void sns_adapter_free(sns_adapter *gone);

/// Whether a topic is one of those that are allowed.
bool sns_adapter_allows(const sns_adapter *own, const char *topic_arn);

/// What to make of a message.
typedef enum sns_trust {
  SNS_TRUSTED = 0,
  SNS_TOPIC_UNKNOWN,  ///< Its topic is not allowed.
  SNS_UNTRUSTED,      ///< Its signature is wrong, or its certificate is not Amazon's.
  SNS_NO_CERTIFICATE, ///< The certificate cannot be had now.
  SNS_TRUST_NO_MEMORY
} sns_trust;

/// Says whether a message counts. May wait for the network, OUTBOUND_TOTAL_MS at most.
sns_trust sns_adapter_judge(sns_adapter *own, const sns_message *message);

/// Confirms the subscription that a trusted message asks for. False if its URL is not one of SNS,
/// or cannot be had. May wait as above.
bool sns_adapter_confirm(sns_adapter *own, const sns_message *message);

#endif
