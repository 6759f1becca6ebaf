// See column.h for the representation.
//
// Cost: interning is one hash look-up; a new value also folds its text and reads it as a date, once
// for all rows that will have it. Widening copies all codes, at 256 and 65,536 values: twice in a
// column's life; the second time it also fills the planes.
#include "column.h"

#include "base_internal.h"
#include "segmentry/instant.h"
#include "segmentry/text.h"

#include <string.h>

seg_column *seg_column_create(seg_allocator allocator, seg_text_view path) {
  seg_column *column = seg_allocate_zeroed(allocator, 1, sizeof *column);
  if (column == NULL || !seg_text_copy(allocator, path, &column->path)) {
    seg_release(allocator, column, sizeof *column);
    return NULL;
  }
  column->code_bytes = 1;
  column->unused = SEG_INDEX_NONE;
  return column;
}

static void free_pages(seg_allocator allocator, void **pages, size_t count, unsigned code_bytes) {
  for (size_t i = 0; i < count; i++) {
    seg_release(allocator, pages[i], (size_t)SEG_PAGE_ROWS * code_bytes);
  }
  seg_release(allocator, pages, count * sizeof *pages);
}

static void free_planes(seg_allocator allocator, int64_t ***planes, size_t count) {
  for (size_t plane = 0; plane < SEG_PLANE_COUNT; plane++) {
    for (size_t i = 0; planes[plane] != NULL && i < count; i++) {
      seg_release(allocator, planes[plane][i], SEG_PAGE_ROWS * sizeof(int64_t));
    }
    seg_release(allocator, planes[plane], count * sizeof *planes[plane]);
    planes[plane] = NULL;
  }
}

void seg_column_free(seg_column *column, seg_allocator allocator) {
  if (column == NULL) {
    return;
  }
  free_pages(allocator, column->pages, column->page_capacity, column->code_bytes);
  free_planes(allocator, column->planes, column->page_capacity);
  seg_release(allocator, column->entries, column->entry_capacity * sizeof *column->entries);
  seg_index_free(&column->index, allocator);
  seg_pool_free(&column->pool, allocator);
  seg_text_drop(allocator, column->path);
  seg_release(allocator, column, sizeof *column);
}

int64_t seg_key_of_number(double number) {
  int64_t bits;
  memcpy(&bits, &number, sizeof bits);
  // Doubles of one sign are ordered by their bits; the negative ones the other way round.
  return bits >= 0 ? bits : bits ^ INT64_MAX;
}

/// The plane that holds an entry's key, or SEG_PLANE_COUNT if none does.
static unsigned plane_of(const seg_entry *entry, int64_t *key) {
  if (entry->kind == SEG_VALUE_NUMBER) {
    double number;
    memcpy(&number, &entry->bits, sizeof number);
    *key = seg_key_of_number(number);
    return SEG_PLANE_NUMBER;
  }
  *key = (int64_t)entry->bits;
  return entry->kind == SEG_VALUE_TEXT && *key != SEG_INSTANT_NONE ? SEG_PLANE_INSTANT
                                                                   : SEG_PLANE_COUNT;
}

static int64_t *make_plane_page(seg_allocator allocator) {
  int64_t *page = seg_allocate(allocator, SEG_PAGE_ROWS * sizeof *page);
  for (size_t i = 0; page != NULL && i < SEG_PAGE_ROWS; i++) {
    page[i] = SEG_KEY_NONE;
  }
  return page;
}

/// Makes the page that an entry's key needs, in planes with room for `page_capacity` pages.
static bool reserve_key(seg_allocator allocator, int64_t ***planes, size_t page_capacity,
                        size_t page, const seg_entry *entry) {
  int64_t key;
  unsigned plane = plane_of(entry, &key);
  if (plane == SEG_PLANE_COUNT) {
    return true;
  }
  if (planes[plane] == NULL) {
    planes[plane] = seg_allocate_zeroed(allocator, page_capacity, sizeof *planes[plane]);
    if (planes[plane] == NULL) {
      return false;
    }
  }
  if (planes[plane][page] == NULL) {
    planes[plane][page] = make_plane_page(allocator);
  }
  return planes[plane][page] != NULL;
}

/// Sets a row's keys to what an entry has; NULL for none.
static void write_keys(int64_t ***planes, size_t page, size_t at, const seg_entry *entry) {
  int64_t key = SEG_KEY_NONE;
  unsigned own = entry == NULL ? SEG_PLANE_COUNT : plane_of(entry, &key);
  for (unsigned plane = 0; plane < SEG_PLANE_COUNT; plane++) {
    if (planes[plane] != NULL && planes[plane][page] != NULL) {
      planes[plane][page][at] = plane == own ? key : SEG_KEY_NONE;
    }
  }
}

/// Makes room for one more page in the lists of pages.
static bool reserve_pages(seg_column *column, seg_allocator allocator, size_t page) {
  if (page < column->page_capacity) {
    return true;
  }
  size_t capacity = page + 1 > column->page_capacity * 2 ? page + 1 : column->page_capacity * 2;
  void *lists[1 + SEG_PLANE_COUNT] = {column->pages, column->planes[0], column->planes[1]};
  void *grown[1 + SEG_PLANE_COUNT] = {NULL};
  size_t old_bytes = column->page_capacity * sizeof(void *);
  for (size_t i = 0; i < 1 + SEG_PLANE_COUNT; i++) {
    if (i > 0 && lists[i] == NULL) {
      continue; // no such plane
    }
    grown[i] = seg_allocate_zeroed(allocator, capacity, sizeof(void *));
    if (grown[i] == NULL) {
      for (size_t k = 0; k < i; k++) {
        seg_release(allocator, grown[k], capacity * sizeof(void *));
      }
      return false;
    }
  }
  for (size_t i = 0; i < 1 + SEG_PLANE_COUNT; i++) {
    if (lists[i] != NULL) {
      memcpy(grown[i], lists[i], old_bytes);
      seg_release(allocator, lists[i], old_bytes);
    }
  }
  column->pages = grown[0];
  column->planes[0] = grown[1];
  column->planes[1] = grown[2];
  column->page_capacity = capacity;
  return true;
}

bool seg_column_reserve_row(seg_column *column, seg_allocator allocator, uint32_t row,
                            uint32_t code) {
  size_t page = row / SEG_PAGE_ROWS;
  if (!reserve_pages(column, allocator, page)) {
    return false;
  }
  if (column->pages[page] == NULL) {
    column->pages[page] = seg_allocate_zeroed(allocator, SEG_PAGE_ROWS, column->code_bytes);
  }
  return column->pages[page] != NULL &&
         (column->code_bytes < 4 || reserve_key(allocator, column->planes, column->page_capacity,
                                                page, &column->entries[code - 1]));
}

static void write_code(void *page, unsigned code_bytes, uint32_t at, uint32_t code) {
  switch (code_bytes) {
  case 1:
    ((uint8_t *)page)[at] = (uint8_t)code;
    break;
  case 2:
    ((uint16_t *)page)[at] = (uint16_t)code;
    break;
  default:
    ((uint32_t *)page)[at] = code;
    break;
  }
}

void seg_column_set(seg_column *column, uint32_t row, uint32_t code) {
  size_t page = row / SEG_PAGE_ROWS;
  write_code(column->pages[page], column->code_bytes, row % SEG_PAGE_ROWS, code);
  if (column->code_bytes == 4) {
    const seg_entry *entry = code == 0 ? NULL : &column->entries[code - 1];
    write_keys(column->planes, page, row % SEG_PAGE_ROWS, entry);
  }
}

/// Copies one page of codes into wider ones, and their keys into planes if these are the widest.
static bool widen_page(const seg_column *column, seg_allocator allocator, size_t page,
                       unsigned code_bytes, void *codes, int64_t ***planes) {
  for (uint32_t at = 0; at < SEG_PAGE_ROWS; at++) {
    uint32_t code = seg_column_code(column, (uint32_t)(page * SEG_PAGE_ROWS) + at);
    write_code(codes, code_bytes, at, code);
    if (code_bytes == 4 && code != 0) {
      const seg_entry *entry = &column->entries[code - 1];
      if (!reserve_key(allocator, planes, column->page_capacity, page, entry)) {
        return false;
      }
      write_keys(planes, page, at, entry);
    }
  }
  return true;
}

/// Doubles the width of the codes.
static bool widen(seg_column *column, seg_allocator allocator) {
  unsigned code_bytes = column->code_bytes * 2;
  int64_t **planes[SEG_PLANE_COUNT] = {NULL};
  void **pages = seg_allocate_zeroed(allocator, column->page_capacity, sizeof *pages);
  bool done = pages != NULL || column->page_capacity == 0;
  for (size_t i = 0; done && i < column->page_capacity; i++) {
    if (column->pages[i] != NULL) {
      pages[i] = seg_allocate_zeroed(allocator, SEG_PAGE_ROWS, code_bytes);
      done = pages[i] != NULL && widen_page(column, allocator, i, code_bytes, pages[i], planes);
    }
  }
  if (!done) {
    if (pages != NULL) {
      free_pages(allocator, pages, column->page_capacity, code_bytes);
    }
    free_planes(allocator, planes, column->page_capacity);
    return false;
  }
  free_pages(allocator, column->pages, column->page_capacity, column->code_bytes);
  column->pages = pages;
  memcpy(column->planes, planes, sizeof planes);
  column->code_bytes = code_bytes;
  return true;
}

static uint64_t number_bits(double number) {
  double value = number == 0 ? 0 : number; // -0 and 0 are one value
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// The bits of a value that is not text.
static uint64_t plain_bits(const seg_value *value) {
  switch (value->kind) {
  case SEG_VALUE_BOOLEAN:
    return value->boolean ? 1 : 0;
  case SEG_VALUE_NUMBER:
    return number_bits(value->number);
  default:
    return 0;
  }
}

static bool has_text(unsigned kind) { return kind == SEG_VALUE_TEXT || kind == SEG_VALUE_ARRAY; }

static uint32_t hash_of(uint64_t seed, unsigned kind, uint64_t bits, seg_text_view text) {
  return has_text(kind) ? seg_hash(seed + kind, text.bytes, text.size_bytes)
                        : seg_hash(seed + kind, &bits, sizeof bits);
}

static uint32_t find(const seg_column *column, const seg_value *value, uint64_t bits,
                     uint32_t hash) {
  seg_index_cursor cursor;
  for (uint32_t i = seg_index_first(&column->index, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&column->index, &cursor)) {
    const seg_entry *entry = &column->entries[i];
    if (entry->kind == value->kind &&
        (has_text(entry->kind)
             ? seg_text_equal(seg_pool_text(&column->pool, entry->text), value->text)
             : entry->bits == bits)) {
      return i;
    }
  }
  return SEG_INDEX_NONE;
}

uint32_t seg_column_find(const seg_column *column, uint64_t seed, const seg_value *value) {
  uint64_t bits = plain_bits(value);
  uint32_t found = find(column, value, bits, hash_of(seed, value->kind, bits, value->text));
  return found == SEG_INDEX_NONE ? 0 : found + 1;
}

seg_value seg_column_value(const seg_column *column, const seg_entry *entry) {
  seg_value value = {.kind = (seg_value_kind)entry->kind};
  if (entry->kind == SEG_VALUE_NUMBER) {
    memcpy(&value.number, &entry->bits, sizeof value.number);
  } else if (entry->kind == SEG_VALUE_BOOLEAN) {
    value.boolean = entry->bits != 0;
  } else if (entry->kind != SEG_VALUE_OBJECT) {
    value.text = seg_pool_text(&column->pool, entry->text);
  }
  return value;
}

void seg_array_text_add(seg_buffer *list, seg_text_view element) {
  uint32_t size = (uint32_t)element.size_bytes;
  seg_buffer_put(list, &size, sizeof size);
  seg_buffer_put(list, element.bytes, element.size_bytes);
}

bool seg_array_text_next(seg_text_view list, size_t *at, seg_text_view *element) {
  if (*at == list.size_bytes) {
    return false;
  }
  uint32_t size;
  memcpy(&size, list.bytes + *at, sizeof size);
  *at += sizeof size;
  *element = (seg_text_view){.bytes = list.bytes + *at, .size_bytes = size};
  *at += size;
  return true;
}

/// Folds a string, or each element of an array's text. The result is owned.
static seg_status fold_value(seg_allocator allocator, const seg_value *value, seg_text_view *out) {
  if (value->kind == SEG_VALUE_TEXT) {
    return seg_text_fold(allocator, value->text, out);
  }
  seg_buffer list;
  seg_buffer_init(&list, allocator);
  size_t at = 0;
  seg_text_view element;
  while (seg_array_text_next(value->text, &at, &element)) {
    seg_text_view folded;
    if (seg_text_fold(allocator, element, &folded) != SEG_OK) {
      seg_buffer_free(&list);
      return SEG_E_NOMEM;
    }
    seg_array_text_add(&list, folded);
    seg_text_free(allocator, folded);
  }
  return seg_buffer_take(&list, out);
}

/// Puts a value's texts into the pool.
static bool store_texts(seg_column *column, seg_allocator allocator, const seg_value *value,
                        seg_entry *entry) {
  size_t pool_before = column->pool.size_bytes;
  seg_text_view folded;
  if (fold_value(allocator, value, &folded) != SEG_OK) {
    return false;
  }
  bool stored = seg_pool_add(&column->pool, allocator, value->text, &entry->text);
  entry->folded = entry->text;
  if (stored && !seg_text_equal(folded, value->text)) {
    stored = seg_pool_add(&column->pool, allocator, folded, &entry->folded);
  }
  seg_text_free(allocator, folded);
  if (!stored) {
    seg_pool_rewind(&column->pool, pool_before);
    return false;
  }
  seg_instant instant;
  int64_t ms = SEG_INSTANT_NONE;
  if (value->kind == SEG_VALUE_TEXT && seg_instant_parse(value->text, &instant)) {
    ms = instant.ms;
  }
  entry->bits = (uint64_t)ms;
  return true;
}

/// Adds an entry with one reference.
static bool add_entry(seg_column *column, seg_allocator allocator, const seg_value *value,
                      uint64_t bits, uint32_t hash, uint32_t *out) {
  bool reuses = column->unused != SEG_INDEX_NONE;
  void *block = column->entries;
  if (!seg_index_reserve(&column->index, allocator)) {
    return false;
  }
  if (!reuses) {
    if (column->entry_count == seg_column_code_max(column) &&
        (column->code_bytes == 4 || !widen(column, allocator))) {
      return false;
    }
    if (!seg_grow(allocator, &block, &column->entry_capacity, column->entry_count + 1,
                  sizeof *column->entries)) {
      return false;
    }
    column->entries = block;
  }
  seg_entry entry = {.bits = bits, .refs = 1, .kind = (uint8_t)value->kind};
  if (has_text(value->kind) && !store_texts(column, allocator, value, &entry)) {
    return false;
  }
  uint32_t at = reuses ? column->unused : (uint32_t)column->entry_count++;
  if (reuses) {
    column->unused = column->entries[at].refs;
  }
  column->entries[at] = entry;
  seg_index_put(&column->index, hash, at);
  *out = at;
  return true;
}

seg_status seg_column_intern(seg_column *column, seg_allocator allocator, uint64_t seed,
                             const seg_value *value, uint32_t *code) {
  uint64_t bits = plain_bits(value);
  uint32_t hash = hash_of(seed, value->kind, bits, value->text);
  uint32_t found = find(column, value, bits, hash);
  if (found != SEG_INDEX_NONE) {
    column->entries[found].refs++;
  } else if (!add_entry(column, allocator, value, bits, hash, &found)) {
    return SEG_E_NOMEM;
  }
  *code = found + 1;
  return SEG_OK;
}

void seg_column_release(seg_column *column, uint64_t seed, uint32_t code) {
  uint32_t at = code - 1;
  seg_entry *entry = &column->entries[at];
  if (--entry->refs > 0) {
    return;
  }
  seg_text_view text = seg_pool_text(&column->pool, has_text(entry->kind) ? entry->text : 0);
  seg_index_remove(&column->index, hash_of(seed, entry->kind, entry->bits, text), at);
  if (has_text(entry->kind)) {
    seg_pool_drop(&column->pool, entry->text);
    if (entry->folded != entry->text) {
      seg_pool_drop(&column->pool, entry->folded);
    }
  }
  *entry = (seg_entry){.refs = column->unused, .kind = SEG_VALUE_ABSENT};
  column->unused = at;
}

void seg_column_compact(seg_column *column, seg_allocator allocator) {
  if (!seg_pool_is_wasteful(&column->pool)) {
    return;
  }
  seg_pool pool = {.limit_bytes = column->pool.limit_bytes};
  // First all copies, then all offsets: a failure half-way leaves the column as it was.
  for (int pass = 0; pass < 2; pass++) {
    pool.size_bytes = pool.size_bytes > 0 ? 1 : 0;
    for (size_t i = 0; i < column->entry_count; i++) {
      seg_entry *entry = &column->entries[i];
      if (!has_text(entry->kind)) {
        continue;
      }
      uint32_t text;
      uint32_t folded;
      bool same = entry->folded == entry->text;
      if (!seg_pool_add(&pool, allocator, seg_pool_text(&column->pool, entry->text), &text) ||
          !(same ||
            seg_pool_add(&pool, allocator, seg_pool_text(&column->pool, entry->folded), &folded))) {
        seg_pool_free(&pool, allocator);
        return;
      }
      if (pass == 1) {
        entry->text = text;
        entry->folded = same ? text : folded;
      }
    }
  }
  seg_pool_free(&column->pool, allocator);
  column->pool = pool;
}
