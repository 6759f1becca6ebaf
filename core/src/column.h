/// A column: one `data` path, what JSON holds there for every row.
///
/// Values are dictionary-coded. Each distinct value is an entry with a count of the rows that have
/// it; a row holds the entry's code in one, two or four bytes, as the dictionary's size asks:
///
///     pages[row / 4096] -> | code | code | ... |   code 0: absent; code c: entries[c - 1]
///     entries[i]        -> | bits | text | folded | refs | kind |
///
/// So a predicate is decided once for each distinct value and then looked up, whatever the value's
/// type. A page is allocated when its first row gets a value. An entry that no row has any more is
/// reused by the next new value, so codes stay dense while values come and go.
///
/// A column with more than 65,535 distinct values (amounts, instants) is wide: there a look-up per
/// row and a decision per value no longer pay. It keeps its numbers and its instants beside the
/// codes as plain vectors of keys as well, which a range runs over as it does over `createdAt`:
///
///     planes[n][row / 4096] -> | key i64 | ... |   SEG_KEY_NONE: the row has no such value
#ifndef SEG_COLUMN_H
#define SEG_COLUMN_H

#include "bits_internal.h"
#include "hash.h"
#include "pool.h"
#include "segmentry/fields.h"

/// A value on its way in.
typedef struct seg_value {
  seg_value_kind kind;
  bool boolean;
  double number; ///< Finite.
  seg_text_view
      text; ///< TEXT: the string. ARRAY: its string elements, each `| size u32 | bytes |`.
} seg_value;

typedef struct seg_entry {
  uint64_t bits; ///< NUMBER: the double, never -0. BOOLEAN: 0 or 1. TEXT: its instant as int64.
  uint32_t text; ///< In the pool; as in seg_value.
  uint32_t
      folded; ///< In the pool, the same but folded; equal to `text` where folding changes nothing.
  uint32_t refs; ///< Rows that have this value. In an unused entry: the next unused one.
  uint8_t kind;  ///< SEG_VALUE_ABSENT in an unused entry.
} seg_entry;

/// The plain vectors of a wide column.
typedef enum seg_plane { SEG_PLANE_NUMBER = 0, SEG_PLANE_INSTANT = 1 } seg_plane;
#define SEG_PLANE_COUNT 2
#define SEG_KEY_NONE INT64_MIN

typedef struct seg_column {
  seg_text_view path; ///< Owned.
  void **pages;
  size_t page_capacity;
  unsigned code_bytes;               ///< 1, 2 or 4.
  int64_t **planes[SEG_PLANE_COUNT]; ///< `page_capacity` pages each, NULL where no row has a key.
  seg_entry *entries;
  size_t entry_count; ///< Unused ones included.
  size_t entry_capacity;
  uint32_t unused; ///< First unused entry, SEG_INDEX_NONE if there is none.
  seg_index index;
  seg_pool pool;
  // Marks of the row change under way: the number of the change in which this was last so.
  uint64_t literal_change; ///< A top-level key with this path was seen.
  uint64_t nested_change;  ///< A nested key with this path was seen.
  uint64_t staged_change;  ///< A value was staged.
  const void *literal_item;
} seg_column;

static inline size_t seg_column_code_max(const seg_column *column) {
  return column->code_bytes == 1   ? UINT8_MAX
         : column->code_bytes == 2 ? UINT16_MAX
                                   : UINT32_MAX - 1;
}

static inline uint32_t seg_column_code(const seg_column *column, uint32_t row) {
  size_t page_index = row / SEG_PAGE_ROWS;
  if (page_index >= column->page_capacity || column->pages[page_index] == NULL) {
    return 0;
  }
  const void *page = column->pages[page_index];
  uint32_t at = row % SEG_PAGE_ROWS;
  switch (column->code_bytes) {
  case 1:
    return ((const uint8_t *)page)[at];
  case 2:
    return ((const uint16_t *)page)[at];
  default:
    return ((const uint32_t *)page)[at];
  }
}

/// Makes an empty column. NULL if there is no memory.
seg_column *seg_column_create(seg_allocator allocator, seg_text_view path);
void seg_column_free(seg_column *column, seg_allocator allocator);

/// Makes the pages that a row needs to hold a code.
bool seg_column_reserve_row(seg_column *column, seg_allocator allocator, uint32_t row,
                            uint32_t code);

/// Maps doubles to whole numbers in the same order.
int64_t seg_key_of_number(double number);

/// Finds or adds a value and takes one reference to it. May widen the codes.
/// Returns SEG_OK or SEG_E_NOMEM, with the column as before.
seg_status seg_column_intern(seg_column *column, seg_allocator allocator, uint64_t seed,
                             const seg_value *value, uint32_t *code);

/// Gives one reference back.
void seg_column_release(seg_column *column, uint64_t seed, uint32_t code);

/// Sets a row's code, without touching references. seg_column_reserve_row must have succeeded.
void seg_column_set(seg_column *column, uint32_t row, uint32_t code);

/// Finds the code of a value; 0 if no row has it.
uint32_t seg_column_find(const seg_column *column, uint64_t seed, const seg_value *value);

/// The value of an entry in use; its text is valid until the column changes.
seg_value seg_column_value(const seg_column *column, const seg_entry *entry);

/// Copies the texts in use to a new pool when most of the pool is waste. Without memory for that,
/// nothing happens.
void seg_column_compact(seg_column *column, seg_allocator allocator);

/// Adds a string to an array's text.
struct seg_buffer;
void seg_array_text_add(struct seg_buffer *list, seg_text_view element);
/// Walks an array's text: the next element, and false at the end. `at` starts at 0.
bool seg_array_text_next(seg_text_view list, size_t *at, seg_text_view *element);

#endif
