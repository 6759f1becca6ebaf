// Any bytes as a snapshot, as they are and again with the header put right, since no chance finds
// a checksum. What can be read must be a sound table: it evaluates, changes, and comes back from a
// snapshot of its own.
#include "fuzz.h"

#include "segmentry/snapshot.h"
#include "snapshot_format.h" // to put the header right

#include <stdlib.h>
#include <string.h>

static const char *const conditions[] = {
    "{\"logic\":\"OR\",\"groups\":[{\"filters\":["
    "{\"field\":\"data.plan\",\"operator\":\"contains\",\"value\":\"p\"}]},{\"filters\":["
    "{\"field\":\"data.n\",\"operator\":\"notEquals\",\"value\":1},"
    "{\"field\":\"data.list\",\"operator\":\"contains\",\"value\":\"x\"}]}]}",
    "{\"logic\":\"AND\",\"groups\":[{\"filters\":["
    "{\"field\":\"data.day\",\"operator\":\"within\",\"value\":9,\"unit\":\"days\"}]}]}",
    "{\"logic\":\"OR\",\"groups\":[{\"filters\":["
    "{\"field\":\"event.login\",\"operator\":\"triggeredWithin\",\"value\":9,\"unit\":\"days\"}]},"
    "{\"filters\":[{\"field\":\"email.opened\",\"operator\":\"triggeredOlderThan\",\"value\":9,"
    "\"unit\":\"hours\"}]}]}",
    "{\"logic\":\"AND\",\"groups\":[{\"filters\":["
    "{\"field\":\"email\",\"operator\":\"notContains\",\"value\":\"q\"},"
    "{\"field\":\"createdAt\",\"operator\":\"lessThan\",\"value\":\"2024-02-01\"},"
    "{\"field\":\"subscribed\",\"operator\":\"equals\",\"value\":true}]}]}",
};
#define CONDITION_COUNT (sizeof conditions / sizeof conditions[0])

/// The answers of both tables, whose contacts are the same and in the same order, agree.
static void compare(seg_allocator allocator, const seg_table *a, const seg_table *b) {
  fuzz_require(seg_table_row_count(a) == seg_table_row_count(b), "all contacts come back");
  for (size_t i = 0; i < CONDITION_COUNT; i++) {
    seg_problems problems;
    seg_problems_init(&problems, allocator);
    seg_filter *filter = NULL;
    fuzz_require(seg_filter_parse(allocator, seg_text_of(conditions[i]), &filter, &problems) ==
                     SEG_OK,
                 "the condition is valid");
    uint64_t *of_a = fuzz_evaluate(allocator, a, filter);
    uint64_t *of_b = fuzz_evaluate(allocator, b, filter);
    fuzz_require((of_a == NULL) == (of_b == NULL), "the same fields are known");
    fuzz_require(of_a == NULL || memcmp(of_a, of_b, seg_table_block_count(a) * sizeof *of_a) == 0,
                 "the answers come back");
    fuzz_free_mask(allocator, a, of_a);
    fuzz_free_mask(allocator, b, of_b);
    seg_filter_free(filter);
  }
}

static void read_bytes(seg_text_view bytes) {
  test_memory memory = TEST_MEMORY_INIT;
  seg_allocator allocator = test_memory_allocator(&memory);
  seg_table *table = NULL;
  seg_error error;
  seg_status status = seg_snapshot_read(allocator, 1, bytes, &table, &error);
  fuzz_require(error.status == status, "the error has the status");
  if (status != SEG_OK) {
    fuzz_require(status == SEG_E_CORRUPT || status == SEG_E_VERSION, "there is memory");
    fuzz_require(error.message[0] != '\0' && table == NULL, "it says why");
  } else if (seg_table_row_count(table) < 4096) {
    seg_text_view written;
    seg_table *again = NULL;
    fuzz_require(memory.held_bytes == seg_table_memory_bytes(table), "the table counts its memory");
    if (seg_snapshot_write(table, allocator, NULL, 0, &written, NULL) == SEG_OK) {
      fuzz_require(seg_snapshot_read(allocator, 2, written, &again, NULL) == SEG_OK,
                   "what is written can be read");
      compare(allocator, table, again);
      seg_text_free(allocator, written);
    }
    for (uint32_t row = 0; row < seg_table_row_count(table); row += 2) {
      seg_table_remove(table, row);
    }
    seg_contact_view contact = {.id = seg_text_of("another"), .email = seg_text_of("a@b")};
    (void)seg_table_add(table, &contact, NULL, NULL);
    seg_table_free(again);
  }
  seg_table_free(table);
  fuzz_require(memory.block_count == 0, "everything is freed");
}

static void put(char *out, uint64_t value, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; i++) {
    out[i] = (char)(unsigned char)(value >> (8 * i));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  read_bytes((seg_text_view){(const char *)bytes, size_bytes});
  if (size_bytes < SEG_SNAPSHOT_HEADER_BYTES) {
    return 0;
  }
  char *right = malloc(size_bytes);
  fuzz_require(right != NULL, "there is memory");
  memcpy(right, bytes, size_bytes);
  seg_text_view payload = {right + SEG_SNAPSHOT_HEADER_BYTES,
                           size_bytes - SEG_SNAPSHOT_HEADER_BYTES};
  memcpy(right, SEG_SNAPSHOT_MAGIC, 8);
  put(right + 8, SEG_SNAPSHOT_VERSION, 4);
  put(right + 12, seg_snapshot_checksum(payload), 4);
  put(right + 16, payload.size_bytes, 8);
  read_bytes((seg_text_view){right, size_bytes});
  free(right);
  return 0;
}
