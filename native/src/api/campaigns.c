// Campaigns: defined, listed, sent, cancelled. Answers have Plunk's shape: the campaign as `data`.
#include "call.h"
#include "engine/engine_campaigns.h"
#include "input.h"
#include "segmentry/instant.h"

#include <stdio.h>

#define AUDIENCE_COUNT 3
static const char *const audience_names[AUDIENCE_COUNT] = {
    [STORE_AUDIENCE_ALL] = "ALL",
    [STORE_AUDIENCE_SEGMENT] = "SEGMENT",
    [STORE_AUDIENCE_FILTERED] = "FILTERED",
};

/// The number of a name; `count` if there is none of this name.
static size_t find_name(const char *const *names, size_t count, seg_text_view wanted) {
  size_t i = 0;
  while (i < count && !seg_text_equal(wanted, seg_text_of(names[i]))) {
    i++;
  }
  return i;
}

static void write_campaign(void *context, const project *in, const store_campaign *campaign) {
  seg_json_writer *json = context;
  seg_json_begin_object(json);
  seg_json_member_text(json, "id", campaign->id);
  seg_json_member_text(json, "name", campaign->name);
  seg_json_member_text(json, "subject", campaign->subject);
  seg_json_member_text(json, "body", campaign->body);
  seg_json_member_text(json, "from", campaign->from);
  seg_json_member_string(json, "status", campaign_status_names[campaign->status]);
  seg_json_member_string(json, "audienceType", audience_names[campaign->audience_type]);
  if (campaign->segment_id.bytes == NULL) {
    seg_json_member_null(json, "segmentId");
  } else {
    seg_json_member_text(json, "segmentId", campaign->segment_id);
  }
  if (campaign->audience_condition_json.bytes == NULL) {
    seg_json_member_null(json, "audienceCondition");
  } else {
    seg_json_member_raw(json, "audienceCondition", campaign->audience_condition_json);
  }
  if (campaign->scheduled_for_ms == STORE_NO_INSTANT) {
    seg_json_member_null(json, "scheduledFor");
  } else {
    seg_json_member_instant(json, "scheduledFor", campaign->scheduled_for_ms);
  }
  seg_json_member_int(json, "totalRecipients", campaign->recipient_count);
  seg_json_member_text(json, "projectId", in->id);
  seg_json_member_instant(json, "createdAt", campaign->created_at_ms);
  seg_json_member_instant(json, "updatedAt", campaign->updated_at_ms);
  seg_json_end_object(json);
}

/// A campaign on its way out, with what is said about it.
typedef struct campaign_answer {
  seg_json_writer *json;
  const char *message; ///< optional
} campaign_answer;

static void show_campaign(void *context, const project *in, const store_campaign *campaign) {
  const campaign_answer *answer = context;
  seg_json_begin_object(answer->json);
  seg_json_member_bool(answer->json, "success", true);
  seg_json_key(answer->json, "data");
  write_campaign(answer->json, in, campaign);
  if (answer->message != NULL) {
    seg_json_member_string(answer->json, "message", answer->message);
  }
  seg_json_end_object(answer->json);
}

void api_campaign_get(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  campaign_answer answer = {.json = seg_http_response_json(response)};
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_campaign_get(own->engine, api_project(request), seg_http_request_param(request, "id"),
                          show_campaign, &answer, &error);
  if (status == ENGINE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_engine_error(response, API_CAMPAIGNS, &error);
  }
}

/// Reads which campaigns are asked for; false if it has been answered.
static bool read_scope(seg_http_request *request, seg_http_response *response,
                       store_campaign_scope *scope) {
  seg_text_view status;
  *scope = (store_campaign_scope){.has_status = false};
  if (!seg_http_query_text(request, response, "status", 16, &status) ||
      !seg_http_query_text(request, response, "search", API_SEARCH_BYTES_MAX, &scope->search)) {
    return false;
  }
  scope->has_status = status.size_bytes > 0;
  size_t found = find_name(campaign_status_names, CAMPAIGN_STATUS_COUNT, status);
  if (scope->has_status && found == CAMPAIGN_STATUS_COUNT) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "status: allowed are DRAFT, SCHEDULED, SENDING, SENT, CANCELLED");
    return false;
  }
  scope->status = (store_campaign_status)(scope->has_status ? found : 0);
  return true;
}

void api_campaign_list(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  int64_t page;
  int64_t page_size;
  int64_t total;
  store_campaign_scope scope;
  if (!seg_http_query_integer(request, response, "page", 1, INT32_MAX, 1, &page) ||
      !seg_http_query_integer(request, response, "pageSize", 1, API_PAGE_MAX, API_PAGE_DEFAULT,
                              &page_size) ||
      !read_scope(request, response, &scope)) {
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  engine_error error;
  engine_error_init(&error);
  seg_json_begin_object(json);
  seg_json_key(json, "data");
  seg_json_begin_array(json);
  engine_status status = engine_campaign_list(own->engine, api_project(request), &scope,
                                              (size_t)((page - 1) * page_size), (size_t)page_size,
                                              write_campaign, json, &total, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_CAMPAIGNS, &error);
    return;
  }
  seg_json_end_array(json);
  seg_json_member_int(json, "total", total);
  seg_json_member_int(json, "page", page);
  seg_json_member_int(json, "pageSize", page_size);
  seg_json_member_int(json, "totalPages", (total + page_size - 1) / page_size);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

/// Reads what a creation and a change have in common; a creation needs all of it.
static void read_campaign(input *body, bool is_new, campaign_input *out) {
  out->name = input_text(body, "name", is_new);
  out->subject = input_text(body, "subject", is_new);
  out->body = input_text(body, "body", is_new);
  out->from = input_text(body, "from", is_new);
  out->segment_id = input_text(body, "segmentId", false);
  out->condition = input_member(body, "audienceCondition");
  seg_text_view type = input_text(body, "audienceType", is_new);
  size_t found = find_name(audience_names, AUDIENCE_COUNT, type);
  out->has_audience_type = type.bytes != NULL;
  if (type.bytes != NULL && found == AUDIENCE_COUNT) {
    input_refuse(body, "audienceType", "enum", "must be ALL, SEGMENT or FILTERED");
  }
  out->audience_type = (store_audience)(out->has_audience_type ? found : 0);
}

static void save_campaign(void *context, seg_http_request *request, seg_http_response *response,
                          bool is_new) {
  api_call call;
  input body;
  campaign_input definition = {.has_audience_type = false};
  api_call_begin(&call, context, request, response, API_CAMPAIGNS, is_new ? 201 : 200);
  campaign_answer answer = {.json = call.json};
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_campaign(&body, is_new, &definition);
  if (!input_is_good(&body)) {
    api_call_refuse(&call, &body.problems);
  } else if (is_new) {
    api_call_end(&call, engine_campaign_create(call.api->engine, call.project, &definition,
                                               show_campaign, &answer, &call.error));
  } else {
    api_call_end(&call, engine_campaign_update(call.api->engine, call.project,
                                               seg_http_request_param(request, "id"), &definition,
                                               show_campaign, &answer, &call.error));
  }
  input_end(&body);
}

void api_campaign_create(void *context, seg_http_request *request, seg_http_response *response) {
  save_campaign(context, request, response, true);
}

void api_campaign_update(void *context, seg_http_request *request, seg_http_response *response) {
  save_campaign(context, request, response, false);
}

static void write_deleted(void *context, seg_json_writer *json) {
  (void)context;
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_member_string(json, "message", "Campaign deleted");
  seg_json_end_object(json);
}

void api_campaign_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_CAMPAIGNS, 200);
  call.write = write_deleted;
  api_call_end(&call, engine_campaign_delete(call.api->engine, call.project,
                                             seg_http_request_param(request, "id"), &call.error));
}

void api_campaign_send(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body = {.tree = NULL};
  char message[64] = "Campaign is being sent";
  int64_t at_ms = STORE_NO_INSTANT;
  api_call_begin(&call, context, request, response, API_CAMPAIGNS, 200);
  campaign_answer answer = {.json = call.json, .message = message};
  seg_text_view id = seg_http_request_param(request, "id");
  if (seg_http_request_json(request) != NULL) {
    input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
    at_ms = input_instant(&body, "scheduledFor", false, STORE_NO_INSTANT);
  } else {
    seg_problems_init(&body.problems, seg_allocator_default());
  }
  if (body.problems.count > 0) {
    api_call_refuse(&call, &body.problems);
  } else if (at_ms == STORE_NO_INSTANT) {
    api_call_end(&call, engine_campaign_send(call.api->engine, call.project, id, show_campaign,
                                             &answer, &call.error));
  } else {
    char instant[SEG_INSTANT_TEXT_BYTES];
    seg_instant_write(at_ms, instant);
    (void)snprintf(message, sizeof message, "Campaign scheduled for %s", instant);
    api_call_end(&call, engine_campaign_schedule(call.api->engine, call.project, id, at_ms,
                                                 show_campaign, &answer, &call.error));
  }
  input_end(&body);
}

void api_campaign_cancel(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_CAMPAIGNS, 200);
  campaign_answer answer = {.json = call.json, .message = "Campaign cancelled"};
  api_call_end(&call, engine_campaign_cancel(call.api->engine, call.project,
                                             seg_http_request_param(request, "id"), show_campaign,
                                             &answer, &call.error));
}

void api_campaign_finish(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_CAMPAIGNS, 200);
  campaign_answer answer = {.json = call.json, .message = "Campaign was sent"};
  api_call_end(&call, engine_campaign_finish(call.api->engine, call.project,
                                             seg_http_request_param(request, "id"), show_campaign,
                                             &answer, &call.error));
}
