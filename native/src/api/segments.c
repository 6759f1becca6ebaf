// Segments: defined, listed, counted, computed.
#include "call.h"
#include "input.h"

static void show_segment(void *context, const project *in, const segment *of) {
  answer_segment(context, in, of);
}

void api_segment_list(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_array(json);
  engine_segment_list(own->engine, api_project(request), show_segment, json);
  seg_json_end_array(json);
  seg_http_respond_json(response, 200);
}

void api_segment_get(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_segment_get(own->engine, api_project(request), seg_http_request_param(request, "id"),
                         show_segment, seg_http_response_json(response), &error);
  if (status == ENGINE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_engine_error(response, API_SEGMENTS, &error);
  }
}

/// Reads what a creation and a change have in common.
static void read_segment(input *body, segment_input *out) {
  out->name = input_text(body, "name", false);
  out->has_description = input_has(body, "description");
  out->description = input_text(body, "description", false);
  out->track = input_bool(body, "trackMembership", &out->has_track);
  out->condition = input_member(body, "condition");
}

/// Reads what only a creation says; it is for good.
static void read_type(input *body, segment_input *out) {
  seg_text_view type = input_text(body, "type", false);
  out->is_static = seg_text_equal(type, seg_text_of("STATIC"));
  if (type.bytes != NULL && !out->is_static && !seg_text_equal(type, seg_text_of("DYNAMIC"))) {
    input_refuse(body, "type", "enum", "must be DYNAMIC or STATIC");
  }
}

static void save_segment(void *context, seg_http_request *request, seg_http_response *response,
                         bool is_new) {
  api_call call;
  input body;
  segment_input definition = {.is_static = false};
  api_call_begin(&call, context, request, response, API_SEGMENTS, is_new ? 201 : 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_segment(&body, &definition);
  if (is_new) {
    read_type(&body, &definition);
  }
  if (!input_is_good(&body)) {
    api_call_refuse(&call, &body.problems);
  } else if (is_new) {
    api_call_end(&call, engine_segment_create(call.api->engine, call.project, &definition,
                                              show_segment, call.json, &call.error));
  } else {
    api_call_end(&call, engine_segment_update(call.api->engine, call.project,
                                              seg_http_request_param(request, "id"), &definition,
                                              show_segment, call.json, &call.error));
  }
  input_end(&body);
}

void api_segment_create(void *context, seg_http_request *request, seg_http_response *response) {
  save_segment(context, request, response, true);
}

void api_segment_update(void *context, seg_http_request *request, seg_http_response *response) {
  save_segment(context, request, response, false);
}

void api_segment_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 204);
  api_call_end(&call, engine_segment_delete(call.api->engine, call.project,
                                            seg_http_request_param(request, "id"), &call.error));
}

static void write_refreshed(void *context, seg_json_writer *json) {
  const compute_result *result = context;
  seg_json_begin_object(json);
  seg_json_member_int(json, "memberCount", (int64_t)result->total);
  seg_json_end_object(json);
}

void api_segment_refresh(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  compute_result result;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  call.write = write_refreshed;
  call.context = &result;
  api_call_end(&call,
               engine_segment_refresh(call.api->engine, call.project,
                                      seg_http_request_param(request, "id"), &result, &call.error));
}

static void write_computed(void *context, seg_json_writer *json) {
  const compute_result *result = context;
  seg_json_begin_object(json);
  seg_json_member_int(json, "added", (int64_t)result->added);
  seg_json_member_int(json, "removed", (int64_t)result->removed);
  seg_json_member_int(json, "total", (int64_t)result->total);
  seg_json_end_object(json);
}

void api_segment_compute(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  compute_result result;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  call.write = write_computed;
  call.context = &result;
  api_call_end(&call,
               engine_segment_compute(call.api->engine, call.project,
                                      seg_http_request_param(request, "id"), &result, &call.error));
}
