// See memory.h.
#include "memory.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Stands before each block; as large as malloc's alignment.
typedef union header {
  size_t size_bytes;
  max_align_t alignment;
} header;

static header *header_of(void *block) { return (header *)block - 1; }

static void *take(test_memory *memory, size_t size_bytes) {
  if (memory->call_count++ == memory->fail_at) {
    return NULL;
  }
  header *own = malloc(sizeof *own + size_bytes);
  if (own == NULL) {
    abort();
  }
  own->size_bytes = size_bytes;
  memset(own + 1, 0xA5, size_bytes); // nobody may rely on zeroes
  memory->held_bytes += size_bytes;
  memory->block_count++;
  return own + 1;
}

static void give_back(test_memory *memory, void *block) {
  memory->held_bytes -= header_of(block)->size_bytes;
  memory->block_count--;
  free(header_of(block));
}

static void *resize(void *context, void *block, size_t old_size_bytes, size_t new_size_bytes) {
  test_memory *memory = context;
  size_t held = block == NULL ? 0 : header_of(block)->size_bytes;
  if (held != old_size_bytes) {
    (void)fprintf(stderr, "a block of %zu bytes was given back as one of %zu\n", held,
                  old_size_bytes);
    abort();
  }
  void *moved = NULL;
  if (new_size_bytes > 0) {
    moved = take(memory, new_size_bytes);
    if (moved == NULL) {
      return NULL;
    }
    if (block != NULL) {
      memcpy(moved, block, held < new_size_bytes ? held : new_size_bytes);
    }
  }
  if (block != NULL) {
    give_back(memory, block);
  }
  return moved;
}

seg_allocator test_memory_allocator(test_memory *memory) {
  return (seg_allocator){.resize = resize, .context = memory};
}

void test_memory_fail_at(test_memory *memory, size_t fail_at) {
  memory->call_count = 0;
  memory->fail_at = fail_at;
}

bool test_memory_has_failed(const test_memory *memory) {
  return memory->fail_at != TEST_MEMORY_NEVER && memory->call_count > memory->fail_at;
}

static test_memory *cjson_memory;

static void *cjson_malloc(size_t size_bytes) { return take(cjson_memory, size_bytes); }

static void cjson_free(void *block) {
  if (block != NULL) {
    give_back(cjson_memory, block);
  }
}

void test_memory_serve_cjson(test_memory *memory) {
  cJSON_Hooks hooks = {.malloc_fn = cjson_malloc, .free_fn = cjson_free};
  cjson_memory = memory;
  cJSON_InitHooks(memory == NULL ? NULL : &hooks);
}
