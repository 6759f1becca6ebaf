// See redirect.h.
#include "redirect.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define HTTP_MOVED_PERMANENTLY 301
#define HTTP_SEE_OTHER 303
#define HTTP_TEMPORARY_REDIRECT 307
#define HTTP_PERMANENT_REDIRECT 308

/// What two URLs are compared by.
typedef struct origin {
  char *scheme;
  char *host;
  char *port;
  bool has_user;
} origin;

static void origin_free(origin *gone) {
  curl_free(gone->scheme);
  curl_free(gone->host);
  curl_free(gone->port);
}

static bool origin_read(const char *text, origin *out) {
  char *user = NULL;
  CURLU *url = curl_url();
  *out = (origin){.scheme = NULL};
  bool is_good = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
  if (is_good) {
    out->has_user = curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK ||
                    curl_url_get(url, CURLUPART_PASSWORD, &user, 0) == CURLUE_OK;
  }
  curl_free(user);
  curl_url_cleanup(url);
  return is_good;
}

static redirect_verdict compare(const origin *from, const origin *to) {
  bool is_secure = strcmp(to->scheme, "https") == 0;
  if (to->has_user || (!is_secure && strcmp(to->scheme, "http") != 0) ||
      (!is_secure && strcmp(from->scheme, "https") == 0)) {
    return REDIRECT_BAD_URL;
  }
  bool is_same = strcmp(from->scheme, to->scheme) == 0 && strcasecmp(from->host, to->host) == 0 &&
                 strcmp(from->port, to->port) == 0;
  return is_same ? REDIRECT_FOLLOW : REDIRECT_FOLLOW_BARE;
}

redirect_verdict redirect_judge(long status, const char *from, const char *to, int hops) {
  if (status >= HTTP_MOVED_PERMANENTLY && status <= HTTP_SEE_OTHER) {
    return REDIRECT_LOSES_BODY;
  }
  if ((status != HTTP_TEMPORARY_REDIRECT && status != HTTP_PERMANENT_REDIRECT) || to == NULL) {
    return REDIRECT_NONE;
  }
  if (hops >= REDIRECT_HOPS_MAX) {
    return REDIRECT_TOO_MANY;
  }
  origin begin;
  origin end = {.scheme = NULL};
  bool is_good = origin_read(from, &begin) && origin_read(to, &end);
  redirect_verdict verdict = is_good ? compare(&begin, &end) : REDIRECT_BAD_URL;
  origin_free(&begin);
  origin_free(&end);
  return verdict;
}

const char *redirect_failure(redirect_verdict verdict) {
  switch (verdict) {
  case REDIRECT_LOSES_BODY:
    return "the redirect would lose the body; only 307 and 308 are followed";
  case REDIRECT_TOO_MANY:
    return "more than 5 redirects";
  case REDIRECT_BAD_URL:
    return "the redirect leads to a URL that is not allowed: it must be http or https, not http "
           "after https, and without credentials";
  case REDIRECT_NONE:
  case REDIRECT_FOLLOW:
  case REDIRECT_FOLLOW_BARE:
    break;
  }
  return NULL;
}
