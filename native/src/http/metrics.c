// Counters in rows, one for each route and one for what no route answers. Additions are relaxed: a
// page may be a request off between two of its lines, never in the long run.
#include "http/metrics.h"

#include "http/response.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Upper bounds in milliseconds: from a count in memory to a slow import's answer.
static const double BOUNDS_MS[] = {1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000};
#define BOUND_COUNT (sizeof BOUNDS_MS / sizeof BOUNDS_MS[0])
/// 1xx to 5xx, as seg_http_status_class has them.
#define CLASS_COUNT 5
/// Bytes of a name, with its NUL.
#define NAME_BYTES_MAX 128
/// Bytes of one line: a name, its labels and a number; longer ones are left out.
#define LINE_BYTES_MAX 1024

typedef struct row {
  _Atomic uint64_t by_class[CLASS_COUNT];
  _Atomic uint64_t by_bound[BOUND_COUNT + 1]; ///< Not cumulative here; the last is beyond them all.
  _Atomic uint64_t sum_us;
} row;

struct seg_http_metrics {
  const seg_http_route *routes;
  size_t count;
  seg_http_metrics_source source;
  void *context;
  _Atomic int64_t in_flight;
  _Atomic int64_t connections;
  row rows[]; ///< `count` of them, then the one for no route.
};

struct seg_http_metrics_writer {
  seg_allocator allocator;
  char *bytes;
  size_t size_bytes;
  size_t capacity;
  bool failed;
  char last_name[NAME_BYTES_MAX]; ///< Whose help and type have just been written.
};

seg_status seg_http_metrics_create(const seg_http_route *routes, size_t count,
                                   seg_http_metrics_source source, void *context,
                                   seg_http_metrics **out) {
  seg_http_metrics *metrics = calloc(1, sizeof *metrics + (count + 1) * sizeof metrics->rows[0]);
  if (metrics == NULL) {
    return SEG_E_NOMEM;
  }
  metrics->routes = routes;
  metrics->count = count;
  metrics->source = source;
  metrics->context = context;
  *out = metrics;
  return SEG_OK;
}

void seg_http_metrics_free(seg_http_metrics *metrics) { free(metrics); }

void seg_http_metrics_count(seg_http_metrics *metrics, const seg_http_route *route, int status,
                            double duration_ms) {
  if (metrics == NULL) {
    return;
  }
  row *counted = &metrics->rows[route == NULL ? metrics->count : (size_t)(route - metrics->routes)];
  int class = seg_http_status_class(status) - 1;
  if (class < 0 || class >= CLASS_COUNT) {
    class = CLASS_COUNT - 1; // no answer at all is our fault
  }
  size_t bound = 0;
  while (bound < BOUND_COUNT && duration_ms > BOUNDS_MS[bound]) {
    bound++;
  }
  atomic_fetch_add_explicit(&counted->by_class[class], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&counted->by_bound[bound], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&counted->sum_us, (uint64_t)(duration_ms * 1000.0),
                            memory_order_relaxed);
}

void seg_http_metrics_in_flight(seg_http_metrics *metrics, int change) {
  if (metrics != NULL) {
    atomic_fetch_add_explicit(&metrics->in_flight, change, memory_order_relaxed);
  }
}

void seg_http_metrics_connections(seg_http_metrics *metrics, int change) {
  if (metrics != NULL) {
    atomic_fetch_add_explicit(&metrics->connections, change, memory_order_relaxed);
  }
}

static void put(seg_http_metrics_writer *writer, const char *format, ...) SEG_PRINTF(2, 3);

static void put(seg_http_metrics_writer *writer, const char *format, ...) {
  char line[LINE_BYTES_MAX];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (writer->failed || size < 0 || (size_t)size >= sizeof line) {
    return;
  }
  size_t needed = writer->size_bytes + (size_t)size;
  if (needed > writer->capacity) {
    size_t wanted = writer->capacity * 2 > needed ? writer->capacity * 2 : needed + 4096;
    void *grown = writer->allocator.resize(writer->allocator.context, writer->bytes,
                                           writer->capacity, wanted);
    if (grown == NULL) {
      writer->failed = true;
      return;
    }
    writer->bytes = grown;
    writer->capacity = wanted;
  }
  memcpy(writer->bytes + writer->size_bytes, line, (size_t)size);
  writer->size_bytes = needed;
}

static void put_head(seg_http_metrics_writer *writer, const char *name, const char *help,
                     const char *type) {
  if (strcmp(writer->last_name, name) != 0) {
    put(writer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    (void)snprintf(writer->last_name, sizeof writer->last_name, "%s", name);
  }
}

static void put_sample(seg_http_metrics_writer *writer, const char *name, const char *labels,
                       double value) {
  bool labelled = labels != NULL && labels[0] != '\0';
  put(writer, "%s%s%s%s ", name, labelled ? "{" : "", labelled ? labels : "", labelled ? "}" : "");
  if (isnan(value)) {
    put(writer, "NaN\n");
  } else if (isinf(value)) {
    put(writer, "%s\n", value > 0 ? "+Inf" : "-Inf");
  } else {
    put(writer, "%.15g\n", value);
  }
}

void seg_http_metrics_gauge(seg_http_metrics_writer *writer, const char *name, const char *help,
                            const char *labels, double value) {
  put_head(writer, name, help, "gauge");
  put_sample(writer, name, labels, value);
}

void seg_http_metrics_counter(seg_http_metrics_writer *writer, const char *name, const char *help,
                              const char *labels, double value) {
  put_head(writer, name, help, "counter");
  put_sample(writer, name, labels, value);
}

const char *seg_http_metrics_label(const char *name, seg_text_view value, char *out,
                                   size_t out_bytes) {
  int begun = snprintf(out, out_bytes, "%s=\"", name);
  if (begun < 0 || (size_t)begun + 2 > out_bytes) {
    return "";
  }
  char *at = out + begun;
  char *end = out + out_bytes - 2; // the closing quote and the NUL
  for (size_t i = 0; i < value.size_bytes; i++) {
    char byte = value.bytes[i];
    bool escaped = byte == '"' || byte == '\\' || byte == '\n';
    if (at + (escaped ? 2 : 1) > end) {
      break;
    }
    if (escaped) {
      *at++ = '\\';
    }
    *at++ = (char)(byte == '\n' ? 'n' : byte);
  }
  *at++ = '"';
  *at = '\0';
  return out;
}

static uint64_t load(const _Atomic uint64_t *counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

static void row_labels(const seg_http_metrics *metrics, size_t index, char *out, size_t out_bytes) {
  bool known = index < metrics->count;
  (void)snprintf(out, out_bytes, "method=\"%s\",route=\"%s\"",
                 known ? metrics->routes[index].method : "",
                 known ? metrics->routes[index].pattern : "");
}

static void put_requests(const seg_http_metrics *metrics, seg_http_metrics_writer *writer) {
  static const char name[] = "segmentry_http_requests_total";
  char labels[LINE_BYTES_MAX / 2];
  char all[LINE_BYTES_MAX / 2 + 32];
  put_head(writer, name, "Answered requests by route, method and class of status.", "counter");
  for (size_t i = 0; i <= metrics->count; i++) {
    row_labels(metrics, i, labels, sizeof labels);
    for (int class = 0; class < CLASS_COUNT; class ++) {
      uint64_t count = load(&metrics->rows[i].by_class[class]);
      if (count > 0) {
        (void)snprintf(all, sizeof all, "%s,status=\"%dxx\"", labels, class + 1);
        put_sample(writer, name, all, (double)count);
      }
    }
  }
}

static void put_durations(const seg_http_metrics *metrics, seg_http_metrics_writer *writer) {
  static const char name[] = "segmentry_http_request_duration_seconds";
  char labels[LINE_BYTES_MAX / 2];
  put_head(writer, name, "From the end of a request's header to its answer.", "histogram");
  for (size_t i = 0; i <= metrics->count; i++) {
    const row *counted = &metrics->rows[i];
    uint64_t counts[BOUND_COUNT + 1];
    uint64_t total = 0;
    for (size_t k = 0; k <= BOUND_COUNT; k++) {
      counts[k] = load(&counted->by_bound[k]);
      total += counts[k];
    }
    if (total == 0) {
      continue;
    }
    row_labels(metrics, i, labels, sizeof labels);
    uint64_t below = 0;
    for (size_t k = 0; k < BOUND_COUNT; k++) {
      below += counts[k];
      put(writer, "%s_bucket{%s,le=\"%g\"} %llu\n", name, labels, BOUNDS_MS[k] / 1000.0,
          (unsigned long long)below);
    }
    put(writer, "%s_bucket{%s,le=\"+Inf\"} %llu\n", name, labels, (unsigned long long)total);
    put(writer, "%s_sum{%s} %.6f\n", name, labels, (double)load(&counted->sum_us) / 1e6);
    put(writer, "%s_count{%s} %llu\n", name, labels, (unsigned long long)total);
  }
}

seg_status seg_http_metrics_write(seg_http_metrics *metrics, seg_allocator allocator,
                                  seg_text_view *out) {
  seg_http_metrics_writer writer = {.allocator = allocator};
  put_requests(metrics, &writer);
  put_durations(metrics, &writer);
  seg_http_metrics_gauge(&writer, "segmentry_http_requests_in_flight", "Requests being handled.",
                         NULL, (double)atomic_load(&metrics->in_flight));
  seg_http_metrics_gauge(&writer, "segmentry_http_connections", "Connections being served.", NULL,
                         (double)atomic_load(&metrics->connections));
  if (metrics->source != NULL) {
    metrics->source(metrics->context, &writer);
  }
  // Cut to size: seg_text_free gives the view's size back to the allocator.
  char *cut = writer.failed ? NULL
                            : allocator.resize(allocator.context, writer.bytes, writer.capacity,
                                               writer.size_bytes);
  if (cut == NULL) {
    if (writer.bytes != NULL) {
      allocator.resize(allocator.context, writer.bytes, writer.capacity, 0);
    }
    return SEG_E_NOMEM;
  }
  *out = (seg_text_view){.bytes = cut, .size_bytes = writer.size_bytes};
  return SEG_OK;
}
