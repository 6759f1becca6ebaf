// Fields and events as a whole: who refers to one, and taking it away from every contact.
#include "call.h"
#include "engine/engine_campaigns.h"
#include "engine/engine_removal.h"

/// Users on their way out: an array of segments, then one of campaigns.
typedef struct user_list {
  seg_json_writer *json;
  bool has_campaigns; ///< The second array has begun.
} user_list;

static void begin_users(user_list *own) {
  seg_json_begin_object(own->json);
  seg_json_key(own->json, "usedInSegments");
  seg_json_begin_array(own->json);
}

static void begin_campaigns(user_list *own) {
  if (!own->has_campaigns) {
    seg_json_end_array(own->json);
    seg_json_key(own->json, "usedInCampaigns");
    seg_json_begin_array(own->json);
    own->has_campaigns = true;
  }
}

static void show_user(void *context, const usage_user *user) {
  user_list *own = context;
  if (user->kind == USAGE_CAMPAIGN) {
    begin_campaigns(own);
  }
  seg_json_begin_object(own->json);
  seg_json_member_text(own->json, "id", user->id);
  seg_json_member_text(own->json, "name", user->name);
  if (user->kind == USAGE_CAMPAIGN) {
    seg_json_member_string(own->json, "status", campaign_status_names[user->status]);
  }
  seg_json_end_object(own->json);
}

static void end_users(user_list *own) {
  begin_campaigns(own);
  seg_json_end_array(own->json);
}

void api_field_usage(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  user_list users = {.json = seg_http_response_json(response)};
  removal_usage usage;
  engine_error error;
  engine_error_init(&error);
  begin_users(&users);
  engine_status status = engine_field_usage(own->engine, api_project(request),
                                            seg_http_request_param(request, "field"), show_user,
                                            &users, &usage, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_FIELDS, &error);
    return;
  }
  end_users(&users);
  seg_json_member_int(users.json, "contactCount", (int64_t)usage.contact_count);
  seg_json_member_bool(users.json, "canDelete", usage.can_remove);
  seg_json_end_object(users.json);
  seg_http_respond_json(response, 200);
  engine_error_free(&error);
}

void api_event_usage(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  user_list users = {.json = seg_http_response_json(response)};
  removal_usage usage;
  engine_error error;
  engine_error_init(&error);
  begin_users(&users);
  engine_status status =
      engine_event_usage(own->engine, api_project(request), seg_http_request_param(request, "name"),
                         show_user, &users, &usage, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_EVENTS, &error);
    return;
  }
  end_users(&users);
  seg_json_key(users.json, "usedInWorkflows"); // Plunk's clients look for it: there are none here
  seg_json_begin_array(users.json);
  seg_json_end_array(users.json);
  seg_json_member_int(users.json, "totalCount", (int64_t)usage.event_count);
  seg_json_member_int(users.json, "uniqueContacts", (int64_t)usage.contact_count);
  seg_json_member_bool(users.json, "canDelete", usage.can_remove);
  seg_json_end_object(users.json);
  seg_http_respond_json(response, 200);
  engine_error_free(&error);
}

/// What was removed, under the name that it has in the answer.
typedef struct removed_answer {
  const char *name;
  size_t count;
} removed_answer;

static void write_removed(void *context, seg_json_writer *json) {
  const removed_answer *answer = context;
  seg_json_begin_object(json);
  seg_json_member_int(json, answer->name, (int64_t)answer->count);
  seg_json_end_object(json);
}

void api_field_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  removed_answer answer = {.name = "deletedFrom"};
  api_call_begin(&call, context, request, response, API_FIELDS, 200);
  call.write = write_removed;
  call.context = &answer;
  api_call_end(&call, engine_field_remove(call.api->engine, call.project,
                                          seg_http_request_param(request, "field"), &answer.count,
                                          &call.error));
}

void api_event_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  removed_answer answer = {.name = "deletedCount"};
  api_call_begin(&call, context, request, response, API_EVENTS, 200);
  call.write = write_removed;
  call.context = &answer;
  api_call_end(&call, engine_event_remove(call.api->engine, call.project,
                                          seg_http_request_param(request, "name"), &answer.count,
                                          &call.error));
}
