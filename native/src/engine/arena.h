/// An arena: memory for thousands of small things that all go at once.
///
/// What it gives lies side by side in blocks, and is given back by clearing the whole. A cleared
/// arena keeps its blocks, so that filling it over and over asks nobody for memory.
/// Threads: one at a time.
#ifndef SEGMENTRY_ARENA_H
#define SEGMENTRY_ARENA_H

#include "segmentry/base.h"

typedef struct arena_block arena_block;

/// All zero is an empty one.
typedef struct arena {
  arena_block *first;
  arena_block *filling; ///< Those behind it are empty.
} arena;

/// Gives memory, aligned for everything. NULL if there is none.
void *arena_take(arena *own, size_t size_bytes);
/// Keeps a copy of a text; one without bytes (NULL) stays so. False if there is no memory.
bool arena_keep(arena *own, seg_text_view text, seg_text_view *out);
/// The arena as an allocator for seg_json_parse_into. It must stay where it is.
seg_allocator arena_allocator(arena *own);
/// Forgets what it gave; the memory stays.
void arena_clear(arena *own);
void arena_free(arena *own);

#endif
