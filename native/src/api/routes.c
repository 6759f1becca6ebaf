// The one table of routes.
#include "api.h"

/// Bodies with 10,000 addresses of the longest kind.
#define EMAILS_BODY_BYTES_MAX ((size_t)4 * 1024 * 1024)
/// A file of contacts: ten million rows of a hundred bytes. It is never in memory as a whole.
#define IMPORT_BODY_BYTES_MAX ((size_t)1024 * 1024 * 1024)

#define GET(path, run)                                                                             \
  { .method = "GET", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET }
#define DELETE(path, run)                                                                          \
  { .method = "DELETE", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET }
/// Of the dashboard: the same for everybody, so without a key.
#define PAGE(path, run)                                                                            \
  { .method = "GET", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_NONE }
/// With a body of JSON. An Idempotency-Key counts for POST alone: the other methods are idempotent
/// by themselves.
#define POST(path, run)                                                                            \
  {                                                                                                \
    .method = "POST", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET,       \
    .flags = SEG_HTTP_JSON | SEG_HTTP_IDEMPOTENT                                                   \
  }
#define PATCH(path, run)                                                                           \
  {                                                                                                \
    .method = "PATCH", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET,      \
    .flags = SEG_HTTP_JSON                                                                         \
  }
#define PUT(path, run)                                                                             \
  {                                                                                                \
    .method = "PUT", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET,        \
    .flags = SEG_HTTP_JSON                                                                         \
  }
/// With a body that may be left out.
#define ORDER(path, run)                                                                           \
  {                                                                                                \
    .method = "POST", .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET,       \
    .flags = SEG_HTTP_JSON | SEG_HTTP_JSON_OPTIONAL | SEG_HTTP_IDEMPOTENT                          \
  }
/// With a body of addresses.
#define EMAILS(verb, path, run, more_flags)                                                        \
  {                                                                                                \
    .method = (verb), .pattern = (path), .handler = (run), .access = SEG_HTTP_ACCESS_SECRET,       \
    .flags = SEG_HTTP_JSON | (more_flags), .body_bytes_max = EMAILS_BODY_BYTES_MAX                 \
  }
const seg_http_route api_routes[] = {
    {.method = "GET",
     .pattern = "/health",
     .handler = api_health,
     .access = SEG_HTTP_ACCESS_NONE,
     .flags = SEG_HTTP_WHILE_DRAINING},
    {.method = "GET", .pattern = "/ready", .handler = api_ready, .access = SEG_HTTP_ACCESS_NONE},
    {.method = "GET",
     .pattern = "/metrics",
     .handler = api_metrics_page,
     .access = SEG_HTTP_ACCESS_NONE},
    {.method = "GET",
     .pattern = "/openapi.json",
     .handler = api_openapi,
     .access = SEG_HTTP_ACCESS_NONE},

    {.method = "GET", .pattern = "/login", .handler = api_login, .access = SEG_HTTP_ACCESS_NONE},
    {.method = "POST",
     .pattern = "/logout",
     .handler = api_logout,
     .access = SEG_HTTP_ACCESS_SESSION,
     .flags = SEG_HTTP_JSON | SEG_HTTP_JSON_OPTIONAL},
    {.method = "GET",
     .pattern = "/session",
     .handler = api_session,
     .access = SEG_HTTP_ACCESS_SESSION},
    // Not idempotent: an answer that is kept would keep a secret.
    {.method = "POST",
     .pattern = "/projects/:id/rotate-keys",
     .handler = api_project_rotate_keys,
     .access = SEG_HTTP_ACCESS_SESSION,
     .flags = SEG_HTTP_JSON | SEG_HTTP_JSON_OPTIONAL},

    PAGE("/", api_dashboard_page),
    PAGE("/favicon.svg", api_dashboard_icon),
    PAGE("/assets/:file", api_dashboard_asset),

    GET("/segments", api_segment_list),
    POST("/segments", api_segment_create),
    POST("/segments/preview", api_segment_preview),
    POST("/segments/explain", api_condition_explain),
    GET("/segments/:id", api_segment_get),
    PATCH("/segments/:id", api_segment_update),
    DELETE("/segments/:id", api_segment_delete),
    GET("/segments/:id/contacts", api_segment_contacts),
    GET("/segments/:id/contacts/:contactId/explain", api_segment_explain),
    GET("/segments/:id/changes", api_segment_changes),
    GET("/segments/:id/sizes", api_segment_sizes),
    GET("/segments/:id/usage", api_segment_usage),
    EMAILS("POST", "/segments/:id/members", api_members_add, SEG_HTTP_IDEMPOTENT),
    EMAILS("DELETE", "/segments/:id/members", api_members_remove, 0),
    ORDER("/segments/:id/refresh", api_segment_refresh),
    ORDER("/segments/:id/compute", api_segment_compute),

    GET("/campaigns", api_campaign_list),
    POST("/campaigns", api_campaign_create),
    GET("/campaigns/:id", api_campaign_get),
    PUT("/campaigns/:id", api_campaign_update),
    DELETE("/campaigns/:id", api_campaign_delete),
    ORDER("/campaigns/:id/send", api_campaign_send),
    ORDER("/campaigns/:id/cancel", api_campaign_cancel),
    ORDER("/campaigns/:id/sent", api_campaign_finish),
    GET("/campaigns/:id/recipients", api_campaign_recipients),

    GET("/contacts", api_contact_list),
    POST("/contacts", api_contact_put),
    EMAILS("POST", "/contacts/lookup", api_contact_lookup, SEG_HTTP_IDEMPOTENT),
    GET("/contacts/fields", api_field_list),
    GET("/contacts/fields/:field/values", api_field_values),
    GET("/contacts/fields/:field/usage", api_field_usage),
    DELETE("/contacts/fields/:field", api_field_delete),
    {.method = "POST",
     .pattern = "/contacts/import",
     .handler = api_contact_import,
     .access = SEG_HTTP_ACCESS_SECRET,
     .flags = SEG_HTTP_STREAMED | SEG_HTTP_IDEMPOTENT,
     .body_bytes_max = IMPORT_BODY_BYTES_MAX},
    GET("/contacts/import/:jobId", api_import_get),
    POST("/contacts/bulk-subscribe", api_bulk_subscribe),
    POST("/contacts/bulk-unsubscribe", api_bulk_unsubscribe),
    POST("/contacts/bulk-delete", api_bulk_delete),
    GET("/contacts/bulk/:jobId", api_bulk_get),
    GET("/contacts/:id", api_contact_get),
    PATCH("/contacts/:id", api_contact_update),
    DELETE("/contacts/:id", api_contact_delete),
    GET("/contacts/:id/changes", api_contact_changes),
    GET("/contacts/:id/segments", api_contact_segments),

    GET("/snapshot", api_snapshot),

    GET("/webhooks", api_webhook_list),
    POST("/webhooks", api_webhook_create),
    GET("/webhooks/:id", api_webhook_get),
    PATCH("/webhooks/:id", api_webhook_update),
    DELETE("/webhooks/:id", api_webhook_delete),
    GET("/webhooks/:id/deliveries", api_webhook_deliveries),
    ORDER("/webhooks/:id/test", api_webhook_test),
    ORDER("/webhooks/:id/rotate-secret", api_webhook_rotate),
    POST("/webhooks/:id/replay", api_webhook_replay),
    GET("/deliveries/:id", api_delivery_get),
    ORDER("/deliveries/:id/retry", api_delivery_retry),

    {.method = "POST",
     .pattern = "/v1/track",
     .handler = api_track,
     .access = SEG_HTTP_ACCESS_PUBLIC,
     .flags = SEG_HTTP_JSON | SEG_HTTP_CORS | SEG_HTTP_IDEMPOTENT},
    POST("/v1/track/batch", api_track_batch),
    POST("/v1/email-activity", api_email_activity),
    GET("/v1/email-providers/ses", api_ses_address),
    // SNS can send no header of ours, and calls JSON text/plain.
    {.method = "POST",
     .pattern = "/v1/email-providers/ses/:project",
     .handler = api_ses_message,
     .access = SEG_HTTP_ACCESS_NONE},
    GET("/events", api_event_list),
    GET("/events/names", api_event_names),
    GET("/events/stats", api_event_stats),
    GET("/events/contact/:id", api_event_of_contact),
    GET("/events/:name/usage", api_event_usage),
    // Of an event that is called `names` or `stats` too.
    {.method = "DELETE",
     .pattern = "/events/:name",
     .handler = api_event_delete,
     .access = SEG_HTTP_ACCESS_SECRET,
     .flags = SEG_HTTP_ANY_NAME},
};
const size_t api_route_count = sizeof api_routes / sizeof api_routes[0];
