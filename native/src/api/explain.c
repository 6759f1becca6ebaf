// One contact: why a segment has it or not.
#include "call.h"
#include "engine/engine_explain.h"
#include "input.h"

static void end_explain(api_call *call, engine_status status, explained *told) {
  if (told->missing == EXPLAIN_CONTACT_MISSING) {
    call->area = API_CONTACTS;
  }
  if (status == ENGINE_OK) {
    seg_json_raw(call->json, told->json);
    api_call_end_read(call);
  } else {
    api_call_end(call, status);
  }
  explained_free(told);
}

void api_segment_explain(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  explained told;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  engine_status status =
      engine_explain_segment(call.api->engine, call.project, seg_http_request_param(request, "id"),
                             seg_http_request_param(request, "contactId"), &told, &call.error);
  end_explain(&call, status, &told);
}

void api_condition_explain(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  seg_text_view contact_id = input_text(&body, "contactId", true);
  if (input_is_good(&body)) {
    explained told;
    engine_status status =
        engine_explain_condition(call.api->engine, call.project, input_member(&body, "condition"),
                                 contact_id, &told, &call.error);
    end_explain(&call, status, &told);
  } else {
    api_call_refuse(&call, &body.problems);
  }
  input_end(&body);
}
