// Addresses that deliveries may go to, and those that they may not.
#include "webhooks/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

static bool allows(const char *text) {
  struct sockaddr_storage storage = {0};
  if (strchr(text, ':') == NULL) {
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &ipv4.sin_addr), 1);
    memcpy(&storage, &ipv4, sizeof ipv4);
    return address_guard_allows((const struct sockaddr *)&storage, sizeof ipv4);
  }
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
  assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
  memcpy(&storage, &ipv6, sizeof ipv6);
  return address_guard_allows((const struct sockaddr *)&storage, sizeof ipv6);
}

static void test_refused(void **state) {
  static const char *const addresses[] = {
      "0.0.0.0",
      "0.255.255.255",
      "10.0.0.0",
      "10.255.255.255",
      "100.64.0.0",
      "100.127.255.255",
      "127.0.0.1",
      "127.255.255.255",
      "169.254.0.0",
      "169.254.169.254",
      "169.254.255.255",
      "172.16.0.0",
      "172.31.255.255",
      "192.0.0.0",
      "192.0.0.255",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.0.0",
      "192.168.255.255",
      "198.18.0.0",
      "198.19.255.255",
      "198.51.100.1",
      "203.0.113.255",
      "224.0.0.0",
      "239.255.255.255",
      "240.0.0.0",
      "255.255.255.255",
      // IPv6
      "::",
      "::1",
      "::2",
      "fe80::1",
      "febf::1",
      "fec0::1",
      "fc00::1",
      "fdff::1",
      "ff02::1",
      "100::1",
      "2001:db8::1",
      "2001::1",
      "2001:1ff::1",
      "3fff::1",
      "3fff:fff::1",
      "4000::1",
      "1fff::1",
      "fd00:ec2::254",
      // with an IPv4 address in it
      "::127.0.0.1",
      "::10.0.0.1",
      "::8.8.8.8",
      "::ffff:127.0.0.1",
      "::ffff:10.0.0.1",
      "::ffff:169.254.169.254",
      "::ffff:0.0.0.0",
      "64:ff9b::10.0.0.1",
      "64:ff9b::169.254.169.254",
      "64:ff9b:1::8.8.8.8",
      "2002:7f00:1::",
      "2002:a9fe:a9fe::1",
      "2002:c0a8:101::1",
  };
  (void)state;
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    if (allows(addresses[i])) {
      fail_msg("%s is allowed", addresses[i]);
    }
  }
}

static void test_allowed(void **state) {
  static const char *const addresses[] = {
      "1.0.0.0",         "8.8.8.8",
      "9.255.255.255",   "11.0.0.0",
      "100.63.255.255",  "100.128.0.0",
      "126.255.255.255", "128.0.0.0",
      "169.253.255.255", "169.255.0.0",
      "172.15.255.255",  "172.32.0.0",
      "191.255.255.255", "192.0.1.0",
      "192.0.3.0",       "192.167.255.255",
      "192.169.0.0",     "198.17.255.255",
      "198.20.0.0",      "203.0.112.255",
      "203.0.114.0",     "223.255.255.255",
      "2606:4700::1111", "2a00:1450::1",
      "2001:200::1",     "2001:4860:4860::8888",
      "2000::1",         "3ffe::1",
      "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8",
      "2002:808:808::1",
  };
  (void)state;
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    if (!allows(addresses[i])) {
      fail_msg("%s is refused", addresses[i]);
    }
  }
}

static void test_other_families(void **state) {
  struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
  struct sockaddr_in cut = {.sin_family = AF_INET};
  (void)state;
  assert_false(address_guard_allows((const struct sockaddr *)&local, sizeof local));
  (void)inet_pton(AF_INET, "8.8.8.8", &cut.sin_addr);
  assert_true(address_guard_allows((const struct sockaddr *)&cut, sizeof cut));
  assert_false(address_guard_allows((const struct sockaddr *)&cut, sizeof cut - 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_allowed),
                                     cmocka_unit_test(test_other_families)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
