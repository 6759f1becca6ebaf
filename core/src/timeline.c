// See timeline.h for the representation.
//
// Cost of an addition: the usual one, newer than all before, moves one number and the ends of at
// most 63 rows; one out of order also moves the block's earlier occurrences behind it.
#include "timeline.h"

#include "base_internal.h"

#include <string.h>

static size_t cells_bytes(size_t capacity) {
  return capacity * (sizeof(int64_t) + sizeof(uint32_t));
}

const seg_timeline_block *seg_timeline_block_at(const seg_timeline *timeline, size_t block) {
  size_t page = block / SEG_PAGE_BLOCKS;
  if (page >= timeline->page_capacity || timeline->pages[page] == NULL) {
    return NULL;
  }
  return &timeline->pages[page][block % SEG_PAGE_BLOCKS];
}

seg_occurrences seg_timeline_earlier(const seg_timeline_block *block, unsigned cell) {
  const uint32_t *ends = seg_timeline_ends(block);
  uint32_t begin = cell == 0 ? 0 : ends[cell - 1];
  uint32_t count = ends[cell] - begin;
  return (seg_occurrences){.items = count == 0 ? NULL : block->earlier + begin, .count = count};
}

static seg_timeline_block *reserve_block(seg_timeline *timeline, seg_allocator allocator,
                                         size_t block) {
  size_t page = block / SEG_PAGE_BLOCKS;
  size_t before = timeline->page_capacity;
  void *pages = timeline->pages;
  if (!seg_grow(allocator, &pages, &timeline->page_capacity, page + 1, sizeof *timeline->pages)) {
    return NULL;
  }
  timeline->pages = pages;
  for (size_t i = before; i < timeline->page_capacity; i++) {
    timeline->pages[i] = NULL;
  }
  if (timeline->pages[page] == NULL) {
    timeline->pages[page] =
        seg_allocate_zeroed(allocator, SEG_PAGE_BLOCKS, sizeof **timeline->pages);
    if (timeline->pages[page] == NULL) {
      return NULL;
    }
  }
  return &timeline->pages[page][block % SEG_PAGE_BLOCKS];
}

/// Makes room for one more row. The ends move with the capacity, so growing copies both halves.
static bool reserve_cell(seg_timeline_block *block, seg_allocator allocator) {
  uint32_t count = seg_bits_count(block->present);
  if (count < block->cell_capacity) {
    return true;
  }
  uint32_t capacity = block->cell_capacity == 0 ? 2 : block->cell_capacity * 2;
  int64_t *last = seg_allocate(allocator, cells_bytes(capacity));
  if (last == NULL) {
    return false;
  }
  if (count > 0) {
    memcpy(last, block->last, count * sizeof *last);
    memcpy(last + capacity, seg_timeline_ends(block), count * sizeof(uint32_t));
  }
  seg_release(allocator, block->last, cells_bytes(block->cell_capacity));
  block->last = last;
  block->cell_capacity = capacity;
  return true;
}

static uint32_t earlier_count(const seg_timeline_block *block) {
  uint32_t count = seg_bits_count(block->present);
  return count == 0 ? 0 : seg_timeline_ends(block)[count - 1];
}

static bool reserve_earlier(seg_timeline_block *block, seg_allocator allocator) {
  size_t capacity = block->earlier_capacity;
  void *earlier = block->earlier;
  if (earlier_count(block) == UINT32_MAX ||
      !seg_grow(allocator, &earlier, &capacity, (size_t)earlier_count(block) + 1,
                sizeof *block->earlier)) {
    return false;
  }
  block->earlier = earlier;
  block->earlier_capacity = (uint32_t)capacity;
  return true;
}

static void add_first(seg_timeline_block *block, unsigned bit, int64_t at_ms) {
  unsigned cell = seg_bits_rank(block->present, bit);
  unsigned count = seg_bits_count(block->present);
  uint32_t *ends = seg_timeline_ends(block);
  memmove(block->last + cell + 1, block->last + cell, (count - cell) * sizeof *block->last);
  memmove(ends + cell + 1, ends + cell, (count - cell) * sizeof *ends);
  block->last[cell] = at_ms;
  ends[cell] = cell == 0 ? 0 : ends[cell - 1];
  block->present |= UINT64_C(1) << bit;
}

/// Where `at_ms` belongs among ascending occurrences: behind its equals.
static size_t position_of(seg_occurrences sorted, int64_t at_ms) {
  size_t low = 0;
  size_t high = sorted.count;
  if (high > 0 && sorted.items[high - 1] <= at_ms) {
    return high; // the usual case: newer than all
  }
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (sorted.items[middle] <= at_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void add_further(seg_timeline_block *block, unsigned bit, int64_t at_ms) {
  unsigned cell = seg_bits_rank(block->present, bit);
  unsigned count = seg_bits_count(block->present);
  uint32_t *ends = seg_timeline_ends(block);
  int64_t older = at_ms;
  if (at_ms > block->last[cell]) {
    older = block->last[cell];
    block->last[cell] = at_ms;
  }
  seg_occurrences own = seg_timeline_earlier(block, cell);
  size_t at = (cell == 0 ? 0 : ends[cell - 1]) + position_of(own, older);
  memmove(block->earlier + at + 1, block->earlier + at,
          (ends[count - 1] - at) * sizeof *block->earlier);
  block->earlier[at] = older;
  for (unsigned i = cell; i < count; i++) {
    ends[i]++;
  }
}

bool seg_timeline_add(seg_timeline *timeline, seg_allocator allocator, uint32_t row,
                      int64_t at_ms) {
  seg_timeline_block *block = reserve_block(timeline, allocator, row / SEG_BLOCK_ROWS);
  if (block == NULL) {
    return false;
  }
  unsigned bit = row % SEG_BLOCK_ROWS;
  if (((block->present >> bit) & 1) == 0) {
    if (!reserve_cell(block, allocator)) {
      return false;
    }
    add_first(block, bit, at_ms);
  } else {
    if (!reserve_earlier(block, allocator)) {
      return false;
    }
    add_further(block, bit, at_ms);
  }
  if (timeline->occurrence_count++ == 0 || at_ms > timeline->latest_ms) {
    timeline->latest_ms = at_ms;
  }
  return true;
}

void seg_timeline_remove(seg_timeline *timeline, uint32_t row) {
  size_t page = row / SEG_PAGE_ROWS;
  if (page >= timeline->page_capacity || timeline->pages[page] == NULL) {
    return;
  }
  seg_timeline_block *block = &timeline->pages[page][row / SEG_BLOCK_ROWS % SEG_PAGE_BLOCKS];
  unsigned bit = row % SEG_BLOCK_ROWS;
  if (((block->present >> bit) & 1) == 0) {
    return;
  }
  unsigned cell = seg_bits_rank(block->present, bit);
  unsigned count = seg_bits_count(block->present);
  uint32_t *ends = seg_timeline_ends(block);
  uint32_t begin = cell == 0 ? 0 : ends[cell - 1];
  uint32_t own = ends[cell] - begin;
  if (own > 0) {
    memmove(block->earlier + begin, block->earlier + begin + own,
            (ends[count - 1] - begin - own) * sizeof *block->earlier);
  }
  for (unsigned i = cell; i + 1 < count; i++) {
    block->last[i] = block->last[i + 1];
    ends[i] = ends[i + 1] - own;
  }
  block->present &= ~(UINT64_C(1) << bit);
  timeline->occurrence_count -= own + 1;
}

void seg_timeline_clear(seg_timeline *timeline, seg_allocator allocator) {
  for (size_t page = 0; page < timeline->page_capacity; page++) {
    seg_timeline_block *blocks = timeline->pages[page];
    for (size_t i = 0; blocks != NULL && i < SEG_PAGE_BLOCKS; i++) {
      seg_release(allocator, blocks[i].last, cells_bytes(blocks[i].cell_capacity));
      seg_release(allocator, blocks[i].earlier, blocks[i].earlier_capacity * sizeof(int64_t));
    }
    seg_release(allocator, blocks, SEG_PAGE_BLOCKS * sizeof *blocks);
  }
  seg_release(allocator, timeline->pages, timeline->page_capacity * sizeof *timeline->pages);
  if (timeline->name.bytes != NULL) {
    seg_text_drop(allocator, timeline->name);
  }
  *timeline = (seg_timeline){0};
}
