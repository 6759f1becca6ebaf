// Events that were recorded: listed, named, counted.
#include "answer.h"
#include "segmentry/instant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// Names and their counts.

typedef struct name_row {
  int64_t num;
  int64_t count;
  int64_t last_seen_at_ms;
  char name[SEG_EVENT_NAME_BYTES_MAX + 1];
} name_row;

typedef struct name_list {
  name_row *rows;
  size_t count;
  size_t capacity;
  bool is_cut; ///< There was no memory for the rest.
} name_list;

static bool keep_name(void *context, const store_event_name *row) {
  name_list *list = context;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 32 : list->capacity * 2;
    name_row *rows = realloc(list->rows, capacity * sizeof *rows);
    if (rows == NULL) {
      list->is_cut = true;
      return false;
    }
    list->rows = rows;
    list->capacity = capacity;
  }
  name_row *kept = &list->rows[list->count++];
  *kept = (name_row){.num = row->num, .count = row->count, .last_seen_at_ms = row->last_seen_at_ms};
  (void)snprintf(kept->name, sizeof kept->name, "%.*s", (int)row->name.size_bytes, row->name.bytes);
  return true;
}

static int most_first(const void *a, const void *b) {
  const name_row *left = a;
  const name_row *right = b;
  if (left->count != right->count) {
    return left->count < right->count ? 1 : -1;
  }
  return strcmp(left->name, right->name);
}

/// A walk along a list of names, which is in byte order.
typedef struct name_walk {
  name_list *list;
  size_t at;
} name_walk;

/// The names come in the same order. One that is not in the list was first seen this moment.
static bool set_count(void *context, const store_event_name *row) {
  name_walk *walk = context;
  name_row *rows = walk->list->rows;
  char name[SEG_EVENT_NAME_BYTES_MAX + 1];
  (void)snprintf(name, sizeof name, "%.*s", (int)row->name.size_bytes, row->name.bytes);
  while (walk->at < walk->list->count && strcmp(rows[walk->at].name, name) < 0) {
    walk->at++;
  }
  if (walk->at < walk->list->count && rows[walk->at].num == row->num) {
    rows[walk->at].count = row->count;
  }
  return true;
}

/// Counts only what lies in a range.
static store_status count_range(store_session *session, const project *in, name_list *list,
                                int64_t from_ms, int64_t to_ms) {
  name_walk walk = {.list = list};
  for (size_t i = 0; i < list->count; i++) {
    list->rows[i].count = 0;
  }
  return store_event_name_counts(session, in->num, from_ms, to_ms, set_count, &walk, NULL);
}

/// The names with their counts in [from_ms, to_ms), most frequent first.
static store_status read_names(const api *own, const project *in, int64_t from_ms, int64_t to_ms,
                               name_list *list) {
  store_session *session = engine_session_borrow(own->engine);
  store_status status = session == NULL ? STORE_FAILED : STORE_OK;
  if (status == STORE_OK) {
    status = store_event_name_stats(session, in->num, keep_name, list, NULL);
  }
  if (status == STORE_OK && (from_ms != STORE_NO_INSTANT || to_ms != STORE_NEWEST)) {
    status = count_range(session, in, list, from_ms, to_ms);
  }
  engine_session_return(own->engine, session);
  if (status == STORE_OK && list->count > 0) {
    qsort(list->rows, list->count, sizeof *list->rows, most_first);
  }
  return list->is_cut ? STORE_NOMEM : status;
}

void api_event_names(void *context, seg_http_request *request, seg_http_response *response) {
  name_list list = {.rows = NULL};
  store_status status =
      read_names(context, api_project(request), STORE_NO_INSTANT, STORE_NEWEST, &list);
  if (status == STORE_OK) {
    seg_json_writer *json = seg_http_response_json(response);
    seg_json_begin_object(json);
    seg_json_key(json, "eventNames");
    seg_json_begin_array(json);
    for (size_t i = 0; i < list.count; i++) {
      seg_json_string(json, list.rows[i].name);
    }
    seg_json_end_array(json);
    seg_json_end_object(json);
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_EVENTS, status);
  }
  free(list.rows);
}

/// An instant of the query; false if it has been answered.
static bool read_instant(seg_http_request *request, seg_http_response *response, const char *name,
                         int64_t missing, int64_t *out) {
  seg_text_view text;
  seg_instant instant;
  *out = missing;
  if (!seg_http_query_text(request, response, name, 40, &text)) {
    return false;
  }
  if (text.size_bytes == 0) {
    return true;
  }
  if (!seg_instant_parse(text, &instant)) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "%s: must be an ISO 8601 date such as 2026-05-06T12:00:00Z", name);
    return false;
  }
  *out = instant.ms;
  return true;
}

void api_event_stats(void *context, seg_http_request *request, seg_http_response *response) {
  name_list list = {.rows = NULL};
  int64_t from_ms;
  int64_t to_ms;
  if (!read_instant(request, response, "startDate", STORE_NO_INSTANT, &from_ms) ||
      !read_instant(request, response, "endDate", STORE_NEWEST, &to_ms)) {
    return;
  }
  to_ms = to_ms == STORE_NEWEST ? to_ms : to_ms + 1; // the end itself is in the range
  store_status status = read_names(context, api_project(request), from_ms, to_ms, &list);
  if (status == STORE_OK) {
    seg_json_writer *json = seg_http_response_json(response);
    seg_json_begin_array(json);
    for (size_t i = 0; i < list.count && list.rows[i].count > 0; i++) {
      seg_json_begin_object(json);
      seg_json_member_string(json, "name", list.rows[i].name);
      seg_json_member_int(json, "count", list.rows[i].count);
      seg_json_member_instant(json, "lastSeenAt", list.rows[i].last_seen_at_ms);
      seg_json_end_object(json);
    }
    seg_json_end_array(json);
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_EVENTS, status);
  }
  free(list.rows);
}
