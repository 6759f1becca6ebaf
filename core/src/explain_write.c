// Explanations as JSON: one form for the server and the package. docs/API.md shows it.
#include "filter_internal.h"
#include "json_internal.h"
#include "segmentry/explain.h"

#include <cJSON.h>
#include <string.h>

static bool add_string(cJSON *object, const char *name, const char *string) {
  return cJSON_AddStringToObject(object, name, string) != NULL;
}

/// Adds an instant, or null for SEG_EXPLAIN_NEVER.
static bool add_instant(cJSON *object, const char *name, int64_t at_ms) {
  char text[SEG_INSTANT_TEXT_BYTES];
  if (at_ms == SEG_EXPLAIN_NEVER) {
    return cJSON_AddNullToObject(object, name) != NULL;
  }
  seg_instant_write(at_ms, text);
  return add_string(object, name, text);
}

/// A text as an item, cut at SEG_EXPLAIN_TEXT_BYTES_MAX; `*cut` is set if it was. NULL if there is
/// no memory.
static cJSON *make_string(seg_text_view text, bool *cut) {
  char copy[SEG_EXPLAIN_TEXT_BYTES_MAX + 1];
  size_t size = text.size_bytes;
  bool is_long = size > SEG_EXPLAIN_TEXT_BYTES_MAX;
  if (is_long) {
    size = SEG_EXPLAIN_TEXT_BYTES_MAX;
  }
  if (size > 0) {
    memcpy(copy, text.bytes, size);
  }
  copy[size] = '\0';
  if (is_long) {
    seg_cut_text(copy);
    *cut = true;
  }
  return cJSON_CreateString(copy);
}

static bool add_text(cJSON *object, seg_text_view text, bool *cut) {
  cJSON *item = make_string(text, cut);
  if (item != NULL && cJSON_AddItemToObject(object, "value", item)) {
    return true;
  }
  cJSON_Delete(item);
  return false;
}

static bool add_elements(cJSON *object, const seg_seen *seen, bool *cut) {
  cJSON *list = cJSON_AddArrayToObject(object, "value");
  size_t at = 0;
  seg_text_view element;
  for (size_t count = 0; list != NULL && seg_seen_next_element(seen, &at, &element); count++) {
    if (count == SEG_EXPLAIN_ELEMENTS_MAX) {
      *cut = true;
      break;
    }
    cJSON *item = make_string(element, cut);
    if (item == NULL || !cJSON_AddItemToArray(list, item)) {
      cJSON_Delete(item);
      return false;
    }
  }
  return list != NULL;
}

static bool add_content(cJSON *object, const seg_seen *seen, bool *cut) {
  switch (seen->kind) {
  case SEG_SEEN_ABSENT:
  case SEG_SEEN_OBJECT: // the table knows that it is one, and no more
    return true;
  case SEG_SEEN_BOOLEAN:
  case SEG_SEEN_MEMBERSHIP:
    return cJSON_AddBoolToObject(object, "value", seen->boolean) != NULL;
  case SEG_SEEN_NUMBER:
    return seg_json_add_number(object, "value", seen->number);
  case SEG_SEEN_TEXT:
    return add_text(object, seen->text, cut);
  case SEG_SEEN_ARRAY:
    return add_elements(object, seen, cut);
  case SEG_SEEN_INSTANT:
    return add_instant(object, "value", seen->at_ms);
  case SEG_SEEN_OCCURRENCES:
    return seg_json_add_number(object, "count", (double)seen->count) &&
           add_instant(object, "last", seen->at_ms);
  }
  return false;
}

static bool add_seen(cJSON *node, const seg_seen *seen) {
  static const char *const kinds[] = {
      [SEG_SEEN_ABSENT] = "absent",        [SEG_SEEN_BOOLEAN] = "boolean",
      [SEG_SEEN_NUMBER] = "number",        [SEG_SEEN_TEXT] = "text",
      [SEG_SEEN_ARRAY] = "array",          [SEG_SEEN_OBJECT] = "object",
      [SEG_SEEN_INSTANT] = "instant",      [SEG_SEEN_OCCURRENCES] = "occurrences",
      [SEG_SEEN_MEMBERSHIP] = "membership"};
  bool cut = false;
  cJSON *object = cJSON_AddObjectToObject(node, "seen");
  return object != NULL && add_string(object, "kind", kinds[seen->kind]) &&
         add_content(object, seen, &cut) &&
         (!cut || cJSON_AddTrueToObject(object, "isCut") != NULL);
}

static bool add_verdict(cJSON *object, bool matches, int64_t flips_at_ms) {
  return cJSON_AddBoolToObject(object, "matches", matches) != NULL &&
         add_instant(object, "flipsAt", flips_at_ms);
}

static bool add_nodes(cJSON *object, const seg_explanation *explanation) {
  cJSON *list = cJSON_AddArrayToObject(object, "nodes");
  bool ok = list != NULL;
  for (size_t i = 0; ok && i < explanation->node_count; i++) {
    const seg_explained_node *told = &explanation->nodes[i];
    char path[SEG_FILTER_PATH_BYTES];
    seg_filter_node_path(explanation->filter, i, path);
    cJSON *node = cJSON_CreateObject();
    if (node == NULL || !cJSON_AddItemToArray(list, node)) {
      cJSON_Delete(node);
      return false;
    }
    ok = add_string(node, "path", path) && add_verdict(node, told->matches, told->flips_at_ms) &&
         (!told->is_filter || add_seen(node, &told->seen));
  }
  return ok;
}

seg_status seg_explain_write(const seg_explanation *explanation, seg_allocator allocator,
                             seg_text_view *out) {
  cJSON *tree = cJSON_CreateObject();
  bool ok = tree != NULL && add_verdict(tree, explanation->matches, explanation->flips_at_ms) &&
            add_instant(tree, "searchedUntil", explanation->searched_until_ms) &&
            add_nodes(tree, explanation);
  if (!ok) {
    seg_json_free(tree);
    tree = NULL;
  }
  return seg_json_print(tree, allocator, out);
}
