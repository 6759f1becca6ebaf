/// Structured logs: one JSON object a line.
///
/// What may be logged is what has a parameter here. There is none for headers, cookies, queries or
/// bodies, so a secret can only come in through a message: do not put one there.
///
/// Lines are written by a thread of the log's own. Who logs never waits for who reads: a log that
/// is not read fills a buffer, and then lines are dropped. How many is said in their place, by the
/// event `log.dropped`, once it is read again.
/// Threads: any number; a line is one write and never torn.
#ifndef SEGMENTRY_HTTP_LOG_H
#define SEGMENTRY_HTTP_LOG_H

#include "segmentry/base.h"

typedef enum seg_http_level {
  SEG_HTTP_DEBUG = 0,
  SEG_HTTP_INFO = 1,
  SEG_HTTP_WARN = 2,
  SEG_HTTP_ERROR = 3,
} seg_http_level;

/// Bytes of a line: longer paths and messages are cut so that the line stays JSON, and below the
/// 4,096 that a pipe takes whole.
#define SEG_HTTP_LOG_LINE_BYTES_MAX 4096

/// Bytes of lines that wait at most, while as many are being written: some thousand requests, which
/// is a second of a reader's absence under load, and minutes of it otherwise.
#define SEG_HTTP_LOG_BUFFER_BYTES ((size_t)1 << 20)

typedef struct seg_http_log seg_http_log;

/// Where lines go. `line` ends with a line feed. Called by one thread, which may be cancelled in it
/// (pthread_cancel) if it does not come back.
typedef void (*seg_http_sink)(void *context, const char *line, size_t size_bytes);

/// Makes a log. sink NULL writes to the standard error. Lines below `level` are dropped.
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_http_log_create(seg_http_level level, seg_http_sink sink, void *context,
                               seg_http_log **out);
/// Writes what is left, as seg_http_log_flush does, and ends the thread; what cannot be written by
/// then is lost.
void seg_http_log_free(seg_http_log *log);

/// Waits until everything logged so far is written: before the process ends itself. Two seconds at
/// most; false if that was not enough. log NULL is allowed.
bool seg_http_log_flush(seg_http_log *log);

/// One answered request.
typedef struct seg_http_log_request {
  const char *request_id;
  const char *method;
  seg_text_view path;     ///< Without the query.
  const char *route;      ///< The pattern; NULL if none was found.
  const char *project_id; ///< NULL or "" if nobody was authenticated.
  const char *remote;
  int status;
  double duration_ms;
  uint64_t received_bytes; ///< Of the body.
  uint64_t sent_bytes;     ///< With the header.
} seg_http_log_request;

/// Writes `{"time","level","event":"request","requestId","method","path","route","status","ms",
/// "bytes","receivedBytes","remote","project"}`. Level: error from 500 on (503 is a warning), else
/// info. log NULL is allowed, here and below.
void seg_http_log_write_request(seg_http_log *log, const seg_http_log_request *request);

/// Writes `{"time","level","event","requestId"?,"message"}`.
///
/// event       Short and stable, such as "store.commit_failed".
/// request_id  optional
void seg_http_log_event(seg_http_log *log, seg_http_level level, const char *event,
                        const char *request_id, const char *format, ...) SEG_PRINTF(5, 6);

#endif
