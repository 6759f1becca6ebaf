// Keeps a server busy with POST requests over many connections, and says how long they took:
//
//     load PORT KEY WHAT CONNECTIONS SECONDS CONTACTS
//
// WHAT is `track` (one event a request), `batch` (1,000 events a request), or `batch:N`. Each
// connection has one request under way: it waits for the answer before it sends the next. Contacts
// are picked at random from `user0@example.com` on. Prints one line of JSON. One thread and epoll,
// so that the client leaves the machine to the server; its own time is printed too.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1000
#define ANSWER_BYTES_MAX 262144
#define ITEMS_MAX 1000
#define ITEM_BYTES_MAX 160
#define REQUEST_BYTES_MAX (ITEMS_MAX * ITEM_BYTES_MAX + 1024)
/// Requests of a run whose times are kept: 100 s at 100,000 a second.
#define TIMES_MAX 10000000

typedef struct connection {
  int socket;
  char *request;
  size_t request_bytes;
  size_t sent;
  char *answer;
  size_t answer_bytes;
  int64_t begin_us;
} connection;

typedef struct run {
  uint16_t port;
  const char *key;
  size_t items; ///< Of a request; 0: the single form.
  int64_t contacts;
  uint64_t random;
  uint32_t *times_us;
  size_t count;
  size_t failed;
} run;

static void fail(const char *what) {
  (void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/// xorshift: the same requests in each run.
static uint64_t next_random(run *own) {
  own->random ^= own->random << 13;
  own->random ^= own->random >> 7;
  own->random ^= own->random << 17;
  return own->random;
}

static size_t write_item(run *own, char *out, size_t size_bytes) {
  uint64_t random = next_random(own);
  int size = snprintf(
      out, size_bytes, "{\"event\":\"event-%u\",\"email\":\"user%llu@example.com\"}",
      (unsigned)(random >> 40) % 12, (unsigned long long)(random % (uint64_t)own->contacts));
  return (size_t)size;
}

static void write_request(run *own, connection *to) {
  static char body[REQUEST_BYTES_MAX];
  size_t used = 0;
  if (own->items == 0) {
    used = write_item(own, body, sizeof body);
  } else {
    body[used++] = '[';
    for (size_t i = 0; i < own->items; i++) {
      if (i > 0) {
        body[used++] = ',';
      }
      used += write_item(own, body + used, ITEM_BYTES_MAX);
    }
    body[used++] = ']';
  }
  int head = snprintf(to->request, REQUEST_BYTES_MAX,
                      "POST /v1/track%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                      own->items == 0 ? "" : "/batch", own->key, used);
  memcpy(to->request + head, body, used);
  to->request_bytes = (size_t)head + used;
  to->sent = 0;
  to->answer_bytes = 0;
  to->begin_us = now_us();
}

static void open_connection(run *own, connection *to, int epoll) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(own->port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  to->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (to->socket < 0 || connect(to->socket, (struct sockaddr *)&address, sizeof address) != 0) {
    fail("connecting");
  }
  (void)setsockopt(to->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = to}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, to->socket, &event) != 0) {
    fail("epoll");
  }
}

static void send_rest(connection *to) {
  while (to->sent < to->request_bytes) {
    ssize_t size =
        send(to->socket, to->request + to->sent, to->request_bytes - to->sent, MSG_NOSIGNAL);
    if (size < 0) {
      fail("sending");
    }
    to->sent += (size_t)size;
  }
}

/// Whether the answer is whole.
static bool is_whole(const connection *from) {
  const char *end = strstr(from->answer, "\r\n\r\n");
  const char *length = end == NULL ? NULL : strcasestr(from->answer, "\r\nContent-Length:");
  if (length == NULL || length > end) {
    return false;
  }
  size_t body_bytes = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
  return from->answer_bytes >= (size_t)(end + 4 - from->answer) + body_bytes;
}

static void receive(run *own, connection *from) {
  ssize_t size = recv(from->socket, from->answer + from->answer_bytes,
                      ANSWER_BYTES_MAX - 1 - from->answer_bytes, 0);
  if (size <= 0) {
    fail(size == 0 ? "the server closed a connection" : "receiving");
  }
  from->answer_bytes += (size_t)size;
  from->answer[from->answer_bytes] = '\0';
  if (!is_whole(from)) {
    return;
  }
  bool is_good = strncmp(from->answer, "HTTP/1.1 200", 12) == 0 &&
                 strstr(from->answer, "\"success\":false") == NULL;
  if (!is_good && own->failed++ == 0) {
    (void)fprintf(stderr, "load: %.600s\n", from->answer);
  }
  if (own->count < TIMES_MAX) {
    own->times_us[own->count++] = (uint32_t)(now_us() - from->begin_us);
  }
  write_request(own, from);
  send_rest(from);
}

static int by_size(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a;
  uint32_t right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

static uint32_t percentile(const run *own, double share) {
  return own->count == 0 ? 0 : own->times_us[(size_t)((double)(own->count - 1) * share)];
}

static void report(run *own, double seconds) {
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  double client_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  qsort(own->times_us, own->count, sizeof *own->times_us, by_size);
  (void)printf("{\"requests\":%zu,\"failed\":%zu,\"seconds\":%.3f,\"perSecond\":%.0f,"
               "\"itemsPerSecond\":%.0f,\"p50Us\":%u,\"p99Us\":%u,\"maxUs\":%u,"
               "\"clientCpuSeconds\":%.2f}\n",
               own->count, own->failed, seconds, (double)own->count / seconds,
               (double)own->count * (double)(own->items == 0 ? 1 : own->items) / seconds,
               percentile(own, 0.5), percentile(own, 0.99), percentile(own, 1), client_s);
}

int main(int argc, char **argv) {
  if (argc != 7) {
    (void)fprintf(stderr,
                  "usage: load PORT KEY track|batch|batch:N CONNECTIONS SECONDS CONTACTS\n");
    return 2;
  }
  run own = {.port = (uint16_t)atoi(argv[1]),
             .key = argv[2],
             .contacts = atoll(argv[6]),
             .random = UINT64_C(88172645463325252),
             .times_us = malloc(TIMES_MAX * sizeof(uint32_t))};
  if (strncmp(argv[3], "batch", 5) == 0) {
    own.items = argv[3][5] == ':' ? (size_t)atoll(argv[3] + 6) : ITEMS_MAX;
  }
  size_t connections = (size_t)atoll(argv[4]);
  double seconds = atof(argv[5]);
  static connection all[CONNECTIONS_MAX];
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (connections < 1 || connections > CONNECTIONS_MAX || own.items > ITEMS_MAX ||
      own.contacts < 1 || own.times_us == NULL || epoll < 0) {
    (void)fprintf(stderr, "load: a number is out of range, or there is no memory\n");
    free(own.times_us);
    return 2;
  }
  for (size_t i = 0; i < connections; i++) {
    all[i].request = malloc(REQUEST_BYTES_MAX);
    all[i].answer = malloc(ANSWER_BYTES_MAX);
    if (all[i].request == NULL || all[i].answer == NULL) {
      fail("memory");
    }
    open_connection(&own, &all[i], epoll);
  }
  int64_t begin_us = now_us();
  int64_t end_us = begin_us + (int64_t)(seconds * 1e6);
  for (size_t i = 0; i < connections; i++) {
    write_request(&own, &all[i]);
    send_rest(&all[i]);
  }
  while (now_us() < end_us) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, 100);
    for (int i = 0; i < count; i++) {
      receive(&own, events[i].data.ptr);
    }
  }
  report(&own, (double)(now_us() - begin_us) / 1e6);
  free(own.times_us);
  return own.failed == 0 ? 0 : 1;
}
