/// Short ways to make tables, filters and answers in tests. What must not fail asserts that it did
/// not.
#ifndef SEG_TEST_SUPPORT_H
#define SEG_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> // needs the four above

#include "memory.h"
#include "segmentry/filter.h"
#include "segmentry/ingest.h"
#include "segmentry/instant.h"
#include "segmentry/json.h"
#include "segmentry/plan.h"
#include "segmentry/text.h"

/// The instant that the tests evaluate at: 2024-03-01T12:00:00Z.
#define TEST_NOW_MS INT64_C(1709294400000)

#define TEXT(literal) seg_text_of(literal)

/// Asserts that a text holds the bytes of a string.
void assert_text(seg_text_view text, const char *expected);

seg_filter *test_filter(seg_allocator allocator, const char *json);
/// One filter alone: `rest` is its JSON without the outermost braces.
seg_filter *test_filter_of(seg_allocator allocator, const char *rest);

seg_table *test_table(seg_allocator allocator);
/// Adds a contact `<id>` with the address `<id>@example.com`; `data` is JSON or NULL.
uint32_t test_add(seg_table *table, const char *id, const char *data);
/// Replaces a contact's data.
void test_update(seg_table *table, uint32_t row, const char *email, const char *data);

/// A resolver over an array of segments that ends with an id of NULL.
typedef struct test_segment {
  const char *id;
  seg_segment segment;
} test_segment;
seg_resolver test_resolver(test_segment *segments);

/// The mask of a filter over the whole table: free() it. One word more than there are blocks.
uint64_t *test_mask(const seg_table *table, const seg_filter *filter, const seg_resolver *resolver);
size_t test_count(const seg_table *table, const seg_filter *filter, const seg_resolver *resolver);
/// The number of contacts that one filter matches, written as for test_filter_of.
size_t test_count_of(const seg_table *table, const char *rest);

/// Asserts that the error is filled as the contract says: all of it, with this status.
void assert_error(const seg_error *error, seg_status status);

/// A deterministic stream of numbers (splitmix64).
uint64_t test_random(uint64_t *state);
/// A number below `bound`.
uint32_t test_random_below(uint64_t *state, uint32_t bound);
/// The seed of SEG_TEST_SEED, else a new one. Printed, so that a failure can be repeated.
uint64_t test_seed(void);

#endif
