// Any text as JSON: what is accepted is a tree, what is refused has a place within the text.
#include "fuzz.h"

#include "segmentry/json.h"

#include <cJSON.h>
#include <string.h>

/// Every string of the tree is UTF-8 without NUL: nothing was cut short or let through.
static void check_strings(const cJSON *item, size_t depth) {
  fuzz_require(depth <= SEG_JSON_DEPTH_MAX + 1, "depth is bounded");
  for (; item != NULL; item = item->next) {
    fuzz_require(item->string == NULL || seg_text_is_utf8(seg_text_of(item->string)),
                 "names are UTF-8");
    fuzz_require(!cJSON_IsString(item) || seg_text_is_utf8(seg_text_of(item->valuestring)),
                 "strings are UTF-8");
    check_strings(item->child, depth + 1);
  }
}

static bool is_same_text(const char *a, const char *b) {
  return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/// Whether two numbers are one, zeros with their signs: neither is NaN.
static bool is_same_number(double a, double b) {
  return a == b && (a != 0 || (1 / a > 0) == (1 / b > 0));
}

/// The tree is the one that cJSON's own parser makes, which reads whatever ours accepts.
static void check_same(const cJSON *own, const cJSON *other) {
  for (; own != NULL && other != NULL; own = own->next, other = other->next) {
    fuzz_require(own->type == other->type, "types are cJSON's");
    fuzz_require(is_same_text(own->string, other->string), "names are cJSON's");
    fuzz_require(is_same_text(own->valuestring, other->valuestring), "strings are cJSON's");
    fuzz_require(is_same_number(own->valuedouble, other->valuedouble), "numbers are cJSON's");
    check_same(own->child, other->child);
  }
  fuzz_require(own == NULL && other == NULL, "there are as many items as cJSON has");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  seg_error error;
  cJSON *tree = NULL;
  seg_text_view text = {(const char *)bytes, size_bytes};
  seg_status status = seg_json_parse(text, SEG_JSON_DEPTH_MAX, &tree, &error);
  fuzz_require(error.status == status, "the error has the status");
  if (status == SEG_OK) {
    fuzz_require(tree != NULL && error.message[0] == '\0', "there is a tree");
    check_strings(tree, 1);
    cJSON *other = cJSON_ParseWithLength(text.bytes, text.size_bytes);
    check_same(tree, other);
    cJSON_Delete(other);
    char *printed = cJSON_PrintUnformatted(tree);
    cJSON *again = NULL;
    fuzz_require(printed != NULL, "a tree can be printed");
    fuzz_require(seg_json_parse(seg_text_of(printed), SEG_JSON_DEPTH_MAX, &again, NULL) == SEG_OK,
                 "what cJSON prints is accepted");
    seg_json_free(again);
    cJSON_free(printed);
  } else {
    fuzz_require(status == SEG_E_JSON && tree == NULL, "there is memory");
    fuzz_require(error.line >= 1 && error.column >= 1 && error.line <= size_bytes + 1 &&
                     error.column <= size_bytes + 1,
                 "the place lies within the text");
    fuzz_require(memchr(error.message, '\0', sizeof error.message) != NULL, "messages end");
  }
  seg_json_free(tree);
  return 0;
}
