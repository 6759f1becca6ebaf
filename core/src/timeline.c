// See timeline.h for the representation.
//
// Cost of an addition: constant, in whatever order the instants and the rows come. A row's first
// moves the cells of at most 63 rows. One of its next PACKED_MAX moves the packed earlier ones
// behind it, of which a block has at most 64 x PACKED_MAX: 8 KiB at worst, half of that as a rule.
// From then on the row has a list of its own, which only grows at its end. Most rows have one to
// five occurrences of one name, so lists are rare and their allocations cost little.
//
// Tried and dropped: keeping the earlier ones ascending in one packed run. Every addition to a busy
// row moved those of all rows behind it, and an import from the newest to the oldest moved its own
// as well: half a million events of 64 contacts took 7 seconds instead of a twentieth of one.
#include "timeline.h"

#include "base_internal.h"

#include <string.h>

/// A row with more earlier occurrences than this has a list: enough that nearly all rows need none,
/// few enough that a block's packed ones are moved as fast as a list's would be found in memory.
#define PACKED_MAX 16U
/// Occurrences in a list: what 32 bits can count the bytes of.
#define LIST_ITEMS_MAX (UINT32_MAX / sizeof(int64_t))

/// By half, not to the double: a fifth of the memory is idle on average, not a third.
static uint32_t grown(uint32_t capacity) { return capacity < 4 ? 4 : capacity + capacity / 2; }

static size_t cells_bytes(size_t capacity) {
  size_t spans = capacity < SEG_TIMELINE_SPANS_MIN ? 0 : SEG_BLOCK_ROWS;
  return capacity * (sizeof(int64_t) + sizeof(uint16_t)) + spans * sizeof(uint16_t);
}

static size_t past_bytes(size_t capacity) {
  return sizeof(seg_timeline_past) + capacity * sizeof(int64_t);
}

/// Cumulative ends of the packed earlier occurrences, one for each present row.
static uint16_t *ends_of(const seg_timeline_block *block) {
  return (uint16_t *)(void *)(block->last + block->cell_capacity);
}

static uint32_t begin_of(const seg_timeline_block *block, unsigned cell) {
  return cell == 0 ? 0 : ends_of(block)[cell - 1];
}

static uint32_t packed_count(const seg_timeline_block *block) {
  return begin_of(block, seg_bits_count(block->present));
}

static bool is_apart(const seg_timeline_block *block, unsigned cell) {
  return block->past != NULL && ((block->past->apart >> cell) & 1) != 0;
}

static seg_timeline_list *list_of(const seg_timeline_block *block, unsigned cell) {
  return &block->past->lists[seg_bits_rank(block->past->apart, cell)];
}

const seg_timeline_block *seg_timeline_block_at(const seg_timeline *timeline, size_t block) {
  size_t page = block / SEG_PAGE_BLOCKS;
  if (page >= timeline->page_capacity || timeline->pages[page] == NULL) {
    return NULL;
  }
  return &timeline->pages[page][block % SEG_PAGE_BLOCKS];
}

seg_occurrences seg_timeline_earlier(const seg_timeline_block *block, unsigned cell) {
  if (is_apart(block, cell)) {
    const seg_timeline_list *list = list_of(block, cell);
    return (seg_occurrences){.items = list->items, .count = list->count};
  }
  uint32_t begin = begin_of(block, cell);
  uint32_t count = ends_of(block)[cell] - begin;
  return (seg_occurrences){.items = count == 0 ? NULL : block->past->items + begin, .count = count};
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

static void note_span(seg_timeline_block *block, unsigned bit, int64_t at_ms) {
  uint16_t *spans = seg_timeline_spans(block);
  if (spans != NULL) {
    spans[bit] = seg_timeline_span(at_ms);
  }
}

/// Makes room for one more row. What stands behind `last` moves with the capacity.
static bool reserve_cell(seg_timeline_block *block, seg_allocator allocator) {
  uint32_t count = seg_bits_count(block->present);
  if (count < block->cell_capacity) {
    return true;
  }
  uint32_t capacity = block->cell_capacity == 0 ? 2 : block->cell_capacity * 2;
  seg_timeline_block larger = *block;
  larger.cell_capacity = capacity;
  larger.last = seg_allocate_zeroed(allocator, cells_bytes(capacity), 1);
  if (larger.last == NULL) {
    return false;
  }
  if (count > 0) {
    memcpy(larger.last, block->last, count * sizeof *larger.last);
    memcpy(ends_of(&larger), ends_of(block), count * sizeof(uint16_t));
  }
  const int64_t *last = larger.last;
  for (uint64_t rest = block->present; rest != 0; rest &= rest - 1) {
    note_span(&larger, seg_bits_lowest(rest), *last++);
  }
  seg_release(allocator, block->last, cells_bytes(block->cell_capacity));
  *block = larger;
  return true;
}

static void add_first(seg_timeline_block *block, unsigned bit, int64_t at_ms) {
  unsigned cell = seg_bits_rank(block->present, bit);
  unsigned count = seg_bits_count(block->present);
  uint16_t *ends = ends_of(block);
  memmove(block->last + cell + 1, block->last + cell, (count - cell) * sizeof *block->last);
  memmove(ends + cell + 1, ends + cell, (count - cell) * sizeof *ends);
  block->last[cell] = at_ms;
  note_span(block, bit, at_ms);
  ends[cell] = (uint16_t)begin_of(block, cell);
  if (block->past != NULL) { // the bits of the cells behind move up
    uint64_t below = block->past->apart & ((UINT64_C(1) << cell) - 1);
    block->past->apart = below | ((block->past->apart ^ below) << 1);
  }
  block->present |= UINT64_C(1) << bit;
}

/// Makes room for one more packed occurrence.
static bool reserve_packed(seg_timeline_block *block, seg_allocator allocator) {
  uint32_t before = block->past == NULL ? 0 : block->past->capacity;
  if (packed_count(block) < before) {
    return true;
  }
  seg_timeline_past *past =
      allocator.resize(allocator.context, block->past, block->past == NULL ? 0 : past_bytes(before),
                       past_bytes(grown(before)));
  if (past == NULL) {
    return false;
  }
  if (block->past == NULL) {
    *past = (seg_timeline_past){.apart = 0};
  }
  past->capacity = grown(before);
  block->past = past;
  return true;
}

static bool reserve_listed(seg_timeline_list *list, seg_allocator allocator) {
  if (list->count < list->capacity) {
    return true;
  }
  uint32_t capacity = grown(list->capacity);
  if (capacity > LIST_ITEMS_MAX) {
    return false;
  }
  int64_t *items =
      allocator.resize(allocator.context, list->items, list->capacity * sizeof *list->items,
                       capacity * sizeof *list->items);
  if (items == NULL) {
    return false;
  }
  list->items = items;
  list->capacity = capacity;
  return true;
}

/// Takes the packed occurrences of a cell away.
static void remove_packed(seg_timeline_block *block, unsigned cell) {
  uint16_t *ends = ends_of(block);
  unsigned count = seg_bits_count(block->present);
  uint32_t begin = begin_of(block, cell);
  uint32_t own = ends[cell] - begin;
  int64_t *items = block->past->items;
  memmove(items + begin, items + begin + own, (ends[count - 1] - begin - own) * sizeof *items);
  for (unsigned i = cell; i < count; i++) {
    ends[i] = (uint16_t)(ends[i] - own);
  }
}

/// Gives memory back when most of the packed occurrences have gone. Without memory for that,
/// nothing happens.
static void shrink_packed(seg_timeline_block *block, seg_allocator allocator) {
  uint32_t capacity = block->past == NULL ? 0 : block->past->capacity;
  uint32_t wanted = grown(packed_count(block));
  if (wanted >= capacity / 2) {
    return;
  }
  seg_timeline_past *past =
      allocator.resize(allocator.context, block->past, past_bytes(capacity), past_bytes(wanted));
  if (past != NULL) {
    past->capacity = wanted;
    block->past = past;
  }
}

/// Moves the occurrences of a cell, which are packed and PACKED_MAX, to a list with room for more.
static bool set_apart(seg_timeline_block *block, seg_allocator allocator, unsigned cell) {
  seg_timeline_past *past = block->past;
  uint32_t list_count = seg_bits_count(past->apart);
  size_t capacity = past->list_capacity;
  void *lists = past->lists;
  if (!seg_grow(allocator, &lists, &capacity, list_count + 1, sizeof *past->lists)) {
    return false;
  }
  past->lists = lists;
  past->list_capacity = (uint32_t)capacity;
  seg_timeline_list list = {.count = PACKED_MAX, .capacity = grown(PACKED_MAX)};
  list.items = seg_allocate(allocator, list.capacity * sizeof *list.items);
  if (list.items == NULL) {
    return false;
  }
  memcpy(list.items, past->items + begin_of(block, cell), PACKED_MAX * sizeof *list.items);
  remove_packed(block, cell);
  uint32_t at = seg_bits_rank(past->apart, cell);
  memmove(past->lists + at + 1, past->lists + at, (list_count - at) * sizeof *past->lists);
  past->lists[at] = list;
  past->apart |= UINT64_C(1) << cell;
  shrink_packed(block, allocator);
  return true;
}

/// Makes room for one more earlier occurrence of a cell. NULL if there is no memory.
static seg_timeline_past *reserve_earlier(seg_timeline_block *block, seg_allocator allocator,
                                          unsigned cell) {
  bool reserved;
  if (is_apart(block, cell)) {
    reserved = reserve_listed(list_of(block, cell), allocator);
  } else if (seg_timeline_earlier(block, cell).count < PACKED_MAX) {
    reserved = reserve_packed(block, allocator);
  } else {
    reserved = set_apart(block, allocator, cell);
  }
  return reserved ? block->past : NULL;
}

/// Adds to a row for whose occurrences `past`, which is the block's, has room.
static void add_further(seg_timeline_block *block, seg_timeline_past *past, unsigned bit,
                        int64_t at_ms) {
  unsigned cell = seg_bits_rank(block->present, bit);
  int64_t earlier = at_ms;
  if (at_ms > block->last[cell]) {
    earlier = block->last[cell];
    block->last[cell] = at_ms;
    note_span(block, bit, at_ms);
  }
  if (is_apart(block, cell)) {
    seg_timeline_list *list = list_of(block, cell);
    list->items[list->count++] = earlier;
    return;
  }
  uint16_t *ends = ends_of(block);
  int64_t *items = past->items;
  unsigned count = seg_bits_count(block->present);
  uint32_t end = ends[cell];
  memmove(items + end + 1, items + end, (ends[count - 1] - end) * sizeof *items);
  items[end] = earlier;
  for (unsigned i = cell; i < count; i++) {
    ends[i]++;
  }
}

/// Makes all that one more occurrence of a row needs. `past` is NULL for a row's first one.
static seg_timeline_block *reserve(seg_timeline *timeline, seg_allocator allocator, uint32_t row,
                                   seg_timeline_past **past) {
  timeline->allocator = allocator;
  *past = NULL;
  seg_timeline_block *block = reserve_block(timeline, allocator, row / SEG_BLOCK_ROWS);
  if (block == NULL) {
    return NULL;
  }
  unsigned bit = row % SEG_BLOCK_ROWS;
  if (((block->present >> bit) & 1) == 0) {
    return reserve_cell(block, allocator) ? block : NULL;
  }
  *past = reserve_earlier(block, allocator, seg_bits_rank(block->present, bit));
  return *past == NULL ? NULL : block;
}

bool seg_timeline_reserve(seg_timeline *timeline, seg_allocator allocator, uint32_t row) {
  seg_timeline_past *past;
  return reserve(timeline, allocator, row, &past) != NULL;
}

bool seg_timeline_add(seg_timeline *timeline, seg_allocator allocator, uint32_t row,
                      int64_t at_ms) {
  seg_timeline_past *past;
  seg_timeline_block *block = reserve(timeline, allocator, row, &past);
  if (block == NULL) {
    return false;
  }
  unsigned bit = row % SEG_BLOCK_ROWS;
  if (past == NULL) {
    add_first(block, bit, at_ms);
  } else {
    add_further(block, past, bit, at_ms);
  }
  if (timeline->occurrence_count++ == 0 || at_ms > timeline->latest_ms) {
    timeline->latest_ms = at_ms;
  }
  return true;
}

/// Takes all earlier occurrences of a cell away, and its bit: those of the cells behind move down.
static void remove_earlier(seg_timeline_block *block, seg_allocator allocator, unsigned cell) {
  seg_timeline_past *past = block->past;
  if (is_apart(block, cell)) {
    seg_timeline_list *list = list_of(block, cell);
    seg_timeline_list *end = past->lists + seg_bits_count(past->apart);
    seg_release(allocator, list->items, list->capacity * sizeof *list->items);
    memmove(list, list + 1, (size_t)(end - list - 1) * sizeof *list);
  }
  remove_packed(block, cell);
  uint64_t below = past->apart & ((UINT64_C(1) << cell) - 1);
  past->apart = below | ((past->apart >> 1 >> cell) << cell);
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
  unsigned behind = seg_bits_count(block->present) - cell - 1;
  timeline->occurrence_count -= seg_timeline_earlier(block, cell).count + 1;
  if (block->past != NULL) {
    remove_earlier(block, timeline->allocator, cell);
  }
  uint16_t *ends = ends_of(block);
  memmove(block->last + cell, block->last + cell + 1, behind * sizeof *block->last);
  memmove(ends + cell, ends + cell + 1, behind * sizeof *ends);
  block->present &= ~(UINT64_C(1) << bit);
  shrink_packed(block, timeline->allocator);
}

static void clear_past(seg_timeline_past *past, seg_allocator allocator) {
  if (past == NULL) {
    return;
  }
  for (size_t i = 0; i < seg_bits_count(past->apart); i++) {
    seg_release(allocator, past->lists[i].items, past->lists[i].capacity * sizeof(int64_t));
  }
  seg_release(allocator, past->lists, past->list_capacity * sizeof *past->lists);
  seg_release(allocator, past, past_bytes(past->capacity));
}

void seg_timeline_clear(seg_timeline *timeline, seg_allocator allocator) {
  for (size_t page = 0; page < timeline->page_capacity; page++) {
    seg_timeline_block *blocks = timeline->pages[page];
    for (size_t i = 0; blocks != NULL && i < SEG_PAGE_BLOCKS; i++) {
      seg_release(allocator, blocks[i].last, cells_bytes(blocks[i].cell_capacity));
      clear_past(blocks[i].past, allocator);
    }
    seg_release(allocator, blocks, SEG_PAGE_BLOCKS * sizeof *blocks);
  }
  seg_release(allocator, timeline->pages, timeline->page_capacity * sizeof *timeline->pages);
  if (timeline->name.bytes != NULL) {
    seg_text_drop(allocator, timeline->name);
  }
  *timeline = (seg_timeline){0};
}
