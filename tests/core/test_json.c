// Trees of JSON texts: what escapes and numbers mean, how items hang together, and memory.
#include "support.h"

#include "segmentry/json.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *parse(const char *text) {
  cJSON *tree = NULL;
  seg_error error;
  assert_int_equal(seg_json_parse(seg_text_of(text), SEG_JSON_DEPTH_MAX, &tree, &error), SEG_OK);
  return tree;
}

// Strings.

static void escapes_mean_characters(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *meant;
  } cases[] = {
      {"\"\"", ""},
      {"\"plain\"", "plain"},
      {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
      {"\"\\u0041\\u00e9\\u20AC\\uFFFD\"", "A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBD"},
      {"\"\\u007f\\u0080\\u07ff\\u0800\"", "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80"},
      {"\"\\ud83d\\ude00 \\uDBFF\\uDFFF \\ud800\\udc00\"",
       "\xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF \xF0\x90\x80\x80"},
      {"\"\xC3\xA9 as it is, a quote \\\" and a last \\\\\"",
       "\xC3\xA9 as it is, a quote \" and a last \\"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    cJSON *tree = parse(cases[i].text);
    assert_true(cJSON_IsString(tree));
    assert_string_equal(tree->valuestring, cases[i].meant);
    seg_json_free(tree);
  }
}

static void names_may_be_escaped(void **state) {
  (void)state;
  cJSON *tree = parse(" { \"\\u0070lan\" : \"pro\" , \"\" : 1 } ");
  assert_string_equal(tree->child->string, "plan");
  assert_string_equal(tree->child->valuestring, "pro");
  assert_string_equal(tree->child->next->string, "");
  seg_json_free(tree);
}

// Numbers.

static uint64_t bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

/// Asserts that a number reads as strtod reads it, to the last bit.
static void check_number(const char *text) {
  cJSON *tree = parse(text);
  double expected = strtod(text, NULL);
  assert_true(cJSON_IsNumber(tree));
  if (bits_of(tree->valuedouble) != bits_of(expected)) {
    fail_msg("%s reads as %.17g, not %.17g", text, tree->valuedouble, expected);
  }
  assert_true(tree->valueint == (expected >= INT32_MAX   ? INT32_MAX
                                 : expected <= INT32_MIN ? INT32_MIN
                                                         : (int)expected));
  seg_json_free(tree);
}

static void numbers_are_the_nearest_doubles(void **state) {
  (void)state;
  static const char *const texts[] = {
      "0",
      "-0",
      "-0.0",
      "1",
      "-1",
      "0.1",
      "-0.1",
      "0.30",
      "12.5",
      "1e0",
      "1E+2",
      "25e-1",
      "2147483647",
      "2147483648",
      "-2147483648",
      "-2147483649",
      // 15 digits, 16 and more: around where one way of reading ends.
      "999999999999999",
      "9999999999999999",
      "9007199254740993",
      "0.00000000000001",
      "0.000000000000001",
      "0.123456789012345",
      "123456789012.345",
      "1234567890123.456",
      "1e308",
      "1e309",
      "-1e309",
      "4.9e-324",
      "1e-400",
      "2.2250738585072011e-308",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    check_number(texts[i]);
  }
  char many_digits[400];
  memset(many_digits, '7', sizeof many_digits);
  many_digits[300] = '.';
  many_digits[sizeof many_digits - 1] = '\0';
  check_number(many_digits);
}

static void random_numbers_are_the_nearest_doubles(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (int i = 0; i < 20000; i++) {
    char text[64];
    uint64_t digits = test_random(&random) >> test_random_below(&random, 64);
    int whole =
        snprintf(text, sizeof text, "%s%llu", i % 2 == 0 ? "" : "-", (unsigned long long)digits);
    if (i % 3 == 0) {
      whole +=
          snprintf(text + whole, sizeof text - (size_t)whole, ".%0*u",
                   1 + (int)test_random_below(&random, 12), test_random_below(&random, 1000000));
    }
    if (i % 10 == 0) {
      (void)snprintf(text + whole, sizeof text - (size_t)whole, "e%d",
                     (int)test_random_below(&random, 700) - 350);
    }
    check_number(text);
  }
}

// Trees.

static void items_hang_together_as_cjson_has_them(void **state) {
  (void)state;
  cJSON *tree = parse("{\"a\":[true,false,null],\"b\":{},\"a\":[ ],\"c\":{\"d\":{\"e\":[[1]]}}}");
  assert_true(cJSON_IsObject(tree));
  assert_int_equal(cJSON_GetArraySize(tree), 4);
  const cJSON *first = tree->child;
  assert_true(cJSON_IsTrue(cJSON_GetArrayItem(first, 0)));
  assert_true(cJSON_IsFalse(cJSON_GetArrayItem(first, 1)));
  assert_true(cJSON_IsNull(cJSON_GetArrayItem(first, 2)));
  assert_ptr_equal(first->child->prev, first->child->next->next); // the first one's is the last
  assert_ptr_equal(first->next->prev, first);
  assert_true(cJSON_IsObject(first->next) && first->next->child == NULL);
  assert_string_equal(first->next->next->string, "a"); // equal names are all there
  assert_true(cJSON_IsArray(first->next->next) && first->next->next->child == NULL);
  const cJSON *last = tree->child->prev;
  assert_string_equal(last->string, "c");
  assert_null(last->next);
  assert_ptr_equal(last->child->prev, last->child); // the only one is the last
  char *printed = cJSON_PrintUnformatted(tree);
  assert_string_equal(printed,
                      "{\"a\":[true,false,null],\"b\":{},\"a\":[],\"c\":{\"d\":{\"e\":[[1]]}}}");
  cJSON_free(printed);
  cJSON_DeleteItemFromArray(tree, 1); // it is a tree like every other
  assert_int_equal(cJSON_GetArraySize(tree), 3);
  seg_json_free(tree);
}

// Memory of the caller's.

/// Memory that goes at once, and that ends at some call.
typedef struct test_arena {
  double bytes[512]; // aligned for everything that a tree has
  size_t used;
  size_t calls_left;
} test_arena;

static void *take(void *context, void *block, size_t old_size_bytes, size_t new_size_bytes) {
  test_arena *own = context;
  (void)old_size_bytes;
  if (new_size_bytes == 0) {
    return NULL;
  }
  assert_null(block); // nothing grows
  size_t count = (new_size_bytes + sizeof *own->bytes - 1) / sizeof *own->bytes;
  if (own->calls_left == 0) {
    return NULL;
  }
  own->calls_left--;
  assert_true(own->used + count <= sizeof own->bytes / sizeof *own->bytes);
  void *given = &own->bytes[own->used];
  own->used += count;
  return given;
}

static void a_tree_may_lie_in_an_arena(void **state) {
  (void)state;
  static const char text[] = "{\"a\":\"x\\n\",\"b\":[1,2.5e0,"
                             "1234567890123456789012345678901234567890123456789012345678901234567"
                             "8901234567890],\"c\":null}";
  test_memory hooks = TEST_MEMORY_INIT;
  test_memory_serve_cjson(&hooks);
  seg_status status = SEG_E_NOMEM;
  size_t calls = 0;
  for (; status != SEG_OK; calls++) {
    static test_arena arena;
    arena = (test_arena){.calls_left = calls};
    seg_allocator allocator = {.resize = take, .context = &arena};
    const cJSON *tree = NULL;
    seg_error error;
    status = seg_json_parse_into(allocator, TEXT(text), 4, &tree, &error);
    assert_error(&error, status);
    assert_int_equal(status, tree == NULL ? SEG_E_NOMEM : SEG_OK);
    if (tree != NULL) {
      assert_string_equal(cJSON_GetObjectItemCaseSensitive(tree, "a")->valuestring, "x\n");
      assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tree, "b")), 3);
    }
  }
  assert_int_equal(calls, 1 + 12); // seven items, four texts, and one number that is a long one
  assert_int_equal(hooks.call_count, 0);
  test_memory_serve_cjson(NULL);
  const cJSON *tree = NULL;
  seg_error error;
  assert_int_equal(seg_json_parse_into(seg_allocator_default(), TEXT("{\"a\":}"), 4, &tree, &error),
                   SEG_E_JSON);
  assert_error(&error, SEG_E_JSON);
  assert_null(tree);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(escapes_mean_characters),
      cmocka_unit_test(names_may_be_escaped),
      cmocka_unit_test(numbers_are_the_nearest_doubles),
      cmocka_unit_test(random_numbers_are_the_nearest_doubles),
      cmocka_unit_test(items_hang_together_as_cjson_has_them),
      cmocka_unit_test(a_tree_may_lie_in_an_arena),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
