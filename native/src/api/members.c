// Members: read, added and removed by hand, and previewed.
#include "call.h"
#include "engine/engine_preview.h"
#include "input.h"

#include <stdlib.h>

/// Addresses of one call: a request of this size takes a moment, and has the writer for itself.
#define MEMBERS_MAX 10000

void api_segment_contacts(void *context, seg_http_request *request, seg_http_response *response) {
  api *own = context;
  int64_t page;
  int64_t page_size;
  seg_text_view search;
  if (!seg_http_query_integer(request, response, "page", 1, INT32_MAX, 1, &page) ||
      !seg_http_query_integer(request, response, "pageSize", 1, API_PAGE_MAX, API_PAGE_DEFAULT,
                              &page_size) ||
      !seg_http_query_text(request, response, "search", API_SEARCH_BYTES_MAX, &search)) {
    return;
  }
  engine_error error;
  id_list ids = {0};
  size_t total = 0;
  engine_error_init(&error);
  engine_status status = engine_segment_search(
      own->engine, api_project(request), seg_http_request_param(request, "id"), search,
      (size_t)((page - 1) * page_size), (size_t)page_size, &ids, &total, &error);
  if (status != ENGINE_OK) {
    answer_engine_error(response, API_SEGMENTS, &error);
    return;
  }
  seg_json_writer *json = seg_http_response_json(response);
  seg_json_begin_object(json);
  seg_json_key(json, "data");
  store_status read =
      answer_contacts_by_id(json, own->engine, api_project(request), ids.ids, ids.count);
  id_list_free(&ids);
  if (read != STORE_OK) {
    answer_store_error(response, API_SEGMENTS, read);
    return;
  }
  seg_json_member_int(json, "total", (int64_t)total);
  seg_json_member_int(json, "page", page);
  seg_json_member_int(json, "pageSize", page_size);
  seg_json_member_int(json, "totalPages", ((int64_t)total + page_size - 1) / page_size);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

/// Addresses that were not found, or are none, each once whatever its case.
typedef struct missed_emails {
  struct missed_email {
    seg_text_view email;
    size_t order;
    bool is_invalid;
    bool is_repeated;
  } * items;
  size_t count;
} missed_emails;

static void keep_missed(void *context, seg_text_view email, bool is_invalid) {
  missed_emails *missed = context;
  missed->items[missed->count] = (struct missed_email){
      .email = email, .order = missed->count, .is_invalid = is_invalid, .is_repeated = false};
  missed->count++;
}

static int lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : (unsigned char)byte;
}

static int compare_emails(seg_text_view a, seg_text_view b) {
  size_t size = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  for (size_t i = 0; i < size; i++) {
    int difference = lower(a.bytes[i]) - lower(b.bytes[i]);
    if (difference != 0) {
      return difference;
    }
  }
  return (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static int by_email(const void *a, const void *b) {
  const struct missed_email *left = a;
  const struct missed_email *right = b;
  int difference = compare_emails(left->email, right->email);
  return difference != 0 ? difference : (left->order > right->order) - (left->order < right->order);
}

static int by_order(const void *a, const void *b) {
  const struct missed_email *left = a;
  const struct missed_email *right = b;
  return (left->order > right->order) - (left->order < right->order);
}

static void mark_repeated(missed_emails *missed) {
  qsort(missed->items, missed->count, sizeof *missed->items, by_email);
  for (size_t i = 1; i < missed->count; i++) {
    missed->items[i].is_repeated =
        compare_emails(missed->items[i - 1].email, missed->items[i].email) == 0;
  }
  qsort(missed->items, missed->count, sizeof *missed->items, by_order);
}

static void write_missed(seg_json_writer *json, const missed_emails *missed, bool invalid) {
  seg_json_begin_array(json);
  for (size_t i = 0; i < missed->count; i++) {
    if (missed->items[i].is_invalid == invalid && !missed->items[i].is_repeated) {
      seg_json_text(json, missed->items[i].email);
    }
  }
  seg_json_end_array(json);
}

/// What both calls read.
typedef struct members_body {
  input body;
  seg_text_view *emails;
  size_t count;
} members_body;

/// False if it has been answered. `own` must go through free_members either way.
static bool read_members(members_body *own, api_call *call) {
  if (!input_texts(&own->body, "emails", MEMBERS_MAX, &own->emails, &own->count)) {
    api_call_end_no_memory(call);
    return false;
  }
  if (!input_is_good(&own->body)) {
    api_call_refuse(call, &own->body.problems);
    return false;
  }
  return true;
}

static void begin_members(members_body *own, const seg_http_request *request) {
  *own = (members_body){.emails = NULL};
  input_begin(&own->body, seg_http_request_json(request), seg_http_request_body(request));
}

static void free_members(members_body *own) {
  free(own->emails);
  input_end(&own->body);
}

/// What became of an addition.
typedef struct added_members {
  members_result result;
  missed_emails missed;
} added_members;

static void write_added(void *context, seg_json_writer *json) {
  added_members *added = context;
  mark_repeated(&added->missed);
  seg_json_begin_object(json);
  seg_json_member_int(json, "added", (int64_t)added->result.added);
  seg_json_member_int(json, "created", (int64_t)added->result.created);
  seg_json_key(json, "notFound");
  write_missed(json, &added->missed, false);
  seg_json_key(json, "invalid");
  write_missed(json, &added->missed, true);
  seg_json_end_object(json);
}

void api_members_add(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  members_body body;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  begin_members(&body, request);
  bool given;
  bool create_missing = input_bool(&body.body, "createMissing", &given);
  bool subscribed = input_bool(&body.body, "subscribed", &given) || !given;
  if (read_members(&body, &call)) {
    added_members added = {.missed = {.items = calloc(body.count + 1, sizeof *added.missed.items)}};
    call.write = write_added;
    call.context = &added;
    if (added.missed.items == NULL) {
      api_call_end_no_memory(&call);
    } else {
      api_call_end(&call, engine_members_add(call.api->engine, call.project,
                                             seg_http_request_param(request, "id"), body.emails,
                                             body.count, create_missing, subscribed, keep_missed,
                                             &added.missed, &added.result, &call.error));
    }
    free(added.missed.items);
  }
  free_members(&body);
}

static void write_removed(void *context, seg_json_writer *json) {
  const members_result *result = context;
  seg_json_begin_object(json);
  seg_json_member_int(json, "removed", (int64_t)result->removed);
  seg_json_end_object(json);
}

void api_members_remove(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  members_body body;
  members_result result = {0};
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  call.write = write_removed;
  call.context = &result;
  begin_members(&body, request);
  if (read_members(&body, &call)) {
    api_call_end(&call, engine_members_remove(call.api->engine, call.project,
                                              seg_http_request_param(request, "id"), body.emails,
                                              body.count, &result, &call.error));
  }
  free_members(&body);
}

static void write_nodes(seg_json_writer *json, const preview *shown) {
  char path[SEG_FILTER_PATH_BYTES];
  seg_json_begin_array(json);
  for (size_t i = 0; i < seg_filter_node_count(shown->filter); i++) {
    seg_filter_node_path(shown->filter, i, path);
    seg_json_begin_object(json);
    seg_json_member_string(json, "path", path);
    seg_json_member_int(json, "count", (int64_t)shown->node_counts[i]);
    seg_json_end_object(json);
  }
  seg_json_end_array(json);
}

static store_status write_preview(seg_json_writer *json, const api *own, const project *in,
                                  const preview *shown, const preview_moves *moves) {
  seg_json_begin_object(json);
  seg_json_member_int(json, "count", (int64_t)shown->count);
  seg_json_member_int(json, "subscribed", (int64_t)shown->subscribed);
  seg_json_member_int(json, "total", (int64_t)shown->total);
  seg_json_key(json, "sample");
  store_status status =
      answer_contacts_by_id(json, own->engine, in, shown->sample_ids, shown->sample_count);
  seg_json_key(json, "nodes");
  write_nodes(json, shown);
  if (shown->has_changes) {
    seg_json_key(json, "changes");
    seg_json_begin_object(json);
    seg_json_member_int(json, "entering", (int64_t)shown->entering);
    seg_json_member_int(json, "leaving", (int64_t)shown->leaving);
    seg_json_key(json, "enteringSample");
    store_status entering =
        answer_contacts_by_id(json, own->engine, in, moves->entering.ids, moves->entering.count);
    seg_json_key(json, "leavingSample");
    store_status leaving =
        answer_contacts_by_id(json, own->engine, in, moves->leaving.ids, moves->leaving.count);
    seg_json_end_object(json);
    status = status != STORE_OK ? status : entering != STORE_OK ? entering : leaving;
  }
  seg_json_end_object(json);
  return status;
}

void api_segment_preview(void *context, seg_http_request *request, seg_http_response *response) {
  api_call call;
  input body;
  api_call_begin(&call, context, request, response, API_SEGMENTS, 200);
  input_begin(&body, seg_http_request_json(request), seg_http_request_body(request));
  int64_t sample = input_integer(&body, "sample", 0, 100, 0);
  seg_text_view segment_id = input_text(&body, "segmentId", false);
  if (!input_is_good(&body)) {
    api_call_refuse(&call, &body.problems);
    input_end(&body);
    return;
  }
  preview shown;
  preview_moves moves;
  engine_status status =
      engine_preview_moves(call.api->engine, call.project, input_member(&body, "condition"),
                           segment_id, (size_t)sample, &shown, &moves, &call.error);
  if (status != ENGINE_OK) {
    api_call_end(&call, status);
  } else {
    store_status read = write_preview(call.json, call.api, call.project, &shown, &moves);
    if (read == STORE_OK) {
      api_call_end_read(&call);
    } else {
      answer_store_error(response, API_SEGMENTS, read);
      api_call_drop(&call);
    }
    preview_free(&shown);
    preview_moves_free(&moves);
  }
  input_end(&body);
}
