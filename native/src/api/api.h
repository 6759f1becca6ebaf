/// The HTTP API from inside: what all handlers share. Handlers hold no logic: they read a request,
/// call the engine, and write what it says.
#ifndef SEGMENTRY_API_H
#define SEGMENTRY_API_H

#include "engine/engine.h"
#include "http/server.h"
#include "webhooks/sender.h"
#include "webhooks/sns_adapter.h"

/// The handlers' context.
typedef struct api {
  engine *engine;
  seg_http_log *log;
  seg_http_metrics *metrics;
  sender *sender;
  sns_adapter *sns;
  seg_http_rate_limit *sns_rate; ///< Of messages that SNS sends for a project.
  certificates *trusted;         ///< By webhooks, beside the system's authorities; may be NULL.
} api;

/// Rows of a page unless the request says otherwise, and at most.
#define API_PAGE_DEFAULT 20
#define API_PAGE_MAX 100
/// Bytes of a `search` in a query: no address has more.
#define API_SEARCH_BYTES_MAX SEG_EMAIL_BYTES_MAX

/// The one table of routes.
extern const seg_http_route api_routes[];
extern const size_t api_route_count;

/// For seg_http_options.
seg_http_authentication api_authenticate(void *context, const seg_http_request *request,
                                         seg_http_identity *identity);
/// For seg_http_metrics_create.
void api_metrics(void *context, seg_http_metrics_writer *page);

/// The caller's project.
static inline project *api_project(const seg_http_request *request) {
  return seg_http_request_identity(request)->project;
}

// operations.c
void api_health(void *context, seg_http_request *request, seg_http_response *response);
void api_ready(void *context, seg_http_request *request, seg_http_response *response);
void api_metrics_page(void *context, seg_http_request *request, seg_http_response *response);

// openapi.c
void api_openapi(void *context, seg_http_request *request, seg_http_response *response);

// sessions.c
void api_login(void *context, seg_http_request *request, seg_http_response *response);
void api_logout(void *context, seg_http_request *request, seg_http_response *response);
void api_project_rotate_keys(void *context, seg_http_request *request, seg_http_response *response);
void api_session(void *context, seg_http_request *request, seg_http_response *response);

// dashboard.c
void api_dashboard_page(void *context, seg_http_request *request, seg_http_response *response);
void api_dashboard_icon(void *context, seg_http_request *request, seg_http_response *response);
void api_dashboard_asset(void *context, seg_http_request *request, seg_http_response *response);

// segments.c
void api_segment_list(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_create(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_get(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_update(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_delete(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_refresh(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_compute(void *context, seg_http_request *request, seg_http_response *response);

// members.c
void api_segment_contacts(void *context, seg_http_request *request, seg_http_response *response);
void api_members_add(void *context, seg_http_request *request, seg_http_response *response);
void api_members_remove(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_preview(void *context, seg_http_request *request, seg_http_response *response);

// campaigns.c
void api_campaign_list(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_create(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_get(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_update(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_delete(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_send(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_cancel(void *context, seg_http_request *request, seg_http_response *response);
void api_campaign_finish(void *context, seg_http_request *request, seg_http_response *response);

// recipients.c
void api_campaign_recipients(void *context, seg_http_request *request, seg_http_response *response);

// contacts.c
void api_contact_list(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_put(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_get(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_update(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_delete(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_lookup(void *context, seg_http_request *request, seg_http_response *response);

// explain.c
void api_segment_explain(void *context, seg_http_request *request, seg_http_response *response);
void api_condition_explain(void *context, seg_http_request *request, seg_http_response *response);

// history.c
void api_segment_changes(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_sizes(void *context, seg_http_request *request, seg_http_response *response);
void api_segment_usage(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_changes(void *context, seg_http_request *request, seg_http_response *response);
void api_contact_segments(void *context, seg_http_request *request, seg_http_response *response);

// snapshot.c
void api_snapshot(void *context, seg_http_request *request, seg_http_response *response);

// jobs.c
void api_contact_import(void *context, seg_http_request *request, seg_http_response *response);
void api_import_get(void *context, seg_http_request *request, seg_http_response *response);
void api_bulk_subscribe(void *context, seg_http_request *request, seg_http_response *response);
void api_bulk_unsubscribe(void *context, seg_http_request *request, seg_http_response *response);
void api_bulk_delete(void *context, seg_http_request *request, seg_http_response *response);
void api_bulk_get(void *context, seg_http_request *request, seg_http_response *response);

// fields.c
void api_field_list(void *context, seg_http_request *request, seg_http_response *response);
void api_field_values(void *context, seg_http_request *request, seg_http_response *response);

// removal.c
void api_field_usage(void *context, seg_http_request *request, seg_http_response *response);
void api_field_delete(void *context, seg_http_request *request, seg_http_response *response);
void api_event_usage(void *context, seg_http_request *request, seg_http_response *response);
void api_event_delete(void *context, seg_http_request *request, seg_http_response *response);

// track.c
void api_track(void *context, seg_http_request *request, seg_http_response *response);
void api_track_batch(void *context, seg_http_request *request, seg_http_response *response);
void api_email_activity(void *context, seg_http_request *request, seg_http_response *response);

// email_providers.c
void api_ses_address(void *context, seg_http_request *request, seg_http_response *response);
void api_ses_message(void *context, seg_http_request *request, seg_http_response *response);

// webhooks.c
void api_webhook_list(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_create(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_get(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_update(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_delete(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_rotate(void *context, seg_http_request *request, seg_http_response *response);

// deliveries.c
void api_webhook_deliveries(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_test(void *context, seg_http_request *request, seg_http_response *response);
void api_webhook_replay(void *context, seg_http_request *request, seg_http_response *response);
void api_delivery_get(void *context, seg_http_request *request, seg_http_response *response);
void api_delivery_retry(void *context, seg_http_request *request, seg_http_response *response);

// events.c
void api_event_list(void *context, seg_http_request *request, seg_http_response *response);
void api_event_of_contact(void *context, seg_http_request *request, seg_http_response *response);

// event_names.c
void api_event_names(void *context, seg_http_request *request, seg_http_response *response);
void api_event_stats(void *context, seg_http_request *request, seg_http_response *response);

#endif
