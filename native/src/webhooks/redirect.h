/// Which redirects a delivery follows: 307 and 308, which keep the method and the body. 301, 302
/// and 303 turn a POST into a GET for most of the world, and a delivery that arrives without its
/// body has not arrived; so they are failures. Pure; threads: any.
#ifndef SEGMENTRY_WEBHOOKS_REDIRECT_H
#define SEGMENTRY_WEBHOOKS_REDIRECT_H

#include <stdbool.h>

/// Redirects of one attempt: enough for a name that moved and its `www.`, and no circle.
#define REDIRECT_HOPS_MAX 5

typedef enum redirect_verdict {
  REDIRECT_NONE = 0,    ///< The status is none, or says not where to.
  REDIRECT_FOLLOW,      ///< To the same origin.
  REDIRECT_FOLLOW_BARE, ///< To another origin: without the webhook's own headers, which are secret.
  REDIRECT_LOSES_BODY,  ///< 301, 302 or 303.
  REDIRECT_TOO_MANY,    ///< More than REDIRECT_HOPS_MAX.
  REDIRECT_BAD_URL      ///< Not http or https, with credentials, or from https to http.
} redirect_verdict;

/// Judges one answer.
///
/// from   The URL that was asked.
/// to     Where to, made absolute; NULL if the answer does not say.
/// hops   Redirects that were followed so far.
redirect_verdict redirect_judge(long status, const char *from, const char *to, int hops);

/// Why a redirect is a failure; NULL if it is none.
const char *redirect_failure(redirect_verdict verdict);

#endif
