// A contact's `data` into columns.
//
// Each path that a filter can name is one column: a top-level key as it is written, dots and all
// (the literal key), and every nested key reached through objects only. Both may spell the same
// path; the literal one wins unless it is null. So all top-level keys go first, then the nested
// ones fill what is still free. Keys are visited last to first, so the last of two equal keys is
// the one that counts, as everywhere in JSON.
//
// Not made into columns, because no filter can name them: nested keys that contain a dot, and paths
// longer than a field name may be. The values are checked all the same.
#include "table_internal.h"

#include "segmentry/fields.h"
#include "segmentry/filter.h"

#include <cJSON.h>
#include <math.h>
#include <string.h>

/// `data.` goes before a path in a field name.
#define PATH_BYTES_MAX (SEG_FILTER_FIELD_BYTES_MAX - 5)

/// Where the check stands, for messages: the keys from the innermost out.
typedef struct place {
  const struct place *outer;
  const char *key; ///< NULL for an array's element.
} place;

static void write_place(const place *at, char *out, size_t size_bytes) {
  const place *levels[SEG_DATA_DEPTH_MAX + 1];
  size_t count = 0;
  for (; at != NULL && count < sizeof levels / sizeof levels[0]; at = at->outer) {
    levels[count++] = at;
  }
  size_t used = 0;
  while (count > 0 && used + 1 < size_bytes) {
    const char *key = levels[--count]->key;
    const char *dot = used == 0 || key == NULL ? "" : ".";
    seg_text_view shown = seg_text_of(key == NULL ? "[]" : key);
    for (const char *c = dot; *c != '\0' && used + 1 < size_bytes; c++) {
      out[used++] = *c;
    }
    for (size_t i = 0; i < shown.size_bytes && used + 1 < size_bytes; i++) {
      out[used++] = (unsigned char)shown.bytes[i] < 0x20 ? '?' : shown.bytes[i];
    }
  }
  out[used] = '\0';
  seg_cut_text(out);
}

/// `members` counts what has been seen, for the limit.
static seg_status check_value(const cJSON *value, const place *at, size_t depth, size_t *members,
                              seg_error *error) {
  char shown[160];
  if (cJSON_IsNumber(value) && !isfinite(value->valuedouble)) {
    write_place(at, shown, sizeof shown);
    return seg_fail(error, SEG_E_INVALID, "%s: a number beyond what a double can hold", shown);
  }
  if (cJSON_IsString(value)) {
    size_t size = strlen(value->valuestring);
    if (size > SEG_DATA_TEXT_BYTES_MAX) {
      write_place(at, shown, sizeof shown);
      return seg_fail(error, SEG_E_LIMIT, "%s: a string of %zu bytes; at most %d are allowed",
                      shown, size, SEG_DATA_TEXT_BYTES_MAX);
    }
  }
  if (!cJSON_IsObject(value) && !cJSON_IsArray(value)) {
    return SEG_OK;
  }
  if (depth > SEG_DATA_DEPTH_MAX) {
    write_place(at, shown, sizeof shown);
    return seg_fail(error, SEG_E_LIMIT, "%s: nested deeper than %d levels", shown,
                    SEG_DATA_DEPTH_MAX);
  }
  for (const cJSON *child = value->child; child != NULL; child = child->next) {
    place inner = {.outer = at, .key = cJSON_IsObject(value) ? child->string : NULL};
    if (++*members > SEG_DATA_MEMBERS_MAX) {
      write_place(at, shown, sizeof shown);
      return seg_fail(error, SEG_E_LIMIT, "%s: more than %d members and elements", shown,
                      SEG_DATA_MEMBERS_MAX);
    }
    seg_status status = check_value(child, &inner, depth + 1, members, error);
    if (status != SEG_OK) {
      return status;
    }
  }
  return SEG_OK;
}

seg_status seg_value_check(const cJSON *value, const char *name, seg_error *error) {
  place at = {.outer = NULL, .key = name};
  size_t members = 0;
  return check_value(value, &at, 1, &members, error);
}

seg_status seg_data_check(const cJSON *data, seg_error *error) {
  if (data == NULL || cJSON_IsNull(data)) {
    return SEG_OK;
  }
  if (!cJSON_IsObject(data)) {
    return seg_fail(error, SEG_E_INVALID, "data: must be an object or null");
  }
  return seg_value_check(data, "data", error);
}

/// Fills a value from JSON; an array's text is put together in the table's buffer.
static bool read_value(seg_table *table, const cJSON *item, seg_value *out) {
  *out = (seg_value){.kind = SEG_VALUE_OBJECT};
  if (cJSON_IsBool(item)) {
    out->kind = SEG_VALUE_BOOLEAN;
    out->boolean = cJSON_IsTrue(item);
  } else if (cJSON_IsNumber(item)) {
    out->kind = SEG_VALUE_NUMBER;
    out->number = item->valuedouble;
  } else if (cJSON_IsString(item)) {
    out->kind = SEG_VALUE_TEXT;
    out->text = seg_text_of(item->valuestring);
  } else if (cJSON_IsArray(item)) {
    out->kind = SEG_VALUE_ARRAY;
    table->array_text.size_bytes = 0;
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
      if (cJSON_IsString(child)) {
        seg_array_text_add(&table->array_text, seg_text_of(child->valuestring));
      }
    }
    if (table->array_text.failed) {
      table->array_text.failed = false;
      return false;
    }
    out->text = (seg_text_view){.bytes = table->array_text.bytes,
                                .size_bytes = table->array_text.size_bytes};
  }
  return true;
}

static seg_status stage_value(seg_table *table, uint32_t row, seg_column *column, const cJSON *item,
                              seg_error *error) {
  seg_value value;
  void *block = table->staged;
  if (!read_value(table, item, &value) ||
      !seg_grow(table->allocator, &block, &table->staged_capacity, table->staged_count + 1,
                sizeof *table->staged)) {
    return seg_fail_memory(error);
  }
  table->staged = block;
  uint32_t code;
  seg_column_compact(column, table->allocator);
  if (seg_column_intern(column, table->allocator, table->seed, &value, &code) != SEG_OK) {
    return seg_fail_memory(error);
  }
  if (!seg_column_reserve_row(column, table->allocator, row, code)) {
    seg_column_release(column, table->seed, code);
    return seg_fail_memory(error);
  }
  table->staged[table->staged_count++] = (seg_staged){.column = column, .code = code};
  column->staged_change = table->change;
  return SEG_OK;
}

/// The members of an object, last to first.
static const cJSON *last_member(const cJSON *object) {
  return object->child == NULL ? NULL : object->child->prev;
}
static const cJSON *member_before(const cJSON *object, const cJSON *member) {
  return member == object->child ? NULL : member->prev;
}

static seg_status stage_literals(seg_table *table, uint32_t row, const cJSON *data,
                                 seg_error *error) {
  for (const cJSON *item = last_member(data); item != NULL; item = member_before(data, item)) {
    seg_text_view key = seg_text_of(item->string);
    if (key.size_bytes > PATH_BYTES_MAX) {
      continue;
    }
    seg_column *column = NULL;
    seg_status status = seg_table_make_column(table, key, &column, error);
    if (status != SEG_OK) {
      return status;
    }
    if (column->literal_change == table->change) {
      continue; // an earlier one of two equal keys
    }
    column->literal_change = table->change;
    column->literal_item = item;
    if (!cJSON_IsNull(item)) {
      status = stage_value(table, row, column, item, error);
      if (status != SEG_OK) {
        return status;
      }
    }
  }
  return SEG_OK;
}

/// Joins a path and a key below it; false if no filter can name the result.
static bool join_path(seg_text_view path, const char *key, char bytes[PATH_BYTES_MAX],
                      seg_text_view *out) {
  size_t key_bytes = strlen(key);
  *out = (seg_text_view){.bytes = bytes, .size_bytes = path.size_bytes + 1 + key_bytes};
  if (memchr(key, '.', key_bytes) != NULL || out->size_bytes > PATH_BYTES_MAX) {
    return false;
  }
  memcpy(bytes, path.bytes, path.size_bytes);
  bytes[path.size_bytes] = '.';
  memcpy(bytes + path.size_bytes + 1, key, key_bytes);
  return true;
}

/// Stages the keys of a nested object. Depth is bounded by seg_data_check.
static seg_status stage_nested(seg_table *table, uint32_t row, const cJSON *object,
                               seg_text_view path, seg_error *error) {
  for (const cJSON *item = last_member(object); item != NULL; item = member_before(object, item)) {
    char bytes[PATH_BYTES_MAX];
    seg_text_view inner;
    if (!join_path(path, item->string, bytes, &inner)) {
      continue;
    }
    seg_column *column = NULL;
    seg_status status = seg_table_make_column(table, inner, &column, error);
    if (status != SEG_OK) {
      return status;
    }
    if (column->nested_change == table->change) {
      continue;
    }
    column->nested_change = table->change;
    if (column->staged_change != table->change && !cJSON_IsNull(item)) {
      status = stage_value(table, row, column, item, error);
    }
    if (status == SEG_OK && cJSON_IsObject(item)) {
      status = stage_nested(table, row, item, inner, error);
    }
    if (status != SEG_OK) {
      return status;
    }
  }
  return SEG_OK;
}

static seg_status stage_all_nested(seg_table *table, uint32_t row, const cJSON *data,
                                   seg_error *error) {
  for (const cJSON *item = data->child; item != NULL; item = item->next) {
    seg_text_view key = seg_text_of(item->string);
    if (!cJSON_IsObject(item) || key.size_bytes > PATH_BYTES_MAX ||
        strchr(item->string, '.') != NULL ||
        seg_table_find_column(table, key)->literal_item != item) {
      continue;
    }
    seg_status status = stage_nested(table, row, item, key, error);
    if (status != SEG_OK) {
      return status;
    }
  }
  return SEG_OK;
}

/// What is kept of a field's room for texts that it has already, as one part of so many. They are
/// let in when nothing else is, or a contact with such a text could not be changed any more. They
/// need room all the same where one change takes the last of them away and the next brings it back.
#define KEPT_PARTS 64U

/// The room of a field that is nearly full, for one value: looked at more closely than others.
static size_t room_of_value(const seg_table *table, const seg_column *column, const cJSON *item) {
  size_t room = seg_pool_room(&column->pool);
  const seg_pool empty = {.limit_bytes = column->pool.limit_bytes};
  size_t kept = seg_pool_room(&empty) / KEPT_PARTS;
  if (room < 4 * kept && cJSON_IsString(item)) {
    seg_value value = {.kind = SEG_VALUE_TEXT, .text = seg_text_of(item->valuestring)};
    kept = seg_column_find(column, table->seed, &value) != 0 ? 0 : kept;
  }
  return room > kept ? room - kept : 0;
}

/// Notes what one value meets at its path.
static void note_room(const seg_table *table, const cJSON *item, seg_text_view path,
                      seg_data_room *out) {
  const seg_column *column = seg_table_find_column(table, path);
  if (column == NULL) {
    out->new_field_count++;
  } else if (cJSON_IsString(item) || cJSON_IsArray(item)) {
    size_t room = room_of_value(table, column, item);
    if (room < out->text_bytes) {
      out->text_bytes = room;
      out->text_path = column->path;
    }
  }
}

static void note_nested_room(const seg_table *table, const cJSON *object, seg_text_view path,
                             seg_data_room *out) {
  for (const cJSON *item = object->child; item != NULL; item = item->next) {
    char bytes[PATH_BYTES_MAX];
    seg_text_view inner;
    if (join_path(path, item->string, bytes, &inner)) {
      note_room(table, item, inner, out);
      if (cJSON_IsObject(item)) {
        note_nested_room(table, item, inner, out);
      }
    }
  }
}

seg_data_room seg_table_data_room(const seg_table *table, const cJSON *data) {
  const seg_pool empty = {.limit_bytes = table->texts.limit_bytes}; // as a new field has it
  seg_data_room out = {.text_bytes = seg_pool_room(&empty), .text_path = seg_text_of("")};
  for (const cJSON *item = data == NULL ? NULL : data->child; item != NULL; item = item->next) {
    seg_text_view key = seg_text_of(item->string);
    if (key.size_bytes <= PATH_BYTES_MAX) {
      note_room(table, item, key, &out);
      if (cJSON_IsObject(item) && strchr(item->string, '.') == NULL) {
        note_nested_room(table, item, key, &out);
      }
    }
  }
  return out;
}

seg_status seg_data_stage(seg_table *table, uint32_t row, const cJSON *data, seg_error *error) {
  table->change++;
  table->staged_count = 0;
  table->columns_before = table->column_count;
  if (data == NULL || cJSON_IsNull(data)) {
    return SEG_OK;
  }
  seg_status status = stage_literals(table, row, data, error);
  if (status == SEG_OK) {
    status = stage_all_nested(table, row, data, error);
  }
  if (status != SEG_OK) {
    seg_data_roll_back(table);
  }
  return status;
}

void seg_data_roll_back(seg_table *table) {
  for (size_t i = 0; i < table->staged_count; i++) {
    seg_column_release(table->staged[i].column, table->seed, table->staged[i].code);
  }
  table->staged_count = 0;
  seg_table_drop_empty_columns(table, table->columns_before);
}

void seg_data_clear(seg_table *table, uint32_t row) {
  for (size_t i = 0; i < table->column_count; i++) {
    seg_column *column = table->columns[i];
    uint32_t code = seg_column_code(column, row);
    if (code != 0) {
      seg_column_set(column, row, 0);
      seg_column_release(column, table->seed, code);
    }
  }
}

void seg_data_commit(seg_table *table, uint32_t row) {
  for (size_t i = 0; i < table->staged_count; i++) {
    seg_column_set(table->staged[i].column, row, table->staged[i].code);
  }
  table->staged_count = 0;
  seg_table_drop_empty_columns(table, table->columns_before);
}
