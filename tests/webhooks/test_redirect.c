// Which redirects are followed, and what goes along.
#include "webhooks/redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FROM "https://hooks.example.com/in"

static void test_statuses(void **state) {
  const char *to = "https://hooks.example.com/new";
  (void)state;
  assert_int_equal(redirect_judge(307, FROM, to, 0), REDIRECT_FOLLOW);
  assert_int_equal(redirect_judge(308, FROM, to, 0), REDIRECT_FOLLOW);
  assert_int_equal(redirect_judge(301, FROM, to, 0), REDIRECT_LOSES_BODY);
  assert_int_equal(redirect_judge(302, FROM, to, 0), REDIRECT_LOSES_BODY);
  assert_int_equal(redirect_judge(303, FROM, to, 0), REDIRECT_LOSES_BODY);
  assert_int_equal(redirect_judge(200, FROM, to, 0), REDIRECT_NONE);
  assert_int_equal(redirect_judge(304, FROM, to, 0), REDIRECT_NONE);
  assert_int_equal(redirect_judge(307, FROM, NULL, 0), REDIRECT_NONE);
  assert_int_equal(redirect_judge(0, FROM, NULL, 0), REDIRECT_NONE);
  assert_int_equal(redirect_judge(307, FROM, to, REDIRECT_HOPS_MAX - 1), REDIRECT_FOLLOW);
  assert_int_equal(redirect_judge(307, FROM, to, REDIRECT_HOPS_MAX), REDIRECT_TOO_MANY);
}

static void test_urls(void **state) {
  static const struct {
    const char *from, *to;
    redirect_verdict verdict;
  } cases[] = {
      {FROM, "https://HOOKS.example.com:443/x?y", REDIRECT_FOLLOW},
      {FROM, "https://hooks.example.com:8443/x", REDIRECT_FOLLOW_BARE},
      {FROM, "https://other.example.com/in", REDIRECT_FOLLOW_BARE},
      {"http://a.example/", "https://a.example/", REDIRECT_FOLLOW_BARE},
      {"http://a.example/", "http://127.0.0.1/",
       REDIRECT_FOLLOW_BARE}, // the address is judged later
      {FROM, "http://hooks.example.com/in", REDIRECT_BAD_URL},
      {FROM, "https://user@hooks.example.com/in", REDIRECT_BAD_URL},
      {FROM, "https://user:secret@hooks.example.com/in", REDIRECT_BAD_URL},
      {FROM, "file:///etc/passwd", REDIRECT_BAD_URL},
      {FROM, "gopher://hooks.example.com/x", REDIRECT_BAD_URL},
      {FROM, "ftp://hooks.example.com/x", REDIRECT_BAD_URL},
      {FROM, "/relative", REDIRECT_BAD_URL}, // who asks makes it absolute
      {FROM, "", REDIRECT_BAD_URL},
      {"", FROM, REDIRECT_BAD_URL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (redirect_judge(308, cases[i].from, cases[i].to, 0) != cases[i].verdict) {
      fail_msg("%s to %s", cases[i].from, cases[i].to);
    }
  }
}

static void test_failures(void **state) {
  (void)state;
  assert_null(redirect_failure(REDIRECT_NONE));
  assert_null(redirect_failure(REDIRECT_FOLLOW));
  assert_null(redirect_failure(REDIRECT_FOLLOW_BARE));
  assert_non_null(redirect_failure(REDIRECT_LOSES_BODY));
  assert_non_null(redirect_failure(REDIRECT_TOO_MANY));
  assert_non_null(redirect_failure(REDIRECT_BAD_URL));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_statuses), cmocka_unit_test(test_urls),
                                     cmocka_unit_test(test_failures)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
