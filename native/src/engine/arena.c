// See arena.h.
#include "arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/// The first block: what a lone request needs. Each further one is twice as large as the last,
#define BLOCK_BYTES_FIRST ((size_t)4 * 1024)
/// up to here: beyond it, asking for one costs nothing beside filling it.
#define BLOCK_BYTES_MAX ((size_t)256 * 1024)

struct arena_block {
  arena_block *next;
  size_t used;
  size_t capacity;
  alignas(max_align_t) char bytes[];
};

/// Bytes of a block behind what is used, from where `alignment`, a power of two, allows.
static size_t align(const arena_block *block, size_t alignment) {
  return (block->used + alignment - 1) & ~(alignment - 1);
}

static bool has_room(const arena_block *block, size_t size_bytes, size_t alignment) {
  size_t at = align(block, alignment);
  return at <= block->capacity && block->capacity - at >= size_bytes;
}

/// Makes a block with room for so many bytes, behind the one that is being filled.
static bool add_block(arena *own, size_t size_bytes) {
  arena_block *last = own->filling;
  size_t capacity = last == NULL ? BLOCK_BYTES_FIRST : last->capacity * 2;
  capacity = capacity > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : capacity;
  capacity = capacity < size_bytes ? size_bytes : capacity;
  if (capacity > SIZE_MAX - sizeof(arena_block)) {
    return false;
  }
  arena_block *added = malloc(sizeof *added + capacity);
  if (added == NULL) {
    return false;
  }
  arena_block **link = last == NULL ? &own->first : &last->next;
  added->next = *link;
  added->used = 0;
  added->capacity = capacity;
  *link = added;
  own->filling = added;
  return true;
}

static void *take(arena *own, size_t size_bytes, size_t alignment) {
  if (own->filling == NULL || !has_room(own->filling, size_bytes, alignment)) {
    arena_block *next = own->filling == NULL ? NULL : own->filling->next;
    if (next != NULL && has_room(next, size_bytes, alignment)) { // from before it was cleared
      own->filling = next;
    } else if (!add_block(own, size_bytes)) {
      return NULL;
    }
  }
  arena_block *block = own->filling;
  size_t at = align(block, alignment);
  block->used = at + size_bytes;
  return block->bytes + at;
}

void *arena_take(arena *own, size_t size_bytes) {
  return take(own, size_bytes, alignof(max_align_t));
}

bool arena_keep(arena *own, seg_text_view text, seg_text_view *out) {
  *out = (seg_text_view){.bytes = NULL, .size_bytes = 0};
  if (text.bytes == NULL) {
    return true;
  }
  char *bytes = take(own, text.size_bytes, 1);
  if (bytes == NULL) {
    return false;
  }
  memcpy(bytes, text.bytes, text.size_bytes);
  *out = (seg_text_view){.bytes = bytes, .size_bytes = text.size_bytes};
  return true;
}

static void *resize(void *context, void *block, size_t old_size_bytes, size_t new_size_bytes) {
  if (new_size_bytes == 0) {
    return NULL; // it goes with the rest
  }
  void *made = arena_take(context, new_size_bytes);
  if (made != NULL && block != NULL) {
    memcpy(made, block, old_size_bytes < new_size_bytes ? old_size_bytes : new_size_bytes);
  }
  return made;
}

seg_allocator arena_allocator(arena *own) {
  return (seg_allocator){.resize = resize, .context = own};
}

void arena_clear(arena *own) {
  for (arena_block *block = own->first; block != NULL; block = block->next) {
    block->used = 0;
  }
  own->filling = own->first;
}

void arena_free(arena *own) {
  while (own->first != NULL) {
    arena_block *next = own->first->next;
    free(own->first);
    own->first = next;
  }
  own->filling = NULL;
}
