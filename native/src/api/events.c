// Events that were recorded, one by one. Their names and counts are in event_names.c.
#include "answer.h"

#include <stdio.h>

/// Events of one answer.
#define EVENTS_MAX 1000
#define EVENTS_DEFAULT 100
#define EVENTS_OF_CONTACT_DEFAULT 50
/// A cursor: three numbers of 20 digits at most, and two between them.
#define CURSOR_BYTES_MAX 64

/// Events on their way out; see contact_page.
typedef struct event_page {
  seg_json_writer *json;
  const project *project;
  size_t limit;
  size_t count;
  store_event_place last;
  bool has_more;
} event_page;

static bool show_event(void *context, const store_event *event) {
  event_page *page = context;
  seg_json_writer *json = page->json;
  if (page->count == page->limit) {
    page->has_more = true;
    return false;
  }
  seg_json_begin_object(json);
  seg_json_member_text(json, "id", event->id);
  seg_json_member_text(json, "projectId", page->project->id);
  seg_json_member_text(json, "contactId", event->contact_id);
  seg_json_member_text(json, "name", event->name_text);
  if (event->data_json.bytes == NULL) {
    seg_json_member_null(json, "data");
  } else {
    seg_json_member_raw(json, "data", event->data_json);
  }
  seg_json_member_instant(json, "createdAt", event->at_ms);
  seg_json_key(json, "contact");
  seg_json_begin_object(json);
  seg_json_member_text(json, "email", event->contact_email);
  seg_json_end_object(json);
  seg_json_end_object(json);
  page->last =
      (store_event_place){.at_ms = event->at_ms, .contact = event->contact, .num = event->num};
  page->count++;
  return true;
}

/// A place as `AT_CONTACT_NUM`; false if it has been answered.
static bool read_cursor(seg_http_request *request, seg_http_response *response,
                        store_event_place *out) {
  seg_text_view text;
  long long at_ms;
  long long contact;
  long long num;
  int end = 0;
  *out = (store_event_place){.at_ms = STORE_NEWEST, .contact = STORE_NEWEST, .num = STORE_NEWEST};
  if (!seg_http_query_text(request, response, "cursor", CURSOR_BYTES_MAX, &text)) {
    return false;
  }
  if (text.size_bytes == 0) {
    return true;
  }
  if (sscanf(text.bytes, "%lld_%lld_%lld%n", &at_ms, &contact, &num, &end) < 3 ||
      text.bytes[end] != '\0') {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST, "cursor: is none that was given out");
    return false;
  }
  *out = (store_event_place){.at_ms = at_ms, .contact = contact, .num = num};
  return true;
}

static void write_end(event_page *page) {
  char cursor[CURSOR_BYTES_MAX + 1];
  (void)snprintf(cursor, sizeof cursor, "%lld_%lld_%lld", (long long)page->last.at_ms,
                 (long long)page->last.contact, (long long)page->last.num);
  seg_json_end_array(page->json);
  seg_json_member_string(page->json, "cursor", page->has_more ? cursor : NULL);
  seg_json_member_bool(page->json, "hasMore", page->has_more);
  seg_json_end_object(page->json);
}

/// Reads a page in a scope whose name, if one is asked for, is `name`.
static store_status read_page(store_session *session, event_page *page, store_event_scope scope,
                              seg_text_view name, store_event_place before) {
  store_status status = STORE_OK;
  if (name.size_bytes > 0) {
    status = store_event_name_find(session, page->project->num, name, &scope.name, NULL);
  }
  if (status == STORE_OK) {
    return store_event_page(session, page->project->num, scope, before, page->limit + 1, show_event,
                            page, NULL);
  }
  return status == STORE_NOT_FOUND ? STORE_OK : status; // a name that was never seen: no events
}

void api_event_list(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  int64_t limit;
  seg_text_view name;
  store_event_place before;
  if (!seg_http_query_integer(request, response, "limit", 1, EVENTS_MAX, EVENTS_DEFAULT, &limit) ||
      !seg_http_query_text(request, response, "eventName", SEG_EVENT_NAME_BYTES_MAX, &name) ||
      !read_cursor(request, response, &before)) {
    return;
  }
  event_page page = {.json = seg_http_response_json(response),
                     .project = api_project(request),
                     .limit = (size_t)limit};
  store_session *session = engine_session_borrow(own->engine);
  store_status status = STORE_FAILED;
  seg_json_begin_object(page.json);
  seg_json_key(page.json, "events");
  seg_json_begin_array(page.json);
  if (session != NULL) {
    store_event_scope all = {0};
    status = read_page(session, &page, all, name, before);
  }
  engine_session_return(own->engine, session);
  write_end(&page);
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_EVENTS, status);
  }
}

void api_event_of_contact(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  int64_t limit;
  store_event_place before;
  if (!seg_http_query_integer(request, response, "limit", 1, EVENTS_MAX, EVENTS_OF_CONTACT_DEFAULT,
                              &limit) ||
      !read_cursor(request, response, &before)) {
    return;
  }
  event_page page = {.json = seg_http_response_json(response),
                     .project = api_project(request),
                     .limit = (size_t)limit};
  int64_t instants[EVENTS_MAX + 1];
  seg_text_view id = seg_http_request_param(request, "id");
  store_event_scope scope = {.instants =
                                 engine_contact_instants(own->engine, api_project(request), id,
                                                         before.at_ms, instants, page.limit + 1)};
  seg_text_view any = {.bytes = NULL, .size_bytes = 0};
  store_session *session = engine_session_borrow(own->engine);
  store_status status = answer_find_contact(session, page.project, id, &scope.contact);
  seg_json_begin_object(page.json);
  seg_json_key(page.json, "events");
  seg_json_begin_array(page.json);
  if (status == STORE_OK) {
    status = read_page(session, &page, scope, any, before);
  }
  engine_session_return(own->engine, session);
  write_end(&page);
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_EVENTS, status);
  }
}
