// Writing a snapshot: one pass over the chosen columns. Holes are closed: each live row's new
// number is its rank among the live ones.
#include "segmentry/snapshot.h"

#include "filter_internal.h"
#include "snapshot_format.h"
#include "table_internal.h"

#include <string.h>

uint32_t seg_snapshot_checksum(seg_text_view bytes) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) {
      value = (value & 1) != 0 ? (value >> 1) ^ UINT32_C(0xEDB88320) : value >> 1;
    }
    table[i] = value;
  }
  uint32_t checksum = UINT32_MAX;
  for (size_t i = 0; i < bytes.size_bytes; i++) {
    checksum = (checksum >> 8) ^ table[(checksum ^ (unsigned char)bytes.bytes[i]) & 0xFF];
  }
  return ~checksum;
}

typedef struct writer {
  const seg_table *table;
  seg_buffer out;
  int64_t *sorted; ///< Room for the occurrences of one row, twice.
  size_t sorted_capacity;
} writer;

static void put_byte(writer *to, unsigned value) {
  char byte = (char)value;
  seg_buffer_put(&to->out, &byte, 1);
}

/// A whole number in `size_bytes` bytes, low first.
static void put_fixed(writer *to, uint64_t value, unsigned size_bytes) {
  char bytes[8];
  for (unsigned i = 0; i < size_bytes; i++) {
    bytes[i] = (char)(value >> (8 * i));
  }
  seg_buffer_put(&to->out, bytes, size_bytes);
}

static void put_number(writer *to, uint64_t value) {
  char bytes[10];
  size_t at = 0;
  for (; value >= 0x80; value >>= 7) {
    bytes[at++] = (char)(value | 0x80);
  }
  bytes[at++] = (char)value;
  seg_buffer_put(&to->out, bytes, at);
}

static void put_text(writer *to, seg_text_view text) {
  put_number(to, text.size_bytes);
  seg_buffer_put(&to->out, text.bytes, text.size_bytes);
}

/// The next live row at or after `row`; the table's row count at the end.
static uint32_t live_from(const seg_table *table, uint32_t row) {
  while (row < table->row_count && !seg_table_is_live(table, row)) {
    row++;
  }
  return row;
}
static uint32_t first_live(const seg_table *table) { return live_from(table, 0); }
static uint32_t live_after(const seg_table *table, uint32_t row) {
  return live_from(table, row + 1);
}

/// Bits on their way into bytes, the lowest first.
typedef struct bit_writer {
  unsigned byte;
  unsigned used;
} bit_writer;

static void put_bit(writer *to, bit_writer *bits, uint64_t word, uint32_t row) {
  bits->byte |= (unsigned)((word >> (row % SEG_BLOCK_ROWS)) & 1) << bits->used;
  if (++bits->used == 8) {
    put_byte(to, bits->byte);
    *bits = (bit_writer){0};
  }
}

static void end_bits(writer *to, const bit_writer *bits) {
  if (bits->used > 0) {
    put_byte(to, bits->byte);
  }
}

static void put_subscribed(writer *to) {
  bit_writer bits = {0};
  put_byte(to, SEG_SECTION_SUBSCRIBED);
  for (uint32_t row = first_live(to->table); row < to->table->row_count;
       row = live_after(to->table, row)) {
    const seg_page *page = seg_table_page(to->table, row);
    put_bit(to, &bits, page->subscribed[row / SEG_BLOCK_ROWS % SEG_PAGE_BLOCKS], row);
  }
  end_bits(to, &bits);
}

static void put_emails(writer *to) {
  put_byte(to, SEG_SECTION_EMAIL);
  for (uint32_t row = first_live(to->table); row < to->table->row_count;
       row = live_after(to->table, row)) {
    put_text(to, seg_table_email(to->table, row));
  }
}

static void put_instants(writer *to, seg_section section) {
  int64_t base = INT64_MAX;
  put_byte(to, section);
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t row = first_live(to->table); row < to->table->row_count;
         row = live_after(to->table, row)) {
      const seg_page *page = seg_table_page(to->table, row);
      const int64_t *values =
          section == SEG_SECTION_CREATED_AT ? page->created_at_ms : page->updated_at_ms;
      int64_t value = values[row % SEG_PAGE_ROWS];
      if (pass == 0) {
        base = value < base ? value : base;
      } else {
        put_number(to, (uint64_t)(value - base));
      }
    }
    if (pass == 0) {
      base = to->table->contact_count == 0 ? 0 : base;
      put_fixed(to, (uint64_t)base, 8);
    }
  }
}

static void put_entry(writer *to, const seg_column *column, const seg_entry *entry) {
  put_byte(to, entry->kind);
  if (entry->kind == SEG_VALUE_NUMBER) {
    put_fixed(to, entry->bits, 8);
  } else if (entry->kind == SEG_VALUE_BOOLEAN) {
    put_byte(to, (unsigned)entry->bits);
  } else if (entry->kind == SEG_VALUE_TEXT) {
    put_text(to, seg_pool_text(&column->pool, entry->text));
  } else if (entry->kind == SEG_VALUE_ARRAY) {
    seg_text_view list = seg_pool_text(&column->pool, entry->text);
    seg_text_view element;
    size_t count = 0;
    for (size_t at = 0; seg_array_text_next(list, &at, &element);) {
      count++;
    }
    put_number(to, count);
    for (size_t at = 0; seg_array_text_next(list, &at, &element);) {
      put_text(to, element);
    }
  }
}

static void put_data(writer *to, const seg_column *column) {
  seg_allocator allocator = to->out.allocator;
  size_t map_bytes = (column->entry_count + 1) * sizeof(uint32_t);
  uint32_t *new_codes = seg_allocate(allocator, map_bytes);
  if (new_codes == NULL) {
    to->out.failed = true;
    return;
  }
  uint32_t used = 0;
  new_codes[0] = 0;
  for (size_t i = 0; i < column->entry_count; i++) {
    new_codes[i + 1] = column->entries[i].kind == SEG_VALUE_ABSENT ? 0 : ++used;
  }
  put_byte(to, SEG_SECTION_DATA);
  put_text(to, column->path);
  put_number(to, used);
  for (size_t i = 0; i < column->entry_count; i++) {
    if (column->entries[i].kind != SEG_VALUE_ABSENT) {
      put_entry(to, column, &column->entries[i]);
    }
  }
  unsigned width = used <= UINT8_MAX ? 1 : used <= UINT16_MAX ? 2 : 4;
  for (uint32_t row = first_live(to->table); row < to->table->row_count;
       row = live_after(to->table, row)) {
    put_fixed(to, new_codes[seg_column_code(column, row)], width);
  }
  seg_release(allocator, new_codes, map_bytes);
}

static bool is_ascending(seg_occurrences list) {
  for (size_t i = 1; i < list.count; i++) {
    if (list.items[i - 1] > list.items[i]) {
      return false;
    }
  }
  return true;
}

/// Merges neighbouring runs of `run` items, each ascending, into runs of twice as many.
static void merge_runs(const int64_t *from, size_t count, size_t run, int64_t *to) {
  for (size_t begin = 0; begin < count; begin += 2 * run) {
    size_t left = begin;
    size_t middle = begin + run < count ? begin + run : count;
    size_t right = middle;
    size_t end = middle + run < count ? middle + run : count;
    for (size_t at = begin; at < end; at++) {
      bool take_left = right == end || (left < middle && from[left] <= from[right]);
      to[at] = take_left ? from[left++] : from[right++];
    }
  }
}

/// The same occurrences, ascending; valid until the next call. NULL if there is no memory.
static const int64_t *ascending(writer *to, seg_occurrences list) {
  if (is_ascending(list)) {
    return list.items;
  }
  void *block = to->sorted;
  if (!seg_grow(to->out.allocator, &block, &to->sorted_capacity, 2 * list.count,
                sizeof *to->sorted)) {
    to->out.failed = true;
    return NULL;
  }
  to->sorted = block;
  int64_t *sorted = to->sorted;
  int64_t *spare = to->sorted + list.count;
  memcpy(sorted, list.items, list.count * sizeof *sorted);
  for (size_t run = 1; run < list.count; run *= 2) {
    merge_runs(sorted, list.count, run, spare);
    int64_t *merged = spare;
    spare = sorted;
    sorted = merged;
  }
  return sorted;
}

/// The first occurrence of a row that has any.
static int64_t first_occurrence(const seg_timeline_block *block, unsigned cell) {
  seg_occurrences earlier = seg_timeline_earlier(block, cell);
  int64_t first = block->last[cell];
  for (size_t i = 0; i < earlier.count; i++) {
    first = earlier.items[i] < first ? earlier.items[i] : first;
  }
  return first;
}

static void put_row_occurrences(writer *to, const seg_timeline_block *block, unsigned cell,
                                int64_t base) {
  seg_occurrences earlier = seg_timeline_earlier(block, cell);
  const int64_t *items = ascending(to, earlier);
  if (to->out.failed) {
    return;
  }
  put_number(to, earlier.count + 1);
  int64_t before = base;
  for (size_t i = 0; i <= earlier.count; i++) {
    int64_t at_ms = i < earlier.count ? items[i] : block->last[cell];
    put_number(to, (uint64_t)(at_ms - before));
    before = at_ms;
  }
}

static void put_occurrences(writer *to, const seg_timeline *timeline) {
  int64_t base = INT64_MAX;
  size_t rows = 0;
  uint64_t rank = 0;
  uint64_t rank_before = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t row = first_live(to->table); row < to->table->row_count;
         row = live_after(to->table, row)) {
      const seg_timeline_block *block = seg_timeline_block_at(timeline, row / SEG_BLOCK_ROWS);
      unsigned bit = row % SEG_BLOCK_ROWS;
      bool present = block != NULL && ((block->present >> bit) & 1) != 0;
      unsigned cell = present ? seg_bits_rank(block->present, bit) : 0;
      if (present && pass == 0) {
        rows++;
        int64_t first = first_occurrence(block, cell);
        base = first < base ? first : base;
      } else if (present) {
        put_number(to, rank - rank_before);
        rank_before = rank;
        put_row_occurrences(to, block, cell, base);
      }
      rank += (uint64_t)pass;
    }
    if (pass == 0) {
      put_fixed(to, (uint64_t)(rows == 0 ? 0 : base), 8);
      put_number(to, rows);
    }
  }
}

static void put_event(writer *to, const seg_timeline *timeline) {
  put_byte(to, SEG_SECTION_EVENT);
  put_text(to, timeline->name);
  put_occurrences(to, timeline);
}

static void put_activity(writer *to, size_t activity) {
  put_byte(to, SEG_SECTION_ACTIVITY);
  put_byte(to, (unsigned)activity);
  put_occurrences(to, &to->table->activities[activity]);
}

static void put_members(writer *to, seg_text_view segment_id) {
  const seg_membership *found = seg_table_find_membership(to->table, segment_id);
  put_byte(to, SEG_SECTION_MEMBERS);
  put_text(to, segment_id);
  size_t blocks = found == NULL ? 0 : found->block_capacity; // no members yet: all bits 0
  bit_writer bits = {0};
  for (uint32_t row = first_live(to->table); row < to->table->row_count;
       row = live_after(to->table, row)) {
    size_t block = row / SEG_BLOCK_ROWS;
    put_bit(to, &bits, block < blocks ? found->words[block] : 0, row);
  }
  end_bits(to, &bits);
}

static void put_all_sections(writer *to) {
  const seg_table *table = to->table;
  put_emails(to);
  put_subscribed(to);
  put_instants(to, SEG_SECTION_CREATED_AT);
  put_instants(to, SEG_SECTION_UPDATED_AT);
  for (size_t i = 0; i < table->column_count; i++) {
    put_data(to, table->columns[i]);
  }
  for (size_t i = 0; i < table->event_count; i++) {
    put_event(to, &table->events[i]);
  }
  for (size_t i = 0; i < SEG_ACTIVITY_COUNT; i++) {
    put_activity(to, i);
  }
  for (size_t i = 0; i < table->membership_count; i++) {
    put_members(to, table->memberships[i].segment_id);
  }
}

static void put_field_section(writer *to, const seg_field *field) {
  const seg_column *column;
  const seg_timeline *timeline;
  switch (field->kind) {
  case SEG_FIELD_EMAIL:
    put_emails(to);
    break;
  case SEG_FIELD_SUBSCRIBED:
    put_subscribed(to);
    break;
  case SEG_FIELD_CREATED_AT:
    put_instants(to, SEG_SECTION_CREATED_AT);
    break;
  case SEG_FIELD_UPDATED_AT:
    put_instants(to, SEG_SECTION_UPDATED_AT);
    break;
  case SEG_FIELD_DATA:
    column = seg_table_find_column(to->table, field->name);
    if (column != NULL) {
      put_data(to, column);
    }
    break;
  case SEG_FIELD_EVENT:
    timeline = seg_table_find_event(to->table, field->name);
    if (timeline != NULL) {
      put_event(to, timeline);
    }
    break;
  case SEG_FIELD_ACTIVITY:
    put_activity(to, field->activity);
    break;
  case SEG_FIELD_SEGMENT:
    put_members(to, field->name);
    break;
  }
}

// The chosen fields.

typedef struct chosen {
  seg_text_view text;
  seg_field field;
} chosen;

/// Different fields, in the order of their choice.
typedef struct field_set {
  chosen *items;
  size_t count;
  size_t capacity;
  seg_index index;
} field_set;

static uint32_t hash_field(const seg_table *table, const seg_field *field) {
  uint64_t seed = table->seed + (uint64_t)field->kind;
  return field->kind == SEG_FIELD_ACTIVITY // it may have two names
             ? seg_hash(seed + SEG_FIELD_SEGMENT + (uint64_t)field->activity, NULL, 0)
             : seg_hash(seed, field->name.bytes, field->name.size_bytes);
}

static bool has_field(const field_set *set, uint32_t hash, const seg_field *field) {
  seg_index_cursor cursor;
  for (uint32_t i = seg_index_first(&set->index, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&set->index, &cursor)) {
    if (seg_field_equal(&set->items[i].field, field)) {
      return true;
    }
  }
  return false;
}

/// Adds fields that are not there yet. With `known`, only those in it are accepted.
static seg_status add_fields(field_set *set, const seg_table *table, seg_allocator allocator,
                             const seg_text_view *fields, size_t field_count,
                             const field_set *known, seg_error *error) {
  for (size_t i = 0; i < field_count; i++) {
    seg_field field;
    if (fields[i].size_bytes > SEG_FILTER_FIELD_BYTES_MAX || !seg_field_parse(fields[i], &field)) {
      return seg_fail(error, SEG_E_INVALID, "%s is not a field; " SEG_FIELD_HELP,
                      seg_quote(fields[i]).text);
    }
    uint32_t hash = hash_field(table, &field);
    if (known != NULL && !has_field(known, hash, &field)) {
      return seg_fail(error, SEG_E_FIELD, "the field %s is not in this snapshot",
                      seg_quote(fields[i]).text);
    }
    if (has_field(set, hash, &field)) {
      continue;
    }
    if (set->count == SEG_SNAPSHOT_FIELDS_MAX) {
      return seg_fail(error, SEG_E_LIMIT, "%s would be one more than %d different fields",
                      seg_quote(fields[i]).text, SEG_SNAPSHOT_FIELDS_MAX);
    }
    void *block = set->items;
    if (!seg_index_reserve(&set->index, allocator) ||
        !seg_grow(allocator, &block, &set->capacity, set->count + 1, sizeof *set->items)) {
      return seg_fail_memory(error);
    }
    set->items = block;
    seg_index_put(&set->index, hash, (uint32_t)set->count);
    set->items[set->count++] = (chosen){.text = fields[i], .field = field};
  }
  return SEG_OK;
}

static void free_fields(field_set *set, seg_allocator allocator) {
  seg_release(allocator, set->items, set->capacity * sizeof *set->items);
  seg_index_free(&set->index, allocator);
}

/// Finds the fields to write: those that were asked for, or all that a partial table knows.
static seg_status choose_fields(const seg_table *table, seg_allocator allocator,
                                const seg_text_view *fields, size_t field_count, field_set *out,
                                seg_error *error) {
  field_set known = {0};
  seg_status status = add_fields(&known, table, allocator, table->known_fields,
                                 table->known_field_count, NULL, error);
  if (status == SEG_OK && fields == NULL) {
    *out = known;
    return SEG_OK;
  }
  if (status == SEG_OK) {
    status = add_fields(out, table, allocator, fields, field_count,
                        table->is_partial ? &known : NULL, error);
  }
  free_fields(&known, allocator);
  return status;
}

/// Memberships are not among what a partial table knows or does not: all of them go along.
static void put_further_members(writer *to, const field_set *written) {
  for (size_t i = 0; i < to->table->membership_count; i++) {
    seg_field field = {.kind = SEG_FIELD_SEGMENT, .name = to->table->memberships[i].segment_id};
    if (!has_field(written, hash_field(to->table, &field), &field)) {
      put_members(to, field.name);
    }
  }
}

static void put_header(writer *to) {
  seg_buffer *out = &to->out;
  if (out->failed) {
    return;
  }
  seg_text_view payload = {.bytes = out->bytes + SEG_SNAPSHOT_HEADER_BYTES,
                           .size_bytes = out->size_bytes - SEG_SNAPSHOT_HEADER_BYTES};
  size_t end = out->size_bytes;
  out->size_bytes = 0; // the header's place was kept
  seg_buffer_put(out, SEG_SNAPSHOT_MAGIC, 8);
  put_fixed(to, SEG_SNAPSHOT_VERSION, 4);
  put_fixed(to, seg_snapshot_checksum(payload), 4);
  put_fixed(to, payload.size_bytes, 8);
  out->size_bytes = end;
}

seg_status seg_snapshot_write(const seg_table *table, seg_allocator allocator,
                              const seg_text_view *fields, size_t field_count, seg_text_view *out,
                              seg_error *error) {
  bool all = fields == NULL;
  bool complete = all && !table->is_partial;
  field_set set = {0};
  seg_status status = choose_fields(table, allocator, fields, field_count, &set, error);
  if (status != SEG_OK) {
    free_fields(&set, allocator);
    return status;
  }
  writer to = {.table = table};
  seg_buffer_init(&to.out, allocator);
  char header[SEG_SNAPSHOT_HEADER_BYTES] = {0};
  seg_buffer_put(&to.out, header, sizeof header);
  put_byte(&to, complete ? 1 : 0);
  put_number(&to, set.count);
  for (size_t i = 0; i < set.count; i++) {
    put_text(&to, set.items[i].text);
  }
  put_number(&to, table->contact_count);
  for (uint32_t row = first_live(table); row < table->row_count; row = live_after(table, row)) {
    put_text(&to, seg_table_id(table, row));
  }
  if (complete) {
    put_all_sections(&to);
  }
  for (size_t i = 0; i < set.count; i++) {
    put_field_section(&to, &set.items[i].field);
  }
  if (all && !complete) {
    put_further_members(&to, &set);
  }
  put_byte(&to, SEG_SECTION_END);
  put_header(&to);
  free_fields(&set, allocator);
  seg_release(allocator, to.sorted, to.sorted_capacity * sizeof *to.sorted);
  if (seg_buffer_take(&to.out, out) != SEG_OK) {
    return seg_fail_memory(error);
  }
  return seg_succeed(error);
}
