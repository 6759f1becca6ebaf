/// Counters and histograms of the server, and anybody's gauges, in Prometheus' text format.
///
/// Counting takes no lock: atomic additions on a row for each route, method and status class.
/// Threads: any number, for everything but create and free.
#ifndef SEGMENTRY_HTTP_METRICS_H
#define SEGMENTRY_HTTP_METRICS_H

#include "http/router.h"
#include "segmentry/base.h"

typedef struct seg_http_metrics seg_http_metrics;
typedef struct seg_http_metrics_writer seg_http_metrics_writer;

/// Adds the caller's own numbers to a page, with seg_http_metrics_gauge and _counter.
typedef void (*seg_http_metrics_source)(void *context, seg_http_metrics_writer *writer);

/// Makes the counters for a route table.
///
/// routes  borrowed  Until freed; the same table the server gets. What no route answers is counted
///                   under route="".
/// source  optional
seg_status seg_http_metrics_create(const seg_http_route *routes, size_t count,
                                   seg_http_metrics_source source, void *context,
                                   seg_http_metrics **out);
void seg_http_metrics_free(seg_http_metrics *metrics);

/// Counts one answered request. route NULL: none was found. metrics NULL is allowed, here and
/// below.
void seg_http_metrics_count(seg_http_metrics *metrics, const seg_http_route *route, int status,
                            double duration_ms);
/// A request comes in (+1) or has been answered (-1).
void seg_http_metrics_in_flight(seg_http_metrics *metrics, int change);
/// A connection opens (+1) or closes (-1).
void seg_http_metrics_connections(seg_http_metrics *metrics, int change);

/// In a source: one sample. `name` as Prometheus wants it (segmentry_contacts); the help and type
/// lines are written once a name, so samples of one name must follow each other.
///
/// labels  optional  Such as `project="p1"`, escaped with seg_http_metrics_label.
void seg_http_metrics_gauge(seg_http_metrics_writer *writer, const char *name, const char *help,
                            const char *labels, double value);
void seg_http_metrics_counter(seg_http_metrics_writer *writer, const char *name, const char *help,
                              const char *labels, double value);
/// Writes `name="value"` with the value escaped; cut to fit. Returns out.
const char *seg_http_metrics_label(const char *name, seg_text_view value, char *out,
                                   size_t out_bytes);

/// The content type of a page.
#define SEG_HTTP_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/// Writes the page.
/// out  owned  Free with seg_text_free and the same allocator.
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_http_metrics_write(seg_http_metrics *metrics, seg_allocator allocator,
                                  seg_text_view *out);

#endif
