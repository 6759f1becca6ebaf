// One JSON object a line, built in memory and written at once.
#include "http/log.h"

#include "http/json_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/// Bytes of a path that a line shows: with the rest, and every byte of a message escaped sixfold, a
/// line stays below SEG_HTTP_LOG_LINE_BYTES_MAX.
#define LOG_PATH_BYTES_MAX 512

struct seg_http_log {
  seg_http_level level;
  seg_http_sink sink;
  void *context;
  pthread_mutex_t mutex;
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

seg_status seg_http_log_create(seg_http_level level, seg_http_sink sink, void *context,
                               seg_http_log **out) {
  seg_http_log *log = calloc(1, sizeof *log);
  if (log == NULL || pthread_mutex_init(&log->mutex, NULL) != 0) {
    free(log);
    return SEG_E_NOMEM;
  }
  log->level = level;
  log->sink = sink == NULL ? write_stderr : sink;
  log->context = context;
  *out = log;
  return SEG_OK;
}

void seg_http_log_free(seg_http_log *log) {
  if (log != NULL) {
    (void)pthread_mutex_destroy(&log->mutex);
    free(log);
  }
}

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

/// Ends a line, hands it to the sink and frees it. One that could not be built is dropped.
static void end_line(seg_http_log *log, seg_json_writer *line) {
  seg_json_end_object(line);
  seg_json_newline(line);
  seg_text_view text;
  if (seg_json_writer_text(line, &text) == SEG_OK) {
    (void)pthread_mutex_lock(&log->mutex);
    log->sink(log->context, text.bytes, text.size_bytes);
    (void)pthread_mutex_unlock(&log->mutex);
  }
  seg_json_writer_free(line);
}

static seg_http_level level_of(int status) {
  if (status == 503) {
    return SEG_HTTP_WARN;
  }
  return status >= 500 ? SEG_HTTP_ERROR : SEG_HTTP_INFO;
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
