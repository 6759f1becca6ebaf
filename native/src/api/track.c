// Events and email activities coming in, one by one or many at a time.
#include "call.h"
#include "input.h"
#include "segmentry/instant.h"

#include <cJSON.h>
#include <string.h>

/// Items of one request.
#define BATCH_MAX 1000
/// How far a sender's clock may be ahead of ours.
#define CLOCK_AHEAD_MS (5 * SEG_MINUTE_MS)
/// Bytes of a message's id: RFC 5322 bounds a line at 998.
#define MESSAGE_ID_BYTES_MAX 998

static void show_event(void *context, const store_contact *contact, const char *event_id,
                       int64_t at_ms) {
  seg_json_writer *json = context;
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_key(json, "data");
  seg_json_begin_object(json);
  seg_json_member_text(json, "contact", contact->id);
  seg_json_member_string(json, "event", event_id);
  seg_json_member_instant(json, "timestamp", at_ms);
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
  api_call_begin(&call, context, request, response, API_EVENTS, 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_event(&body, &event);
  if (input_is_good(&body)) {
    api_call_end(&call, engine_event_track(call.api->engine, call.project, &event, show_event,
                                           call.json, &call.error));
  } else {
    api_call_refuse(&call, &body.problems);
  }
  input_end(&body);
}

// Batches: an array of items, each with a result of its own.

/// A batch on its way.
typedef struct item_batch {
  api *api;
  project *project;
  int64_t now_ms;
  seg_json_writer results;
  size_t accepted;
  size_t rejected;
  size_t duplicates;
} item_batch;

static void reject(item_batch *own, seg_http_code code, const char *field, const char *message) {
  own->rejected++;
  seg_json_begin_object(&own->results);
  seg_json_member_bool(&own->results, "success", false);
  seg_json_key(&own->results, "error");
  seg_json_begin_object(&own->results);
  seg_json_member_string(&own->results, "code", seg_http_code_name(code));
  seg_json_member_string(&own->results, "message", message);
  if (field != NULL) {
    seg_json_member_string(&own->results, "field", field);
  }
  seg_json_end_object(&own->results);
  seg_json_end_object(&own->results);
}

static void reject_body(item_batch *own, const input *item) {
  reject(own, SEG_HTTP_VALIDATION_ERROR, item->problems.items[0].field,
         item->problems.items[0].message);
}

static void reject_error(item_batch *own, engine_error *error) {
  reject(own, answer_code(API_EVENTS, error->status), NULL,
         error->status == ENGINE_NOT_FOUND ? "there is no contact with this email"
                                           : error->message);
  engine_error_free(error);
}

/// An instant that is not in the future.
static int64_t read_past(input *item, const char *name, bool required, int64_t now_ms) {
  int64_t at_ms = input_instant(item, name, required, STORE_NO_INSTANT);
  if (at_ms != STORE_NO_INSTANT && at_ms > now_ms + CLOCK_AHEAD_MS) {
    input_refuse(item, name, "future", "is in the future");
  }
  return at_ms;
}

/// What an event's answer is made of, kept until it is known to be durable.
typedef struct kept_event {
  char contact_id[SEG_CONTACT_ID_BYTES_MAX + 1];
  char event_id[ID_TEXT_BYTES];
  int64_t at_ms;
} kept_event;

static void keep_event(void *context, const store_contact *contact, const char *event_id,
                       int64_t at_ms) {
  kept_event *kept = context;
  memcpy(kept->contact_id, contact->id.bytes, contact->id.size_bytes);
  kept->contact_id[contact->id.size_bytes] = '\0';
  memcpy(kept->event_id, event_id, ID_TEXT_BYTES);
  kept->at_ms = at_ms;
}

static void run_event(item_batch *own, input *item) {
  event_input event;
  kept_event kept;
  engine_error error;
  engine_error_init(&error);
  memset(&event, 0, sizeof event);
  read_event(item, &event);
  event.at_ms = read_past(item, "timestamp", false, own->now_ms);
  if (!input_is_good(item)) {
    reject_body(own, item);
  } else if (engine_event_track(own->api->engine, own->project, &event, keep_event, &kept,
                                &error) == ENGINE_OK) {
    store_contact contact = {.id = seg_text_of(kept.contact_id)};
    show_event(&own->results, &contact, kept.event_id, kept.at_ms);
    own->accepted++;
  } else {
    reject_error(own, &error);
  }
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

static void run_activity(item_batch *own, input *item) {
  engine_error error;
  seg_activity activity = SEG_ACTIVITY_SENT;
  engine_error_init(&error);
  seg_text_view email = input_text(item, "email", true);
  seg_text_view name = input_text(item, "activity", true);
  seg_text_view message_id = input_text(item, "messageId", false);
  int64_t at_ms = read_past(item, "at", true, own->now_ms);
  if (name.bytes != NULL && !find_activity(name, &activity)) {
    input_refuse(item, "activity", "enum",
                 "must be sent, delivered, opened, clicked, bounced or complained");
  }
  if (message_id.size_bytes > MESSAGE_ID_BYTES_MAX) {
    input_refuse(item, "messageId", "limit", "has more than 998 bytes");
  }
  if (!input_is_good(item)) {
    reject_body(own, item);
    return;
  }
  engine_status status = engine_activity_record(own->api->engine, own->project, email, activity,
                                                at_ms, message_id, &error);
  if (status != ENGINE_OK && status != ENGINE_CONFLICT) {
    reject_error(own, &error);
    return;
  }
  bool is_duplicate = status == ENGINE_CONFLICT;
  engine_error_free(&error);
  own->accepted += !is_duplicate;
  own->duplicates += is_duplicate;
  seg_json_begin_object(&own->results);
  seg_json_member_bool(&own->results, "success", true);
  seg_json_member_bool(&own->results, "duplicate", is_duplicate);
  seg_json_end_object(&own->results);
}

static void answer_batch(seg_http_response *response, const item_batch *own, bool counts_twice) {
  seg_text_view results;
  if (seg_json_writer_text(&own->results, &results) != SEG_OK) {
    answer_no_memory(response);
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_member_bool(json, "success", true);
  seg_json_key(json, "data");
  seg_json_begin_object(json);
  seg_json_member_int(json, "accepted", (int64_t)own->accepted);
  seg_json_member_int(json, "rejected", (int64_t)own->rejected);
  if (counts_twice) {
    seg_json_member_int(json, "duplicates", (int64_t)own->duplicates);
  }
  seg_json_member_raw(json, "results", results);
  seg_json_end_object(json);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
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
                      void (*run)(item_batch *own, input *item), bool counts_twice) {
  const cJSON *items = seg_http_request_json(request);
  if (!check_batch(items, response)) {
    return;
  }
  item_batch own = {
      .api = context, .project = api_project(request), .now_ms = engine_now_ms(context->engine)};
  seg_text_view text = seg_http_request_body(request);
  seg_text_view item_text;
  size_t at = 0;
  seg_json_writer_init(&own.results, seg_allocator_default(), 0);
  seg_json_begin_array(&own.results);
  const cJSON *tree;
  cJSON_ArrayForEach(tree, items) {
    input item;
    if (!input_next_item(text, &at, &item_text)) {
      break; // cannot be: the tree was made from this text
    }
    input_begin(&item, tree, item_text);
    run(&own, &item);
    input_end(&item);
  }
  seg_json_end_array(&own.results);
  answer_batch(response, &own, counts_twice);
  seg_json_writer_free(&own.results);
}

void api_track_batch(void *context, seg_http_request *request, seg_http_response *response) {
  run_batch(context, request, response, run_event, false);
}

void api_email_activity(void *context, seg_http_request *request, seg_http_response *response) {
  run_batch(context, request, response, run_activity, true);
}
