// A scanner for text that is known to be JSON: it only has to find where things end.
#include "json_text.h"

#include "segmentry/json.h"
#include "segmentry/table.h"

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

/// A key as it is meant. Keys with escapes are read by cJSON.
typedef struct key_name {
  seg_text_view text;
  cJSON *read; ///< Owned; NULL for a key without escapes.
} key_name;

/// False if there is no memory.
static bool read_key(seg_text_view key, key_name *out) {
  *out = (key_name){.text = key};
  if (key.size_bytes == 0 || memchr(key.bytes, '\\', key.size_bytes) == NULL) {
    return true;
  }
  seg_text_view quoted = {.bytes = key.bytes - 1, .size_bytes = key.size_bytes + 2};
  if (seg_json_parse(quoted, 1, &out->read, NULL) != SEG_OK) {
    return false;
  }
  out->text = seg_text_of(out->read->valuestring);
  return true;
}

/// Finds a member; of two with one name the last. `*value` has no bytes if there is none, or it is
/// null. Returns false if there is no memory.
static bool find_value(seg_text_view object, seg_text_view name, seg_text_view *value) {
  *value = (seg_text_view){.bytes = NULL};
  json_member member;
  for (size_t at = 0; json_text_next(object, &at, &member);) {
    key_name key;
    if (!read_key(member.key, &key)) {
      return false;
    }
    if (seg_text_equal(key.text, name)) {
      *value = member.value.bytes[0] == 'n' ? (seg_text_view){.bytes = NULL} : member.value;
    }
    cJSON_Delete(key.read);
  }
  return true;
}

/// Finds what a path names.
static bool find_path(seg_text_view object, seg_text_view path, seg_text_view *value) {
  bool ok = find_value(object, path, value);
  const char *dot;
  while (ok && value->bytes == NULL && object.size_bytes > 0 && object.bytes[0] == '{' &&
         (dot = memchr(path.bytes, '.', path.size_bytes)) != NULL) {
    size_t head_bytes = (size_t)(dot - path.bytes);
    seg_text_view inner;
    ok = find_value(object, (seg_text_view){.bytes = path.bytes, .size_bytes = head_bytes}, &inner);
    object = inner;
    path = (seg_text_view){.bytes = dot + 1, .size_bytes = path.size_bytes - head_bytes - 1};
    bool is_last = memchr(path.bytes, '.', path.size_bytes) == NULL;
    if (ok && is_last && inner.bytes != NULL) {
      ok = find_value(inner, path, value);
    }
  }
  return ok;
}

bool json_text_add_path(seg_text_view object, seg_text_view path, text_buffer *out) {
  seg_text_view value;
  if (!find_path(object, path, &value)) {
    return false;
  }
  if (value.bytes == NULL) {
    return true;
  }
  if (value.bytes[0] != '"') {
    return text_buffer_add(out, value.bytes, value.size_bytes);
  }
  key_name text; // a string is read as a key is
  seg_text_view inside = {.bytes = value.bytes + 1, .size_bytes = value.size_bytes - 2};
  bool ok = read_key(inside, &text) && text_buffer_add(out, text.text.bytes, text.text.size_bytes);
  cJSON_Delete(text.read);
  return ok;
}

bool json_text_find(seg_text_view object, const char *name, seg_text_view *value) {
  bool found = false;
  json_member member;
  for (size_t at = 0; json_text_next(object, &at, &member);) {
    key_name key;
    if (read_key(member.key, &key) && seg_text_equal(key.text, seg_text_of(name))) {
      *value = member.value;
      found = true;
    }
    cJSON_Delete(key.read);
  }
  return found;
}

/// Reads the character at `at`, escaped or not, and moves behind it. 0 for one that is not ASCII.
static char read_character(seg_text_view key, size_t *at) {
  static const char *const escapes = "bfnrt";
  static const char *const meant = "\b\f\n\r\t";
  const char *bytes = key.bytes + *at;
  if (bytes[0] != '\\') {
    *at += 1;
    return bytes[0] > 0 ? bytes[0] : 0;
  }
  if (bytes[1] == 'u') {
    char digits[5] = {bytes[2], bytes[3], bytes[4], bytes[5]};
    unsigned long code = strtoul(digits, NULL, 16);
    *at += 6;
    return code < 0x80 ? (char)code : 0;
  }
  const char *found = strchr(escapes, bytes[1]);
  *at += 2;
  return found == NULL ? bytes[1] : meant[found - escapes];
}

bool json_text_key_is(seg_text_view key, const char *name) {
  for (size_t at = 0; at < key.size_bytes; name++) {
    if (*name == '\0' || read_character(key, &at) != *name) {
      return false;
    }
  }
  return *name == '\0';
}

bool json_text_is_reserved(seg_text_view name) {
  static const char *const names[] = {
      "id",           "plunk_id",  "plunk_email", "email",     "unsubscribeUrl",
      "subscribeUrl", "manageUrl", "subscribed",  "createdAt", "updatedAt"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (seg_text_equal(name, seg_text_of(names[i]))) {
      return true;
    }
  }
  return false;
}

static bool text_is(seg_text_view text, const char *wanted) {
  return seg_text_equal(text, seg_text_of(wanted));
}

// Merging. The patch's members are sorted by name, so that each stored one finds what is said of it
// in a few steps: a stranger chooses how many there are, and the writer's thread does the work.

/// What a member of the patch does.
typedef enum patch_effect { PATCH_STORE, PATCH_REMOVE, PATCH_NOTHING } patch_effect;

typedef struct patch_member {
  key_name name;
  json_member written; ///< `value` is what is to be stored.
  size_t position;
  patch_effect effect;
} patch_member;

typedef struct patch_list {
  patch_member *members; ///< As they are written.
  size_t count;
  const patch_member **sorted; ///< By name; of equal names only the last, which decides.
  size_t sorted_count;
} patch_list;

static patch_effect effect_of(seg_text_view name, seg_text_view *value) {
  if (json_text_is_reserved(name) || text_is(*value, "\"\"")) {
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

static int compare_names(seg_text_view a, seg_text_view b) {
  size_t size = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  int order = size == 0 ? 0 : memcmp(a.bytes, b.bytes, size);
  return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static int by_name_last_first(const void *a, const void *b) {
  const patch_member *left = *(const patch_member *const *)a;
  const patch_member *right = *(const patch_member *const *)b;
  int order = compare_names(left->name.text, right->name.text);
  return order != 0 ? order
                    : (left->position < right->position) - (left->position > right->position);
}

static int find_by_name(const void *name, const void *member) {
  return compare_names(*(const seg_text_view *)name,
                       (*(const patch_member *const *)member)->name.text);
}

static void free_patch(patch_list *own) {
  for (size_t i = 0; i < own->count; i++) {
    cJSON_Delete(own->members[i].name.read);
  }
  free(own->members);
  free((void *)own->sorted);
}

/// Counts an object's members, up to one more than is allowed.
static size_t count_members(seg_text_view object) {
  json_member member;
  size_t count = 0;
  for (size_t at = 0; count <= SEG_DATA_MEMBERS_MAX && json_text_next(object, &at, &member);) {
    count++;
  }
  return count;
}

/// Reads the members of a patch, of which there are `count`. End with free_patch also on failure.
static bool read_patch(seg_text_view patch, size_t count, patch_list *own) {
  *own = (patch_list){.members = calloc(count + 1, sizeof *own->members),
                      .sorted = calloc(count + 1, sizeof *own->sorted)};
  if (own->members == NULL || own->sorted == NULL) {
    return false;
  }
  for (size_t at = 0; own->count < count;) {
    patch_member *next = &own->members[own->count];
    if (!json_text_next(patch, &at, &next->written)) {
      return false; // cannot be: they were counted
    }
    next->position = own->count++;
    if (!read_key(next->written.key, &next->name)) {
      return false;
    }
    next->effect = effect_of(next->name.text, &next->written.value);
    own->sorted[next->position] = next;
  }
  qsort((void *)own->sorted, count, sizeof *own->sorted, by_name_last_first);
  for (size_t i = 0; i < count; i++) {
    if (own->sorted_count == 0 ||
        !seg_text_equal(own->sorted[own->sorted_count - 1]->name.text, own->sorted[i]->name.text)) {
      own->sorted[own->sorted_count++] = own->sorted[i];
    }
  }
  return true;
}

/// The member of the patch that decides about a name; NULL if there is none.
static const patch_member *find_patch(const patch_list *own, seg_text_view name) {
  const patch_member *const *found =
      bsearch(&name, own->sorted, own->sorted_count, sizeof *own->sorted, find_by_name);
  return found == NULL ? NULL : *found;
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

/// Puts the stored members that the patch says nothing of, then what the patch stores.
static bool put_merged(seg_text_view stored, const patch_list *patch, output *out) {
  put(out, seg_text_of("{"));
  json_member old;
  for (size_t at = 0; json_text_next(stored, &at, &old);) {
    key_name name;
    bool ok = read_key(old.key, &name);
    const patch_member *said = ok ? find_patch(patch, name.text) : NULL;
    cJSON_Delete(name.read);
    if (!ok) {
      return false;
    }
    if (said == NULL || said->effect == PATCH_NOTHING) {
      put_member(out, old.key, old.value);
    }
  }
  for (size_t i = 0; i < patch->count; i++) {
    const patch_member *next = &patch->members[i];
    if (next->effect == PATCH_STORE && find_patch(patch, next->name.text) == next) {
      put_member(out, next->written.key, next->written.value);
    }
  }
  put(out, seg_text_of("}"));
  return true;
}

seg_status json_text_merge(seg_text_view stored, seg_text_view patch, seg_text_view *out) {
  size_t count = count_members(patch);
  if (count > SEG_DATA_MEMBERS_MAX) {
    return SEG_E_LIMIT;
  }
  // Each member adds at most its text and four bytes of punctuation, which white space had before.
  output merged = {.bytes = malloc(2 * (stored.size_bytes + patch.size_bytes) + 16)};
  patch_list read = {.members = NULL};
  if (merged.bytes == NULL || !read_patch(patch, count, &read) ||
      !put_merged(stored, &read, &merged)) {
    free_patch(&read);
    free(merged.bytes);
    return SEG_E_NOMEM;
  }
  free_patch(&read);
  *out = (seg_text_view){.bytes = merged.bytes, .size_bytes = merged.size};
  return SEG_OK;
}

// Removing.

/// Puts an object without what a path names; `is_top` for the outermost, where the whole path may
/// be one key. The path's dots bound the recursion. Returns false if there is no memory.
static bool put_without(output *out, seg_text_view object, seg_text_view path, bool is_top,
                        bool *removed) {
  const char *dot = memchr(path.bytes, '.', path.size_bytes);
  seg_text_view head = {.bytes = path.bytes,
                        .size_bytes = dot == NULL ? path.size_bytes : (size_t)(dot - path.bytes)};
  bool ok = true;
  bool is_first = true;
  json_member member;
  put(out, seg_text_of("{"));
  for (size_t at = 0; ok && json_text_next(object, &at, &member);) {
    key_name key;
    ok = read_key(member.key, &key);
    bool is_meant = ok && (is_top || dot == NULL) && seg_text_equal(key.text, path);
    bool leads_on =
        ok && dot != NULL && seg_text_equal(key.text, head) && member.value.bytes[0] == '{';
    cJSON_Delete(key.read);
    *removed = *removed || is_meant;
    if (is_meant) {
      continue;
    }
    put(out, seg_text_of(is_first ? "\"" : ",\""));
    put(out, member.key);
    put(out, seg_text_of("\":"));
    is_first = false;
    if (leads_on) {
      seg_text_view rest = {.bytes = dot + 1, .size_bytes = path.size_bytes - head.size_bytes - 1};
      ok = put_without(out, member.value, rest, false, removed);
    } else {
      put(out, member.value);
    }
  }
  put(out, seg_text_of("}"));
  return ok;
}

bool json_text_remove(seg_text_view object, seg_text_view path, seg_text_view *out, bool *removed) {
  // What is put was there before, but for the braces of an object that is none.
  output kept = {.bytes = malloc(object.size_bytes + 2)};
  *removed = false;
  if (kept.bytes == NULL || !put_without(&kept, object, path, true, removed)) {
    free(kept.bytes);
    return false;
  }
  *out = (seg_text_view){.bytes = kept.bytes, .size_bytes = kept.size};
  return true;
}
