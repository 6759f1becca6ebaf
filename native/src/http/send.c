// Writing to, and waiting for, a client that may be slow, or hostile.
#include "http/exchange.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

/// How long a wait goes on before it looks whether the server stops.
#define WAIT_STEP_MS 250
/// How long a client may go on sending after its answer, and how much of it is taken: a few round
/// trips over a bad line, and what is under way in large socket buffers.
#define LINGER_MS 1000
#define LINGER_BYTES_MAX ((size_t)8 * 1024 * 1024)

int64_t seg_http_clock_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t seg_http_clock_ms(void) { return seg_http_clock_us() / 1000; }

seg_http_read seg_http_wait(const seg_http_server *server, int socket, short events,
                            int64_t deadline_ms) {
  for (;;) {
    int64_t left_ms = deadline_ms - seg_http_clock_ms();
    if (atomic_load(&server->aborting)) {
      return SEG_HTTP_READ_GONE;
    }
    if (left_ms <= 0) {
      return SEG_HTTP_READ_SLOW;
    }
    struct pollfd waiting = {.fd = socket, .events = events};
    int ready = poll(&waiting, 1, left_ms < WAIT_STEP_MS ? (int)left_ms : WAIT_STEP_MS);
    if (ready > 0) {
      return SEG_HTTP_READ_DATA;
    }
    if (ready < 0 && errno != EINTR) {
      return SEG_HTTP_READ_GONE;
    }
  }
}

/// Drops what has been sent from the front of the vectors.
static void advance(struct iovec **vectors, size_t *count, size_t sent) {
  while (*count > 0 && sent >= (*vectors)->iov_len) {
    sent -= (*vectors)->iov_len;
    (*vectors)++;
    (*count)--;
  }
  if (*count > 0) {
    (*vectors)->iov_base = (char *)(*vectors)->iov_base + sent;
    (*vectors)->iov_len -= sent;
  }
}

bool seg_http_send(const seg_http_server *server, int socket, struct iovec *vectors, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    total += vectors[i].iov_len;
  }
  int64_t deadline_ms = seg_http_clock_ms() + server->options.request_ms_max +
                        (int64_t)(total / SEG_HTTP_STREAM_BYTES_A_SECOND) * 1000;
  advance(&vectors, &count, 0);
  while (count > 0) {
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      advance(&vectors, &count, (size_t)sent);
      continue;
    }
    if (errno == EINTR) {
      continue;
    }
    if ((errno != EAGAIN && errno != EWOULDBLOCK) ||
        seg_http_wait(server, socket, POLLOUT, deadline_ms) != SEG_HTTP_READ_DATA) {
      return false;
    }
  }
  return true;
}

void seg_http_linger(const seg_http_server *server, int socket) {
  char ignored[16384];
  (void)shutdown(socket, SHUT_WR);
  int64_t deadline_ms = seg_http_clock_ms() + LINGER_MS;
  size_t taken = 0;
  while (taken < LINGER_BYTES_MAX) {
    ssize_t size = recv(socket, ignored, sizeof ignored, MSG_DONTWAIT);
    if (size > 0) {
      taken += (size_t)size;
    } else if (size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ||
               seg_http_wait(server, socket, POLLIN, deadline_ms) != SEG_HTTP_READ_DATA) {
      return;
    }
    if (seg_http_clock_ms() >= deadline_ms) {
      return;
    }
  }
}
