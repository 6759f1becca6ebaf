// The names of events, and how often each happened: in all, in a range, or in one range after
// another.
#include "answer.h"
#include "segmentry/instant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Ranges of one answer, which are the days of a leap year: a curve has no more points than that.
#define RANGES_MAX 366
/// An instant of a query, with room for a fraction and an offset.
#define INSTANT_BYTES_MAX ((size_t)40)

typedef struct name_row {
  int64_t num;
  int64_t count;
  int64_t last_seen_at_ms;
  size_t place; ///< Of its counts among `range_counts`.
  char name[SEG_EVENT_NAME_BYTES_MAX + 1];
} name_row;

typedef struct name_list {
  name_row *rows;
  size_t count;
  size_t capacity;
  bool is_cut;           ///< There was no memory for the rest.
  int64_t *range_counts; ///< By place, then by range; NULL without ranges.
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

// Ranges.

/// The instants at which ranges begin, and behind them the end of the last one.
typedef struct range_list {
  int64_t bounds_ms[RANGES_MAX + 1];
  size_t count; ///< Of ranges; 0: no range was asked for.
  bool is_each; ///< The counts of each are wanted as well.
} range_list;

/// A walk along a list of names, which is in byte order.
typedef struct name_walk {
  name_list *list;
  size_t at;
  size_t range;
  size_t range_count;
} name_walk;

/// The names come in the same order. One that is not in the list was first seen this moment.
static bool add_count(void *context, const store_event_name *row) {
  name_walk *walk = context;
  name_list *list = walk->list;
  char name[SEG_EVENT_NAME_BYTES_MAX + 1];
  (void)snprintf(name, sizeof name, "%.*s", (int)row->name.size_bytes, row->name.bytes);
  while (walk->at < list->count && strcmp(list->rows[walk->at].name, name) < 0) {
    walk->at++;
  }
  if (walk->at < list->count && list->rows[walk->at].num == row->num) {
    list->rows[walk->at].count += row->count;
    list->range_counts[walk->at * walk->range_count + walk->range] = row->count;
  }
  return true;
}

/// Counts only what lies in ranges. They follow each other and events have an index by time, so
/// that each event is looked at once however many ranges there are.
static store_status count_ranges(store_session *session, const project *in,
                                 const range_list *ranges, name_list *list) {
  list->range_counts = calloc(list->count * ranges->count + 1, sizeof *list->range_counts);
  if (list->range_counts == NULL) {
    return STORE_NOMEM;
  }
  for (size_t i = 0; i < list->count; i++) {
    list->rows[i].place = i;
    list->rows[i].count = 0;
  }
  store_status status = STORE_OK;
  for (size_t i = 0; status == STORE_OK && i < ranges->count; i++) {
    name_walk walk = {.list = list, .range = i, .range_count = ranges->count};
    status = store_event_name_counts(session, in->num, ranges->bounds_ms[i],
                                     ranges->bounds_ms[i + 1], add_count, &walk, NULL);
  }
  return status;
}

/// The names with their counts in the ranges, or of all time, most frequent first.
static store_status read_names(const api *own, const project *in, const range_list *ranges,
                               name_list *list) {
  store_session *session = engine_session_borrow(own->engine);
  store_status status = session == NULL ? STORE_FAILED : STORE_OK;
  if (status == STORE_OK) {
    status = store_event_name_stats(session, in->num, keep_name, list, NULL);
  }
  if (status == STORE_OK && ranges->count > 0) {
    status = count_ranges(session, in, ranges, list);
  }
  engine_session_return(own->engine, session);
  if (status == STORE_OK && list->count > 0) {
    qsort(list->rows, list->count, sizeof *list->rows, most_first);
  }
  return list->is_cut ? STORE_NOMEM : status;
}

static void free_names(name_list *list) {
  free(list->rows);
  free(list->range_counts);
}

// Answers.

void api_event_names(void *context, seg_http_request *request, seg_http_response *response) {
  name_list list = {.rows = NULL};
  range_list all = {.count = 0};
  store_status status = read_names(context, api_project(request), &all, &list);
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
  free_names(&list);
}

static bool parse_instant(seg_text_view text, int64_t *out) {
  seg_instant instant;
  bool is_one = seg_instant_parse(text, &instant);
  *out = is_one ? instant.ms : 0;
  return is_one;
}

/// An instant of the query; false if it has been answered.
static bool read_instant(seg_http_request *request, seg_http_response *response, const char *name,
                         int64_t missing, int64_t *out) {
  seg_text_view text;
  *out = missing;
  if (!seg_http_query_text(request, response, name, INSTANT_BYTES_MAX, &text)) {
    return false;
  }
  if (text.size_bytes > 0 && !parse_instant(text, out)) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "%s: must be an ISO 8601 date such as 2026-05-06T12:00:00Z", name);
    return false;
  }
  return true;
}

/// Reads `bounds`, instants with commas between them; false if it has been answered.
static bool parse_bounds(seg_http_response *response, seg_text_view text, range_list *out) {
  size_t count = 0;
  const char *at = text.bytes;
  const char *end = text.bytes + text.size_bytes;
  while (at <= end && count <= RANGES_MAX) {
    const char *comma = memchr(at, ',', (size_t)(end - at));
    const char *stop = comma == NULL ? end : comma;
    seg_text_view one = {.bytes = at, .size_bytes = (size_t)(stop - at)};
    if (!parse_instant(one, &out->bounds_ms[count])) {
      seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                             "bounds[%zu]: must be an ISO 8601 date such as 2026-05-06T12:00:00Z",
                             count);
      return false;
    }
    if (count > 0 && out->bounds_ms[count] <= out->bounds_ms[count - 1]) {
      seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                             "bounds[%zu]: must lie after the one before it", count);
      return false;
    }
    count++;
    at = stop + 1;
  }
  if (at <= end || count < 2) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "bounds: must be 2 to %d instants with commas between them",
                           RANGES_MAX + 1);
    return false;
  }
  out->count = count - 1;
  out->is_each = true;
  return true;
}

/// Reads which ranges are asked for; false if it has been answered.
static bool read_ranges(seg_http_request *request, seg_http_response *response, range_list *out) {
  seg_text_view bounds;
  int64_t from_ms;
  int64_t to_ms;
  if (!read_instant(request, response, "startDate", STORE_NO_INSTANT, &from_ms) ||
      !read_instant(request, response, "endDate", STORE_NEWEST, &to_ms) ||
      !seg_http_query_text(request, response, "bounds", (RANGES_MAX + 1) * (INSTANT_BYTES_MAX + 1),
                           &bounds)) {
    return false;
  }
  bool has_range = from_ms != STORE_NO_INSTANT || to_ms != STORE_NEWEST;
  if (has_range && bounds.size_bytes > 0) {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "bounds: cannot be given together with startDate or endDate");
    return false;
  }
  if (has_range) { // the end itself is in the range
    out->bounds_ms[0] = from_ms;
    out->bounds_ms[1] = to_ms == STORE_NEWEST ? to_ms : to_ms + 1;
    out->count = 1;
  }
  return bounds.size_bytes == 0 || parse_bounds(response, bounds, out);
}

static void show_stat(seg_json_writer *json, const name_list *list, const name_row *row,
                      const range_list *ranges) {
  seg_json_begin_object(json);
  seg_json_member_string(json, "name", row->name);
  seg_json_member_int(json, "count", row->count);
  if (ranges->is_each) {
    seg_json_key(json, "counts");
    seg_json_begin_array(json);
    for (size_t i = 0; i < ranges->count; i++) {
      seg_json_int(json, list->range_counts[row->place * ranges->count + i]);
    }
    seg_json_end_array(json);
  }
  seg_json_member_instant(json, "lastSeenAt", row->last_seen_at_ms);
  seg_json_end_object(json);
}

void api_event_stats(void *context, seg_http_request *request, seg_http_response *response) {
  name_list list = {.rows = NULL};
  range_list ranges = {.count = 0};
  if (!read_ranges(request, response, &ranges)) {
    return;
  }
  store_status status = read_names(context, api_project(request), &ranges, &list);
  if (status == STORE_OK) {
    seg_json_writer *json = seg_http_response_json(response);
    seg_json_begin_array(json);
    for (size_t i = 0; i < list.count && list.rows[i].count > 0; i++) {
      show_stat(json, &list, &list.rows[i], &ranges);
    }
    seg_json_end_array(json);
    seg_http_respond_json(response, 200);
  } else {
    answer_store_error(response, API_EVENTS, status);
  }
  free_names(&list);
}
