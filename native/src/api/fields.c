// Fields of contacts and their values, for pickers: read from the project's table.
#include "segmentry/fields.h"
#include "answer.h"
#include "engine/engine_preview.h"

#include <string.h>

/// Values of one answer.
#define VALUES_MAX 200
#define VALUES_DEFAULT 100

static const char *const kind_names[SEG_VALUE_KIND_COUNT] = {
    [SEG_VALUE_BOOLEAN] = "boolean", [SEG_VALUE_NUMBER] = "number", [SEG_VALUE_TEXT] = "string",
    [SEG_VALUE_ARRAY] = "array",     [SEG_VALUE_OBJECT] = "object",
};

/// The type that most contacts have there; texts that all are dates count as dates.
static const char *type_of(const seg_field_info *info) {
  seg_value_kind best = SEG_VALUE_TEXT;
  for (int kind = SEG_VALUE_BOOLEAN; kind < SEG_VALUE_KIND_COUNT; kind++) {
    if (info->by_kind[kind] > info->by_kind[best]) {
      best = (seg_value_kind)kind;
    }
  }
  bool is_date = best == SEG_VALUE_TEXT && info->instant_count == info->by_kind[SEG_VALUE_TEXT];
  return is_date ? "date" : kind_names[best];
}

static void write_field(seg_json_writer *json, const char *prefix, seg_text_view path,
                        const char *type, bool is_custom, double coverage) {
  char field[SEG_MESSAGE_BYTES];
  size_t prefix_bytes = strlen(prefix);
  if (prefix_bytes + path.size_bytes > sizeof field) {
    return; // too long to be a field of a filter
  }
  memcpy(field, prefix, prefix_bytes);
  memcpy(field + prefix_bytes, path.bytes, path.size_bytes);
  seg_json_begin_object(json);
  seg_json_key(json, "field");
  seg_json_text(json,
                (seg_text_view){.bytes = field, .size_bytes = prefix_bytes + path.size_bytes});
  seg_json_member_string(json, "type", type);
  seg_json_member_bool(json, "isCustom", is_custom);
  seg_json_member_double(json, "coverage", coverage);
  seg_json_end_object(json);
}

/// Per cent of the contacts, to a tenth.
static double coverage_of(size_t count, size_t total) {
  size_t tenths = total == 0 ? 0 : count * 1000 / total;
  return (double)tenths / 10;
}

void api_field_list(void *context, seg_http_request *request, seg_http_response *response) {
  static const struct {
    const char *name;
    const char *type;
  } fixed[] = {
      {"email", "string"}, {"subscribed", "boolean"}, {"createdAt", "date"}, {"updatedAt", "date"}};
  project *in = api_project(request);
  seg_json_writer *json = seg_http_response_json(response);
  size_t count = sizeof fixed / sizeof fixed[0];
  (void)context;
  (void)pthread_rwlock_rdlock(&in->lock);
  size_t total = seg_table_contact_count(in->table);
  seg_json_begin_object(json);
  seg_json_key(json, "fields");
  seg_json_begin_array(json);
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
    write_field(json, "", seg_text_of(fixed[i].name), fixed[i].type, false,
                coverage_of(total, total));
  }
  for (size_t i = 0; i < seg_table_field_count(in->table); i++) {
    seg_field_info info = seg_table_field(in->table, i);
    if (info.count > 0) {
      write_field(json, "data.", info.path, type_of(&info), true, coverage_of(info.count, total));
      count++;
    }
  }
  (void)pthread_rwlock_unlock(&in->lock);
  seg_json_end_array(json);
  seg_json_member_int(json, "count", (int64_t)count);
  seg_json_end_object(json);
  seg_http_respond_json(response, 200);
}

static void write_value(seg_json_writer *json, const seg_field_value *value) {
  switch (value->kind) {
  case SEG_VALUE_BOOLEAN:
    seg_json_bool(json, value->boolean);
    break;
  case SEG_VALUE_NUMBER:
    seg_json_double(json, value->number);
    break;
  default:
    seg_json_text(json, value->text);
    break;
  }
}

static void write_values(seg_json_writer *json, seg_text_view field, const seg_field_value *values,
                         size_t count, int64_t limit) {
  seg_json_begin_object(json);
  seg_json_member_text(json, "field", field);
  seg_json_key(json, "values");
  seg_json_begin_array(json);
  for (size_t i = 0; i < count; i++) {
    write_value(json, &values[i]);
  }
  seg_json_end_array(json);
  seg_json_key(json, "counts");
  seg_json_begin_array(json);
  for (size_t i = 0; i < count; i++) {
    seg_json_int(json, (int64_t)values[i].count);
  }
  seg_json_end_array(json);
  seg_json_member_int(json, "count", (int64_t)count);
  seg_json_member_int(json, "limit", limit);
  seg_json_end_object(json);
}

/// The values of `subscribed`, which is no column of the table's field list.
static size_t subscribed_values(api *own, project *in, seg_field_value *values) {
  size_t subscribed = 0;
  size_t total = 0;
  if (!engine_count_subscribed(own->engine, in, &subscribed, &total)) {
    return 0;
  }
  bool first = 2 * subscribed >= total;
  size_t count = 0;
  for (int i = 0; i < 2; i++) {
    bool value = i == 0 ? first : !first;
    size_t contacts = value ? subscribed : total - subscribed;
    if (contacts > 0) {
      values[count++] =
          (seg_field_value){.kind = SEG_VALUE_BOOLEAN, .boolean = value, .count = contacts};
    }
  }
  return count;
}

void api_field_values(void *context, seg_http_request *request, seg_http_response *response) {
  project *in = api_project(request);
  seg_text_view field = seg_http_request_param(request, "field");
  seg_field_value values[VALUES_MAX];
  seg_json_writer *json = seg_http_response_json(response);
  int64_t limit;
  if (!seg_http_query_integer(request, response, "limit", 1, VALUES_MAX, VALUES_DEFAULT, &limit)) {
    return;
  }
  if (seg_text_equal(field, seg_text_of("subscribed"))) {
    size_t count = subscribed_values(context, in, values);
    write_values(json, field, values, count < (size_t)limit ? count : (size_t)limit, limit);
  } else if (field.size_bytes > 5 && memcmp(field.bytes, "data.", 5) == 0) {
    seg_text_view path = {.bytes = field.bytes + 5, .size_bytes = field.size_bytes - 5};
    (void)pthread_rwlock_rdlock(&in->lock);
    size_t count = seg_table_field_values(in->table, path, (size_t)limit, values);
    write_values(json, field, values, count, limit); // their texts are the table's
    (void)pthread_rwlock_unlock(&in->lock);
  } else {
    seg_http_respond_error(response, SEG_HTTP_BAD_REQUEST,
                           "values are listed of subscribed and of fields that begin with data.");
    return;
  }
  seg_http_respond_json(response, 200);
}
