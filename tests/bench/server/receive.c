// bench_receive: a receiver of webhooks that does as little as one can, with one thread and epoll.
//
//     bench_receive         prints its port, and answers every POST with 204
//     GET                   is answered with how many it has had
//
// It trusts what it gets: each request comes whole or in few pieces, one at a time a connection.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define REQUEST_BYTES_MAX 65536
#define EVENTS_MAX 64

/// What has come of the request of a connection, by its descriptor.
typedef struct connection {
  size_t size_bytes;
  char bytes[REQUEST_BYTES_MAX];
} connection;

static connection *connections[CONNECTIONS_MAX];
static unsigned long received;

static void answer(int socket, bool is_count) {
  char text[200] = "HTTP/1.1 204 No Content\r\n\r\n";
  char count[32];
  if (is_count) {
    (void)snprintf(count, sizeof count, "%lu", received);
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(count), count);
  }
  (void)!write(socket, text, strlen(text));
}

/// Whether the whole request is there.
static bool is_whole(const connection *own) {
  const char *end = strstr(own->bytes, "\r\n\r\n");
  const char *length = strcasestr(own->bytes, "content-length: ");
  size_t body = end == NULL || length == NULL || length > end ? 0 : strtoul(length + 16, NULL, 10);
  return end != NULL && own->size_bytes >= (size_t)(end + 4 - own->bytes) + body;
}

static void close_connection(int socket) {
  free(connections[socket]);
  connections[socket] = NULL;
  (void)close(socket);
}

static void take(int socket) {
  connection *own = connections[socket];
  ssize_t more =
      read(socket, own->bytes + own->size_bytes, REQUEST_BYTES_MAX - 1 - own->size_bytes);
  if (more <= 0) {
    close_connection(socket);
    return;
  }
  own->size_bytes += (size_t)more;
  own->bytes[own->size_bytes] = '\0';
  if (is_whole(own)) {
    bool is_count = strncmp(own->bytes, "GET", 3) == 0;
    received += !is_count;
    answer(socket, is_count);
    own->size_bytes = 0;
  }
}

static void take_connection(int epoll, int listening) {
  int one = 1;
  int client = accept(listening, NULL, NULL);
  if (client < 0 || client >= CONNECTIONS_MAX) {
    (void)close(client);
    return;
  }
  connections[client] = calloc(1, sizeof(connection));
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = client};
  (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connections[client] == NULL || epoll_ctl(epoll, EPOLL_CTL_ADD, client, &wanted) != 0) {
    close_connection(client);
  }
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  int epoll = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listening};
  if (listening < 0 || epoll < 0 || bind(listening, (struct sockaddr *)&address, size) != 0 ||
      listen(listening, 128) != 0 ||
      getsockname(listening, (struct sockaddr *)&address, &size) != 0 ||
      epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &wanted) != 0) {
    (void)fputs("bench_receive: cannot listen\n", stderr);
    return 1;
  }
  (void)printf("%u\n", (unsigned)ntohs(address.sin_port));
  (void)fflush(stdout);
  for (;;) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listening) {
        take_connection(epoll, listening);
      } else {
        take(events[i].data.fd);
      }
    }
  }
}
