// Events and email activities coming in, one by one or many at a time.
#include "call.h"
#include "input.h"
#include "segmentry/instant.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

/// Items of one request.
#define BATCH_MAX 1000
/// How far a sender's clock may be ahead of ours.
#define CLOCK_AHEAD_MS (5 * SEG_MINUTE_MS)
/// Bytes of a message's id: RFC 5322 bounds a line at 998.
#define MESSAGE_ID_BYTES_MAX 998

static void write_event(void *context, seg_json_writer *json) {
  const event_result *result = context;
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_key(json, "data");
  seg_json_begin_object(json);
  seg_json_member_string(json, "contact", result->contact_id);
  seg_json_member_string(json, "event", result->event_id);
  seg_json_member_instant(json, "timestamp", result->at_ms);
  seg_json_end_object(json);
  seg_json_end_object(json);
}

/// The data of an event is the contact's too, as far as it is persistent.
static void read_event(input *body, event_input *out) {
  out->name = input_text(body, "event", true);
  out->contact.email = input_text(body, "email", true);
  out->contact.subscribed = input_bool(body, "subscribed", &out->contact.has_subscribed);
  out->contact.subscribed_if_new = true;
  out->contact.data = input_object_text(body, "data");
  out->data = out->contact.data;
  out->at_ms = STORE_NO_INSTANT;
}

void api_track(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  event_input event = {.at_ms = STORE_NO_INSTANT};
  event_result result;
  api_call_begin(&call, context, request, response, API_EVENTS, 200);
  call.write = write_event;
  call.context = &result;
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_event(&body, &event);
  if (input_is_good(&body)) {
    api_call_end(&call,
                 engine_event_track(call.api->engine, call.project, &event, &result, &call.error));
  } else {
    api_call_refuse(&call, &body.problems);
  }
  input_end(&body);
}

// Batches: an array of items, each with a result of its own; one command of the engine.

/// A batch on its way. What is an item here is one of the body; the engine gets those whose form is
/// right, in the same order.
typedef struct item_batch {
  api_call call;
  const struct batch_kind *kind;
  input *bodies; ///< Of each item; its problems say why the engine did not get it.
  size_t count;
  void *inputs; ///< The engine's items and results, as the kind has them.
  void *results;
  size_t accepted;
  size_t rejected;
  size_t duplicates;
} item_batch;

/// What differs between events and activities.
typedef struct batch_kind {
  size_t input_bytes;
  size_t result_bytes;
  bool counts_twice; ///< An item that was counted before is no failure.
  void (*read)(input *item, int64_t now_ms, void *out);
  engine_status (*run)(item_batch *own, size_t count);
  engine_status (*status)(const void *result, const char **message);
  void (*write)(seg_json_writer *json, const void *result);
} batch_kind;

/// An instant that is not in the future.
static int64_t read_past(input *item, const char *name, bool required, int64_t now_ms) {
  int64_t at_ms = input_instant(item, name, required, STORE_NO_INSTANT);
  if (at_ms != STORE_NO_INSTANT && at_ms > now_ms + CLOCK_AHEAD_MS) {
    input_refuse(item, name, "future", "is in the future");
  }
  return at_ms;
}

static void read_event_item(input *item, int64_t now_ms, void *out) {
  event_input *event = out;
  read_event(item, event);
  event->at_ms = read_past(item, "timestamp", false, now_ms);
}

static engine_status run_events(item_batch *own, size_t count) {
  api_call *call = &own->call;
  return engine_events_track(call->api->engine, call->project, own->inputs, count, own->results,
                             &call->error);
}

static engine_status event_status(const void *result, const char **message) {
  const event_result *event = result;
  *message = event->message;
  return event->status;
}

static void write_event_item(seg_json_writer *json, const void *result) {
  event_result event = *(const event_result *)result;
  write_event(&event, json);
}

static bool find_activity(seg_text_view name, seg_activity *out) {
  static const char *const names[SEG_ACTIVITY_COUNT] = {
      [SEG_ACTIVITY_SENT] = "sent",       [SEG_ACTIVITY_DELIVERED] = "delivered",
      [SEG_ACTIVITY_OPENED] = "opened",   [SEG_ACTIVITY_CLICKED] = "clicked",
      [SEG_ACTIVITY_BOUNCED] = "bounced", [SEG_ACTIVITY_COMPLAINED] = "complained"};
  for (int i = 0; i < SEG_ACTIVITY_COUNT; i++) {
    if (seg_text_equal(name, seg_text_of(names[i]))) {
      *out = (seg_activity)i;
      return true;
    }
  }
  return false;
}

static void read_activity_item(input *item, int64_t now_ms, void *out) {
  activity_input *activity = out;
  activity->email = input_text(item, "email", true);
  seg_text_view name = input_text(item, "activity", true);
  activity->message_id = input_text(item, "messageId", false);
  activity->at_ms = read_past(item, "at", true, now_ms);
  if (name.bytes != NULL && !find_activity(name, &activity->activity)) {
    input_refuse(item, "activity", "enum",
                 "must be sent, delivered, opened, clicked, bounced or complained");
  }
  if (activity->message_id.size_bytes > MESSAGE_ID_BYTES_MAX) {
    input_refuse(item, "messageId", "limit", "has more than 998 bytes");
  }
}

static engine_status run_activities(item_batch *own, size_t count) {
  api_call *call = &own->call;
  return engine_activities_record(call->api->engine, call->project, own->inputs, count,
                                  own->results, &call->error);
}

static engine_status activity_status(const void *result, const char **message) {
  const activity_result *activity = result;
  *message = activity->status == ENGINE_NOT_FOUND ? "there is no contact with this email"
                                                  : activity->message;
  return activity->status;
}

static void write_activity_item(seg_json_writer *json, const void *result) {
  const activity_result *activity = result;
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_member_bool(json, "duplicate", activity->status == ENGINE_CONFLICT);
  seg_json_end_object(json);
}

static const batch_kind event_batches = {.input_bytes = sizeof(event_input),
                                         .result_bytes = sizeof(event_result),
                                         .read = read_event_item,
                                         .run = run_events,
                                         .status = event_status,
                                         .write = write_event_item};
static const batch_kind activity_batches = {.input_bytes = sizeof(activity_input),
                                            .result_bytes = sizeof(activity_result),
                                            .counts_twice = true,
                                            .read = read_activity_item,
                                            .run = run_activities,
                                            .status = activity_status,
                                            .write = write_activity_item};

static void write_refusal(seg_json_writer *json, const char *code, const char *message,
                          const char *field) {
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", false);
  seg_json_key(json, "error");
  seg_json_begin_object(json);
  seg_json_member_string(json, "code", code);
  seg_json_member_string(json, "message", message);
  if (field != NULL) {
    seg_json_member_string(json, "field", field);
  }
  seg_json_end_object(json);
  seg_json_end_object(json);
}

/// The result of the next item of the engine's, or NULL for an item that it did not get. `at`
/// counts the engine's items.
static const void *next_result(const item_batch *own, size_t item, size_t *at) {
  return input_is_good(&own->bodies[item])
             ? (const char *)own->results + own->kind->result_bytes * (*at)++
             : NULL;
}

static void count_results(item_batch *own) {
  size_t at = 0;
  for (size_t i = 0; i < own->count; i++) {
    const char *message;
    const void *result = next_result(own, i, &at);
    engine_status status = result == NULL ? ENGINE_INVALID : own->kind->status(result, &message);
    bool is_duplicate = own->kind->counts_twice && status == ENGINE_CONFLICT;
    own->accepted += status == ENGINE_OK;
    own->duplicates += is_duplicate;
    own->rejected += status != ENGINE_OK && !is_duplicate;
  }
}

static void write_results(item_batch *own, seg_json_writer *json) {
  size_t at = 0;
  for (size_t i = 0; i < own->count; i++) {
    const seg_problem *problem = own->bodies[i].problems.items;
    const void *result = next_result(own, i, &at);
    const char *message = NULL;
    if (result == NULL) {
      write_refusal(json, seg_http_code_name(SEG_HTTP_VALIDATION_ERROR), problem->message,
                    problem->field);
      continue;
    }
    engine_status status = own->kind->status(result, &message);
    if (status == ENGINE_OK || (own->kind->counts_twice && status == ENGINE_CONFLICT)) {
      own->kind->write(json, result);
    } else {
      write_refusal(json, seg_http_code_name(answer_code(API_EVENTS, status)), message, NULL);
    }
  }
}

static void write_batch(void *context, seg_json_writer *json) {
  item_batch *own = context;
  count_results(own);
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_key(json, "data");
  seg_json_begin_object(json);
  seg_json_member_int(json, "accepted", (int64_t)own->accepted);
  seg_json_member_int(json, "rejected", (int64_t)own->rejected);
  if (own->kind->counts_twice) {
    seg_json_member_int(json, "duplicates", (int64_t)own->duplicates);
  }
  seg_json_key(json, "results");
  seg_json_begin_array(json);
  write_results(own, json);
  seg_json_end_array(json);
  seg_json_end_object(json);
  seg_json_end_object(json);
}

/// Reads the items; returns how many the engine is to get.
static size_t read_items(item_batch *own, const cJSON *items, seg_text_view text, int64_t now_ms) {
  size_t good = 0;
  size_t at = 0;
  const cJSON *tree;
  cJSON_ArrayForEach(tree, items) {
    input *body = &own->bodies[own->count];
    seg_text_view item_text;
    if (!input_next_item(text, &at, &item_text)) {
      break; // cannot be: the tree was made from this text
    }
    own->count++;
    input_begin_item(body, tree, item_text);
    own->kind->read(body, now_ms, (char *)own->inputs + own->kind->input_bytes * good);
    good += input_is_good(body);
  }
  return good;
}

static bool begin_batch(item_batch *own, size_t count) {
  own->bodies = calloc(count + 1, sizeof *own->bodies);
  own->inputs = calloc(count + 1, own->kind->input_bytes);
  own->results = calloc(count + 1, own->kind->result_bytes);
  return own->bodies != NULL && own->inputs != NULL && own->results != NULL;
}

static void end_batch(item_batch *own) {
  for (size_t i = 0; i < own->count; i++) {
    input_end(&own->bodies[i]);
  }
  free(own->bodies);
  free(own->inputs);
  free(own->results);
}

/// Whether the body is an array of a size that is allowed; answered if it is not.
static bool check_batch(const cJSON *items, seg_http_response *response) {
  if (!cJSON_IsArray(items)) {
    seg_http_respond_error(response, SEG_HTTP_VALIDATION_ERROR, "the body must be a JSON array");
    return false;
  }
  int count = cJSON_GetArraySize(items);
  if (count > BATCH_MAX) {
    seg_http_respond_error(response, SEG_HTTP_VALIDATION_ERROR,
                           "the body has %d items; at most %d are allowed", count, BATCH_MAX);
  }
  return count <= BATCH_MAX;
}

static void run_batch(api *context, seg_http_request *request, seg_http_response *response,
                      const batch_kind *kind) {
  const cJSON *items = seg_http_request_json(request);
  if (!check_batch(items, response)) {
    return;
  }
  item_batch own = {.kind = kind};
  api_call_begin(&own.call, context, request, response, API_EVENTS, 200);
  own.call.write = write_batch;
  own.call.context = &own;
  if (begin_batch(&own, (size_t)cJSON_GetArraySize(items))) {
    size_t good =
        read_items(&own, items, seg_http_request_body(request), engine_now_ms(context->engine));
    api_call_end(&own.call, kind->run(&own, good));
  } else {
    api_call_end(&own.call, engine_fail(&own.call.error, ENGINE_UNAVAILABLE, "out of memory"));
  }
  end_batch(&own);
}

void api_track_batch(void *context, seg_http_request *request, seg_http_response *response) {
  run_batch(context, request, response, &event_batches);
}

void api_email_activity(void *context, seg_http_request *request, seg_http_response *response) {
  run_batch(context, request, response, &activity_batches);
}
