// See input.h.
#include "input.h"

#include "engine/json_text.h"
#include "segmentry/instant.h"
#include "segmentry/table.h"

#include <cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_of(const cJSON *tree) {
  return cJSON_IsArray(tree)    ? "an array"
         : cJSON_IsString(tree) ? "a string"
         : cJSON_IsNumber(tree) ? "a number"
         : cJSON_IsBool(tree)   ? "a boolean"
                                : "null";
}

/// what  Such as "the body".
static void begin(input *own, const char *what, const cJSON *tree, seg_text_view text) {
  *own = (input){.tree = cJSON_IsObject(tree) ? tree : NULL, .text = text};
  seg_problems_init(&own->problems, seg_allocator_default());
  if (own->tree == NULL) {
    (void)seg_problems_add(&own->problems, "", "type", "%s must be a JSON object, not %s", what,
                           kind_of(tree));
  }
}

void input_begin(input *own, const cJSON *tree, seg_text_view text) {
  begin(own, "the body", tree, text);
}

void input_begin_item(input *own, const cJSON *tree, seg_text_view text) {
  begin(own, "the item", tree, text);
}

void input_end(input *own) { seg_problems_free(&own->problems); }

bool input_is_good(const input *own) { return own->tree != NULL && own->problems.count == 0; }

void input_refuse(input *own, const char *name, const char *code, const char *message) {
  (void)seg_problems_add(&own->problems, name, code, "%s %s", name[0] == '\0' ? "the value" : name,
                         message);
}

#define TWICE "duplicate_member" // as a condition's problem has it

/// Once for each member, however often it is asked for.
static void refuse_twice(input *own, const char *field) {
  for (size_t i = 0; i < own->problems.count; i++) {
    if (strcmp(own->problems.items[i].code, TWICE) == 0 &&
        strcmp(own->problems.items[i].field, field) == 0) {
      return;
    }
  }
  input_refuse(own, field, TWICE, "stands here twice");
}

static const cJSON *find(input *own, const char *name) {
  const cJSON *found = NULL;
  for (const cJSON *at = own->tree == NULL ? NULL : own->tree->child; at != NULL; at = at->next) {
    if (strcmp(at->string, name) == 0) {
      if (found != NULL) {
        refuse_twice(own, name);
      }
      found = at;
    }
  }
  return found;
}

const cJSON *input_member(input *own, const char *name) {
  const cJSON *found = find(own, name);
  return cJSON_IsNull(found) ? NULL : found;
}

bool input_has(input *own, const char *name) { return find(own, name) != NULL; }

seg_text_view input_text(input *own, const char *name, bool required) {
  const cJSON *member = input_member(own, name);
  if (member == NULL) {
    if (required && own->tree != NULL) {
      input_refuse(own, name, "required", "is missing");
    }
    return (seg_text_view){.bytes = NULL, .size_bytes = 0};
  }
  if (!cJSON_IsString(member)) {
    input_refuse(own, name, "type", "must be a string");
    return (seg_text_view){.bytes = NULL, .size_bytes = 0};
  }
  return seg_text_of(member->valuestring);
}

bool input_bool(input *own, const char *name, bool *given) {
  const cJSON *member = input_member(own, name);
  *given = member != NULL;
  if (member != NULL && !cJSON_IsBool(member)) {
    input_refuse(own, name, "type", "must be true or false");
  }
  return cJSON_IsTrue(member);
}

int64_t input_integer(input *own, const char *name, int64_t min, int64_t max, int64_t missing) {
  const cJSON *member = input_member(own, name);
  if (member == NULL) {
    return missing;
  }
  double value = member->valuedouble;
  if (!cJSON_IsNumber(member) || floor(value) != value || value < (double)min ||
      value > (double)max) {
    char message[80];
    (void)snprintf(message, sizeof message, "must be a whole number from %lld to %lld",
                   (long long)min, (long long)max);
    input_refuse(own, name, "range", message);
    return missing;
  }
  return (int64_t)value;
}

int64_t input_instant(input *own, const char *name, bool required, int64_t missing) {
  seg_text_view text = input_text(own, name, required);
  seg_instant instant;
  if (text.bytes == NULL) {
    return missing;
  }
  if (!seg_instant_parse(text, &instant)) {
    input_refuse(own, name, "instant", "must be an ISO 8601 date such as 2026-05-06T12:00:00Z");
    return missing;
  }
  return instant.ms;
}

static int compare_names(const void *left, const void *right) {
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/// Refuses an object that has a member twice. One with more members than `data` may have is refused
/// for these. Cost: members x log members.
static void check_names(input *own, const char *name, const cJSON *object) {
  const char *names[SEG_DATA_MEMBERS_MAX];
  size_t count = 0;
  for (const cJSON *at = object->child; at != NULL && count < SEG_DATA_MEMBERS_MAX; at = at->next) {
    names[count++] = at->string;
  }
  qsort(names, count, sizeof names[0], compare_names);
  for (size_t i = 1; i < count; i++) {
    if (strcmp(names[i - 1], names[i]) == 0) {
      char field[SEG_MESSAGE_BYTES / 2]; // a longer name is cut
      (void)snprintf(field, sizeof field, "%s.%s", name, names[i]);
      refuse_twice(own, field);
      return; // thousands of them would be no help
    }
  }
}

seg_text_view input_object_text(input *own, const char *name) {
  const cJSON *member = input_member(own, name);
  seg_text_view text = {.bytes = NULL, .size_bytes = 0};
  if (member == NULL) {
    return text;
  }
  if (!cJSON_IsObject(member)) {
    input_refuse(own, name, "type", "must be an object");
  } else if (!json_text_find(own->text, name, &text)) {
    input_refuse(own, name, "type", "cannot be read");
  } else {
    check_names(own, name, member);
  }
  return text;
}

bool input_texts(input *own, const char *name, size_t count_max, seg_text_view **out,
                 size_t *count) {
  const cJSON *member = input_member(own, name);
  char message[80];
  *out = NULL;
  *count = 0;
  if (!cJSON_IsArray(member)) {
    input_refuse(own, name, member == NULL ? "required" : "type", "must be an array of strings");
    return true;
  }
  size_t size = (size_t)cJSON_GetArraySize(member);
  if (size > count_max) {
    (void)snprintf(message, sizeof message, "has %zu elements; at most %zu are allowed", size,
                   count_max);
    input_refuse(own, name, "limit", message);
    return true;
  }
  *out = calloc(size + 1, sizeof **out);
  if (*out == NULL) {
    return false;
  }
  const cJSON *item;
  cJSON_ArrayForEach(item, member) {
    if (!cJSON_IsString(item)) {
      (void)snprintf(message, sizeof message, "%s[%zu]", name, *count);
      input_refuse(own, message, "type", "must be a string");
      break;
    }
    (*out)[(*count)++] = seg_text_of(item->valuestring);
  }
  return true;
}

static bool is_space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

bool input_next_item(seg_text_view array, size_t *at, seg_text_view *item) {
  const char *bytes = array.bytes;
  size_t size = array.size_bytes;
  size_t i = *at;
  while (i < size && (is_space(bytes[i]) || bytes[i] == ',' || (*at == 0 && bytes[i] == '['))) {
    bool opens = bytes[i] == '[';
    i++;
    if (opens) {
      *at = i; // only the first bracket is the array's own
    }
  }
  size_t begin = i;
  size_t depth = 0;
  bool in_string = false;
  for (; i < size; i++) {
    char byte = bytes[i];
    if (in_string) {
      i += byte == '\\';
      in_string = byte != '"';
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '[' || byte == '{') {
      depth++;
    } else if (depth > 0 && (byte == ']' || byte == '}')) {
      depth--;
    } else if (depth == 0 && (byte == ']' || byte == ',')) {
      break;
    }
  }
  *item = (seg_text_view){.bytes = bytes + begin, .size_bytes = i - begin};
  *at = i;
  return i > begin && i < size;
}
