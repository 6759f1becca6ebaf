// See call.h.
#include "call.h"

#include <stdlib.h>
#include <string.h>

/// What makes a request the same as another one: where it goes, and what it says.
static void hash_request(const seg_http_request *request, const uint8_t body[STORE_HASH_BYTES],
                         uint8_t out[STORE_HASH_BYTES]) {
  unsigned char parts[2][STORE_HASH_BYTES];
  seg_text_view path = seg_http_request_path(request);
  secret_hash(path.bytes, path.size_bytes, parts[0]);
  memcpy(parts[1], body, STORE_HASH_BYTES);
  secret_hash((const char *)parts, sizeof parts, out);
}

/// The body of a streamed route is still to come.
static void hash_body(api_call *call, const seg_http_request *request) {
  if (call->is_streamed) {
    call->body_hash = hash_stream_create();
    return;
  }
  uint8_t body_hash[STORE_HASH_BYTES];
  seg_text_view body = seg_http_request_body(request);
  secret_hash(body.bytes, body.size_bytes, body_hash);
  hash_request(request, body_hash, call->once.body_hash);
}

static void write_answer(api_call *call) {
  if (call->write != NULL && !call->is_written) {
    call->write(call->context, call->json);
    call->is_written = true;
  }
}

static bool show_answer(void *context, int *status, seg_text_view *content) {
  api_call *call = context;
  write_answer(call);
  *status = call->status;
  return seg_json_writer_text(call->json, content) == SEG_OK;
}

static void keep_first(void *context, int status, seg_text_view content) {
  api_call *call = context;
  call->first_content = malloc(content.size_bytes + 1);
  if (call->first_content != NULL) {
    memcpy(call->first_content, content.bytes, content.size_bytes);
    call->first_content_bytes = content.size_bytes;
    call->first_status = status;
  }
}

void api_call_begin(api_call *call, void *context, const seg_http_request *request,
                    seg_http_response *response, api_area area, int status) {
  *call =
      (api_call){.api = context,
                 .project = api_project(request),
                 .response = response,
                 .json = seg_http_response_json(response),
                 .area = area,
                 .status = status,
                 .is_streamed = (seg_http_request_route(request)->flags & SEG_HTTP_STREAMED) != 0};
  engine_error_init(&call->error);
  if (seg_http_request_idempotency_key(request, &call->once.key)) {
    hash_body(call, request);
    call->once.answer = show_answer;
    call->once.replay = keep_first;
    call->once.context = call;
    call->error.once = &call->once;
  }
}

void api_call_hash(api_call *call, const char *bytes, size_t size_bytes) {
  if (call->body_hash != NULL) {
    hash_stream_add(call->body_hash, bytes, size_bytes);
  }
}

bool api_call_hash_end(api_call *call, const seg_http_request *request) {
  uint8_t body_hash[STORE_HASH_BYTES];
  if (call->error.once == NULL) {
    return true;
  }
  if (call->body_hash == NULL) {
    return false;
  }
  hash_stream_read(call->body_hash, body_hash);
  hash_request(request, body_hash, call->once.body_hash);
  return true;
}

/// Frees what the call owns.
static void end(api_call *call) {
  engine_error_free(&call->error);
  hash_stream_free(call->body_hash);
  free(call->first_content);
}

static void answer_replayed(api_call *call) {
  if (call->first_content == NULL) {
    answer_no_memory(call->response);
    return;
  }
  seg_http_response_header(call->response, "Idempotent-Replayed", "true");
  seg_http_respond_bytes(call->response, call->first_status, "application/json; charset=utf-8",
                         call->first_content, call->first_content_bytes);
}

void api_call_end(api_call *call, engine_status status) {
  if (status == ENGINE_OK) {
    write_answer(call);
    if (call->status == 204) {
      seg_http_respond_empty(call->response, call->status);
    } else {
      seg_http_respond_json(call->response, call->status);
    }
  } else if (status == ENGINE_REPLAYED) {
    answer_replayed(call);
  } else {
    answer_engine_error(call->response, call->area, &call->error);
  }
  end(call);
}

void api_call_end_read(api_call *call) {
  engine_status status = ENGINE_OK;
  seg_text_view content;
  write_answer(call);
  if (call->error.once != NULL && seg_json_writer_text(call->json, &content) == SEG_OK &&
      content.size_bytes <= API_ANSWER_BYTES_MAX) {
    status = engine_answer_keep(call->api->engine, call->project, &call->error);
  }
  api_call_end(call, status);
}

void api_call_refuse(api_call *call, const seg_problems *problems) {
  answer_problems(call->response, call->area, problems);
  end(call);
}

void api_call_end_no_memory(api_call *call) {
  answer_no_memory(call->response);
  end(call);
}

void api_call_drop(api_call *call) { end(call); }
