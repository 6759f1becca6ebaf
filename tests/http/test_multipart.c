// The multipart reader: every body is fed whole, byte by byte and in pieces.
#include "http/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=XyZ"
#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

/// What has been read: `[name|filename|type:data]` for each part.
typedef struct reading {
  char text[8192];
  size_t size;
  bool stop;
} reading;

static void note(reading *all, const char *bytes, size_t size) {
  assert_true(all->size + size < sizeof all->text);
  memcpy(all->text + all->size, bytes, size);
  all->size += size;
  all->text[all->size] = '\0';
}

static bool on_begin(void *context, const seg_multipart_part *part) {
  note(context, "[", 1);
  note(context, part->name.bytes, part->name.size_bytes);
  if (part->filename.bytes != NULL) {
    note(context, "|", 1);
    note(context, part->filename.bytes, part->filename.size_bytes);
  }
  if (part->content_type.bytes != NULL) {
    note(context, "|", 1);
    note(context, part->content_type.bytes, part->content_type.size_bytes);
  }
  note(context, ":", 1);
  return true;
}

static bool on_data(void *context, const char *bytes, size_t size_bytes) {
  note(context, bytes, size_bytes);
  return !((reading *)context)->stop;
}

static bool on_end(void *context) {
  note(context, "]", 1);
  return true;
}

static seg_status read_body(const char *body, size_t size, size_t piece, reading *all,
                            seg_error *error) {
  seg_multipart_events events = {.context = all, .begin = on_begin, .data = on_data, .end = on_end};
  seg_multipart *reader;
  all->size = 0;
  all->text[0] = '\0';
  assert_int_equal(seg_multipart_create(seg_text_of(TYPE), &events, &reader, error), SEG_OK);
  for (size_t at = 0; at < size; at += piece) {
    size_t now = size - at < piece ? size - at : piece;
    char *copy = malloc(now);
    assert_non_null(copy);
    memcpy(copy, body + at, now);
    (void)seg_multipart_feed(reader, copy, now, error);
    free(copy);
  }
  seg_status status = seg_multipart_finish(reader, error);
  seg_multipart_free(reader);
  return status;
}

static void expect(const char *body, seg_status wanted, const char *read, const char *message) {
  static const size_t pieces[] = {1, 2, 3, 5, 11, SIZE_MAX / 2};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    reading all = {.stop = false};
    seg_error error;
    seg_status status = read_body(body, strlen(body), pieces[i], &all, &error);
    if (status != wanted) {
      fail_msg("%d instead of %d for %s: %s", (int)status, (int)wanted, body, error.message);
    }
    if (read != NULL) {
      assert_string_equal(all.text, read);
    }
    if (message != NULL && strstr(error.message, message) == NULL) {
      fail_msg("\"%s\" does not have \"%s\"", error.message, message);
    }
  }
}

static void test_parts(void **state) {
  (void)state;
  expect("--XyZ\r\n" HEAD("a") "1\r\n--XyZ--\r\n", SEG_OK, "[a:1]", NULL);
  expect("--XyZ\r\n" HEAD("a") "1\r\n--XyZ\r\n" HEAD("b") "2\r\n--XyZ--", SEG_OK, "[a:1][b:2]",
         NULL);
  expect("--XyZ \t\r\n" HEAD("a") "\r\n--XyZ--epilogue\0", SEG_OK, "[a:]", NULL);
  expect("--XyZ\r\nContent-Disposition: form-data; name=file; filename=\"x \\\"y\\\".csv\"\r\n"
         "Content-Type: text/csv\r\n\r\na,b\r\n1,2\r\n\r\n--XyZ--\r\n",
         SEG_OK, "[file|x \"y\".csv|text/csv:a,b\r\n1,2\r\n]", NULL);
  expect(
      "--XyZ\r\ncontent-disposition:form-data;name=\"C:\\dir\"\r\nX-Other: y\r\n\r\n1\r\n--XyZ--",
      SEG_OK, "[C:\\dir:1]", NULL);
}

static void test_almost_boundaries(void **state) {
  (void)state;
  expect("--XyZ\r\n" HEAD("a") "\r\n-\r\n--\r\n--X\r\n--Xy\r\r\n--XyZ--", SEG_OK,
         "[a:\r\n-\r\n--\r\n--X\r\n--Xy\r]", NULL);
  expect("--XyZ\r\n" HEAD("a") "\r\r\r\n\r\n\r\n--XyZ--", SEG_OK, "[a:\r\r\r\n\r\n]", NULL);
  expect("--XyZ\r\n" HEAD("a") "--XyZ\n--XyZ\r\n--XyZ--", SEG_OK, "[a:--XyZ\n--XyZ]", NULL);
}

static void test_refused(void **state) {
  (void)state;
  expect("", SEG_E_INVALID, "", "before its last boundary");
  expect("preamble\r\n--XyZ\r\n" HEAD("a") "1\r\n--XyZ--", SEG_E_INVALID, "", "does not start");
  expect("--XyZ\r\n" HEAD("a") "1\r\n--Xy", SEG_E_INVALID, NULL, "before its last boundary");
  expect("--XyZ\r\n" HEAD("a") "1", SEG_E_INVALID, "[a:1", "before its last boundary");
  expect("--XyZ\n" HEAD("a") "1\r\n--XyZ--", SEG_E_INVALID, "", "something else than CRLF");
  expect("--XyZ\rx", SEG_E_INVALID, "", "a CR without LF");
  expect("--XyZ-x", SEG_E_INVALID, "", "a single hyphen");
  expect("--XyZ\r\n\r\n1\r\n--XyZ--", SEG_E_INVALID, "", "no Content-Disposition");
  expect("--XyZ\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XyZ--", SEG_E_INVALID, "",
         "with a name");
  expect("--XyZ\r\nContent-Disposition: attachment; name=a\r\n\r\n", SEG_E_INVALID, "",
         "not form-data");
  expect("--XyZ\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n", SEG_E_INVALID, "",
         "malformed");
  expect("--XyZ\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", SEG_E_INVALID, "",
         "malformed");
  expect("--XyZ\r\nContent-Disposition: form-data; name=\"\xE9\"\r\n\r\n", SEG_E_INVALID, "",
         "not UTF-8");
  expect("--XyZ\r\nContent-Disposition : form-data; name=a\r\n\r\n", SEG_E_INVALID, "",
         "a name, a colon and a value");
  expect("--XyZ\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n", SEG_E_INVALID, "", NULL);
  expect("--XyZ\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\n", SEG_E_INVALID, "",
         "control character");
  expect("--XyZ\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=a\r\n"
         "\r\n",
         SEG_E_INVALID, "", "not binary");
}

static void test_limits(void **state) {
  (void)state;
  char body[8192];
  (void)snprintf(body, sizeof body, "--XyZ\r\nX: %05000d\r\n\r\n", 0);
  expect(body, SEG_E_LIMIT, "", "4096");
  size_t at = 0;
  for (int i = 0; i <= SEG_MULTIPART_PARTS_MAX; i++) {
    at += (size_t)snprintf(body + at, sizeof body - at, "--XyZ\r\n" HEAD("a") "1\r\n");
  }
  (void)snprintf(body + at, sizeof body - at, "--XyZ--");
  expect(body, SEG_E_LIMIT, NULL, "64 parts");
}

static void test_stop(void **state) {
  (void)state;
  reading all = {.stop = true};
  seg_error error;
  const char *body = "--XyZ\r\n" HEAD("a") "12345\r\n--XyZ--";
  assert_int_equal(read_body(body, strlen(body), 60, &all, &error), SEG_E_INVALID);
  assert_string_equal(error.message, "");
}

static void test_content_type(void **state) {
  (void)state;
  static const struct {
    const char *type;
    seg_status wanted;
  } cases[] = {
      {"multipart/form-data; boundary=a", SEG_OK},
      {"Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", SEG_OK},
      {"multipart/form-data", SEG_E_INVALID},
      {"multipart/form-data; boundary=", SEG_E_INVALID},
      {"multipart/form-data; boundary=\"\"", SEG_E_INVALID},
      {"multipart/form-data; boundary=\"a \"", SEG_E_INVALID},
      {"multipart/form-data; boundary=\"a<b\"", SEG_E_INVALID},
      {"multipart/form-data; boundary=a; boundary=b", SEG_E_INVALID},
      {"multipart/form-data; boundary="
       "00000000001111111111222222222233333333334444444444555555555566666666667",
       SEG_E_INVALID},
      {"multipart/mixed; boundary=a", SEG_E_INVALID},
      {"text/csv", SEG_E_INVALID},
      {"", SEG_E_INVALID},
  };
  seg_multipart_events events = {
      .context = NULL, .begin = on_begin, .data = on_data, .end = on_end};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    seg_multipart *reader = NULL;
    seg_status status = seg_multipart_create(seg_text_of(cases[i].type), &events, &reader, NULL);
    if (status != cases[i].wanted) {
      fail_msg("%s gave %d", cases[i].type, (int)status);
    }
    seg_multipart_free(reader);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts),   cmocka_unit_test(test_almost_boundaries),
      cmocka_unit_test(test_refused), cmocka_unit_test(test_limits),
      cmocka_unit_test(test_stop),    cmocka_unit_test(test_content_type),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
