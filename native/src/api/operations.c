// For whoever runs the server: is it alive, is it ready, what does it do.
#include "answer.h"
#include "engine/deliveries.h"
#include "engine/engine_jobs.h"
#include "engine/engine_preview.h"
#include "segmentry/text.h"

static void answer_state(seg_http_response *response, const char *state) {
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_string(json, "status", state);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

void api_health(void *context, seg_http_request *request, seg_http_response *response) {
  (void)context;
  (void)request;
  answer_state(response, "ok");
}

/// Ready means that the store can be read, and is still where it was; a server that drains is
/// answered for by the HTTP layer.
void api_ready(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  (void)request;
  store_session *session = engine_session_borrow(own->engine);
  store_status status = session == NULL ? STORE_FAILED : store_session_check(session, NULL);
  if (status == STORE_OK) {
    status = store_project_list(session, NULL, NULL, NULL);
  }
  engine_session_return(own->engine, session);
  if (status == STORE_OK) {
    answer_state(response, "ready");
  } else {
    answer_store_error(response, API_CONTACTS, STORE_FAILED);
  }
}

/// What the sender has done, which it counts since the start. A page may be asked for before the
/// sender is there.
static void add_sender_metrics(const api *own, seg_http_metrics_writer *page) {
  int64_t pending = 0;
  if (engine_deliveries_count(own->engine, &pending) == ENGINE_OK) {
    seg_http_metrics_gauge(page, "segmentry_webhook_deliveries_pending",
                           "Deliveries that wait for their turn, or for another attempt.", NULL,
                           (double)pending);
  }
  sender_counts counts = own->sender == NULL ? (sender_counts){0} : sender_count(own->sender);
  seg_http_metrics_counter(page, "segmentry_webhook_deliveries_delivered_total",
                           "Deliveries that a receiver has taken.", NULL, (double)counts.delivered);
  seg_http_metrics_counter(page, "segmentry_webhook_attempts_failed_total",
                           "Attempts to deliver that failed.", NULL, (double)counts.failed);
  seg_http_metrics_counter(page, "segmentry_webhook_deliveries_parked_total",
                           "Deliveries that were given up.", NULL, (double)counts.parked);
  seg_http_metrics_gauge(page, "segmentry_webhook_deliveries_in_flight",
                         "Deliveries that are being sent.", NULL, (double)counts.in_flight);
}

void api_metrics(void *context, seg_http_metrics_writer *page) {
  const api *own = context;
  engine_totals totals = engine_count_all(own->engine);
  seg_http_metrics_gauge(page, "segmentry_projects", "Projects.", NULL, (double)totals.projects);
  seg_http_metrics_gauge(page, "segmentry_contacts", "Contacts of all projects.", NULL,
                         (double)totals.contacts);
  seg_http_metrics_gauge(page, "segmentry_segments", "Segments of all projects.", NULL,
                         (double)totals.segments);
  seg_http_metrics_gauge(page, "segmentry_tracked_segments",
                         "Dynamic segments whose entries and exits are tracked.", NULL,
                         (double)totals.tracked_segments);
  seg_http_metrics_gauge(page, "segmentry_jobs", "Background jobs that wait or run.", NULL,
                         (double)engine_count_jobs(own->engine));
  seg_http_metrics_gauge(page, "segmentry_table_bytes", "Memory that the tables hold.", NULL,
                         (double)totals.memory_bytes);
  add_sender_metrics(own, page);
}

void api_metrics_page(void *context, seg_http_request *request, seg_http_response *response) {
  const api *own = context;
  seg_text_view page;
  (void)request;
  if (seg_http_metrics_write(own->metrics, seg_allocator_default(), &page) != SEG_OK) {
    answer_no_memory(response);
    return;
  }
  seg_http_respond_bytes(response, 200, SEG_HTTP_METRICS_CONTENT_TYPE, page.bytes, page.size_bytes);
  seg_text_free(seg_allocator_default(), page);
}
