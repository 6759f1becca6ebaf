// What a batch says of addresses: the last word counts, and undoing gives the word before it back.
#include "pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/// More than the list begins with, so that it grows a few times.
#define ADDRESSES 1000

static char addresses[ADDRESSES][16];

static seg_text_view address(size_t i) {
  (void)snprintf(addresses[i], sizeof addresses[i], "a%zu@x.io", i);
  return seg_text_of(addresses[i]);
}

static void say(pending_contacts *own, size_t i, int64_t num, size_t mark) {
  pending_contact added = {.email = address(i), .num = num, .id = seg_text_of("id")};
  assert_true(pending_add(own, &added, mark));
}

static int64_t num_of(const pending_contacts *own, size_t i) {
  const pending_contact *found = pending_find(own, address(i));
  return found == NULL ? -1 : found->num;
}

static void the_last_word_counts(void **state) {
  (void)state;
  pending_contacts own = {.seed = 7};
  assert_int_equal(num_of(&own, 0), -1);
  say(&own, 0, 5, 1);
  assert_int_equal(num_of(&own, 0), 5);
  say(&own, 0, 0, 2); // gone again
  assert_int_equal(num_of(&own, 0), 0);
  assert_int_equal(num_of(&own, 1), -1);
  pending_free(&own);
}

static void what_is_cut_was_never_said(void **state) {
  (void)state;
  pending_contacts own = {.seed = 7};
  for (size_t round = 0; round < 2; round++) {
    for (size_t i = 0; i < ADDRESSES; i++) {
      say(&own, i, (int64_t)(i + round * ADDRESSES + 1), 1 + i + round * ADDRESSES);
    }
  }
  for (size_t i = 0; i < ADDRESSES; i++) {
    assert_int_equal(num_of(&own, i), i + ADDRESSES + 1);
  }
  pending_cut(&own, ADDRESSES + ADDRESSES / 2); // half of the second round stays
  for (size_t i = 0; i < ADDRESSES; i++) {
    assert_int_equal(num_of(&own, i), i < ADDRESSES / 2 ? i + ADDRESSES + 1 : i + 1);
  }
  pending_cut(&own, 0);
  for (size_t i = 0; i < ADDRESSES; i++) {
    assert_int_equal(num_of(&own, i), -1);
  }
  say(&own, 3, 9, 1);
  assert_int_equal(num_of(&own, 3), 9);
  pending_free(&own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_last_word_counts),
      cmocka_unit_test(what_is_cut_was_never_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
