// See automaton.h. A trie of the texts first: 0 stands for "no child", since nothing leads down to
// the root. Then, in the order of depth, each row is completed by that of its suffix: the state of
// the longest proper ending that is in the trie as well, whose row is complete already.
#include "automaton.h"

#include "base_internal.h"

#include <string.h>

#define BYTE_VALUES 256
/// Where the classes of a row begin, behind its end.
#define ROW_CLASSES 1U

typedef struct automaton_end {
  size_t size_bytes; ///< Of the text that ends here.
  uint32_t pattern;  ///< Its index: the last of those that are equal.
  uint32_t further;  ///< As in a row: the end of the next shorter text; 0 is none.
} automaton_end;

struct seg_automaton {
  seg_allocator allocator;
  uint16_t class_of[BYTE_VALUES]; ///< Place in a row.
  uint32_t row_width;
  uint32_t *rows;
  size_t rows_capacity;
  size_t state_count;
  automaton_end *ends;
  size_t end_count;
  uint32_t *equal; ///< By pattern: the one before that is equal, and one; 0 is none.
  size_t pattern_count;
};

size_t seg_automaton_pattern_count(const seg_automaton *own) { return own->pattern_count; }

static void set_classes(seg_automaton *own, const seg_text_view *patterns) {
  bool is_used[BYTE_VALUES] = {false};
  for (size_t i = 0; i < own->pattern_count; i++) {
    for (size_t k = 0; k < patterns[i].size_bytes; k++) {
      is_used[(unsigned char)patterns[i].bytes[k]] = true;
    }
  }
  own->row_width = ROW_CLASSES + 1;
  for (size_t byte = 0; byte < BYTE_VALUES; byte++) {
    own->class_of[byte] = (uint16_t)(is_used[byte] ? own->row_width++ : ROW_CLASSES);
  }
}

/// Where a byte leads from a row.
static uint32_t *step(const seg_automaton *own, uint32_t row, char byte) {
  return &own->rows[row + own->class_of[(unsigned char)byte]];
}

/// Puts one text into the trie.
static void insert(seg_automaton *own, seg_text_view text, uint32_t pattern) {
  uint32_t row = 0;
  for (size_t i = 0; i < text.size_bytes; i++) {
    uint32_t *child = step(own, row, text.bytes[i]);
    if (*child == 0) {
      *child = (uint32_t)(own->state_count++ * own->row_width);
    }
    row = *child;
  }
  if (own->rows[row] == 0) {
    own->ends[own->end_count++] = (automaton_end){.size_bytes = text.size_bytes};
    own->rows[row] = (uint32_t)own->end_count;
  } else {
    own->equal[pattern] = own->ends[own->rows[row] - 1].pattern + 1;
  }
  own->ends[own->rows[row] - 1].pattern = pattern;
}

/// Completes the row of a state by that of its suffix, and notes the suffixes of its children.
/// Returns the new end of the queue.
static size_t complete(seg_automaton *own, uint32_t row, uint32_t *suffixes, uint32_t *queue,
                       size_t queued) {
  uint32_t suffix = suffixes[row / own->row_width];
  uint32_t *cells = &own->rows[row];
  const uint32_t *fallback = &own->rows[suffix];
  if (row != 0 && cells[0] == 0) {
    cells[0] = fallback[0];
  } else if (row != 0) {
    own->ends[cells[0] - 1].further = fallback[0];
  }
  for (uint32_t at = ROW_CLASSES; at < own->row_width; at++) {
    if (cells[at] == 0) {
      cells[at] = row == 0 ? 0 : fallback[at];
    } else {
      suffixes[cells[at] / own->row_width] = row == 0 ? 0 : fallback[at];
      queue[queued++] = cells[at];
    }
  }
  return queued;
}

static seg_status complete_all(seg_automaton *own) {
  size_t bytes = own->state_count * sizeof(uint32_t);
  uint32_t *suffixes = seg_allocate(own->allocator, bytes);
  uint32_t *queue = seg_allocate(own->allocator, bytes);
  bool ok = suffixes != NULL && queue != NULL;
  if (ok) {
    suffixes[0] = queue[0] = 0;
    size_t queued = 1;
    for (size_t i = 0; i < queued; i++) {
      queued = complete(own, queue[i], suffixes, queue, queued);
    }
  }
  seg_release(own->allocator, suffixes, bytes);
  seg_release(own->allocator, queue, bytes);
  return ok ? SEG_OK : SEG_E_NOMEM;
}

seg_status seg_automaton_create(seg_allocator allocator, const seg_text_view *patterns,
                                size_t count, size_t *taken, seg_automaton **out) {
  seg_automaton *own = seg_allocate_zeroed(allocator, 1, sizeof *own);
  if (own == NULL) {
    return SEG_E_NOMEM;
  }
  size_t bytes = patterns[0].size_bytes;
  own->allocator = allocator;
  own->pattern_count = 1;
  while (own->pattern_count < count &&
         bytes + patterns[own->pattern_count].size_bytes <= SEG_AUTOMATON_BYTES_MAX) {
    bytes += patterns[own->pattern_count++].size_bytes;
  }
  set_classes(own, patterns);
  own->rows_capacity = (bytes + 1) * own->row_width; // texts with the same beginning share states
  own->rows = seg_allocate_zeroed(allocator, own->rows_capacity, sizeof *own->rows);
  own->ends = seg_allocate_zeroed(allocator, own->pattern_count, sizeof *own->ends);
  own->equal = seg_allocate_zeroed(allocator, own->pattern_count, sizeof *own->equal);
  seg_status status = SEG_E_NOMEM;
  if (own->rows != NULL && own->ends != NULL && own->equal != NULL) {
    own->state_count = 1;
    for (size_t i = 0; i < own->pattern_count; i++) {
      insert(own, patterns[i], (uint32_t)i);
    }
    status = complete_all(own);
  }
  if (status != SEG_OK) {
    seg_automaton_free(own);
    return status;
  }
  *taken = own->pattern_count;
  *out = own;
  return SEG_OK;
}

void seg_automaton_free(seg_automaton *own) {
  if (own != NULL) {
    seg_release(own->allocator, own->rows, own->rows_capacity * sizeof *own->rows);
    seg_release(own->allocator, own->ends, own->pattern_count * sizeof *own->ends);
    seg_release(own->allocator, own->equal, own->pattern_count * sizeof *own->equal);
    seg_release(own->allocator, own, sizeof *own);
  }
}

// Looking.

bool seg_automaton_finds_init(seg_automaton_finds *finds, const seg_automaton *own,
                              seg_allocator allocator) {
  *finds = (seg_automaton_finds){
      .found = seg_allocate_zeroed(allocator, own->pattern_count, sizeof *finds->found),
      .seen = seg_allocate_zeroed(allocator, own->pattern_count, sizeof *finds->seen)};
  return finds->found != NULL && finds->seen != NULL;
}

void seg_automaton_finds_free(seg_automaton_finds *finds, const seg_automaton *own,
                              seg_allocator allocator) {
  seg_release(allocator, finds->found, own->pattern_count * sizeof *finds->found);
  seg_release(allocator, finds->seen, own->pattern_count * sizeof *finds->seen);
  *finds = (seg_automaton_finds){.found = NULL};
}

/// Adds the patterns of one end.
static size_t add_end(const seg_automaton *own, uint32_t end, uint32_t *found, size_t count) {
  for (uint32_t next = own->ends[end - 1].pattern + 1; next != 0; next = own->equal[next - 1]) {
    found[count++] = next - 1;
  }
  return count;
}

size_t seg_automaton_find(const seg_automaton *own, seg_automaton_finds *finds,
                          seg_text_view text) {
  const uint32_t *rows = own->rows;
  uint32_t row = 0;
  size_t count = 0;
  finds->search++;
  for (size_t i = 0; i < text.size_bytes; i++) {
    row = rows[row + own->class_of[(unsigned char)text.bytes[i]]];
    // Whoever has been at an end has been at all further ones: each is counted once a text.
    for (uint32_t end = rows[row]; end != 0 && finds->seen[end - 1] != finds->search;
         end = own->ends[end - 1].further) {
      finds->seen[end - 1] = finds->search;
      count = add_end(own, end, finds->found, count);
    }
  }
  return count;
}

size_t seg_automaton_find_equal(const seg_automaton *own, seg_automaton_finds *finds,
                                seg_text_view text) {
  uint32_t row = 0;
  for (size_t i = 0; i < text.size_bytes; i++) {
    row = *step(own, row, text.bytes[i]);
  }
  // The longest text that the bytes end with is all of them, or is not the one.
  uint32_t end = own->rows[row];
  bool is_all = end != 0 && own->ends[end - 1].size_bytes == text.size_bytes;
  return is_all ? add_end(own, end, finds->found, 0) : 0;
}
