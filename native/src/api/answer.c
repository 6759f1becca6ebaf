// See answer.h. The one place that knows which status and code a failure has.
#include "answer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const not_found[] = {
    [API_SEGMENTS] = "there is no segment with this id",
    [API_CONTACTS] = "there is no contact with this id",
    [API_EVENTS] = "there is no contact with this id",
    [API_SESSIONS] = "there is no such session",
    [API_PROJECTS] = "there is no project with this id",
    [API_JOBS] = "there is no job with this id",
    [API_CAMPAIGNS] = "there is no campaign with this id",
    [API_FIELDS] = "there is no such field",
    [API_WEBHOOKS] = "there is no webhook with this id",
    [API_DELIVERIES] = "there is no delivery with this id",
};

/// Where a bad body is a 400 and what is not there a RESOURCE_NOT_FOUND.
static bool is_plain(api_area area) {
  return area == API_SEGMENTS || area == API_CAMPAIGNS || area == API_FIELDS ||
         area == API_WEBHOOKS || area == API_DELIVERIES || area == API_PROJECTS;
}

seg_http_code answer_code(api_area area, engine_status status) {
  switch (status) {
  case ENGINE_CONDITION:
    return SEG_HTTP_INVALID_CONDITION;
  case ENGINE_NOT_FOUND:
    return is_plain(area) || area == API_JOBS ? SEG_HTTP_RESOURCE_NOT_FOUND
                                              : SEG_HTTP_CONTACT_NOT_FOUND;
  case ENGINE_CONFLICT:
    return SEG_HTTP_CONFLICT;
  case ENGINE_INVALID:
    return is_plain(area) ? SEG_HTTP_BAD_REQUEST : SEG_HTTP_VALIDATION_ERROR;
  case ENGINE_OK:
  case ENGINE_REPLAYED:
  case ENGINE_UNAVAILABLE:
    break;
  }
  return SEG_HTTP_SERVICE_UNAVAILABLE;
}

/// Bytes of the place that a message begins with, as in `data.plan: is too long`; 0 for none.
static size_t place_bytes(const char *message) {
  size_t size = 0;
  while (isalnum((unsigned char)message[size]) || strchr("._-[]", message[size]) != NULL) {
    if (message[size] == '\0') {
      return 0;
    }
    size++;
  }
  return size > 0 && strncmp(message + size, ": ", 2) == 0 ? size : 0;
}

/// Turns a message with a place into a problem.
static void add_place(seg_problems *problems, const char *message) {
  char field[SEG_MESSAGE_BYTES];
  size_t size = place_bytes(message);
  if (size > 0 && problems->count == 0) {
    memcpy(field, message, size);
    field[size] = '\0';
    (void)seg_problems_add(problems, field, "invalid", "%s", message + size + 2);
  }
}

void answer_engine_error(seg_http_response *response, api_area area, engine_error *error) {
  seg_http_failure failure = {.code = answer_code(area, error->status), .message = error->message};
  if (error->status == ENGINE_INVALID || error->status == ENGINE_NOT_FOUND) {
    add_place(&error->problems, error->message);
  }
  if (error->status == ENGINE_NOT_FOUND && error->problems.count == 0) {
    failure.message = not_found[area];
  }
  if (error->status == ENGINE_CONDITION) {
    failure.place = area == API_CAMPAIGNS ? "audienceCondition" : "condition";
  }
  if (error->status == ENGINE_UNAVAILABLE) {
    failure.retry_after_seconds = 1;
  }
  failure.problems = error->problems.count > 0 ? &error->problems : NULL;
  seg_http_respond_failure(response, &failure);
  engine_error_free(error);
}

void answer_store_error(seg_http_response *response, api_area area, store_status status) {
  if (status == STORE_NOT_FOUND) {
    seg_http_respond_error(response, answer_code(area, ENGINE_NOT_FOUND), "%s", not_found[area]);
    return;
  }
  seg_http_failure failure = {.code = SEG_HTTP_SERVICE_UNAVAILABLE,
                              .message = "the data cannot be read now; try again",
                              .retry_after_seconds = 1};
  seg_http_respond_failure(response, &failure);
}

void answer_problems(seg_http_response *response, api_area area, const seg_problems *problems) {
  seg_http_failure failure = {.code = answer_code(area, ENGINE_INVALID),
                              .message = problems->count == 0 ? "the body is not as it must be"
                                                              : problems->items[0].message,
                              .problems = problems};
  seg_http_respond_failure(response, &failure);
}

void answer_no_memory(seg_http_response *response) {
  seg_http_respond_error(response, SEG_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

void answer_contact_members(seg_json_writer *json, const store_contact *contact) {
  seg_json_member_text(json, "id", contact->id);
  seg_json_member_text(json, "email", contact->email);
  seg_json_member_bool(json, "subscribed", contact->subscribed);
  seg_json_member_raw(json, "data",
                      contact->data_json.size_bytes == 0 ? seg_text_of("{}") : contact->data_json);
  seg_json_member_instant(json, "createdAt", contact->created_at_ms);
  seg_json_member_instant(json, "updatedAt", contact->updated_at_ms);
}

void answer_contact(seg_json_writer *json, const store_contact *contact) {
  seg_json_begin_object(json);
  answer_contact_members(json, contact);
  seg_json_end_object(json);
}

void answer_segment(seg_json_writer *json, const project *in, const segment *of) {
  seg_json_begin_object(json);
  seg_json_member_text(json, "id", of->id);
  seg_json_member_text(json, "name", of->name);
  seg_json_member_text(json, "slug", of->slug);
  if (of->description.bytes == NULL) {
    seg_json_member_null(json, "description");
  } else {
    seg_json_member_text(json, "description", of->description);
  }
  seg_json_member_string(json, "type", of->is_static ? "STATIC" : "DYNAMIC");
  if (of->condition_json.bytes == NULL) {
    seg_json_member_null(json, "condition");
  } else {
    seg_json_member_raw(json, "condition", of->condition_json);
  }
  seg_json_member_bool(json, "trackMembership", of->is_tracked);
  seg_json_member_int(json, "memberCount", of->member_count);
  seg_json_member_instant(json, "memberCountAt", of->member_count_at_ms);
  seg_json_member_text(json, "projectId", in->id);
  seg_json_member_instant(json, "createdAt", of->created_at_ms);
  seg_json_member_instant(json, "updatedAt", of->updated_at_ms);
  seg_json_end_object(json);
}

void answer_page_end(seg_json_writer *json, bool has_more, int64_t last) {
  char cursor[24];
  (void)snprintf(cursor, sizeof cursor, "%lld", (long long)last);
  seg_json_member_string(json, "cursor", has_more ? cursor : NULL);
  seg_json_member_bool(json, "hasMore", has_more);
}

static bool keep_num(void *context, const store_contact *contact) {
  *(int64_t *)context = contact->num;
  return false;
}

store_status answer_find_contact(store_session *session, const project *in, seg_text_view id,
                                 int64_t *num) {
  return session == NULL ? STORE_FAILED
                         : store_contact_get(session, in->num, id, keep_num, num, NULL);
}

static bool write_contact(void *context, const store_contact *contact) {
  answer_contact(context, contact);
  return true;
}

store_status answer_contacts_by_id(seg_json_writer *json, engine *of, const project *in,
                                   const seg_text_view *ids, size_t count) {
  store_session *session = engine_session_borrow(of);
  store_status status = session == NULL ? STORE_FAILED : STORE_OK;
  seg_json_begin_array(json);
  for (size_t i = 0; status == STORE_OK && i < count; i++) {
    status = store_contact_get(session, in->num, ids[i], write_contact, json, NULL);
    status = status == STORE_NOT_FOUND ? STORE_OK : status;
  }
  seg_json_end_array(json);
  engine_session_return(of, session);
  return status;
}
