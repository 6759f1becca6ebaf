/// A message of Amazon SNS: its members, and whether its signature is that of a certificate. Pure.
#ifndef SEGMENTRY_WEBHOOKS_SNS_MESSAGE_H
#define SEGMENTRY_WEBHOOKS_SNS_MESSAGE_H

#include "segmentry/base.h"

struct cJSON;

/// Bytes of a URL in a message; Amazon's have about 400.
#define SNS_URL_BYTES_MAX 2048

typedef enum sns_type {
  SNS_NOTIFICATION,
  SNS_SUBSCRIPTION_CONFIRMATION,
  SNS_UNSUBSCRIBE_CONFIRMATION
} sns_type;

/// Texts are those of the tree. NULL: the message does not have it.
typedef struct sns_message {
  sns_type type;
  const char *message_id;
  const char *topic_arn;
  const char *message;
  const char *subject;
  const char *timestamp;
  const char *token;
  const char *subscribe_url;
  const char *signature;
  const char *signature_version;
  const char *certificate_url;
} sns_message;

/// Reads a message. False if a member that its type needs is missing; `missing` names it then.
bool sns_message_read(const struct cJSON *tree, sns_message *out, const char **missing);

/// Whether a URL is one of SNS itself: `https://sns.REGION.amazonaws.com/…`, or `.com.cn`, without
/// anything that another host could hide in.
bool sns_is_own_url(const char *url);
/// The same of a certificate's: its path ends with `.pem`.
bool sns_is_certificate_url(const char *url);

typedef enum sns_verdict {
  SNS_SIGNED = 0,
  SNS_FORGED,          ///< The signature is not that of this message and certificate.
  SNS_BAD_VERSION,     ///< Neither version 1 (SHA-1) nor 2 (SHA-256).
  SNS_BAD_CERTIFICATE, ///< It is none, has no RSA key, or is not valid today.
  SNS_NO_MEMORY
} sns_verdict;

/// Checks the signature: RSA over the members that the message's type signs, in their order.
///
/// certificate  X.509 in PEM.
sns_verdict sns_message_check(const sns_message *message, seg_text_view certificate);

#endif
