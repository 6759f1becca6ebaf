// Segments: defined, listed, counted, computed.
#include "answer.h"
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
}

void api_segment_create(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  input body;
  segment_input definition = {.is_static = false};
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_segment(&body, &definition);
  seg_text_view type = input_text(&body, "type", false);
  definition.is_static = seg_text_equal(type, seg_text_of("STATIC"));
  if (type.bytes != NULL && !definition.is_static &&
      !seg_text_equal(type, seg_text_of("DYNAMIC"))) {
    input_refuse(&body, "type", "enum", "must be DYNAMIC or STATIC");
  }
  definition.condition = input_member(&body, "condition");
  if (!input_is_good(&body)) {
    answer_problems(response, API_SEGMENTS, &body.problems);
    input_end(&body);
    return;
  }
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_segment_create(own->engine, api_project(request), &definition, show_segment,
                            seg_http_response_json(response), &error);
  if (status == ENGINE_OK) {
    seg_http_respond_json(response, 201);
  } else {
    answer_engine_error(response, API_SEGMENTS, &error);
  }
  input_end(&body);
}

void api_segment_update(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  input body;
  segment_input definition = {.is_static = false};
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_segment(&body, &definition);
  definition.condition = input_member(&body, "condition");
  if (!input_is_good(&body)) {
    answer_problems(response, API_SEGMENTS, &body.problems);
    input_end(&body);
    return;
  }
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_segment_update(
      own->engine, api_project(request), seg_http_request_param(request, "id"), &definition,
      show_segment, seg_http_response_json(response), &error);
  if (status == ENGINE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_engine_error(response, API_SEGMENTS, &error);
  }
  input_end(&body);
}

void api_segment_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  engine_error error;
  engine_error_init(&error);
  engine_status status = engine_segment_delete(own->engine, api_project(request),
                                               seg_http_request_param(request, "id"), &error);
  if (status == ENGINE_OK) {
    seg_http_respond_empty(response, 204);
  } else {
    answer_engine_error(response, API_SEGMENTS, &error);
  }
}

void api_segment_refresh(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  engine_error error;
  size_t count = 0;
  engine_error_init(&error);
  engine_status status = engine_segment_refresh(
      own->engine, api_project(request), seg_http_request_param(request, "id"), &count, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_SEGMENTS, &error);
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_int(json, "memberCount", (int64_t)count);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

void api_segment_compute(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  engine_error error;
  compute_result result;
  engine_error_init(&error);
  engine_status status = engine_segment_compute(
      own->engine, api_project(request), seg_http_request_param(request, "id"), &result, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_SEGMENTS, &error);
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_int(json, "added", (int64_t)result.added);
  seg_json_member_int(json, "removed", (int64_t)result.removed);
  seg_json_member_int(json, "total", (int64_t)result.total);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}
