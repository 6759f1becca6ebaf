// Requests that leave the server, against one on this machine: what they carry, where redirects
// lead them, and where they do not go.
#include "webhooks/address_guard.h"
#include "webhooks/outbound.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define REQUEST_BYTES 8192
#define REQUESTS_MAX 16

/// Answers at every address of the loopback, by path, one connection after the other.
typedef struct answering {
  int socket;
  unsigned port;
  pthread_t thread;
  atomic_int count;
  char requests[REQUESTS_MAX][REQUEST_BYTES];
} answering;

static answering server;

/// Reads a request with its body.
static bool read_request(int client, char out[REQUEST_BYTES]) {
  size_t at = 0;
  out[0] = '\0';
  while (at < REQUEST_BYTES - 1) {
    const char *end = strstr(out, "\r\n\r\n");
    const char *length = strstr(out, "Content-Length: ");
    if (end != NULL) {
      size_t body = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
      if (at >= (size_t)(end + 4 - out) + body) {
        return true;
      }
    }
    ssize_t more = read(client, out + at, REQUEST_BYTES - 1 - at);
    if (more <= 0) {
      return false;
    }
    at += (size_t)more;
    out[at] = '\0';
  }
  return false;
}

static void say(int client, const char *text) {
  size_t size_bytes = strlen(text);
  while (size_bytes > 0) {
    ssize_t written = write(client, text, size_bytes);
    if (written <= 0) {
      return; // it reads no further, which is what some tests are about
    }
    text += written;
    size_bytes -= (size_t)written;
  }
}

static void redirect_to(int client, const char *status, const char *host, const char *path) {
  char answer[400];
  (void)snprintf(answer, sizeof answer,
                 "HTTP/1.1 %s\r\nLocation: http://%s:%u%s\r\nContent-Length: 0\r\n"
                 "Connection: close\r\n\r\n",
                 status, host, server.port, path);
  say(client, answer);
}

static void answer_long(int client) {
  static char body[20001];
  memset(body, 'x', sizeof body - 1);
  say(client, "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\nConnection: close\r\n\r\n");
  say(client, body);
}

/// Interim answers and headers without an end, until nobody reads them any more.
static void answer_headers(int client, const char *piece) {
  char pieces[16000];
  size_t piece_bytes = strlen(piece);
  size_t size_bytes = 0;
  for (; size_bytes + piece_bytes <= sizeof pieces; size_bytes += piece_bytes) {
    memcpy(pieces + size_bytes, piece, piece_bytes);
  }
  for (int i = 0; i < 10000 && send(client, pieces, size_bytes, MSG_NOSIGNAL) > 0; i++) {
  }
}

static void answer_date(int client) {
  char line[200];
  char date[64];
  time_t then = time(NULL) + 100;
  struct tm parts;
  (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &parts));
  (void)snprintf(line, sizeof line,
                 "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n"
                 "Connection: close\r\n\r\n",
                 date);
  say(client, line);
}

static const struct {
  const char *path, *answer;
} fixed_answers[] = {
    {"/ok", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
    {"/bad", "HTTP/1.1 500 No\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops"},
    {"/busy", "HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: "
              "close\r\n\r\n"},
    {"/cut", ""},
    {"/half", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf"},
    {"/relative", "HTTP/1.1 307 There\r\nLocation: ok?x=1\r\nContent-Length: 0\r\nConnection: "
                  "close\r\n\r\n"},
    {"/nowhere", "HTTP/1.1 307 There\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {"/file", "HTTP/1.1 307 There\r\nLocation: file:///etc/passwd\r\nContent-Length: "
              "0\r\nConnection: close\r\n\r\n"},
};

static void answer_request(int client, const char *path) {
  for (size_t i = 0; i < sizeof fixed_answers / sizeof fixed_answers[0]; i++) {
    if (strcmp(fixed_answers[i].path, path) == 0) {
      say(client, fixed_answers[i].answer);
      return;
    }
  }
  if (strcmp(path, "/moved") == 0) {
    redirect_to(client, "301 Moved", "127.0.0.2", "/ok");
  } else if (strcmp(path, "/same") == 0) {
    redirect_to(client, "308 There", "127.0.0.2", "/ok");
  } else if (strcmp(path, "/private") == 0) {
    redirect_to(client, "307 There", "127.0.0.1", "/ok");
  } else if (strcmp(path, "/name") == 0) {
    redirect_to(client, "307 There", "localhost", "/ok");
  } else if (strcmp(path, "/other") == 0) {
    redirect_to(client, "307 There", "127.0.0.3", "/back");
  } else if (strcmp(path, "/back") == 0) {
    redirect_to(client, "307 There", "127.0.0.2", "/ok");
  } else if (strcmp(path, "/circle") == 0) {
    redirect_to(client, "307 There", "127.0.0.2", "/circle");
  } else if (strcmp(path, "/long") == 0) {
    answer_long(client);
  } else if (strcmp(path, "/headers") == 0) {
    say(client, "HTTP/1.1 200 OK\r\n");
    answer_headers(client, "X-Long: 0123456789012345678901234567890123456789\r\n");
  } else if (strcmp(path, "/interim") == 0) {
    answer_headers(client, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  } else if (strcmp(path, "/date") == 0) {
    answer_date(client);
  } else if (strcmp(path, "/hang") == 0) {
    char nothing;
    (void)read(client, &nothing, 1); // until the other end gives up
  }
}

static void *serve(void *context) {
  (void)context;
  int client;
  while ((client = accept(server.socket, NULL, NULL)) >= 0) {
    int at = atomic_load(&server.count) % REQUESTS_MAX;
    char path[100] = "";
    if (read_request(client, server.requests[at]) &&
        sscanf(server.requests[at], "%*s %99[^ ?]", path) == 1) {
      atomic_fetch_add(&server.count, 1);
      answer_request(client, path);
    }
    (void)close(client);
  }
  return NULL;
}

static int set_up(void **state) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  (void)state;
  if (!outbound_start_up()) {
    return -1;
  }
  server.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(server.socket, (struct sockaddr *)&address, size) != 0 ||
      listen(server.socket, 16) != 0 ||
      getsockname(server.socket, (struct sockaddr *)&address, &size) != 0) {
    return -1;
  }
  server.port = ntohs(address.sin_port);
  return pthread_create(&server.thread, NULL, serve, NULL);
}

static int tear_down(void **state) {
  (void)state;
  (void)shutdown(server.socket, SHUT_RDWR);
  (void)pthread_join(server.thread, NULL);
  return close(server.socket);
}

/// Lets through what stands for the public internet here, and refuses 127.0.0.1 and the rest.
static bool allows_some(const struct sockaddr *address, size_t size_bytes) {
  struct sockaddr_in ipv4;
  if (address->sa_family != AF_INET || size_bytes < sizeof ipv4) {
    return false;
  }
  memcpy(&ipv4, address, sizeof ipv4);
  uint32_t host = ntohl(ipv4.sin_addr.s_addr);
  return host == 0x7F000002U || host == 0x7F000003U;
}

/// resolved  optional  What a name stands for: curl's NAME:PORT:ADDRESSES.
static void post_to(outbound *own, const char *host, const char *path,
                    bool (*allows)(const struct sockaddr *, size_t), int64_t total_ms,
                    struct curl_slist *resolved) {
  static const char body[] = "{\"x\":1}";
  const outbound_limits limits = {
      .allows = allows, .connect_ms = 5000, .total_ms = total_ms, .answer_bytes_max = 4096};
  char url[200];
  (void)snprintf(url, sizeof url, "http://%s:%u%s", host, server.port, path);
  atomic_store(&server.count, 0);
  assert_true(outbound_create(own, &limits));
  assert_int_equal(curl_easy_setopt(own->easy, CURLOPT_RESOLVE, resolved), CURLE_OK);
  struct curl_slist *headers = curl_slist_append(NULL, "webhook-id: msg_1");
  struct curl_slist *bare = curl_slist_append(NULL, "webhook-id: msg_1");
  headers = curl_slist_append(headers, "Authorization: Bearer secret");
  assert_true(outbound_begin(own, url, seg_text_of(body), headers, bare, 0));
  while (outbound_next_hop(own, curl_easy_perform(own->easy), 0)) {
  }
}

static void post(outbound *own, const char *host, const char *path,
                 bool (*allows)(const struct sockaddr *, size_t), int64_t total_ms) {
  post_to(own, host, path, allows, total_ms, NULL);
}

/// Posts to a name that stands for some addresses, and for nothing else.
static void post_to_name(outbound *own, const char *addresses, const char *path) {
  char line[200];
  (void)snprintf(line, sizeof line, "some.name:%u:%s", server.port, addresses);
  struct curl_slist *resolved = curl_slist_append(NULL, line);
  post_to(own, "some.name", path, allows_some, 10000, resolved);
  curl_slist_free_all(resolved);
}

/// What the server got with its nth request.
static void assert_request(int at, const char *line, bool has_secret) {
  const char *request = server.requests[at];
  assert_true(strncmp(request, line, strlen(line)) == 0);
  assert_non_null(strstr(request, "\r\nwebhook-id: msg_1\r\n"));
  assert_non_null(strstr(request, "\r\n\r\n{\"x\":1}"));
  assert_int_equal(strstr(request, "Bearer secret") != NULL, has_secret);
  assert_null(strstr(request, "Expect:"));
}

#define PUBLIC "127.0.0.2"
#define PLENTY_MS 10000

static void test_answers(void **state) {
  outbound own;
  (void)state;
  post(&own, PUBLIC, "/ok", allows_some, PLENTY_MS);
  assert_true(outbound_succeeded(&own));
  assert_int_equal(own.status, 204);
  assert_request(0, "POST /ok HTTP/1.1\r\n", true);
  outbound_free(&own);
  post(&own, PUBLIC, "/bad", allows_some, PLENTY_MS);
  assert_false(outbound_succeeded(&own));
  assert_int_equal(own.status, 500);
  assert_int_equal(own.answer_bytes, 4);
  assert_memory_equal(own.answer, "oops", 4);
  assert_string_equal(own.error, "");
  outbound_free(&own);
  post(&own, PUBLIC, "/long", allows_some, PLENTY_MS);
  assert_true(outbound_succeeded(&own));
  assert_int_equal(own.answer_bytes, 4096);
  outbound_free(&own);
}

static void test_broken_answers(void **state) {
  static const char *const paths[] = {"/cut", "/half", "/file", "/nowhere"};
  outbound own;
  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    post(&own, PUBLIC, paths[i], allows_some, PLENTY_MS);
    assert_false(outbound_succeeded(&own));
    outbound_free(&own);
  }
  post(&own, PUBLIC, "/hang", allows_some, 200);
  assert_int_equal(own.status, 0);
  assert_non_null(strstr(own.error, "timed out"));
  outbound_free(&own);
}

static void test_headers_without_an_end(void **state) {
  static const char *const paths[] = {"/headers", "/interim"};
  outbound own;
  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    post(&own, PUBLIC, paths[i], allows_some, PLENTY_MS);
    assert_false(outbound_succeeded(&own));
    assert_int_equal(own.status, 0);
    assert_string_equal(own.error, "the answer has more than 65536 bytes of headers");
    outbound_free(&own);
  }
}

/// The address is judged, whatever the name meant when somebody looked at it before.
static void test_names(void **state) {
  static const char *const refused[] = {"127.0.0.1", "[::1]", "[::ffff:127.0.0.2]",
                                        "10.0.0.1,169.254.169.254"};
  outbound own;
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    post_to_name(&own, refused[i], "/ok");
    assert_false(outbound_succeeded(&own));
    assert_int_equal(atomic_load(&server.count), 0);
    assert_non_null(strstr(own.error, "is not a public address"));
    outbound_free(&own);
  }
  post_to_name(&own, "127.0.0.1,127.0.0.2", "/ok"); // one of them will do
  assert_true(outbound_succeeded(&own));
  outbound_free(&own);
  post_to_name(&own, "127.0.0.1,127.0.0.2", "/cut"); // and then it is what has failed
  assert_false(outbound_succeeded(&own));
  assert_null(strstr(own.error, "is not a public address"));
  outbound_free(&own);
}

static void test_retry_after(void **state) {
  outbound own;
  (void)state;
  post(&own, PUBLIC, "/busy", allows_some, PLENTY_MS);
  assert_int_equal(own.retry_after_ms, 7000);
  outbound_free(&own);
  post(&own, PUBLIC, "/date", allows_some, PLENTY_MS);
  assert_in_range(own.retry_after_ms, 1000, 100000);
  outbound_free(&own);
}

static void test_redirects(void **state) {
  outbound own;
  (void)state;
  post(&own, PUBLIC, "/same", allows_some, PLENTY_MS);
  assert_true(outbound_succeeded(&own));
  assert_int_equal(atomic_load(&server.count), 2);
  assert_request(1, "POST /ok HTTP/1.1\r\n", true);
  outbound_free(&own);
  post(&own, PUBLIC, "/relative", allows_some, PLENTY_MS);
  assert_true(outbound_succeeded(&own));
  assert_request(1, "POST /ok?x=1 HTTP/1.1\r\n", true);
  outbound_free(&own);
  post(&own, PUBLIC, "/other", allows_some, PLENTY_MS);
  assert_true(outbound_succeeded(&own));
  assert_int_equal(atomic_load(&server.count), 3);
  assert_request(0, "POST /other HTTP/1.1\r\n", true);
  assert_request(1, "POST /back HTTP/1.1\r\n", false);
  assert_request(2, "POST /ok HTTP/1.1\r\n", false); // who led it away could have seen them
  outbound_free(&own);
  post(&own, PUBLIC, "/moved", allows_some, PLENTY_MS);
  assert_false(outbound_succeeded(&own));
  assert_int_equal(own.status, 301);
  assert_non_null(strstr(own.error, "lose the body"));
  outbound_free(&own);
  post(&own, PUBLIC, "/circle", allows_some, PLENTY_MS);
  assert_false(outbound_succeeded(&own));
  assert_int_equal(atomic_load(&server.count), 6);
  outbound_free(&own);
}

static void test_refused_addresses(void **state) {
  static const char *const hosts[] = {"127.0.0.1",
                                      "127.0.0.2",
                                      "localhost",
                                      "0.0.0.0",
                                      "2130706433",
                                      "0x7f000001",
                                      "0177.1",
                                      "127.1",
                                      "[::1]",
                                      "[::ffff:127.0.0.1]",
                                      "10.0.0.1",
                                      "[::ffff:10.0.0.1]",
                                      "169.254.169.254",
                                      "[fe80::1]",
                                      "[64:ff9b::7f00:1]",
                                      "192.168.1.1",
                                      "localhost.localdomain",
                                      "ip6-localhost"};
  outbound own;
  (void)state;
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    post(&own, hosts[i], "/ok", address_guard_allows, PLENTY_MS);
    if (own.status != 0 || atomic_load(&server.count) != 0 || own.error[0] == '\0') {
      fail_msg("%s is reached", hosts[i]);
    }
    bool is_name = strchr(hosts[i], 'l') != NULL && strcmp(hosts[i], "localhost") != 0;
    if (!is_name && strstr(own.error, "is not a public address") == NULL) {
      fail_msg("%s: %s", hosts[i], own.error); // other names may not be known on a machine
    }
    outbound_free(&own);
  }
  post(&own, "127.0.0.1", "/ok", NULL, PLENTY_MS); // unless all are allowed
  assert_true(outbound_succeeded(&own));
  outbound_free(&own);
}

static void test_refused_redirects(void **state) {
  static const char *const paths[] = {"/private", "/name"};
  outbound own;
  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    post(&own, PUBLIC, paths[i], allows_some, PLENTY_MS);
    assert_false(outbound_succeeded(&own));
    assert_int_equal(own.status, 0);
    assert_non_null(strstr(own.error, "is not a public address"));
    assert_int_equal(atomic_load(&server.count), 1);
    outbound_free(&own);
  }
}

static void test_the_environment_names_no_proxy(void **state) {
  outbound own;
  (void)state;
  (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
  (void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  post(&own, PUBLIC, "/ok", allows_some, PLENTY_MS);
  assert_true(outbound_succeeded(&own));
  outbound_free(&own);
  (void)unsetenv("http_proxy");
  (void)unsetenv("ALL_PROXY");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers),
                                     cmocka_unit_test(test_broken_answers),
                                     cmocka_unit_test(test_headers_without_an_end),
                                     cmocka_unit_test(test_names),
                                     cmocka_unit_test(test_retry_after),
                                     cmocka_unit_test(test_redirects),
                                     cmocka_unit_test(test_refused_addresses),
                                     cmocka_unit_test(test_refused_redirects),
                                     cmocka_unit_test(test_the_environment_names_no_proxy)};
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
