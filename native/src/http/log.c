// One JSON object a line, built in memory, and put into a buffer that a thread of the log's own
// writes out: whoever reads the log may stop reading, and requests go on.
//
// There are two buffers. Lines are added to one while the thread writes the other; when that is
// written, they change places:
//
//     requests ─► | line | line | …      filling ─┐ change places when `writing` is empty
//     the thread  | line | line | …  ─► sink     ─┘
//
// A line for which there is no room is dropped and counted. The count stands in a line of its own
// before the next one that finds room.
#include "http/log.h"

#include "http/json_writer.h"
#include "http/response.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// Bytes of a path that a line shows: with the rest, and every byte of a message escaped sixfold, a
/// line stays below SEG_HTTP_LOG_LINE_BYTES_MAX.
#define LOG_PATH_BYTES_MAX 512

/// How long seg_http_log_flush waits: a reader that is alive takes what two buffers hold in much
/// less, and a server that shall end does end.
#define LOG_FLUSH_MS 2000

struct seg_http_log {
  seg_http_level level;
  seg_http_sink sink;
  void *context;
  pthread_mutex_t mutex; ///< Of all that follows.
  pthread_cond_t has_lines;
  pthread_cond_t is_written;
  pthread_t thread;
  char *filling; ///< Each of SEG_HTTP_LOG_BUFFER_BYTES.
  char *writing;
  size_t filled_bytes;
  bool is_busy; ///< The thread is writing.
  bool is_ending;
  uint64_t dropped; ///< Lines since the last one that found room.
};

static void write_stderr(void *context, const char *line, size_t size_bytes) {
  (void)context;
  while (size_bytes > 0) {
    ssize_t written = write(STDERR_FILENO, line, size_bytes);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return; // nobody is left to be told
    }
    line += written;
    size_bytes -= (size_t)written;
  }
}

// Lines.

static void begin_line(seg_json_writer *line, seg_http_level level, const char *event) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  seg_json_writer_init(line, seg_allocator_default(), SEG_HTTP_LOG_LINE_BYTES_MAX);
  seg_json_begin_object(line);
  seg_json_member_instant(line, "time", (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
  seg_json_member_string(line, "level", names[level]);
  seg_json_member_string(line, "event", event);
}

/// Ends a line. False if it could not be built.
static bool finish_line(seg_json_writer *line, seg_text_view *out) {
  seg_json_end_object(line);
  seg_json_newline(line);
  return seg_json_writer_text(line, out) == SEG_OK;
}

/// Puts a line into the buffer, if there is room; the lock is held.
static bool add_line(seg_http_log *log, seg_text_view line) {
  if (line.size_bytes > SEG_HTTP_LOG_BUFFER_BYTES - log->filled_bytes) {
    return false;
  }
  memcpy(log->filling + log->filled_bytes, line.bytes, line.size_bytes);
  log->filled_bytes += line.size_bytes;
  (void)pthread_cond_signal(&log->has_lines);
  return true;
}

/// Says how many lines were dropped, if any were, and there is room to say it; the lock is held.
static void tell_dropped(seg_http_log *log) {
  if (log->dropped == 0) {
    return;
  }
  char message[SEG_MESSAGE_BYTES];
  (void)snprintf(message, sizeof message, "%llu lines were dropped here: the log was not read",
                 (unsigned long long)log->dropped);
  seg_json_writer line;
  seg_text_view text;
  begin_line(&line, SEG_HTTP_WARN, "log.dropped");
  seg_json_member_string(&line, "message", message);
  if (finish_line(&line, &text) && add_line(log, text)) {
    log->dropped = 0;
  }
  seg_json_writer_free(&line);
}

/// Ends a line, puts it into the buffer and frees it. One that could not be built is dropped.
static void end_line(seg_http_log *log, seg_json_writer *line) {
  seg_text_view text;
  bool is_built = finish_line(line, &text);
  (void)pthread_mutex_lock(&log->mutex);
  tell_dropped(log);
  if (!is_built || log->dropped > 0 || !add_line(log, text)) {
    log->dropped++;
  }
  (void)pthread_mutex_unlock(&log->mutex);
  seg_json_writer_free(line);
}

// The thread.

/// Hands the lines of a buffer to the sink, one at a time: a pipe that others write to as well
/// takes a line whole.
static void write_lines(const seg_http_log *log, const char *lines, size_t size_bytes) {
  const char *end = lines + size_bytes;
  while (lines < end) {
    const char *next = (const char *)memchr(lines, '\n', (size_t)(end - lines)) + 1;
    log->sink(log->context, lines, (size_t)(next - lines));
    lines = next;
  }
}

static void *work(void *context) {
  seg_http_log *log = context;
  (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL); // but while it writes
  (void)pthread_mutex_lock(&log->mutex);
  for (;;) {
    if (log->filled_bytes == 0) {
      tell_dropped(log);
    }
    if (log->filled_bytes == 0) {
      (void)pthread_cond_broadcast(&log->is_written);
      if (log->is_ending) {
        break;
      }
      (void)pthread_cond_wait(&log->has_lines, &log->mutex);
      continue;
    }
    char *lines = log->filling;
    size_t size = log->filled_bytes;
    log->filling = log->writing;
    log->writing = lines;
    log->filled_bytes = 0;
    log->is_busy = true;
    (void)pthread_mutex_unlock(&log->mutex);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    write_lines(log, lines, size);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    (void)pthread_mutex_lock(&log->mutex);
    log->is_busy = false;
  }
  (void)pthread_mutex_unlock(&log->mutex);
  return NULL;
}

bool seg_http_log_flush(seg_http_log *log) {
  struct timespec until;
  int waited = 0;
  if (log == NULL) {
    return true;
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += LOG_FLUSH_MS / 1000;
  (void)pthread_mutex_lock(&log->mutex);
  while (waited == 0 && (log->is_busy || log->filled_bytes > 0 || log->dropped > 0)) {
    waited = pthread_cond_timedwait(&log->is_written, &log->mutex, &until);
  }
  (void)pthread_mutex_unlock(&log->mutex);
  return waited == 0;
}

// Logs.

/// Starts the thread, with all signals blocked: they are for others.
static bool start_thread(seg_http_log *log) {
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(&log->thread, NULL, work, log) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

static void init_locks(seg_http_log *log) {
  pthread_condattr_t monotonic; // nobody sets that clock back
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&log->is_written, &monotonic);
  (void)pthread_condattr_destroy(&monotonic);
  (void)pthread_cond_init(&log->has_lines, NULL);
  (void)pthread_mutex_init(&log->mutex, NULL);
}

static void free_memory(seg_http_log *log) {
  (void)pthread_cond_destroy(&log->is_written);
  (void)pthread_cond_destroy(&log->has_lines);
  (void)pthread_mutex_destroy(&log->mutex);
  free(log->filling);
  free(log->writing);
  free(log);
}

seg_status seg_http_log_create(seg_http_level level, seg_http_sink sink, void *context,
                               seg_http_log **out) {
  seg_http_log *log = calloc(1, sizeof *log);
  if (log == NULL) {
    return SEG_E_NOMEM;
  }
  log->level = level;
  log->sink = sink == NULL ? write_stderr : sink;
  log->context = context;
  log->filling = malloc(SEG_HTTP_LOG_BUFFER_BYTES);
  log->writing = malloc(SEG_HTTP_LOG_BUFFER_BYTES);
  init_locks(log);
  if (log->filling == NULL || log->writing == NULL || !start_thread(log)) {
    free_memory(log);
    return SEG_E_NOMEM;
  }
  *out = log;
  return SEG_OK;
}

void seg_http_log_free(seg_http_log *log) {
  if (log == NULL) {
    return;
  }
  bool is_written = seg_http_log_flush(log);
  (void)pthread_mutex_lock(&log->mutex);
  log->is_ending = true;
  (void)pthread_cond_signal(&log->has_lines);
  (void)pthread_mutex_unlock(&log->mutex);
  if (!is_written) {
    (void)pthread_cancel(log->thread); // it waits in a write that may never end
  }
  (void)pthread_join(log->thread, NULL);
  free_memory(log);
}

// What is logged.

static seg_http_level level_of(int status) {
  if (status == 503) {
    return SEG_HTTP_WARN;
  }
  return seg_http_status_class(status) >= 5 ? SEG_HTTP_ERROR : SEG_HTTP_INFO;
}

void seg_http_log_write_request(seg_http_log *log, const seg_http_log_request *request) {
  if (log == NULL || level_of(request->status) < log->level) {
    return;
  }
  seg_text_view path = request->path;
  if (path.size_bytes > LOG_PATH_BYTES_MAX) {
    path.size_bytes = LOG_PATH_BYTES_MAX;
  }
  seg_json_writer line;
  begin_line(&line, level_of(request->status), "request");
  seg_json_member_string(&line, "requestId", request->request_id);
  seg_json_member_string(&line, "method", request->method);
  seg_json_member_text(&line, "path", path);
  seg_json_member_string(&line, "route", request->route);
  seg_json_member_int(&line, "status", request->status);
  // Microseconds are as fine as anybody reads.
  seg_json_member_double(&line, "ms", (double)(int64_t)(request->duration_ms * 1000.0) / 1000.0);
  seg_json_member_int(&line, "bytes", (int64_t)request->sent_bytes);
  seg_json_member_int(&line, "receivedBytes", (int64_t)request->received_bytes);
  seg_json_member_string(&line, "remote", request->remote);
  if (request->project_id != NULL && request->project_id[0] != '\0') {
    seg_json_member_string(&line, "project", request->project_id);
  }
  end_line(log, &line);
}

void seg_http_log_event(seg_http_log *log, seg_http_level level, const char *event,
                        const char *request_id, const char *format, ...) {
  if (log == NULL || level < log->level) {
    return;
  }
  char message[SEG_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  seg_json_writer line;
  begin_line(&line, level, event);
  if (request_id != NULL) {
    seg_json_member_string(&line, "requestId", request_id);
  }
  seg_json_member_string(&line, "message", message);
  end_line(log, &line);
}
