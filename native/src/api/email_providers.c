// What email providers report: Amazon SES, whose messages come over SNS.
//
// SNS cannot send a key in a header. Who calls is shown by what it sends: the address has a key
// that only says which project is meant, and the message is signed by Amazon and of a topic that
// the server was told of (webhooks/sns_adapter.h).
#include "answer.h"
#include "segmentry/json.h"
#include "webhooks/ses_event.h"

#include <cJSON.h>
#include <stdio.h>

/// Levels of nesting of an event: SES's own have six.
#define EVENT_DEPTH_MAX 32

void api_ses_address(void *context, seg_http_request *request, seg_http_response *response) {
  const api *own = context;
  const project *in = api_project(request);
  char key[SECRET_TEXT_BYTES];
  char path[128];
  if (!engine_project_inbound_key(own->engine, in, key)) {
    seg_http_respond_error(response, SEG_HTTP_RESOURCE_NOT_FOUND, "the project is gone");
    return;
  }
  (void)snprintf(path, sizeof path, "/v1/email-providers/ses/%.*s?key=%s", (int)in->id.size_bytes,
                 in->id.bytes, key);
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_string(json, "path", path);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

/// How a message ends: SNS looks at the status alone, and sends again what was answered with 5xx.
typedef struct message_counts {
  size_t recorded;
  size_t duplicates;
  size_t unknown; ///< There is no contact with the address.
  bool is_confirmed;
} message_counts;

static void answer_counts(seg_http_response *response, const message_counts *counts) {
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_key(json, "data");
  seg_json_begin_object(json);
  seg_json_member_int(json, "recorded", (int64_t)counts->recorded);
  seg_json_member_int(json, "duplicates", (int64_t)counts->duplicates);
  seg_json_member_int(json, "unknown", (int64_t)counts->unknown);
  seg_json_member_bool(json, "confirmed", counts->is_confirmed);
  seg_json_end_object(json);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

static void record_activities(api *own, project *in, const ses_activities *read,
                              seg_http_response *response) {
  activity_result results[SES_RECIPIENTS_MAX];
  message_counts counts = {.recorded = 0};
  engine_error error;
  engine_error_init(&error);
  engine_status status = read->count == 0 ? ENGINE_OK
                                          : engine_activities_record(own->engine, in, read->items,
                                                                     read->count, results, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_EVENTS, &error);
    return;
  }
  engine_error_free(&error);
  for (size_t i = 0; i < read->count; i++) {
    counts.recorded += results[i].status == ENGINE_OK;
    counts.duplicates += results[i].status == ENGINE_CONFLICT;
    counts.unknown += results[i].status != ENGINE_OK && results[i].status != ENGINE_CONFLICT;
  }
  answer_counts(response, &counts);
}

/// The message of a notification is JSON once more. What is none, such as the greeting that a new
/// topic sends, is no event, and no mistake.
static void take_notification(api *own, project *in, const sns_message *message,
                              seg_http_response *response) {
  cJSON *event = NULL;
  ses_activities read;
  const char *problem = "";
  message_counts none = {.recorded = 0};
  seg_status status = seg_json_parse(seg_text_of(message->message), EVENT_DEPTH_MAX, &event, NULL);
  if (status != SEG_OK) {
    if (status == SEG_E_NOMEM) {
      answer_no_memory(response);
    } else {
      answer_counts(response, &none);
    }
    return;
  }
  switch (ses_event_read(event, &read, &problem)) {
  case SES_READ:
    record_activities(own, in, &read, response);
    ses_activities_free(&read);
    break;
  case SES_INVALID:
    seg_http_respond_error(response, SEG_HTTP_VALIDATION_ERROR, "%s", problem);
    break;
  case SES_NO_MEMORY:
    answer_no_memory(response);
    break;
  }
  seg_json_free(event);
}

static void take_confirmation(api *own, const sns_message *message, seg_http_response *response) {
  message_counts counts = {.is_confirmed = true};
  if (sns_adapter_confirm(own->sns, message)) {
    seg_http_log_event(own->log, SEG_HTTP_INFO, "sns.subscribed", NULL, "%.200s",
                       message->topic_arn);
    answer_counts(response, &counts);
  } else {
    seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE,
                           "the subscription could not be confirmed: SubscribeURL is not one of "
                           "Amazon SNS, or cannot be had");
  }
}

/// Says why a message does not count. False if it does.
static bool refuse_untrusted(api *own, const sns_message *message, seg_http_response *response) {
  switch (sns_adapter_judge(own->sns, message)) {
  case SNS_TRUSTED:
    return false;
  case SNS_TOPIC_UNKNOWN:
    seg_http_respond_error(response, SEG_HTTP_FORBIDDEN,
                           "the topic is not one of those that the server was started with; see "
                           "--sns-topics");
    break;
  case SNS_UNTRUSTED:
    seg_http_respond_error(response, SEG_HTTP_FORBIDDEN,
                           "the signature is not Amazon's: Signature, SignatureVersion or "
                           "SigningCertURL is wrong");
    break;
  case SNS_NO_CERTIFICATE:
    seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE,
                           "the certificate at SigningCertURL cannot be had");
    break;
  case SNS_TRUST_NO_MEMORY:
    answer_no_memory(response);
    break;
  }
  return true;
}

static void take_message(api *own, project *in, const cJSON *tree, seg_http_response *response) {
  sns_message message;
  const char *missing;
  message_counts none = {.recorded = 0};
  if (!sns_message_read(tree, &message, &missing)) {
    seg_http_respond_error(response, SEG_HTTP_VALIDATION_ERROR,
                           "the body is no message of Amazon SNS: %s is missing, or not what it "
                           "must be",
                           missing);
    return;
  }
  if (refuse_untrusted(own, &message, response)) {
    return;
  }
  switch (message.type) {
  case SNS_NOTIFICATION:
    take_notification(own, in, &message, response);
    break;
  case SNS_SUBSCRIPTION_CONFIRMATION:
    take_confirmation(own, &message, response);
    break;
  case SNS_UNSUBSCRIBE_CONFIRMATION:
    answer_counts(response, &none);
    break;
  }
}

void api_ses_message(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  seg_text_view key;
  cJSON *tree = NULL;
  seg_error error;
  if (!seg_http_query_text(request, response, "key", SECRET_TEXT_BYTES, &key)) {
    return;
  }
  project *in = engine_project_find(own->engine, seg_http_request_param(request, "project"));
  if (in == NULL || key.bytes == NULL || !engine_project_is_inbound_key(own->engine, in, key)) {
    seg_http_respond_error(response, SEG_HTTP_FORBIDDEN,
                           "the address has no valid key; GET /v1/email-providers/ses shows it");
    return;
  }
  uint32_t retry_after_seconds = 0;
  if (!seg_http_rate_limit_take(own->sns_rate, in->id, seg_http_request_now_ms(request),
                                &retry_after_seconds)) {
    seg_http_respond_too_many(response, retry_after_seconds); // SNS sends it again
    return;
  }
  seg_status status =
      seg_json_parse(seg_http_request_body(request), EVENT_DEPTH_MAX, &tree, &error);
  if (status == SEG_E_NOMEM) {
    answer_no_memory(response);
  } else if (status != SEG_OK) {
    seg_http_respond_error(response, SEG_HTTP_INVALID_REQUEST_BODY,
                           "the body is not JSON: line %zu, column %zu: %s", error.line,
                           error.column, error.message);
  } else {
    take_message(own, in, tree, response);
  }
  seg_json_free(tree);
}
