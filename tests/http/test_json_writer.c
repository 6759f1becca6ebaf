// The JSON writer: what it writes is what core's strict parser reads back.
#include "http/json_writer.h"

#include "segmentry/instant.h"
#include "segmentry/json.h"

#include <cJSON.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(seg_json_writer *json, const char *wanted) {
  seg_text_view text;
  assert_int_equal(seg_json_writer_text(json, &text), SEG_OK);
  assert_int_equal(text.size_bytes, strlen(wanted));
  assert_memory_equal(text.bytes, wanted, text.size_bytes);
  seg_json_writer_reset(json);
}

static void test_shapes(void **state) {
  (void)state;
  seg_json_writer json;
  seg_json_writer_init(&json, seg_allocator_default(), 0);
  seg_json_begin_object(&json);
  seg_json_end_object(&json);
  expect(&json, "{}");
  seg_json_begin_array(&json);
  seg_json_end_array(&json);
  expect(&json, "[]");
  seg_json_begin_object(&json);
  seg_json_member_string(&json, "a", "x");
  seg_json_member_string(&json, "b", NULL);
  seg_json_key(&json, "c");
  seg_json_begin_array(&json);
  seg_json_int(&json, 1);
  seg_json_begin_object(&json);
  seg_json_member_bool(&json, "d", true);
  seg_json_end_object(&json);
  seg_json_begin_array(&json);
  seg_json_end_array(&json);
  seg_json_null(&json);
  seg_json_end_array(&json);
  seg_json_member_raw(&json, "e", seg_text_of("{\"f\":[1]}"));
  seg_json_member_instant(&json, "g", 0);
  seg_json_member_instant(&json, "h", SEG_INSTANT_NONE);
  seg_json_end_object(&json);
  expect(&json, "{\"a\":\"x\",\"b\":null,\"c\":[1,{\"d\":true},[],null],\"e\":{\"f\":[1]},"
                "\"g\":\"1970-01-01T00:00:00.000Z\",\"h\":null}");
  seg_json_int(&json, 1);
  seg_json_newline(&json);
  seg_json_int(&json, 2);
  seg_json_newline(&json);
  expect(&json, "1\n2\n");
  seg_json_raw(&json, seg_text_of("\n{\r\n \"a\\n\":\t1}"));
  seg_json_newline(&json);
  expect(&json, " {   \"a\\n\":\t1}\n");
  seg_json_writer_free(&json);
}

static void test_strings(void **state) {
  (void)state;
  seg_json_writer json;
  seg_json_writer_init(&json, seg_allocator_default(), 0);
  seg_json_string(&json, "\"\\/\b\f\n\r\t\x01\x1F\x7F<\xC3\xA9\xF0\x9F\x98\x80");
  expect(&json, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F<\xC3\xA9\xF0\x9F\x98\x80\"");
  seg_json_text(&json, (seg_text_view){.bytes = "a\0b", .size_bytes = 3});
  expect(&json, "\"a\\u0000b\"");
  seg_json_string(&json, "a\xFF\xC3\"\xC3\xA9\xE2\x82");
  expect(&json, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\\\"\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\"");
  seg_json_text(&json, (seg_text_view){.bytes = NULL, .size_bytes = 0});
  expect(&json, "\"\"");
  seg_json_writer_free(&json);
}

static void test_numbers(void **state) {
  (void)state;
  seg_json_writer json;
  seg_json_writer_init(&json, seg_allocator_default(), 0);
  seg_json_int(&json, INT64_MIN);
  expect(&json, "-9223372036854775808");
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0, "0"},
               {-0.0, "0"},
               {1, "1"},
               {0.1, "0.1"},
               {-2.5, "-2.5"},
               {1e21, "1e+21"},
               {0.1 + 0.2, "0.30000000000000004"},
               {1.0 / 3, "0.3333333333333333"},
               {9007199254740991.0, "9007199254740991"},
               {NAN, "null"},
               {INFINITY, "null"},
               {5e-324, "4.94065645841247e-324"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    seg_json_double(&json, cases[i].value);
    expect(&json, cases[i].text);
  }
  srand(7);
  for (int i = 0; i < 20000; i++) {
    double value = ((double)rand() / RAND_MAX - 0.5) * pow(10, rand() % 60 - 30);
    seg_json_double(&json, value);
    seg_text_view text;
    char copy[64];
    assert_int_equal(seg_json_writer_text(&json, &text), SEG_OK);
    memcpy(copy, text.bytes, text.size_bytes);
    copy[text.size_bytes] = '\0';
    assert_true(strtod(copy, NULL) == value);
    seg_json_writer_reset(&json);
  }
  seg_json_writer_free(&json);
}

static void test_tree(void **state) {
  (void)state;
  const char *text = "{\"a\":[1,2.5,\"x\",null,true,{}],\"b\":{\"c\":[[]]}}";
  cJSON *tree;
  assert_int_equal(seg_json_parse(seg_text_of(text), 10, &tree, NULL), SEG_OK);
  seg_json_writer json;
  seg_json_writer_init(&json, seg_allocator_default(), 0);
  seg_json_tree(&json, tree);
  expect(&json, text);
  seg_json_writer_free(&json);
  seg_json_free(tree);
}

static void test_failures(void **state) {
  (void)state;
  seg_json_writer json;
  seg_text_view text;
  seg_json_writer_init(&json, seg_allocator_default(), 16);
  seg_json_begin_array(&json);
  for (int i = 0; i < 100; i++) {
    seg_json_string(&json, "abc");
  }
  seg_json_end_array(&json);
  assert_int_equal(seg_json_writer_text(&json, &text), SEG_E_LIMIT);
  assert_true(json.size_bytes <= 16);
  seg_json_writer_reset(&json);
  seg_json_bool(&json, true);
  assert_int_equal(seg_json_writer_text(&json, &text), SEG_OK);
  seg_json_writer_free(&json);

  seg_json_writer_init(&json, seg_allocator_default(), 0);
  for (int i = 0; i < SEG_JSON_WRITER_DEPTH_MAX + 10; i++) {
    seg_json_begin_array(&json);
  }
  for (int i = 0; i < SEG_JSON_WRITER_DEPTH_MAX + 10; i++) {
    seg_json_end_array(&json);
  }
  assert_int_equal(seg_json_writer_text(&json, &text), SEG_E_LIMIT);
  seg_json_writer_free(&json);
}

static void *no_resize(void *context, void *block, size_t old_bytes, size_t new_bytes) {
  (void)context;
  (void)block;
  (void)old_bytes;
  (void)new_bytes;
  return NULL;
}

static void test_no_memory(void **state) {
  (void)state;
  seg_json_writer json;
  seg_text_view text;
  seg_json_writer_init(&json, (seg_allocator){.resize = no_resize}, 0);
  seg_json_begin_object(&json);
  seg_json_member_int(&json, "a", 1);
  seg_json_end_object(&json);
  assert_int_equal(seg_json_writer_text(&json, &text), SEG_E_NOMEM);
  seg_json_writer_free(&json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes),   cmocka_unit_test(test_strings),
      cmocka_unit_test(test_numbers),  cmocka_unit_test(test_tree),
      cmocka_unit_test(test_failures), cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
