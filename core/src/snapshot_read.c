// Reading a snapshot. The checksum finds accidents; malice can compute it, so every number is
// checked again: counts against the bytes that are left, codes against their dictionary, texts for
// UTF-8, instants for their range, names for their limits, nothing twice. At the end everything
// that the snapshot claims to know must have come: what is missing would answer filters as if it
// were empty.
#include "segmentry/snapshot.h"

#include "filter_internal.h"
#include "snapshot_format.h"
#include "table_internal.h"

#include <math.h>
#include <string.h>

/// Instants of the years 0001 to 9999, and a day more on either side for zone offsets.
#define INSTANT_MS_MIN INT64_C(-62135683200000)
#define INSTANT_MS_MAX INT64_C(253402387199999)

/// `status` sticks at the first failure; from then on every read gives 0.
typedef struct reader {
  seg_table *table;
  const unsigned char *at;
  const unsigned char *end;
  seg_status status;
  unsigned sections;   ///< Bit n: the section with tag n was there.
  unsigned activities; ///< Bit n: activity n was there.
} reader;

static void fail(reader *from, seg_status status) {
  if (from->status == SEG_OK) {
    from->status = status;
  }
}

static bool ok(const reader *from) { return from->status == SEG_OK; }

static size_t left(const reader *from) { return (size_t)(from->end - from->at); }

static uint64_t get_fixed(reader *from, unsigned size_bytes) {
  if (!ok(from) || left(from) < size_bytes) {
    fail(from, SEG_E_CORRUPT);
    return 0;
  }
  uint64_t value = 0;
  for (unsigned i = 0; i < size_bytes; i++) {
    value |= (uint64_t)from->at[i] << (8 * i);
  }
  from->at += size_bytes;
  return value;
}

static unsigned get_byte(reader *from) { return (unsigned)get_fixed(from, 1); }

static uint64_t get_number(reader *from) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    unsigned byte = get_byte(from);
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  fail(from, SEG_E_CORRUPT);
  return 0;
}

/// A number of things of which each takes at least one byte of what is left.
static size_t get_count(reader *from) {
  uint64_t count = get_number(from);
  if (count > left(from)) {
    fail(from, SEG_E_CORRUPT);
    return 0;
  }
  return (size_t)count;
}

static seg_text_view get_text(reader *from, size_t bytes_max) {
  size_t size = get_count(from);
  seg_text_view text = {.bytes = (const char *)from->at, .size_bytes = size};
  if (!ok(from) || size > bytes_max || !seg_text_is_utf8(text) ||
      (size > 0 && memchr(text.bytes, '\0', size) != NULL)) {
    fail(from, SEG_E_CORRUPT);
    return (seg_text_view){.bytes = "", .size_bytes = 0};
  }
  from->at += size;
  return text;
}

static int64_t get_instant_after(reader *from, int64_t before) {
  uint64_t step = get_number(from);
  if (before < INSTANT_MS_MIN || before > INSTANT_MS_MAX ||
      step > (uint64_t)(INSTANT_MS_MAX - before)) {
    fail(from, SEG_E_CORRUPT);
    return 0;
  }
  return before + (int64_t)step;
}

static void get_known_fields(reader *from) {
  seg_table *table = from->table;
  unsigned complete = get_byte(from);
  size_t count = get_count(from);
  table->is_partial = complete == 0;
  if (complete > 1 || count > SEG_SNAPSHOT_FIELDS_MAX || (complete == 1 && count > 0)) {
    fail(from, SEG_E_CORRUPT);
  }
  if (!ok(from) || count == 0) {
    return;
  }
  table->known_fields = seg_allocate_zeroed(table->allocator, count, sizeof *table->known_fields);
  if (table->known_fields == NULL) {
    fail(from, SEG_E_NOMEM);
    return;
  }
  table->known_field_count = count;
  for (size_t i = 0; ok(from) && i < count; i++) {
    seg_field field;
    seg_text_view text = get_text(from, SEG_FILTER_FIELD_BYTES_MAX);
    if (!seg_field_parse(text, &field)) {
      fail(from, SEG_E_CORRUPT);
    } else if (!seg_text_copy(table->allocator, text, &table->known_fields[i])) {
      fail(from, SEG_E_NOMEM);
    }
  }
}

static void get_rows(reader *from) {
  size_t count = get_count(from);
  if (count > SEG_TABLE_ROWS_MAX) {
    fail(from, SEG_E_CORRUPT);
  }
  for (size_t i = 0; ok(from) && i < count; i++) {
    seg_text_view id = get_text(from, SEG_CONTACT_ID_BYTES_MAX);
    seg_status status = ok(from) ? seg_table_append_row(from->table, id) : SEG_OK;
    if (status != SEG_OK) {
      fail(from, status == SEG_E_NOMEM ? status : SEG_E_CORRUPT);
    }
  }
}

static void get_emails(reader *from) {
  for (uint32_t row = 0; ok(from) && row < from->table->row_count; row++) {
    seg_text_view email = get_text(from, SEG_EMAIL_BYTES_MAX);
    if (ok(from) && seg_table_set_email(from->table, row, email) != SEG_OK) {
      fail(from, SEG_E_NOMEM);
    }
  }
}

/// Whether the bit of a row is set in a bit vector of the payload.
static bool bit_of(const unsigned char *bits, uint32_t row) {
  return ((bits[row / 8] >> (row % 8)) & 1) != 0;
}

static const unsigned char *get_bits(reader *from) {
  size_t size = (from->table->row_count + 7) / 8;
  const unsigned char *bits = from->at;
  if (!ok(from) || left(from) < size) {
    fail(from, SEG_E_CORRUPT);
    return NULL;
  }
  from->at += size;
  return bits;
}

static void get_subscribed(reader *from) {
  const unsigned char *bits = get_bits(from);
  for (uint32_t row = 0; bits != NULL && row < from->table->row_count; row++) {
    if (bit_of(bits, row)) {
      seg_table_page(from->table, row)->subscribed[row / SEG_BLOCK_ROWS % SEG_PAGE_BLOCKS] |=
          UINT64_C(1) << (row % SEG_BLOCK_ROWS);
    }
  }
}

static void get_instants(reader *from, bool created) {
  int64_t base = (int64_t)get_fixed(from, 8);
  for (uint32_t row = 0; ok(from) && row < from->table->row_count; row++) {
    seg_page *page = seg_table_page(from->table, row);
    int64_t *values = created ? page->created_at_ms : page->updated_at_ms;
    values[row % SEG_PAGE_ROWS] = get_instant_after(from, base);
  }
}

/// Reads the strings of an array into the table's buffer.
static seg_text_view get_array(reader *from) {
  seg_buffer *list = &from->table->array_text;
  list->size_bytes = 0;
  for (size_t count = get_count(from); ok(from) && count > 0; count--) {
    seg_array_text_add(list, get_text(from, SEG_DATA_TEXT_BYTES_MAX));
  }
  if (list->failed) {
    list->failed = false;
    fail(from, SEG_E_NOMEM);
  }
  return (seg_text_view){.bytes = list->bytes, .size_bytes = list->size_bytes};
}

/// Reads one value of a dictionary.
static seg_value get_value(reader *from) {
  seg_value value = {.kind = (seg_value_kind)get_byte(from)};
  uint64_t bits;
  switch (value.kind) {
  case SEG_VALUE_NUMBER:
    bits = get_fixed(from, 8);
    memcpy(&value.number, &bits, sizeof bits);
    if (!isfinite(value.number)) {
      fail(from, SEG_E_CORRUPT);
    }
    break;
  case SEG_VALUE_BOOLEAN:
    value.boolean = get_byte(from) != 0;
    break;
  case SEG_VALUE_TEXT:
    value.text = get_text(from, SEG_DATA_TEXT_BYTES_MAX);
    break;
  case SEG_VALUE_ARRAY:
    value.text = get_array(from);
    break;
  case SEG_VALUE_OBJECT:
    break;
  default:
    fail(from, SEG_E_CORRUPT);
    break;
  }
  return value;
}

/// Reads a dictionary; each entry holds one reference until the rows have theirs.
static void get_entries(reader *from, seg_column *column, uint32_t *codes, size_t count) {
  seg_table *table = from->table;
  for (size_t i = 0; ok(from) && i < count; i++) {
    seg_value value = get_value(from);
    if (ok(from) &&
        seg_column_intern(column, table->allocator, table->seed, &value, &codes[i]) != SEG_OK) {
      fail(from, SEG_E_NOMEM);
    }
  }
}

static void get_codes(reader *from, seg_column *column, const uint32_t *codes, size_t count) {
  unsigned width = count <= UINT8_MAX ? 1 : count <= UINT16_MAX ? 2 : 4;
  for (uint32_t row = 0; ok(from) && row < from->table->row_count; row++) {
    uint64_t index = get_fixed(from, width);
    if (index > count) {
      fail(from, SEG_E_CORRUPT);
    } else if (index > 0) {
      uint32_t code = codes[index - 1];
      if (!seg_column_reserve_row(column, from->table->allocator, row, code)) {
        fail(from, SEG_E_NOMEM);
        return;
      }
      column->entries[code - 1].refs++;
      seg_column_set(column, row, code);
    }
  }
}

static void get_data(reader *from) {
  seg_table *table = from->table;
  seg_text_view path = get_text(from, SEG_FILTER_FIELD_BYTES_MAX);
  size_t count = get_count(from);
  seg_column *column = NULL;
  if (!ok(from) || count > table->row_count || seg_table_find_column(table, path) != NULL) {
    fail(from, SEG_E_CORRUPT);
    return;
  }
  seg_status status = seg_table_make_column(table, path, &column, NULL);
  uint32_t *codes = seg_allocate_zeroed(table->allocator, count + 1, sizeof *codes);
  if (status != SEG_OK || codes == NULL) {
    fail(from, status == SEG_E_LIMIT ? SEG_E_CORRUPT : SEG_E_NOMEM);
  }
  if (ok(from)) {
    get_entries(from, column, codes, count);
    get_codes(from, column, codes, count);
    for (size_t i = 0; i < count && codes[i] != 0; i++) {
      seg_column_release(column, table->seed, codes[i]);
    }
  }
  seg_release(table->allocator, codes, (count + 1) * sizeof *codes);
}

static void get_occurrences(reader *from, seg_timeline *timeline) {
  seg_table *table = from->table;
  int64_t base = (int64_t)get_fixed(from, 8);
  size_t rows = get_count(from);
  uint64_t row = 0;
  for (size_t i = 0; ok(from) && i < rows; i++) {
    uint64_t step = get_number(from);
    size_t count = get_count(from);
    // The bound on `step` comes first: the sum cannot overflow.
    if (step >= table->row_count || row + step >= table->row_count || (i > 0 && step == 0) ||
        count == 0) {
      fail(from, SEG_E_CORRUPT);
      return;
    }
    row += step;
    int64_t at_ms = base;
    for (size_t k = 0; ok(from) && k < count; k++) {
      at_ms = get_instant_after(from, at_ms);
      if (ok(from) && !seg_timeline_add(timeline, table->allocator, (uint32_t)row, at_ms)) {
        fail(from, SEG_E_NOMEM);
      }
    }
  }
}

static void get_event(reader *from) {
  seg_text_view name = get_text(from, SEG_EVENT_NAME_BYTES_MAX);
  seg_timeline *timeline = NULL;
  if (!ok(from) || seg_table_find_event(from->table, name) != NULL) {
    fail(from, SEG_E_CORRUPT);
    return;
  }
  seg_status status = seg_table_make_event(from->table, name, &timeline, NULL);
  if (status != SEG_OK) {
    fail(from, status == SEG_E_NOMEM ? status : SEG_E_CORRUPT);
    return;
  }
  get_occurrences(from, timeline);
}

static void get_activity(reader *from) {
  unsigned activity = get_byte(from);
  if (activity >= SEG_ACTIVITY_COUNT || (from->activities >> activity & 1U) != 0) {
    fail(from, SEG_E_CORRUPT);
    return;
  }
  from->activities |= 1U << activity;
  get_occurrences(from, &from->table->activities[activity]);
}

static void get_members(reader *from) {
  seg_table *table = from->table;
  seg_text_view id = get_text(from, SEG_FILTER_FIELD_BYTES_MAX);
  const unsigned char *bits = get_bits(from);
  seg_membership *membership = NULL;
  if (!ok(from) || seg_table_find_membership(table, id) != NULL) {
    fail(from, SEG_E_CORRUPT);
    return;
  }
  seg_status status = seg_table_make_membership(table, id, &membership, NULL);
  if (status != SEG_OK) {
    fail(from, status == SEG_E_NOMEM ? status : SEG_E_CORRUPT);
    return;
  }
  for (uint32_t row = 0; row < table->row_count; row++) {
    if (bit_of(bits, row) && seg_table_set_member(table, id, row, true, NULL) != SEG_OK) {
      fail(from, SEG_E_NOMEM);
      return;
    }
  }
}

/// Whether what a known field needs has come. Columns and events that no contact has need nothing.
static bool has_field(const reader *from, const seg_field *field) {
  switch (field->kind) {
  case SEG_FIELD_EMAIL:
    return (from->sections >> SEG_SECTION_EMAIL & 1U) != 0;
  case SEG_FIELD_SUBSCRIBED:
    return (from->sections >> SEG_SECTION_SUBSCRIBED & 1U) != 0;
  case SEG_FIELD_CREATED_AT:
    return (from->sections >> SEG_SECTION_CREATED_AT & 1U) != 0;
  case SEG_FIELD_UPDATED_AT:
    return (from->sections >> SEG_SECTION_UPDATED_AT & 1U) != 0;
  case SEG_FIELD_ACTIVITY:
    return (from->activities >> field->activity & 1U) != 0;
  case SEG_FIELD_SEGMENT:
    return seg_table_find_membership(from->table, field->name) != NULL;
  case SEG_FIELD_DATA:
  case SEG_FIELD_EVENT:
    break;
  }
  return true;
}

static bool has_all(const reader *from) {
  const seg_table *table = from->table;
  const unsigned single = 1U << SEG_SECTION_EMAIL | 1U << SEG_SECTION_SUBSCRIBED |
                          1U << SEG_SECTION_CREATED_AT | 1U << SEG_SECTION_UPDATED_AT;
  if (!table->is_partial) {
    return (from->sections & single) == single &&
           from->activities == (1U << SEG_ACTIVITY_COUNT) - 1;
  }
  for (size_t i = 0; i < table->known_field_count; i++) {
    seg_field field;
    if (!seg_field_parse(table->known_fields[i], &field) || !has_field(from, &field)) {
      return false;
    }
  }
  return true;
}

static void get_sections(reader *from) {
  for (;;) {
    unsigned section = get_byte(from);
    if (!ok(from)) {
      return;
    }
    if (section == SEG_SECTION_END) {
      if (!has_all(from)) {
        fail(from, SEG_E_CORRUPT);
      }
      return;
    }
    if (section <= SEG_SECTION_UPDATED_AT && (from->sections >> section & 1U) != 0) {
      fail(from, SEG_E_CORRUPT);
      return;
    }
    from->sections |= section <= SEG_SECTION_UPDATED_AT ? 1U << section : 0;
    switch (section) {
    case SEG_SECTION_EMAIL:
      get_emails(from);
      break;
    case SEG_SECTION_SUBSCRIBED:
      get_subscribed(from);
      break;
    case SEG_SECTION_CREATED_AT:
    case SEG_SECTION_UPDATED_AT:
      get_instants(from, section == SEG_SECTION_CREATED_AT);
      break;
    case SEG_SECTION_DATA:
      get_data(from);
      break;
    case SEG_SECTION_EVENT:
      get_event(from);
      break;
    case SEG_SECTION_ACTIVITY:
      get_activity(from);
      break;
    case SEG_SECTION_MEMBERS:
      get_members(from);
      break;
    default:
      fail(from, SEG_E_CORRUPT);
      return;
    }
  }
}

/// Reads the header and leaves the reader at the payload.
static seg_status get_header(reader *from, seg_error *error) {
  if (left(from) < SEG_SNAPSHOT_HEADER_BYTES || memcmp(from->at, SEG_SNAPSHOT_MAGIC, 8) != 0) {
    return seg_fail(error, SEG_E_CORRUPT, "the bytes are not a Segmentry snapshot");
  }
  from->at += 8;
  uint64_t version = get_fixed(from, 4);
  uint32_t checksum = (uint32_t)get_fixed(from, 4);
  uint64_t size = get_fixed(from, 8);
  if (version > SEG_SNAPSHOT_VERSION) {
    return seg_fail(error, SEG_E_VERSION,
                    "the snapshot has version %u; this program reads up to version %u",
                    (unsigned)version, SEG_SNAPSHOT_VERSION);
  }
  if (version == 0 || size != left(from)) {
    return seg_fail(error, SEG_E_CORRUPT, "the snapshot is cut short, or longer than it says");
  }
  seg_text_view payload = {.bytes = (const char *)from->at, .size_bytes = left(from)};
  if (seg_snapshot_checksum(payload) != checksum) {
    return seg_fail(error, SEG_E_CORRUPT, "the snapshot's checksum is wrong: it was damaged");
  }
  return SEG_OK;
}

seg_status seg_snapshot_read(seg_allocator allocator, uint64_t hash_seed, seg_text_view bytes,
                             seg_table **out, seg_error *error) {
  reader from = {.at = (const unsigned char *)bytes.bytes,
                 .end = (const unsigned char *)bytes.bytes + bytes.size_bytes};
  seg_status status = get_header(&from, error);
  if (status != SEG_OK) {
    return status;
  }
  if (seg_table_create(allocator, hash_seed, &from.table) != SEG_OK) {
    return seg_fail_memory(error);
  }
  get_known_fields(&from);
  get_rows(&from);
  get_sections(&from);
  if (ok(&from) && left(&from) > 0) {
    fail(&from, SEG_E_CORRUPT);
  }
  if (!ok(&from)) {
    seg_table_free(from.table);
    return from.status == SEG_E_NOMEM
               ? seg_fail_memory(error)
               : seg_fail(error, SEG_E_CORRUPT, "the snapshot contradicts itself");
  }
  *out = from.table;
  return seg_succeed(error);
}
