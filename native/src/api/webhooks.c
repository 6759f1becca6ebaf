// Webhooks: defined, listed, their secrets renewed. Their deliveries are in deliveries.c.
#include "call.h"
#include "engine/engine_webhooks.h"
#include "input.h"

#include <cJSON.h>
#include <stdlib.h>

// Writing.

static void write_optional(seg_json_writer *json, const char *name, seg_text_view text) {
  if (text.bytes == NULL) {
    seg_json_member_null(json, name);
  } else {
    seg_json_member_text(json, name, text);
  }
}

static const char *state_of(const webhook_shown *shown) {
  const store_webhook_health *health = &shown->of->health;
  if (health->paused_until_ms != STORE_NO_INSTANT && health->paused_until_ms > shown->now_ms) {
    return "PAUSED";
  }
  return health->failures > 0 ? "FAILING" : "OK";
}

static void write_last_failure(seg_json_writer *json, const store_attempt *last) {
  if (last == NULL) {
    seg_json_member_null(json, "lastFailure");
    return;
  }
  seg_json_key(json, "lastFailure");
  seg_json_begin_object(json);
  if (last->http_status == 0) {
    seg_json_member_null(json, "status");
  } else {
    seg_json_member_int(json, "status", last->http_status);
  }
  if (last->error.size_bytes == 0) {
    seg_json_member_null(json, "error");
  } else {
    seg_json_member_text(json, "error", last->error);
  }
  seg_json_end_object(json);
}

static void write_health(seg_json_writer *json, const webhook_shown *shown) {
  const store_webhook_health *health = &shown->of->health;
  seg_json_key(json, "health");
  seg_json_begin_object(json);
  seg_json_member_string(json, "state", state_of(shown));
  seg_json_member_int(json, "failuresInARow", health->failures);
  seg_json_member_instant(json, "lastSuccessAt", health->last_success_at_ms);
  seg_json_member_instant(json, "lastFailureAt", health->last_failure_at_ms);
  write_last_failure(json, shown->last_failure);
  seg_json_member_instant(json, "pausedUntil", health->paused_until_ms);
  seg_json_end_object(json);
}

/// Values are masked: they are passwords, more often than not.
static void write_headers(seg_json_writer *json, const webhook *of) {
  seg_json_key(json, "headers");
  seg_json_begin_object(json);
  for (size_t i = 0; i < of->header_count; i++) {
    seg_json_member_string(json, of->headers[i].name.bytes, WEBHOOK_MASK);
  }
  seg_json_end_object(json);
}

static void show_webhook(void *context, const webhook_shown *shown) {
  seg_json_writer *json = context;
  const webhook *of = shown->of;
  bool has_old_secret = of->old_secret_until_ms > shown->now_ms;
  seg_json_begin_object(json);
  seg_json_member_text(json, "id", of->id);
  write_optional(json, "name", of->name);
  seg_json_member_text(json, "url", of->url);
  seg_json_member_raw(json, "events", of->events_json);
  write_headers(json, of);
  seg_json_member_raw(json, "condition",
                      of->condition_json.bytes == NULL ? seg_text_of("null") : of->condition_json);
  seg_json_member_bool(json, "enabled", of->is_enabled);
  write_health(json, shown);
  seg_json_member_int(json, "pending", shown->pending);
  seg_json_member_int(json, "delivered", of->health.delivered);
  seg_json_member_int(json, "parked", shown->parked);
  seg_json_member_instant(json, "oldSecretUntil",
                          has_old_secret ? of->old_secret_until_ms : STORE_NO_INSTANT);
  if (shown->secret.bytes != NULL) {
    seg_json_member_text(json, "secret", shown->secret);
  }
  seg_json_member_instant(json, "createdAt", of->created_at_ms);
  seg_json_member_instant(json, "updatedAt", of->updated_at_ms);
  seg_json_end_object(json);
}

// Reading.

/// What a body says, with the lists that it owns.
typedef struct webhook_body {
  input body;
  webhook_input said;
  seg_text_view *events;
  webhook_header *headers;
  bool has_memory;
} webhook_body;

/// Reads an object of texts.
static void read_headers(webhook_body *own) {
  const cJSON *member = input_member(&own->body, "headers");
  own->said.has_headers = input_has(&own->body, "headers");
  if (member == NULL) {
    return;
  }
  if (!cJSON_IsObject(member)) {
    input_refuse(&own->body, "headers", "type", "must be an object");
    return;
  }
  own->headers = calloc((size_t)cJSON_GetArraySize(member) + 1, sizeof *own->headers);
  own->has_memory = own->headers != NULL;
  for (const cJSON *at = member->child; own->has_memory && at != NULL; at = at->next) {
    if (!cJSON_IsString(at)) {
      input_refuse(&own->body, "headers", "type", "must have strings as values");
      break;
    }
    own->headers[own->said.header_count++] =
        (webhook_header){.name = seg_text_of(at->string), .value = seg_text_of(at->valuestring)};
  }
  own->said.headers = own->headers;
}

static void read_webhook(webhook_body *own, const seg_http_request *request) {
  *own = (webhook_body){.has_memory = true};
  webhook_input *said = &own->said;
  input *body = &own->body;
  input_begin(body, seg_http_request_json(request), seg_http_request_body(request));
  said->has_name = input_has(body, "name");
  said->name = input_text(body, "name", false);
  said->url = input_text(body, "url", false);
  said->has_events = input_member(body, "events") != NULL;
  if (said->has_events) {
    own->has_memory =
        input_texts(body, "events", WEBHOOK_PATTERNS_MAX, &own->events, &said->event_count);
    said->events = own->events;
  }
  said->has_condition = input_has(body, "condition");
  said->condition = input_member(body, "condition");
  said->enabled = input_bool(body, "enabled", &said->has_enabled);
  if (own->has_memory) {
    read_headers(own);
  }
}

static void end_webhook(webhook_body *own) {
  input_end(&own->body);
  free(own->events);
  free(own->headers);
}

/// Whether the body can be carried out; if not, it has been answered.
static bool is_good(webhook_body *own, api_call *call) {
  if (!own->has_memory) {
    api_call_end_no_memory(call);
    return false;
  }
  if (!input_is_good(&own->body)) {
    api_call_refuse(call, &own->body.problems);
    return false;
  }
  return true;
}

// Routes.

void api_webhook_list(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  seg_json_writer *json = seg_http_response_json(response);
  engine_error error;
  engine_error_init(&error);
  seg_json_begin_array(json);
  engine_status status =
      engine_webhook_list(own->engine, api_project(request), show_webhook, json, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_WEBHOOKS, &error);
    return;
  }
  seg_json_end_array(json);
  seg_http_respond_json(response, 200);
  engine_error_free(&error);
}

void api_webhook_get(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_webhook_get(own->engine, api_project(request), seg_http_request_param(request, "id"),
                         show_webhook, seg_http_response_json(response), &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_WEBHOOKS, &error);
    return;
  }
  seg_http_respond_json(response, 200);
  engine_error_free(&error);
}

void api_webhook_create(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  webhook_body body;
  api_call_begin(&call, context, request, response, API_WEBHOOKS, 201);
  read_webhook(&body, request);
  if (is_good(&body, &call)) {
    api_call_end(&call, engine_webhook_create(call.api->engine, call.project, &body.said,
                                              show_webhook, call.json, &call.error));
  }
  end_webhook(&body);
}

void api_webhook_update(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  webhook_body body;
  api_call_begin(&call, context, request, response, API_WEBHOOKS, 200);
  read_webhook(&body, request);
  if (is_good(&body, &call)) {
    api_call_end(&call, engine_webhook_update(call.api->engine, call.project,
                                              seg_http_request_param(request, "id"), &body.said,
                                              show_webhook, call.json, &call.error));
  }
  end_webhook(&body);
}

void api_webhook_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_WEBHOOKS, 204);
  api_call_end(&call, engine_webhook_delete(call.api->engine, call.project,
                                            seg_http_request_param(request, "id"), &call.error));
}

void api_webhook_rotate(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_WEBHOOKS, 200);
  api_call_end(&call, engine_webhook_rotate(call.api->engine, call.project,
                                            seg_http_request_param(request, "id"), show_webhook,
                                            call.json, &call.error));
}
