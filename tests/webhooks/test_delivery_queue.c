// The order of deliveries: by hand, and at random against a store that is an array.
#include "webhooks/delivery_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int released;

static void release(void *content) {
  released++;
  free(content);
}

static delivery_queue *make_queue(void) {
  delivery_queue *own = calloc(1, sizeof *own);
  assert_non_null(own);
  own->release = release;
  released = 0;
  return own;
}

static void free_queue(delivery_queue *own) {
  queue_end(own);
  free(own);
}

static queue_answer offer(delivery_queue *own, int64_t num, int64_t contact, int64_t due_ms) {
  queue_entry entry = {.num = num, .contact = contact, .due_ms = due_ms, .content = malloc(1)};
  queue_answer answer = queue_offer(own, &entry, 100);
  if (answer != QUEUE_TAKEN) {
    free(entry.content);
  }
  return answer;
}

static queue_entry *take(delivery_queue *own, int64_t num) {
  queue_entry *entry = queue_take(own);
  if (num == QUEUE_NO_NUM) {
    assert_null(entry);
  } else {
    assert_non_null(entry);
    assert_int_equal(entry->num, num);
  }
  return entry;
}

static void deliver(delivery_queue *own, queue_entry *entry) {
  queue_finish(own, entry);
  queue_forget(own, entry);
}

static void test_contacts_do_not_wait_for_each_other(void **state) {
  delivery_queue *own = make_queue();
  (void)state;
  assert_int_equal(offer(own, 1, 7, 0), QUEUE_TAKEN);
  assert_int_equal(offer(own, 2, 7, 0), QUEUE_TAKEN);
  assert_int_equal(offer(own, 3, 8, 0), QUEUE_TAKEN);
  assert_int_equal(offer(own, 4, 0, 0), QUEUE_TAKEN);
  assert_int_equal(offer(own, 5, 0, 0), QUEUE_TAKEN);
  queue_entry *first = take(own, 1);
  (void)take(own, 3);
  (void)take(own, 4);
  (void)take(own, 5); // without a contact nobody waits
  (void)take(own, QUEUE_NO_NUM);
  assert_int_equal(own->in_flight, 4);
  queue_finish(own, first);
  (void)take(own, 2); // although it is not stored yet that the first was delivered
  assert_int_equal(offer(own, 1, 7, 0), QUEUE_KNOWN);
  queue_forget(own, first);
  assert_int_equal(own->count, 4);
  free_queue(own);
  assert_int_equal(released, 5);
}

static void test_a_blocked_contact(void **state) {
  delivery_queue *own = make_queue();
  (void)state;
  (void)offer(own, 1, 7, 0);
  (void)offer(own, 2, 7, 0);
  (void)offer(own, 3, 8, 0);
  queue_block(own, take(own, 1), 500);
  assert_int_equal(offer(own, 4, 7, 0), QUEUE_KNOWN);
  deliver(own, take(own, 3));
  (void)take(own, QUEUE_NO_NUM);
  assert_int_equal(own->after, 4);
  assert_false(queue_is_empty(own));
  assert_int_equal(queue_next_due(own), 500);
  assert_int_equal(queue_due(own, 499), QUEUE_NO_NUM);
  assert_int_equal(queue_due(own, 500), 1);
  queue_entry again = {.num = 1, .contact = 7, .due_ms = 500};
  assert_int_equal(queue_retry(own, &again, 500), QUEUE_TAKEN);
  assert_int_equal(queue_due(own, 500), QUEUE_NO_NUM);
  assert_int_equal(offer(own, 5, 7, 0), QUEUE_KNOWN);
  deliver(own, take(own, 1));
  assert_int_equal(own->after, 1); // what was skipped is read again
  assert_int_equal(offer(own, 2, 7, 0), QUEUE_TAKEN);
  assert_int_equal(offer(own, 4, 7, 0), QUEUE_TAKEN);
  deliver(own, take(own, 2));
  deliver(own, take(own, 4));
  assert_true(queue_is_empty(own));
  free_queue(own);
}

static void test_an_earlier_one_that_is_sent_again_goes_first(void **state) {
  delivery_queue *own = make_queue();
  (void)state;
  (void)offer(own, 5, 7, 0);
  queue_block(own, take(own, 5), 5000);
  (void)offer(own, 6, 7, 0);
  queue_restart(own); // as when somebody wants the second one sent again
  assert_int_equal(offer(own, 2, 7, 0), QUEUE_KNOWN);
  assert_int_equal(offer(own, 5, 7, 5000), QUEUE_KNOWN);
  assert_int_equal(offer(own, 6, 7, 0), QUEUE_KNOWN);
  (void)take(own, QUEUE_NO_NUM);
  assert_int_equal(queue_due(own, 100), 2);
  queue_entry again = {.num = 2, .contact = 7};
  assert_int_equal(queue_retry(own, &again, 100), QUEUE_TAKEN);
  deliver(own, take(own, 2));
  assert_int_equal(own->after, 4); // the fifth still waits for its time, and the sixth for it
  assert_int_equal(offer(own, 5, 7, 5000), QUEUE_KNOWN);
  assert_int_equal(offer(own, 6, 7, 0), QUEUE_KNOWN);
  (void)take(own, QUEUE_NO_NUM);
  assert_int_equal(queue_due(own, 100), QUEUE_NO_NUM);
  assert_int_equal(queue_due(own, 5000), 5);
  free_queue(own);
}

static void test_the_clock_was_set_back(void **state) {
  delivery_queue *own = make_queue();
  (void)state;
  own->pause_ms_max = 1000;
  assert_int_equal(offer(own, 1, 7, 1101), QUEUE_TAKEN); // at 100 it was put off to then
  assert_int_equal(offer(own, 2, 8, 1100), QUEUE_KNOWN);
  assert_int_equal(queue_due(own, 100), QUEUE_NO_NUM);
  assert_int_equal(queue_due(own, 99), 2);
  queue_entry again = {.num = 2, .contact = 8, .due_ms = 1100};
  assert_int_equal(queue_retry(own, &again, 100), QUEUE_KNOWN);
  assert_int_equal(queue_retry(own, &again, 99), QUEUE_TAKEN);
  free_queue(own);
}

static void test_not_due_yet(void **state) {
  delivery_queue *own = make_queue();
  queue_entry later = {.num = 1, .contact = 7, .due_ms = 900};
  (void)state;
  assert_int_equal(offer(own, 1, 7, 500), QUEUE_KNOWN);
  assert_int_equal(offer(own, 2, 7, 0), QUEUE_KNOWN);
  assert_int_equal(offer(own, 3, 0, 600), QUEUE_KNOWN);
  assert_int_equal(queue_next_due(own), 500);
  assert_int_equal(queue_retry(own, &later, 500), QUEUE_KNOWN); // it was put off meanwhile
  assert_int_equal(queue_next_due(own), 600);
  assert_int_equal(offer(own, 1, 7, 50), QUEUE_KNOWN); // and then brought forward
  assert_int_equal(queue_due(own, 100), 1);
  queue_unblock(own, 1); // it is not pending any more
  assert_int_equal(own->after, 1);
  assert_int_equal(offer(own, 2, 7, 0), QUEUE_TAKEN);
  free_queue(own);
}

static void test_restart(void **state) {
  delivery_queue *own = make_queue();
  queue_entry again = {.num = 4, .contact = 9, .due_ms = 50};
  (void)state;
  (void)offer(own, 1, 7, 0);
  (void)offer(own, 2, 8, 0);
  (void)offer(own, 3, 9, 700);
  queue_entry *flying = take(own, 1);
  queue_restart(own);
  assert_int_equal(own->after, 0);
  assert_int_equal(offer(own, 1, 7, 0), QUEUE_KNOWN);
  assert_int_equal(offer(own, 2, 8, 0), QUEUE_TAKEN);
  assert_int_equal(offer(own, 3, 9, 700), QUEUE_KNOWN);
  queue_block(own, flying, 300);
  assert_int_equal(queue_due(own, 800), 1);
  assert_int_equal(queue_retry(own, &again, 800), QUEUE_KNOWN); // is none of the blocked ones
  again = (queue_entry){.num = 3, .contact = 9, .due_ms = 50};
  assert_int_equal(queue_retry(own, &again, 800), QUEUE_TAKEN);
  queue_restart(own); // before its turn has come
  assert_int_equal(queue_due(own, 800), 1);
  queue_unblock(own, 1);
  assert_int_equal(queue_due(own, 800), 3);
  free_queue(own);
}

static void test_limits(void **state) {
  delivery_queue *own = make_queue();
  (void)state;
  for (int64_t num = 1; num <= QUEUE_SLOTS; num++) {
    assert_int_equal(offer(own, num, num, 0), QUEUE_TAKEN);
  }
  assert_int_equal(queue_room(own), 0);
  assert_int_equal(offer(own, 1000, 1000, 0), QUEUE_FULL);
  assert_int_equal(own->after, QUEUE_SLOTS);
  // Everything fails, until no more contacts can be blocked.
  int64_t num = QUEUE_SLOTS;
  while (own->blocked_count < QUEUE_BLOCKED_MAX) {
    queue_block(own, queue_take(own), 500);
    num++;
    (void)offer(own, num, num, 0);
  }
  num++;
  assert_int_equal(offer(own, num, num, 0), QUEUE_FULL);
  assert_int_equal(offer(own, num, num, 900), QUEUE_FULL);
  queue_entry *entry;
  while ((entry = queue_take(own)) != NULL) {
    queue_block(own, entry, 500);
  }
  assert_in_range(own->blocked_count, QUEUE_BLOCKED_MAX, QUEUE_BLOCKED_MAX + QUEUE_SLOTS);
  free_queue(own);
}

// A store of deliveries, and a receiver that fails at random.

#define CONTACTS 40
#define DELIVERIES 5000
/// Of which so many are in the store at the start; the others come one by one.
#define AT_ONCE 2000

typedef struct model {
  delivery_queue *queue;
  int64_t contact[DELIVERIES + 1];
  int64_t due_ms[DELIVERIES + 1];
  bool is_done[DELIVERIES + 1];
  int64_t last[CONTACTS]; ///< Delivered of each contact.
  queue_entry *flying[QUEUE_SLOTS];
  size_t flying_count;
  queue_entry *unstored[QUEUE_SLOTS];
  size_t unstored_count;
  int64_t stored_count;
  int64_t done_count;
  uint64_t seed;
  int64_t now_ms;
} model;

static uint64_t next_random(model *own, uint64_t below) {
  own->seed = own->seed * 6364136223846793005U + 1442695040888963407U;
  return (own->seed >> 33) % below;
}

static void read_page(model *own) {
  size_t left = 1 + (size_t)next_random(own, 50);
  for (int64_t num = own->queue->after + 1; num <= own->stored_count && left > 0; num++) {
    queue_entry entry = {.num = num, .contact = own->contact[num], .due_ms = own->due_ms[num]};
    if (own->is_done[num]) {
      continue;
    }
    left--;
    if (queue_offer(own->queue, &entry, own->now_ms) == QUEUE_FULL) {
      return;
    }
  }
}

static void retry_due(model *own) {
  int64_t num = queue_due(own->queue, own->now_ms);
  if (num == QUEUE_NO_NUM) {
    return;
  }
  assert_false(own->is_done[num]);
  queue_entry entry = {.num = num, .contact = own->contact[num], .due_ms = own->due_ms[num]};
  (void)queue_retry(own->queue, &entry, own->now_ms);
}

/// One of those under way is answered; what is delivered is stored some time later.
static void answer_one(model *own) {
  if (own->flying_count == 0) {
    return;
  }
  size_t at = (size_t)next_random(own, own->flying_count);
  queue_entry *entry = own->flying[at];
  own->flying[at] = own->flying[--own->flying_count];
  if (next_random(own, 4) == 0) {
    own->due_ms[entry->num] = own->now_ms + (int64_t)next_random(own, 60);
    queue_block(own->queue, entry, own->due_ms[entry->num]);
    return;
  }
  int64_t contact = entry->contact;
  if (contact != 0) {
    assert_true(entry->num > own->last[contact]); // in order
    own->last[contact] = entry->num;
  }
  queue_finish(own->queue, entry);
  own->unstored[own->unstored_count++] = entry;
}

static void store_all(model *own) {
  for (size_t i = 0; i < own->unstored_count; i++) {
    assert_false(own->is_done[own->unstored[i]->num]); // once
    own->is_done[own->unstored[i]->num] = true;
    own->done_count++;
    queue_forget(own->queue, own->unstored[i]);
  }
  own->unstored_count = 0;
}

static void step(model *own) {
  own->now_ms++;
  switch (next_random(own, 8)) {
  case 0:
    read_page(own);
    break;
  case 1:
    retry_due(own);
    break;
  case 2:
    store_all(own);
    break;
  case 3:
    own->stored_count += own->stored_count < DELIVERIES;
    break;
  case 4:
    if (next_random(own, 500) == 0) {
      queue_restart(own->queue);
    }
    break;
  case 5:
    answer_one(own);
    break;
  default: {
    queue_entry *entry = own->flying_count < 16 ? queue_take(own->queue) : NULL;
    if (entry != NULL) {
      own->flying[own->flying_count++] = entry;
    }
  }
  }
}

static void test_at_random(void **state) {
  model *own = calloc(1, sizeof *own);
  (void)state;
  assert_non_null(own);
  own->queue = make_queue();
  own->seed = 20260601;
  own->stored_count = AT_ONCE;
  for (int64_t num = 1; num <= DELIVERIES; num++) {
    own->contact[num] = (int64_t)next_random(own, CONTACTS); // some have none
  }
  for (int64_t steps = 0; own->done_count < DELIVERIES; steps++) {
    assert_true(steps < 10000000); // it does not get stuck
    step(own);
  }
  assert_true(queue_is_empty(own->queue));
  free_queue(own->queue);
  free(own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_contacts_do_not_wait_for_each_other),
      cmocka_unit_test(test_a_blocked_contact),
      cmocka_unit_test(test_an_earlier_one_that_is_sent_again_goes_first),
      cmocka_unit_test(test_the_clock_was_set_back),
      cmocka_unit_test(test_not_due_yet),
      cmocka_unit_test(test_restart),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_at_random)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
