/// What the API's answers have in common: errors, contacts, segments.
#ifndef SEGMENTRY_API_ANSWER_H
#define SEGMENTRY_API_ANSWER_H

#include "api.h"

/// What a route is about: the same mistake has another code for segments than for contacts.
typedef enum api_area {
  API_SEGMENTS,
  API_CONTACTS,
  API_EVENTS,
  API_SESSIONS,
  API_PROJECTS,
  API_JOBS,
  API_CAMPAIGNS,
  API_FIELDS,
  API_WEBHOOKS,
  API_DELIVERIES
} api_area;

/// The code of a failure of the engine.
seg_http_code answer_code(api_area area, engine_status status);

/// Answers a failure of the engine, and frees the error's problems.
void answer_engine_error(seg_http_response *response, api_area area, engine_error *error);
/// Answers a failed read of the store.
void answer_store_error(seg_http_response *response, api_area area, store_status status);
/// Answers a body that is not as it must be.
void answer_problems(seg_http_response *response, api_area area, const seg_problems *problems);
void answer_no_memory(seg_http_response *response);

/// A contact's members, without the braces around them; and with them.
void answer_contact_members(seg_json_writer *json, const store_contact *contact);
void answer_contact(seg_json_writer *json, const store_contact *contact);
void answer_segment(seg_json_writer *json, const project *in, const segment *of);

/// Writes how a page ends: `cursor`, null without a next page, and `hasMore`.
void answer_page_end(seg_json_writer *json, bool has_more, int64_t last);

/// Finds the store's number of a contact.
store_status answer_find_contact(store_session *session, const project *in, seg_text_view id,
                                 int64_t *num);

/// Writes an array of the contacts with these ids; one that is gone by now is left out.
store_status answer_contacts_by_id(seg_json_writer *json, engine *of, const project *in,
                                   const seg_text_view *ids, size_t count);

#endif
