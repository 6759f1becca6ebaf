/// An allocator that counts, fails on demand and checks what it is given back.
///
/// Every block moves when its size changes, so a pointer kept too long is found by the sanitizers.
/// A size given back that is not the size allocated stops the program: a table's count of its own
/// memory stands on these sizes.
#ifndef SEG_TEST_MEMORY_H
#define SEG_TEST_MEMORY_H

#include "segmentry/base.h"

/// No call fails.
#define TEST_MEMORY_NEVER SIZE_MAX

/// Not for several threads at once. Starts as TEST_MEMORY_INIT leaves it.
typedef struct test_memory {
  size_t held_bytes;
  size_t block_count;
  size_t call_count; ///< Calls that asked for memory.
  size_t fail_at;    ///< The call with this number, from 0, gets none.
} test_memory;
#define TEST_MEMORY_INIT ((test_memory){.fail_at = TEST_MEMORY_NEVER})

seg_allocator test_memory_allocator(test_memory *memory);

/// Lets call `fail_at` from now on fail; TEST_MEMORY_NEVER for none.
void test_memory_fail_at(test_memory *memory, size_t fail_at);
/// Whether the call that was to fail has been made.
bool test_memory_has_failed(const test_memory *memory);

/// Lets cJSON, whose hooks know no context, allocate from `memory`; NULL gives it malloc back.
void test_memory_serve_cjson(test_memory *memory);

#endif
