// What webhooks were told, and what became of it; trying one, and sending again.
#include "engine/deliveries.h"
#include "call.h"
#include "engine/engine_webhooks.h"
#include "input.h"

#define STATUS_COUNT 3
static const char *const status_names[STATUS_COUNT] = {
    [STORE_DELIVERY_PENDING] = "PENDING",
    [STORE_DELIVERY_DELIVERED] = "DELIVERED",
    [STORE_DELIVERY_PARKED] = "PARKED",
};
#define STATUS_TEXT_BYTES_MAX 16

static const store_delivery_status statuses[STATUS_COUNT] = {
    STORE_DELIVERY_PENDING, STORE_DELIVERY_DELIVERED, STORE_DELIVERY_PARKED};

/// The status of a name; NULL if there is none of this name.
static const store_delivery_status *find_status(seg_text_view name) {
  for (size_t i = 0; i < STATUS_COUNT; i++) {
    if (seg_text_equal(name, seg_text_of(status_names[i]))) {
      return &statuses[i];
    }
  }
  return NULL;
}

// Writing.

static void begin_delivery(void *context, const store_delivery *row, seg_text_view webhook_id) {
  seg_json_writer *json = context;
  char id[DELIVERY_ID_BYTES];
  delivery_id_write(row->webhook, row->num, row->nonce, id);
  seg_json_begin_object(json);
  seg_json_member_string(json, "id", id);
  seg_json_member_text(json, "webhookId", webhook_id);
  seg_json_member_string(json, "status", status_names[row->status]);
  seg_json_member_instant(json, "createdAt", row->at_ms);
  seg_json_member_instant(json, "nextAttemptAt", row->next_at_ms);
  seg_json_member_raw(json, "payload", row->payload);
  seg_json_key(json, "attempts");
  seg_json_begin_array(json);
}

static void write_optional(seg_json_writer *json, const char *name, seg_text_view text) {
  if (text.size_bytes == 0) {
    seg_json_member_null(json, name);
  } else {
    seg_json_member_text(json, name, text);
  }
}

static void show_attempt(void *context, const store_attempt *row) {
  seg_json_writer *json = context;
  seg_json_begin_object(json);
  seg_json_member_instant(json, "at", row->at_ms);
  seg_json_member_int(json, "durationMs", row->duration_ms);
  if (row->http_status == 0) {
    seg_json_member_null(json, "status");
  } else {
    seg_json_member_int(json, "status", row->http_status);
  }
  write_optional(json, "error", row->error);
  write_optional(json, "request", row->request);
  write_optional(json, "answer", row->answer);
  seg_json_end_object(json);
}

static void end_delivery(void *context) {
  seg_json_end_array(context);
  seg_json_end_object(context);
}

static delivery_show show_to(seg_json_writer *json) {
  return (delivery_show){
      .begin = begin_delivery, .attempt = show_attempt, .end = end_delivery, .context = json};
}

// Routes.

/// Reads what a list is asked for; false if it has been answered.
static bool read_scope(seg_http_request *request, seg_http_response *response,
                       delivery_scope *out) {
  int64_t limit;
  seg_text_view status;
  if (!seg_http_query_integer(request, response, "limit", 1, API_PAGE_MAX, API_PAGE_DEFAULT,
                              &limit) ||
      !seg_http_query_integer(request, response, "cursor", 1, STORE_NEWEST, STORE_NEWEST,
                              &out->before) ||
      !seg_http_query_text(request, response, "status", STATUS_TEXT_BYTES_MAX, &status)) {
    return false;
  }
  out->limit = (size_t)limit;
  out->status = find_status(status);
  if (status.size_bytes > 0 && out->status == NULL) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "status: must be PENDING, DELIVERED or PARKED");
    return false;
  }
  return true;
}

void api_webhook_deliveries(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  delivery_scope scope;
  if (!read_scope(request, response, &scope)) {
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  delivery_show show = show_to(json);
  int64_t last;
  bool has_more;
  engine_error error;
  engine_error_init(&error);
  seg_json_begin_object(json);
  seg_json_key(json, "data");
  seg_json_begin_array(json);
  if (engine_delivery_list(own->engine, api_project(request), seg_http_request_param(request, "id"),
                           &scope, &show, &last, &has_more, &error) != ENGINE_OK) {
    answer_engine_error(response, API_WEBHOOKS, &error);
    return;
  }
  seg_json_end_array(json);
  answer_page_end(json, has_more, last);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
  engine_error_free(&error);
}

void api_delivery_get(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  delivery_show show = show_to(seg_http_response_json(response));
  engine_error error;
  engine_error_init(&error);
  if (engine_delivery_get(own->engine, api_project(request), seg_http_request_param(request, "id"),
                          &show, &error) != ENGINE_OK) {
    answer_engine_error(response, API_DELIVERIES, &error);
    return;
  }
  seg_http_respond_json(response, 200);
  engine_error_free(&error);
}

void api_webhook_test(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_WEBHOOKS, 201);
  delivery_show show = show_to(call.json);
  api_call_end(&call,
               engine_webhook_test(call.api->engine, call.project,
                                   seg_http_request_param(request, "id"), &show, &call.error));
}

void api_delivery_retry(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_DELIVERIES, 200);
  delivery_show show = show_to(call.json);
  api_call_end(&call,
               engine_delivery_retry(call.api->engine, call.project,
                                     seg_http_request_param(request, "id"), &show, &call.error));
}

/// What a replay is asked for, and what came of it.
typedef struct replay_call {
  replay_range range;
  bool is_dry; ///< To be counted, and left as it is.
  size_t count;
} replay_call;

static void write_replayed(void *context, seg_json_writer *json) {
  const replay_call *own = context;
  seg_json_begin_object(json);
  seg_json_member_int(json, "matching", (int64_t)own->count);
  seg_json_member_int(json, "replayed", own->is_dry ? 0 : (int64_t)own->count);
  seg_json_end_object(json);
}

/// Reads what is to be sent again. What is pending is going to be sent anyway, but later than
/// somebody may want who has mended a receiver: it has to be asked for.
static void read_replay(input *body, replay_call *asked) {
  replay_range *out = &asked->range;
  bool is_given;
  asked->is_dry = input_bool(body, "dryRun", &is_given);
  out->from_ms = input_instant(body, "from", true, 0);
  out->to_ms = input_instant(body, "to", true, 0);
  seg_text_view status = input_text(body, "status", false);
  out->status = find_status(status);
  if (status.bytes != NULL && out->status == NULL) {
    input_refuse(body, "status", "enum", "must be PENDING, DELIVERED or PARKED");
  }
  if (input_is_good(body) && out->from_ms >= out->to_ms) {
    input_refuse(body, "to", "range", "must be after from");
  }
}

void api_webhook_replay(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  replay_call asked = {.count = 0};
  api_call_begin(&call, context, request, response, API_WEBHOOKS, 200);
  call.write = write_replayed;
  call.context = &asked;
  seg_text_view id = seg_http_request_param(request, "id");
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_replay(&body, &asked);
  if (!input_is_good(&body)) {
    api_call_refuse(&call, &body.problems);
  } else if (!asked.is_dry) {
    api_call_end(&call, engine_webhook_replay(call.api->engine, call.project, id, &asked.range,
                                              &asked.count, &call.error));
  } else {
    engine_status status = engine_webhook_replay_count(call.api->engine, call.project, id,
                                                       &asked.range, &asked.count, &call.error);
    if (status == ENGINE_OK) {
      api_call_end_read(&call);
    } else {
      api_call_end(&call, status);
    }
  }
  input_end(&body);
}
