// See outbound.h.
#include "outbound.h"

#include "redirect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/// Beyond it a Retry-After is cut: schedule.h allows less, and nothing may overflow.
#define RETRY_AFTER_S_MAX 1000000

bool outbound_start_up(void) { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

static void describe_address(const struct sockaddr *address, char *out, size_t out_bytes) {
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
  (void)snprintf(out, out_bytes, "an address");
  if (address->sa_family == AF_INET) {
    memcpy(&ipv4, address, sizeof ipv4);
    (void)inet_ntop(AF_INET, &ipv4.sin_addr, out, (socklen_t)out_bytes);
  } else if (address->sa_family == AF_INET6) {
    memcpy(&ipv6, address, sizeof ipv6);
    (void)inet_ntop(AF_INET6, &ipv6.sin6_addr, out, (socklen_t)out_bytes);
  }
}

/// Is asked for each connection, with the address that the name was resolved to.
static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
  outbound *own = context;
  if (purpose != CURLSOCKTYPE_IPCXN) {
    return CURL_SOCKET_BAD;
  }
  if (own->limits.allows != NULL && !own->limits.allows(&address->addr, address->addrlen)) {
    describe_address(&address->addr, own->refused, sizeof own->refused);
    return CURL_SOCKET_BAD;
  }
  own->has_reached = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Is asked for each connection over TLS, before it begins.
static CURLcode trust_more(CURL *easy, void *tls, void *context) {
  (void)easy;
  return certificates_add_to(context, SSL_CTX_get_cert_store(tls)) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
  outbound *own = context;
  (void)bytes;
  own->header_bytes += size * count;
  return own->header_bytes <= OUTBOUND_HEADER_BYTES_MAX ? size * count
                                                        : 0; // less ends the transfer
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *context) {
  outbound *own = context;
  size_t size_bytes = size * count;
  size_t room = own->limits.answer_bytes_max - own->answer_bytes;
  size_t taken = size_bytes < room ? size_bytes : room;
  memcpy(own->answer + own->answer_bytes, bytes, taken);
  own->answer_bytes += taken;
  own->was_cut = own->was_cut || taken < size_bytes;
  return taken; // less than there is ends the transfer
}

static bool set_limits(outbound *own) {
  CURL *easy = own->easy;
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         // A name server that does not answer must not hold up the thread when a request is given
         // up: without this it waits for the resolver's.
         curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)own->limits.connect_ms) ==
             CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_USERAGENT, "Segmentry/" SEG_VERSION) == CURLE_OK;
}

/// Whom to believe. Without a folder libcurl keeps what it has read of the system's file for a day;
/// with one, as it is built, each connection reads it anew, in 30 ms of the sender's thread.
static bool set_trust(outbound *own) {
  CURL *easy = own->easy;
  const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
  bool has_file = built->age >= CURLVERSION_SEVENTH && built->cainfo != NULL;
  return (!has_file || curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK) &&
         (own->limits.trusted == NULL ||
          (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, trust_more) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, own->limits.trusted) == CURLE_OK));
}

static bool set_callbacks(outbound *own) {
  CURL *easy = own->easy;
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, own) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEDATA, own) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERDATA, own) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, own->curl_error) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PRIVATE, own) == CURLE_OK;
}

bool outbound_create(outbound *own, const outbound_limits *limits) {
  *own = (outbound){.limits = *limits, .easy = curl_easy_init()};
  own->answer = malloc(limits->answer_bytes_max);
  if (own->easy != NULL && own->answer != NULL && set_limits(own) && set_trust(own) &&
      set_callbacks(own)) {
    return true;
  }
  outbound_free(own);
  return false;
}

static void free_headers(outbound *own) {
  curl_slist_free_all(own->headers);
  curl_slist_free_all(own->bare_headers);
  own->headers = NULL;
  own->bare_headers = NULL;
}

void outbound_free(outbound *own) {
  curl_easy_cleanup(own->easy);
  free_headers(own);
  free(own->answer);
  own->easy = NULL;
  own->answer = NULL;
}

/// Prepares the handle for a hop that may take as long as is left.
static bool begin_hop(outbound *own, const char *url, int64_t now_ms) {
  struct curl_slist *headers = own->is_bare ? own->bare_headers : own->headers;
  int64_t left_ms = own->limits.total_ms - (now_ms - own->began_ms);
  own->status = 0;
  own->answer_bytes = 0;
  own->was_cut = false;
  own->retry_after_ms = 0;
  own->curl_error[0] = '\0';
  own->refused[0] = '\0';
  own->has_reached = false;
  return curl_easy_setopt(own->easy, CURLOPT_URL, url) == CURLE_OK &&
         curl_easy_setopt(own->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
         curl_easy_setopt(own->easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1)) ==
             CURLE_OK;
}

bool outbound_begin(outbound *own, const char *url, seg_text_view body, struct curl_slist *headers,
                    struct curl_slist *bare_headers, int64_t now_ms) {
  free_headers(own);
  own->headers = headers;
  own->bare_headers = bare_headers;
  own->hops = 0;
  own->is_bare = false;
  own->header_bytes = 0;
  own->error[0] = '\0';
  own->began_ms = now_ms;
  bool has_method =
      body.bytes == NULL
          ? curl_easy_setopt(own->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK
          : curl_easy_setopt(own->easy, CURLOPT_POST, 1L) == CURLE_OK &&
                curl_easy_setopt(own->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t)body.size_bytes) == CURLE_OK &&
                curl_easy_setopt(own->easy, CURLOPT_POSTFIELDS, body.bytes) == CURLE_OK;
  return has_method && begin_hop(own, url, now_ms);
}

static void read_retry_after(outbound *own) {
  curl_off_t seconds = 0;
  if (curl_easy_getinfo(own->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
    seconds = seconds < RETRY_AFTER_S_MAX ? seconds : RETRY_AFTER_S_MAX;
    own->retry_after_ms = (int64_t)seconds * 1000;
  }
}

/// Says why there is no whole answer.
static void say_failure(outbound *own, CURLcode code) {
  if (own->header_bytes > OUTBOUND_HEADER_BYTES_MAX) {
    (void)snprintf(own->error, sizeof own->error, "the answer has more than %zu bytes of headers",
                   OUTBOUND_HEADER_BYTES_MAX);
    return;
  }
  if (own->refused[0] != '\0' && !own->has_reached) {
    (void)snprintf(own->error, sizeof own->error,
                   "%s is not a public address; the server does not send there unless it runs with "
                   "--allow-private-webhooks",
                   own->refused);
    return;
  }
  (void)snprintf(own->error, sizeof own->error, "%s",
                 own->curl_error[0] != '\0' ? own->curl_error : curl_easy_strerror(code));
}

static bool follow(outbound *own, int64_t now_ms) {
  char *from = NULL;
  char *to = NULL;
  (void)curl_easy_getinfo(own->easy, CURLINFO_EFFECTIVE_URL, &from);
  (void)curl_easy_getinfo(own->easy, CURLINFO_REDIRECT_URL, &to);
  redirect_verdict verdict = redirect_judge(own->status, from == NULL ? "" : from, to, own->hops);
  if (verdict == REDIRECT_FOLLOW || verdict == REDIRECT_FOLLOW_BARE) {
    if (verdict == REDIRECT_FOLLOW_BARE) {
      own->is_bare = true; // also if it leads back to where it began
    }
    own->hops++;
    char *next = strdup(to); // curl's own goes with the next request
    bool is_ready = next != NULL && begin_hop(own, next, now_ms);
    free(next);
    return is_ready;
  }
  const char *failure = redirect_failure(verdict);
  if (failure != NULL) {
    (void)snprintf(own->error, sizeof own->error, "%s", failure);
  }
  return false;
}

bool outbound_next_hop(outbound *own, CURLcode code, int64_t now_ms) {
  (void)curl_easy_getinfo(own->easy, CURLINFO_RESPONSE_CODE, &own->status);
  if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && own->was_cut)) {
    own->status = 0;
    say_failure(own, code);
    return false;
  }
  read_retry_after(own);
  return follow(own, now_ms);
}

bool outbound_succeeded(const outbound *own) {
  return own->error[0] == '\0' && own->status >= 200 && own->status <= 299;
}

static int64_t monotonic_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool outbound_get(outbound *own, const char *url) {
  if (!outbound_begin(own, url, (seg_text_view){0}, NULL, NULL, monotonic_ms())) {
    return false;
  }
  while (outbound_next_hop(own, curl_easy_perform(own->easy), monotonic_ms())) {
  }
  return outbound_succeeded(own);
}
