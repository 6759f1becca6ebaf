/// One HTTP request that leaves the server, on libcurl: guarded and bounded. For the files of this
/// room alone: nothing else of the program includes curl.
///
/// Guarded: the address of every connection goes through address_guard.h; http and https alone; no
/// proxy, no credentials, no cookies; redirects are followed by hand, each hop judged anew.
/// Bounded: in time over all hops, and in the bytes of an answer and of its headers.
#ifndef SEGMENTRY_WEBHOOKS_OUTBOUND_H
#define SEGMENTRY_WEBHOOKS_OUTBOUND_H

#include "certificates.h"
#include "segmentry/base.h"

#include <curl/curl.h>
#include <sys/socket.h>

/// A receiver has this long to accept a connection, TLS included, and to answer over all hops: it
/// should take a delivery and work later.
#define OUTBOUND_CONNECT_MS 5000
#define OUTBOUND_TOTAL_MS 10000
/// Bytes of an answer that are read; then the connection is closed. A log needs no more.
#define OUTBOUND_ANSWER_BYTES_MAX 4096
/// Bytes of headers of all answers to a request, interim ones included: what servers and proxies
/// allow, and room. libcurl keeps them in memory.
#define OUTBOUND_HEADER_BYTES_MAX ((size_t)64 * 1024)
/// Bytes of a sentence that says why there was no answer.
#define OUTBOUND_ERROR_BYTES 384

typedef struct outbound_limits {
  /// optional  Says whether a connection to an address may be opened; as address_guard_allows,
  /// which is what it is unless the server was told otherwise. NULL allows all.
  bool (*allows)(const struct sockaddr *address, size_t size_bytes);
  const certificates *trusted; ///< optional, borrowed  Authorities beside the system's.
  int64_t connect_ms;
  int64_t total_ms;
  size_t answer_bytes_max;
} outbound_limits;

/// A request. Its place must not change while it is under way.
typedef struct outbound {
  CURL *easy; ///< Owned.
  outbound_limits limits;
  // What came of it.
  long status;                      ///< Of the last hop; 0: there was no answer.
  char error[OUTBOUND_ERROR_BYTES]; ///< Why it failed; "" if there is a whole answer.
  int64_t retry_after_ms;           ///< 0: the answer does not say.
  char *answer;                     ///< Owned; `answer_bytes` of it.
  size_t answer_bytes;
  // Its own.
  size_t header_bytes;
  bool was_cut; ///< The answer is longer than is read.
  bool is_bare; ///< It has been led to another origin.
  int hops;
  int64_t began_ms;
  struct curl_slist *headers;      ///< Owned.
  struct curl_slist *bare_headers; ///< Owned. For other origins.
  char curl_error[CURL_ERROR_SIZE];
  char refused[128]; ///< The last address that was refused, as text; "": none was.
  bool has_reached;  ///< An address was not refused.
} outbound;

/// Once a process, before its first thread.
bool outbound_start_up(void);

/// Prepares the handle; it may then be used for any number of requests, one after the other.
bool outbound_create(outbound *own, const outbound_limits *limits);
void outbound_free(outbound *own);

/// Begins a request.
///
/// url      borrowed  During the call.
/// body     borrowed  Until the request has ended. NULL bytes: a GET.
/// headers  owned     By the request from here on, whatever is returned; may be NULL.
/// bare_headers  owned  The same for hops to another origin.
/// now_ms   Of a clock that only goes forwards.
///
/// Returns whether `own->easy` is ready to be performed.
bool outbound_begin(outbound *own, const char *url, seg_text_view body, struct curl_slist *headers,
                    struct curl_slist *bare_headers, int64_t now_ms);

/// curl has ended one hop. True if there is another one to perform; false if the request has ended:
/// `status`, `error` and `answer` say how.
bool outbound_next_hop(outbound *own, CURLcode code, int64_t now_ms);

/// Whether the answer says that all went well: 2xx, and whole.
bool outbound_succeeded(const outbound *own);

/// Performs a GET in the calling thread, for what is needed at once.
bool outbound_get(outbound *own, const char *url);

#endif
