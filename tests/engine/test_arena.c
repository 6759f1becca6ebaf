// Memory that goes at once: what an arena gave stays where and as it is until it is cleared.
#include "arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/// Enough to fill blocks of every size.
#define PIECES 3000

static size_t size_of(size_t i) { return i % 500 == 0 ? 300000 : 1 + i % 97; }

/// Takes pieces and fills each with a byte of its own, then looks whether all are as they were.
static void take_all(arena *own) {
  static unsigned char *pieces[PIECES];
  for (size_t i = 0; i < PIECES; i++) {
    pieces[i] = arena_take(own, size_of(i));
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
    memset(pieces[i], (int)(i % 251), size_of(i));
    seg_text_view text; // in between, so that alignment has to be found again
    assert_true(arena_keep(own, seg_text_of("odd"), &text));
    assert_memory_equal(text.bytes, "odd", 3);
  }
  for (size_t i = 0; i < PIECES; i++) {
    for (size_t k = 0; k < size_of(i); k++) {
      assert_int_equal(pieces[i][k], i % 251);
    }
  }
}

static void what_was_given_stays(void **state) {
  (void)state;
  arena own = {0};
  for (int round = 0; round < 3; round++) {
    take_all(&own);
    arena_clear(&own);
  }
  arena_free(&own);
  arena_clear(&own); // it is empty again, and may be used
  assert_non_null(arena_take(&own, 1));
  arena_free(&own);
}

static void a_cleared_arena_gives_the_same_memory(void **state) {
  (void)state;
  arena own = {0};
  void *first = arena_take(&own, 100);
  void *second = arena_take(&own, 1000000);
  arena_clear(&own);
  assert_ptr_equal(arena_take(&own, 100), first);
  assert_ptr_equal(arena_take(&own, 1000000), second);
  arena_free(&own);
}

static void absent_texts_stay_absent(void **state) {
  (void)state;
  arena own = {0};
  seg_text_view text = seg_text_of("x");
  assert_true(arena_keep(&own, (seg_text_view){.bytes = NULL}, &text));
  assert_null(text.bytes);
  assert_true(arena_keep(&own, seg_text_of(""), &text));
  assert_non_null(text.bytes);
  assert_int_equal(text.size_bytes, 0);
  arena_free(&own);
}

static void too_much_is_refused(void **state) {
  (void)state;
  arena own = {0};
  assert_null(arena_take(&own, SIZE_MAX - 8));
  assert_non_null(arena_take(&own, 8));
  assert_null(arena_take(&own, SIZE_MAX - 8));
  arena_free(&own);
}

static void it_allocates_and_takes_nothing_back(void **state) {
  (void)state;
  arena own = {0};
  seg_allocator allocator = arena_allocator(&own);
  char *block = allocator.resize(allocator.context, NULL, 0, 4);
  memcpy(block, "four", 4);
  assert_null(allocator.resize(allocator.context, block, 4, 0));
  char *grown = allocator.resize(allocator.context, block, 4, 100);
  assert_ptr_not_equal(grown, block);
  assert_memory_equal(grown, "four", 4);
  arena_free(&own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_given_stays),
      cmocka_unit_test(a_cleared_arena_gives_the_same_memory),
      cmocka_unit_test(absent_texts_stay_absent),
      cmocka_unit_test(too_much_is_refused),
      cmocka_unit_test(it_allocates_and_takes_nothing_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
