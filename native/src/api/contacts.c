// Contacts: listed, created, changed, deleted, looked up.
#include "call.h"
#include "engine/engine_internal.h"
#include "input.h"

#include <stdlib.h>

/// Contacts of one answer: who goes through all of them, for a bulk change, asks once for each.
#define CONTACTS_MAX 1000
/// An answer that has so much already gets no more contacts, however many were asked for: their
/// data may be large, and an answer has a limit.
#define CONTACTS_BYTES_ENOUGH ((size_t)16 * 1024 * 1024)
/// Addresses of one look-up.
#define LOOKUP_MAX 500

/// A page on its way out: one row more is asked for than is shown, to know whether there is more.
typedef struct contact_page {
  seg_json_writer *json;
  size_t limit;
  size_t count;
  int64_t last;
  bool has_more;
} contact_page;

static bool show_row(void *context, const store_contact *contact) {
  contact_page *page = context;
  if (page->count == page->limit || page->json->size_bytes > CONTACTS_BYTES_ENOUGH) {
    page->has_more = true;
    return false;
  }
  answer_contact(page->json, contact);
  page->last = contact->num;
  page->count++;
  return true;
}

void api_contact_list(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  int64_t limit;
  int64_t before;
  seg_text_view search;
  if (!seg_http_query_integer(request, response, "limit", 1, CONTACTS_MAX, API_PAGE_DEFAULT,
                              &limit) ||
      !seg_http_query_integer(request, response, "cursor", 1, STORE_NEWEST, STORE_NEWEST,
                              &before) ||
      !seg_http_query_text(request, response, "search", API_SEARCH_BYTES_MAX, &search)) {
    return;
  }
  if (search.size_bytes == 0) {
    search.bytes = NULL;
  }
  int64_t project_num = api_project(request)->num;
  int64_t total = 0;
  contact_page page = {.json = seg_http_response_json(response), .limit = (size_t)limit};
  seg_json_begin_object(page.json);
  seg_json_key(page.json, "data");
  seg_json_begin_array(page.json);
  store_session *session = engine_session_borrow(own->engine);
  store_status status = session == NULL ? STORE_FAILED : STORE_OK;
  if (status == STORE_OK) {
    status = store_contact_page(session, project_num, search, before, page.limit + 1, show_row,
                                &page, NULL);
  }
  if (status == STORE_OK && before == STORE_NEWEST) {
    status = store_contact_count(session, project_num, search, &total, NULL);
  }
  engine_session_return(own->engine, session);
  seg_json_end_array(page.json);
  answer_page_end(page.json, page.has_more, page.last);
  if (before == STORE_NEWEST) {
    seg_json_member_int(page.json, "total", total);
  }
  seg_json_end_object(page.json);
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_CONTACTS, status);
  }
}

static bool show_stored(void *context, const store_contact *contact) {
  answer_contact(context, contact);
  return false;
}

void api_contact_get(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  store_session *session = engine_session_borrow(own->engine);
  store_status status = STORE_FAILED;
  if (session != NULL) {
    status =
        store_contact_get(session, api_project(request)->num, seg_http_request_param(request, "id"),
                          show_stored, seg_http_response_json(response), NULL);
  }
  engine_session_return(own->engine, session);
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_CONTACTS, status);
  }
}

static void show_updated(void *context, const store_contact *contact, bool is_new) {
  (void)is_new;
  answer_contact(context, contact);
}

/// A contact that was put says whether it is new, in its status too.
static void show_put(void *context, const store_contact *contact, bool is_new) {
  api_call *call = context;
  call->status = is_new ? 201 : 200;
  seg_json_begin_object(call->json);
  answer_contact_members(call->json, contact);
  seg_json_key(call->json, "_meta");
  seg_json_begin_object(call->json);
  seg_json_member_bool(call->json, "isNew", is_new);
  seg_json_member_bool(call->json, "isUpdate", !is_new);
  seg_json_end_object(call->json);
  seg_json_end_object(call->json);
}

static void read_contact(input *body, contact_input *out, bool needs_email) {
  out->email = input_text(body, "email", needs_email);
  out->subscribed = input_bool(body, "subscribed", &out->has_subscribed);
  out->data = input_object_text(body, "data");
}

void api_contact_put(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  contact_input contact = {.subscribed_if_new = false};
  api_call_begin(&call, context, request, response, API_CONTACTS, 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_contact(&body, &contact, true);
  if (input_is_good(&body)) {
    api_call_end(&call, engine_contact_put(call.api->engine, call.project, &contact, show_put,
                                           &call, &call.error));
  } else {
    api_call_refuse(&call, &body.problems);
  }
  input_end(&body);
}

void api_contact_update(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  contact_input contact = {.subscribed_if_new = false};
  api_call_begin(&call, context, request, response, API_CONTACTS, 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  read_contact(&body, &contact, false);
  if (input_is_good(&body)) {
    api_call_end(&call, engine_contact_update(call.api->engine, call.project,
                                              seg_http_request_param(request, "id"), &contact,
                                              show_updated, call.json, &call.error));
  } else {
    api_call_refuse(&call, &body.problems);
  }
  input_end(&body);
}

void api_contact_delete(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  api_call_begin(&call, context, request, response, API_CONTACTS, 204);
  api_call_end(&call, engine_contact_delete(call.api->engine, call.project,
                                            seg_http_request_param(request, "id"), &call.error));
}

static void write_emails(seg_json_writer *json, const char *name, const seg_text_view *emails,
                         const bool *found, size_t count, bool wanted) {
  seg_json_key(json, name);
  seg_json_begin_array(json);
  for (size_t i = 0; i < count; i++) {
    if (found[i] == wanted) {
      seg_json_text(json, emails[i]);
    }
  }
  seg_json_end_array(json);
}

void api_contact_lookup(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  seg_text_view *emails = NULL;
  size_t count = 0;
  bool found[LOOKUP_MAX] = {false};
  api_call_begin(&call, context, request, response, API_CONTACTS, 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  if (!input_texts(&body, "emails", LOOKUP_MAX, &emails, &count)) {
    api_call_end_no_memory(&call);
  } else if (!input_is_good(&body)) {
    api_call_refuse(&call, &body.problems);
  } else {
    engine_contacts_look_up(call.api->engine, call.project, emails, count, found);
    seg_json_begin_object(call.json);
    write_emails(call.json, "found", emails, found, count, true);
    write_emails(call.json, "notFound", emails, found, count, false);
    seg_json_end_object(call.json);
    api_call_end_read(&call);
  }
  free(emails);
  input_end(&body);
}
