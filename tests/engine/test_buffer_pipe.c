// Buffers that go round between two threads: all of them come, in order, whoever is slow; and both
// ends may stop in the middle.
#include "buffer_pipe.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/// Many rounds of the few buffers.
#define NUMBERS 20000
#define BUFFERS 3

typedef struct numbers {
  buffer_pipe pipe;
  int buffers[BUFFERS];
  int filled;    ///< By the filler.
  int64_t sum;   ///< Of the emptier.
  int pause_at;  ///< The pipe's thread lets the other one go ahead at each multiple; 0: never.
  bool is_ended; ///< The filler has seen that nobody wants the rest.
} numbers;

static void begin(numbers *own, int pause_at) {
  void *buffers[BUFFERS];
  *own = (numbers){.pause_at = pause_at};
  for (size_t i = 0; i < BUFFERS; i++) {
    buffers[i] = &own->buffers[i];
  }
  buffer_pipe_init(&own->pipe, buffers, BUFFERS);
}

static void pause_now(const numbers *own, int number) {
  if (own->pause_at > 0 && number % own->pause_at == 0) {
    (void)sched_yield();
  }
}

/// Fills buffers with 0, 1, 2, …
static void *fill(void *context) {
  numbers *own = context;
  for (int i = 0; i < NUMBERS; i++) {
    int *buffer = buffer_pipe_next_empty(&own->pipe);
    if (buffer == NULL) {
      own->is_ended = true;
      break;
    }
    pause_now(own, i);
    *buffer = i;
    own->filled++;
    buffer_pipe_hand_over(&own->pipe, buffer);
  }
  buffer_pipe_end(&own->pipe);
  return NULL;
}

static void *empty(void *context) {
  numbers *own = context;
  for (int *buffer; (buffer = buffer_pipe_next_full(&own->pipe)) != NULL;) {
    pause_now(own, *buffer);
    own->sum += *buffer;
    buffer_pipe_give_back(&own->pipe, buffer);
  }
  return NULL;
}

static void everything_comes_in_order(void **state) {
  (void)state;
  static const int pauses[] = {0, 1, 7};
  for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
    numbers own;
    int expected = 0;
    begin(&own, pauses[i]);
    assert_true(buffer_pipe_start(&own.pipe, fill, &own));
    for (int *buffer; (buffer = buffer_pipe_next_full(&own.pipe)) != NULL; expected++) {
      assert_int_equal(*buffer, expected);
      buffer_pipe_give_back(&own.pipe, buffer);
    }
    assert_int_equal(expected, NUMBERS);
    buffer_pipe_stop(&own.pipe);
    assert_false(own.is_ended);
  }
}

static void no_more_is_filled_than_there_are_buffers(void **state) {
  (void)state;
  numbers own;
  begin(&own, 0);
  assert_true(buffer_pipe_start(&own.pipe, fill, &own));
  int *first = buffer_pipe_next_full(&own.pipe);
  assert_int_equal(*first, 0);
  buffer_pipe_stop(&own.pipe); // with a buffer in hand, and others full
  assert_true(own.is_ended);
  assert_in_range(own.filled, 1, BUFFERS);
  assert_int_equal(*first, 0); // nobody took it meanwhile
}

static void draining_waits_for_what_was_handed_over(void **state) {
  (void)state;
  numbers own;
  int64_t expected = 0;
  begin(&own, 3);
  assert_true(buffer_pipe_start(&own.pipe, empty, &own));
  buffer_pipe_drain(&own.pipe); // of nothing
  for (int i = 0; i < 1000; i++) {
    int *buffer = buffer_pipe_next_empty(&own.pipe);
    assert_non_null(buffer);
    *buffer = i;
    expected += i;
    buffer_pipe_hand_over(&own.pipe, buffer);
    if (i % 10 == 0) {
      buffer_pipe_drain(&own.pipe);
      assert_int_equal(own.sum, expected);
    }
  }
  buffer_pipe_drain(&own.pipe);
  assert_int_equal(own.sum, expected);
  buffer_pipe_stop(&own.pipe);
}

static void a_pipe_may_end_before_it_begins(void **state) {
  (void)state;
  numbers own;
  begin(&own, 0);
  buffer_pipe_stop(&own.pipe); // its thread was never started
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_comes_in_order),
      cmocka_unit_test(no_more_is_filled_than_there_are_buffers),
      cmocka_unit_test(draining_waits_for_what_was_handed_over),
      cmocka_unit_test(a_pipe_may_end_before_it_begins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
