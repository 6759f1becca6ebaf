// Fields and events as a whole: who refers to one, and taking it away from every contact.
#include "call.h"
#include "engine/engine_campaigns.h"
#include "engine/engine_removal.h"

/// Users on their way out: an array of each kind. Webhooks are what Plunk's clients know as
/// workflows: something that begins elsewhere with an event.
typedef struct user_list {
  seg_json_writer *json;
  usage_kind kind; ///< Whose array has begun.
} user_list;

static const char *const list_names[] = {[USAGE_SEGMENT] = "usedInSegments",
                                         [USAGE_WEBHOOK] = "usedInWorkflows",
                                         [USAGE_CAMPAIGN] = "usedInCampaigns"};

static void begin_list(user_list *own, usage_kind kind) {
  own->kind = kind;
  seg_json_key(own->json, list_names[kind]);
  seg_json_begin_array(own->json);
}

static void begin_users(user_list *own) {
  seg_json_begin_object(own->json);
  begin_list(own, USAGE_SEGMENT);
}

/// Ends the arrays up to that of `kind`, which is begun if it has not been.
static void go_on_to(user_list *own, usage_kind kind) {
  while (own->kind < kind) {
    seg_json_end_array(own->json);
    begin_list(own, own->kind + 1);
  }
}

static void show_user(void *context, const usage_user *user) {
  user_list *own = context;
  go_on_to(own, user->kind);
  seg_json_begin_object(own->json);
  seg_json_member_text(own->json, "id", user->id);
  seg_json_member_text(own->json, "name", user->name);
  if (user->kind == USAGE_CAMPAIGN) {
    seg_json_member_string(own->json, "status", campaign_status_names[user->status]);
  }
  seg_json_end_object(own->json);
}

static void end_users(user_list *own) {
  go_on_to(own, USAGE_CAMPAIGN);
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
