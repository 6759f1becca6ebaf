// Around a segment or a contact: who entered and left when, how a segment grew, which segments a
// contact is in, and what uses a segment.
#include "answer.h"
#include "engine/engine_campaigns.h"
#include "engine/engine_explain.h"
#include "engine/engine_preview.h"
#include "engine/engine_webhooks.h"
#include "engine/tracking.h"

#include <stdio.h>
#include <stdlib.h>

// What the store is asked of a segment needs a little of what the engine knows of it.

typedef struct known_segment {
  int64_t num;
  bool has_members; ///< They are stored, as is their history.
  int64_t created_at_ms;
} known_segment;

static void keep_segment(void *context, const project *in, const segment *of) {
  (void)in;
  *(known_segment *)context = (known_segment){.num = of->num,
                                              .has_members = of->is_static || of->is_tracked,
                                              .created_at_ms = of->created_at_ms};
}

/// False if it has been answered.
static bool find_segment(const api *own, const seg_http_request *request,
                         seg_http_response *response, known_segment *out) {
  engine_error error;
  engine_error_init(&error);
  engine_status status =
      engine_segment_get(own->engine, api_project(request), seg_http_request_param(request, "id"),
                         keep_segment, out, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_SEGMENTS, &error);
    return false;
  }
  engine_error_free(&error);
  return true;
}

static void end_answer(seg_http_response *response, api_area area, store_status status) {
  if (status == STORE_OK) {
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, area, status);
  }
}

/// Begins `{"data": [`, and ends it.
static void begin_list(seg_json_writer *json) {
  seg_json_begin_object(json);
  seg_json_key(json, "data");
  seg_json_begin_array(json);
}

static void end_list(seg_json_writer *json) {
  seg_json_end_array(json);
  seg_json_end_object(json);
}

// Entries and exits.

/// Changes on their way out: one more is asked for than is shown, to know whether there is more.
typedef struct change_page {
  seg_json_writer *json;
  bool shows_segment; ///< Otherwise the contact.
  size_t limit;
  size_t count;
  int64_t last;
  bool has_more;
} change_page;

static bool show_change(void *context, const store_member_change *row) {
  change_page *page = context;
  seg_json_writer *json = page->json;
  if (page->count == page->limit) {
    page->has_more = true;
    return false;
  }
  char id[24];
  (void)snprintf(id, sizeof id, "%lld", (long long)row->num);
  seg_json_begin_object(json);
  seg_json_member_string(json, "id", id);
  seg_json_member_string(json, "type", row->is_entry ? "entry" : "exit");
  seg_json_member_instant(json, "at", row->at_ms);
  seg_json_member_string(json, "cause", tracking_cause_names[row->cause]);
  seg_json_key(json, page->shows_segment ? "segment" : "contact");
  seg_json_begin_object(json);
  if (page->shows_segment) {
    seg_json_member_text(json, "id", row->segment_id);
    seg_json_member_text(json, "name", row->segment_name);
  } else {
    seg_json_member_text(json, "id", row->contact_id);
    seg_json_member_text(json, "email", row->contact_email);
  }
  seg_json_end_object(json);
  seg_json_end_object(json);
  page->last = row->num;
  page->count++;
  return true;
}

/// Reads the query and begins the answer; false if it has been answered.
static bool begin_changes(seg_http_request *request, seg_http_response *response, change_page *page,
                          int64_t *before) {
  int64_t limit;
  if (!seg_http_query_integer(request, response, "limit", 1, API_PAGE_MAX, API_PAGE_DEFAULT,
                              &limit) ||
      !seg_http_query_integer(request, response, "cursor", 1, STORE_NEWEST, STORE_NEWEST, before)) {
    return false;
  }
  page->json = seg_http_response_json(response);
  page->limit = (size_t)limit;
  begin_list(page->json);
  return true;
}

static void end_changes(change_page *page) {
  seg_json_end_array(page->json);
  answer_page_end(page->json, page->has_more, page->last);
  seg_json_end_object(page->json);
}

void api_segment_changes(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  known_segment of;
  change_page page = {.shows_segment = false};
  int64_t before;
  if (!find_segment(own, request, response, &of) ||
      !begin_changes(request, response, &page, &before)) {
    return;
  }
  store_session *session = engine_session_borrow(own->engine);
  store_status status =
      session == NULL
          ? STORE_FAILED
          : store_member_history_of_segment(session, api_project(request)->num, of.num, before,
                                            page.limit + 1, show_change, &page, NULL);
  engine_session_return(own->engine, session);
  end_changes(&page);
  end_answer(response, API_SEGMENTS, status);
}

void api_contact_changes(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  const project *in = api_project(request);
  change_page page = {.shows_segment = true};
  int64_t before;
  int64_t contact = 0;
  if (!begin_changes(request, response, &page, &before)) {
    return;
  }
  store_session *session = engine_session_borrow(own->engine);
  store_status status =
      answer_find_contact(session, in, seg_http_request_param(request, "id"), &contact);
  if (status == STORE_OK) {
    status = store_member_history_of_contact(session, in->num, contact, before, page.limit + 1,
                                             show_change, &page, NULL);
  }
  engine_session_return(own->engine, session);
  end_changes(&page);
  end_answer(response, API_CONTACTS, status);
}

// Sizes.

/// Days of one curve: a leap year.
#define SIZES_DAYS_MAX 366
#define SIZES_DAYS_DEFAULT 30

static void show_size(seg_json_writer *json, int64_t at_ms, int64_t count) {
  seg_json_begin_object(json);
  seg_json_member_instant(json, "at", at_ms);
  seg_json_member_int(json, "count", count);
  seg_json_end_object(json);
}

/// Answers with the size at each midnight since `start_ms`, but not before the segment was there,
/// and now.
static void answer_stored_sizes(api *own, const project *in, seg_http_response *response,
                                const known_segment *of, int64_t now_ms, size_t day_count) {
  seg_json_writer *json = seg_http_response_json(response);
  int64_t start_ms = now_ms - now_ms % STORE_DAY_MS - (int64_t)(day_count - 1) * STORE_DAY_MS;
  int64_t days[SIZES_DAYS_MAX];
  int64_t count = 0;
  store_session *session = engine_session_borrow(own->engine);
  store_status status = session == NULL ? STORE_FAILED
                                        : store_member_growth(session, in->num, of->num, start_ms,
                                                              day_count, days, &count, NULL);
  engine_session_return(own->engine, session);
  if (status != STORE_OK) {
    answer_store_error(response, API_SEGMENTS, status);
    return;
  }
  begin_list(json);
  for (size_t i = 0; i < day_count; i++) {
    int64_t midnight_ms = start_ms + (int64_t)i * STORE_DAY_MS;
    if (midnight_ms >= of->created_at_ms) {
      show_size(json, midnight_ms, count);
    }
    count += days[i];
  }
  show_size(json, now_ms, count);
  end_list(json);
  seg_http_respond_json(response, 200);
}

/// Answers with the size of a segment that nothing is stored of: it is known for now alone.
static void answer_present_size(api *own, project *in, seg_http_response *response,
                                seg_text_view id, int64_t now_ms) {
  seg_json_writer *json = seg_http_response_json(response);
  id_list none = {0};
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  size_t total = 0;
  engine_error error;
  engine_error_init(&error);
  if (engine_segment_search(own->engine, in, id, all, 0, 0, &none, &total, &error) != ENGINE_OK) {
    answer_engine_error(response, API_SEGMENTS, &error);
    return;
  }
  engine_error_free(&error);
  id_list_free(&none);
  begin_list(json);
  show_size(json, now_ms, (int64_t)total);
  end_list(json);
  seg_http_respond_json(response, 200);
}

void api_segment_sizes(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  project *in = api_project(request);
  known_segment of;
  int64_t days;
  if (!seg_http_query_integer(request, response, "days", 1, SIZES_DAYS_MAX, SIZES_DAYS_DEFAULT,
                              &days) ||
      !find_segment(own, request, response, &of)) {
    return;
  }
  int64_t now_ms = engine_now_ms(own->engine);
  if (of.has_members) {
    answer_stored_sizes(own, in, response, &of, now_ms, (size_t)days);
  } else {
    answer_present_size(own, in, response, seg_http_request_param(request, "id"), now_ms);
  }
}

// The segments of a contact.

typedef struct since_row {
  int64_t segment;
  int64_t since_ms;
} since_row;

/// Since when a contact is a stored member of what.
typedef struct since_list {
  since_row *rows;
  size_t count;
  size_t capacity;
  bool is_cut; ///< There was no memory for the rest.
  seg_json_writer *json;
} since_list;

static bool keep_since(void *context, int64_t segment_num, int64_t since_ms) {
  since_list *list = context;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 32 : list->capacity * 2;
    since_row *rows = realloc(list->rows, capacity * sizeof *rows);
    if (rows == NULL) {
      list->is_cut = true;
      return false;
    }
    list->rows = rows;
    list->capacity = capacity;
  }
  list->rows[list->count++] = (since_row){.segment = segment_num, .since_ms = since_ms};
  return true;
}

/// SEG_INSTANT_NONE, which is written as null, where it is not known.
static int64_t since_of(const since_list *list, const segment *of) {
  for (size_t i = 0; (of->is_static || of->is_tracked) && i < list->count; i++) {
    if (list->rows[i].segment == of->num) {
      return list->rows[i].since_ms;
    }
  }
  return STORE_NO_INSTANT;
}

static void write_segment_name(seg_json_writer *json, const segment *of) {
  seg_json_member_text(json, "id", of->id);
  seg_json_member_text(json, "name", of->name);
}

static void show_segment_of_contact(void *context, const project *in, const segment *of) {
  const since_list *list = context;
  (void)in;
  seg_json_begin_object(list->json);
  write_segment_name(list->json, of);
  seg_json_member_string(list->json, "type", of->is_static ? "STATIC" : "DYNAMIC");
  seg_json_member_bool(list->json, "trackMembership", of->is_tracked);
  seg_json_member_instant(list->json, "since", since_of(list, of));
  seg_json_end_object(list->json);
}

static store_status read_since(const api *own, const project *in, seg_text_view id,
                               since_list *list) {
  int64_t contact = 0;
  store_session *session = engine_session_borrow(own->engine);
  store_status status = answer_find_contact(session, in, id, &contact);
  if (status == STORE_OK) {
    status = store_member_since(session, in->num, contact, keep_since, list, NULL);
  }
  engine_session_return(own->engine, session);
  return status == STORE_OK && list->is_cut ? STORE_NOMEM : status;
}

void api_contact_segments(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  project *in = api_project(request);
  seg_text_view id = seg_http_request_param(request, "id");
  since_list list = {.json = seg_http_response_json(response)};
  engine_error error;
  engine_error_init(&error);
  store_status read = read_since(own, in, id, &list);
  if (read != STORE_OK) {
    answer_store_error(response, API_CONTACTS, read);
  } else {
    begin_list(list.json);
    engine_status status =
        engine_contact_segments(own->engine, in, id, show_segment_of_contact, &list, &error);
    end_list(list.json);
    if (status == ENGINE_OK) {
      seg_http_respond_json(response, 200);
    } else {
      answer_engine_error(response, API_CONTACTS, &error);
    }
  }
  engine_error_free(&error);
  free(list.rows);
}

// What uses a segment.

/// Campaigns that are listed: more than anybody looks through.
#define USAGE_CAMPAIGNS_MAX 1000

static void show_user(void *context, const project *in, const segment *of) {
  (void)in;
  seg_json_begin_object(context);
  write_segment_name(context, of);
  seg_json_end_object(context);
}

static bool show_campaign(void *context, const store_campaign_use *use) {
  seg_json_begin_object(context);
  seg_json_member_text(context, "id", use->id);
  seg_json_member_text(context, "name", use->name);
  seg_json_member_string(context, "status", campaign_status_names[use->status]);
  seg_json_end_object(context);
  return true;
}

static void show_using_webhook(void *context, const webhook *of) {
  seg_json_begin_object(context);
  seg_json_member_text(context, "id", of->id);
  seg_json_member_text(context, "name", webhook_title(of));
  seg_json_end_object(context);
}

void api_segment_usage(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  project *in = api_project(request);
  seg_text_view id = seg_http_request_param(request, "id");
  seg_json_writer *json = seg_http_response_json(response);
  engine_error error;
  engine_error_init(&error);
  seg_json_begin_object(json);
  seg_json_key(json, "segments");
  seg_json_begin_array(json);
  if (engine_segment_users(own->engine, in, id, show_user, json, &error) != ENGINE_OK) {
    answer_engine_error(response, API_SEGMENTS, &error);
    return;
  }
  engine_error_free(&error);
  seg_json_end_array(json);
  seg_json_key(json, "campaigns");
  seg_json_begin_array(json);
  store_session *session = engine_session_borrow(own->engine);
  store_status status = session == NULL
                            ? STORE_FAILED
                            : store_campaign_list_using(session, in->num, id, USAGE_CAMPAIGNS_MAX,
                                                        show_campaign, json, NULL);
  engine_session_return(own->engine, session);
  seg_json_end_array(json);
  seg_json_key(json, "webhooks");
  seg_json_begin_array(json);
  engine_segment_webhooks(own->engine, in, id, show_using_webhook, json);
  seg_json_end_array(json);
  seg_json_end_object(json);
  end_answer(response, API_SEGMENTS, status);
}
