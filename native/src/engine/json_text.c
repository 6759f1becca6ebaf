// A scanner for text that is known to be JSON: it only has to find where things end.
#include "json_text.h"

#include "segmentry/json.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

static size_t skip_space(seg_text_view text, size_t at) {
  while (at < text.size_bytes && strchr(" \t\r\n", text.bytes[at]) != NULL) {
    at++;
  }
  return at;
}

/// From an opening quote to behind the closing one.
static size_t skip_string(seg_text_view text, size_t at) {
  for (at++; at < text.size_bytes && text.bytes[at] != '"'; at++) {
    at += text.bytes[at] == '\\';
  }
  return at + 1;
}

/// To the end of a value.
static size_t skip_value(seg_text_view text, size_t at) {
  size_t depth = 0;
  while (at < text.size_bytes) {
    char byte = text.bytes[at];
    if (byte == '"') {
      at = skip_string(text, at);
      if (depth == 0) {
        return at;
      }
      continue;
    }
    bool opens = byte == '{' || byte == '[';
    bool closes = byte == '}' || byte == ']';
    if (depth == 0 && (closes || byte == ',' || strchr(" \t\r\n", byte) != NULL)) {
      return at;
    }
    depth = depth + opens - closes;
    at++;
    if (depth == 0 && closes) {
      return at;
    }
  }
  return at;
}

bool json_text_next(seg_text_view object, size_t *at, json_member *out) {
  size_t next = skip_space(object, *at);
  if (next >= object.size_bytes ||
      (*at == 0 ? object.bytes[next] != '{' : object.bytes[next] != ',')) {
    return false;
  }
  next = skip_space(object, next + 1);
  if (next >= object.size_bytes || object.bytes[next] != '"') {
    return false;
  }
  size_t key_end = skip_string(object, next);
  out->key = (seg_text_view){.bytes = object.bytes + next + 1, .size_bytes = key_end - next - 2};
  next = skip_space(object, skip_space(object, key_end) + 1); // behind the colon
  size_t value_end = skip_value(object, next);
  out->value = (seg_text_view){.bytes = object.bytes + next, .size_bytes = value_end - next};
  *at = value_end;
  return true;
}

/// Whether a key as written says this name. Keys with escapes are read by cJSON.
static bool key_is(seg_text_view key, seg_text_view name) {
  if (key.size_bytes == 0 || memchr(key.bytes, '\\', key.size_bytes) == NULL) {
    return seg_text_equal(key, name);
  }
  cJSON *read = cJSON_ParseWithLength(key.bytes - 1, key.size_bytes + 2); // with its quotes
  bool same = cJSON_IsString(read) && seg_text_equal(seg_text_of(read->valuestring), name);
  cJSON_Delete(read);
  return same;
}

bool json_text_find(seg_text_view object, const char *name, seg_text_view *value) {
  bool found = false;
  json_member member;
  for (size_t at = 0; json_text_next(object, &at, &member);) {
    if (key_is(member.key, seg_text_of(name))) {
      *value = member.value;
      found = true;
    }
  }
  return found;
}

static bool is_reserved(seg_text_view key) {
  static const char *const names[] = {
      "id",           "plunk_id",  "plunk_email", "email",     "unsubscribeUrl",
      "subscribeUrl", "manageUrl", "subscribed",  "createdAt", "updatedAt"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (key_is(key, seg_text_of(names[i]))) {
      return true;
    }
  }
  return false;
}

/// Whether two keys, as written, say the same name.
static bool same_key(seg_text_view a, seg_text_view b) {
  if (seg_text_equal(a, b)) {
    return true;
  }
  bool escaped = (a.size_bytes > 0 && memchr(a.bytes, '\\', a.size_bytes) != NULL) ||
                 (b.size_bytes > 0 && memchr(b.bytes, '\\', b.size_bytes) != NULL);
  if (!escaped) {
    return false;
  }
  cJSON *read = cJSON_ParseWithLength(b.bytes - 1, b.size_bytes + 2);
  bool same = cJSON_IsString(read) && key_is(a, seg_text_of(read->valuestring));
  cJSON_Delete(read);
  return same;
}

static bool text_is(seg_text_view text, const char *wanted) {
  return seg_text_equal(text, seg_text_of(wanted));
}

/// What a member of the patch does.
typedef enum patch_effect { PATCH_STORE, PATCH_REMOVE, PATCH_NOTHING } patch_effect;

/// Reads one member of the patch; `value` becomes what is to be stored.
static patch_effect effect_of(const json_member *member, seg_text_view *value) {
  *value = member->value;
  if (is_reserved(member->key) || text_is(*value, "\"\"")) {
    return PATCH_NOTHING;
  }
  seg_text_view inner;
  seg_text_view persistent;
  if (json_text_find(*value, "value", &inner) &&
      json_text_find(*value, "persistent", &persistent)) {
    if (text_is(persistent, "false")) {
      return PATCH_NOTHING;
    }
    *value = inner;
  }
  return text_is(*value, "null") ? PATCH_REMOVE : PATCH_STORE;
}

typedef struct output {
  char *bytes;
  size_t size;
} output;

static void put(output *out, seg_text_view text) {
  if (text.size_bytes > 0) {
    memcpy(out->bytes + out->size, text.bytes, text.size_bytes);
  }
  out->size += text.size_bytes;
}

static void put_member(output *out, seg_text_view key, seg_text_view value) {
  put(out, seg_text_of(out->size == 1 ? "\"" : ",\""));
  put(out, key);
  put(out, seg_text_of("\":"));
  put(out, value);
}

/// The last member of a name in an object decides: whether a later one says the same name.
static bool is_repeated_later(seg_text_view object, size_t at, seg_text_view key) {
  json_member later;
  while (json_text_next(object, &at, &later)) {
    if (same_key(later.key, key)) {
      return true;
    }
  }
  return false;
}

bool json_text_merge(seg_text_view stored, seg_text_view patch, seg_text_view *out) {
  // Each member adds at most its text and four bytes of punctuation, which white space had before.
  output merged = {.bytes = malloc(2 * (stored.size_bytes + patch.size_bytes) + 16)};
  if (merged.bytes == NULL) {
    return false;
  }
  put(&merged, seg_text_of("{"));
  json_member old;
  for (size_t at = 0; json_text_next(stored, &at, &old);) {
    json_member changed;
    seg_text_view value;
    bool touched = false;
    for (size_t patch_at = 0; !touched && json_text_next(patch, &patch_at, &changed);) {
      touched = same_key(changed.key, old.key) && effect_of(&changed, &value) != PATCH_NOTHING;
    }
    if (!touched) {
      put_member(&merged, old.key, old.value);
    }
  }
  json_member changed;
  for (size_t at = 0; json_text_next(patch, &at, &changed);) {
    seg_text_view value;
    if (effect_of(&changed, &value) == PATCH_STORE && !is_repeated_later(patch, at, changed.key)) {
      put_member(&merged, changed.key, value);
    }
  }
  put(&merged, seg_text_of("}"));
  *out = (seg_text_view){.bytes = merged.bytes, .size_bytes = merged.size};
  return true;
}
