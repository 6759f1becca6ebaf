// Rows, names and lives. Every change first does all that can fail (texts, values, room in every
// index), then what cannot: so a lack of memory leaves the table as it was.
#include "table_internal.h"

#include "filter_internal.h"

#include <string.h>

static void *counting_resize(void *context, void *block, size_t old_size_bytes,
                             size_t new_size_bytes) {
  seg_table *table = context;
  void *resized = table->outer.resize(table->outer.context, block, old_size_bytes, new_size_bytes);
  if (resized != NULL || new_size_bytes == 0) {
    table->memory_bytes += new_size_bytes - old_size_bytes; // modulo 2^n, as it should
  }
  return resized;
}

seg_status seg_table_create(seg_allocator allocator, uint64_t hash_seed, seg_table **out) {
  seg_table *table = seg_allocate_zeroed(allocator, 1, sizeof *table);
  if (table == NULL) {
    return SEG_E_NOMEM;
  }
  table->outer = allocator;
  table->allocator = (seg_allocator){.resize = counting_resize, .context = table};
  table->memory_bytes = sizeof *table;
  table->seed = hash_seed;
  seg_buffer_init(&table->array_text, table->allocator);
  *out = table;
  return SEG_OK;
}

void seg_table_free(seg_table *table) {
  if (table == NULL) {
    return;
  }
  seg_allocator allocator = table->allocator;
  for (size_t i = 0; i < table->page_capacity; i++) {
    seg_release(allocator, table->pages[i], sizeof **table->pages);
  }
  seg_release(allocator, table->pages, table->page_capacity * sizeof *table->pages);
  seg_pool_free(&table->texts, allocator);
  seg_index_free(&table->ids, allocator);
  seg_index_free(&table->emails, allocator);
  for (size_t i = 0; i < table->column_count; i++) {
    seg_column_free(table->columns[i], allocator);
  }
  seg_release(allocator, table->columns, table->column_capacity * sizeof *table->columns);
  seg_index_free(&table->column_paths, allocator);
  for (size_t i = 0; i < SEG_ACTIVITY_COUNT; i++) {
    seg_timeline_clear(&table->activities[i], allocator);
  }
  for (size_t i = 0; i < table->event_count; i++) {
    seg_timeline_clear(&table->events[i], allocator);
  }
  seg_release(allocator, table->events, table->event_capacity * sizeof *table->events);
  seg_index_free(&table->event_names, allocator);
  for (size_t i = 0; i < table->membership_count; i++) {
    seg_membership *membership = &table->memberships[i];
    seg_text_drop(allocator, membership->segment_id);
    seg_release(allocator, membership->words, membership->block_capacity * sizeof(uint64_t));
  }
  seg_release(allocator, table->memberships,
              table->membership_capacity * sizeof *table->memberships);
  seg_index_free(&table->membership_ids, allocator);
  seg_release(allocator, table->staged, table->staged_capacity * sizeof *table->staged);
  seg_buffer_free(&table->array_text);
  for (size_t i = 0; i < table->known_field_count; i++) {
    seg_text_drop(allocator, table->known_fields[i]);
  }
  seg_release(allocator, table->known_fields,
              table->known_field_count * sizeof *table->known_fields);
  seg_release(table->outer, table, sizeof *table);
}

// Names to columns, timelines and memberships.

seg_column *seg_table_find_column(const seg_table *table, seg_text_view path) {
  uint32_t hash = seg_hash(table->seed, path.bytes, path.size_bytes);
  seg_index_cursor cursor;
  for (uint32_t i = seg_index_first(&table->column_paths, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&table->column_paths, &cursor)) {
    if (seg_text_equal(table->columns[i]->path, path)) {
      return table->columns[i];
    }
  }
  return NULL;
}

static void index_column(seg_table *table, size_t at) {
  seg_text_view path = table->columns[at]->path;
  seg_index_put(&table->column_paths, seg_hash(table->seed, path.bytes, path.size_bytes),
                (uint32_t)at);
}

static void unindex_column(seg_table *table, size_t at) {
  seg_text_view path = table->columns[at]->path;
  seg_index_remove(&table->column_paths, seg_hash(table->seed, path.bytes, path.size_bytes),
                   (uint32_t)at);
}

/// Puts a new column in the place of one that is empty; false if there is none. A column that the
/// change under way has seen is in use.
static bool replace_empty_column(seg_table *table, seg_column *added) {
  for (size_t i = 0; i < table->columns_before; i++) {
    seg_column *old = table->columns[i];
    if (old->index.count == 0 && old->literal_change != table->change &&
        old->nested_change != table->change) {
      unindex_column(table, i);
      seg_column_free(old, table->allocator);
      table->columns[i] = added;
      index_column(table, i);
      return true;
    }
  }
  return false;
}

void seg_table_limit_texts(seg_table *table, size_t bytes) {
  table->texts.limit_bytes = bytes;
  for (size_t i = 0; i < table->column_count; i++) {
    table->columns[i]->pool.limit_bytes = bytes;
  }
}

size_t seg_table_text_room(const seg_table *table) { return seg_pool_room(&table->texts); }

seg_status seg_table_make_column(seg_table *table, seg_text_view path, seg_column **out,
                                 seg_error *error) {
  *out = seg_table_find_column(table, path);
  if (*out != NULL) {
    return SEG_OK;
  }
  void *block = table->columns;
  if (!seg_index_reserve(&table->column_paths, table->allocator) ||
      !seg_grow(table->allocator, &block, &table->column_capacity, table->column_count + 1,
                sizeof *table->columns)) {
    return seg_fail_memory(error);
  }
  table->columns = block;
  seg_column *column = seg_column_create(table->allocator, path);
  if (column == NULL) {
    return seg_fail_memory(error);
  }
  column->pool.limit_bytes = table->texts.limit_bytes;
  if (table->column_count < SEG_TABLE_COLUMNS_MAX) {
    table->columns[table->column_count] = column;
    index_column(table, table->column_count++);
  } else if (!replace_empty_column(table, column)) {
    seg_column_free(column, table->allocator);
    return seg_fail(error, SEG_E_LIMIT, "data: %s would be one more than %d different fields",
                    seg_quote(path).text, SEG_TABLE_COLUMNS_MAX);
  }
  *out = column;
  return SEG_OK;
}

void seg_table_drop_empty_columns(seg_table *table, size_t from) {
  size_t kept = from;
  for (size_t i = from; i < table->column_count; i++) {
    unindex_column(table, i);
    if (table->columns[i]->index.count == 0) {
      seg_column_free(table->columns[i], table->allocator);
      continue;
    }
    table->columns[kept] = table->columns[i];
    index_column(table, kept++);
  }
  table->column_count = kept;
}

seg_timeline *seg_table_find_event(const seg_table *table, seg_text_view name) {
  uint32_t hash = seg_hash(table->seed, name.bytes, name.size_bytes);
  seg_index_cursor cursor;
  for (uint32_t i = seg_index_first(&table->event_names, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&table->event_names, &cursor)) {
    if (seg_text_equal(table->events[i].name, name)) {
      return &table->events[i];
    }
  }
  return NULL;
}

seg_status seg_table_make_event(seg_table *table, seg_text_view name, seg_timeline **out,
                                seg_error *error) {
  if (name.size_bytes == 0) {
    return seg_fail(error, SEG_E_INVALID, "name: is empty");
  }
  if (name.size_bytes > SEG_EVENT_NAME_BYTES_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "name: has %zu bytes; at most %d are allowed",
                    name.size_bytes, SEG_EVENT_NAME_BYTES_MAX);
  }
  *out = seg_table_find_event(table, name);
  if (*out != NULL) {
    return SEG_OK;
  }
  if (table->event_count == SEG_TABLE_EVENTS_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "name: %s would be one more than %d different event names",
                    seg_quote(name).text, SEG_TABLE_EVENTS_MAX);
  }
  void *block = table->events;
  if (!seg_index_reserve(&table->event_names, table->allocator) ||
      !seg_grow(table->allocator, &block, &table->event_capacity, table->event_count + 1,
                sizeof *table->events)) {
    return seg_fail_memory(error);
  }
  table->events = block;
  seg_timeline *timeline = &table->events[table->event_count];
  *timeline = (seg_timeline){0};
  if (!seg_text_copy(table->allocator, name, &timeline->name)) {
    return seg_fail_memory(error);
  }
  seg_index_put(&table->event_names, seg_hash(table->seed, name.bytes, name.size_bytes),
                (uint32_t)table->event_count++);
  *out = timeline;
  return SEG_OK;
}

seg_membership *seg_table_find_membership(const seg_table *table, seg_text_view segment_id) {
  uint32_t hash = seg_hash(table->seed, segment_id.bytes, segment_id.size_bytes);
  seg_index_cursor cursor;
  for (uint32_t i = seg_index_first(&table->membership_ids, hash, &cursor); i != SEG_INDEX_NONE;
       i = seg_index_next(&table->membership_ids, &cursor)) {
    if (seg_text_equal(table->memberships[i].segment_id, segment_id)) {
      return &table->memberships[i];
    }
  }
  return NULL;
}

seg_status seg_table_make_membership(seg_table *table, seg_text_view segment_id,
                                     seg_membership **out, seg_error *error) {
  *out = seg_table_find_membership(table, segment_id);
  if (*out != NULL) {
    return SEG_OK;
  }
  if (segment_id.size_bytes == 0 || segment_id.size_bytes > SEG_SEGMENT_ID_BYTES_MAX ||
      !seg_text_is_utf8(segment_id) ||
      memchr(segment_id.bytes, '\0', segment_id.size_bytes) != NULL) {
    (void)seg_fail(error, SEG_E_INVALID,
                   "the segment's id %s is not 1 to %d bytes of UTF-8 without NUL",
                   seg_quote(segment_id).text, SEG_SEGMENT_ID_BYTES_MAX);
    return SEG_E_INVALID;
  }
  void *block = table->memberships;
  if (!seg_index_reserve(&table->membership_ids, table->allocator) ||
      !seg_grow(table->allocator, &block, &table->membership_capacity, table->membership_count + 1,
                sizeof *table->memberships)) {
    return seg_fail_memory(error);
  }
  table->memberships = block;
  seg_membership *membership = &table->memberships[table->membership_count];
  *membership = (seg_membership){0};
  if (!seg_text_copy(table->allocator, segment_id, &membership->segment_id)) {
    return seg_fail_memory(error);
  }
  uint32_t hash = seg_hash(table->seed, segment_id.bytes, segment_id.size_bytes);
  seg_index_put(&table->membership_ids, hash, (uint32_t)table->membership_count++);
  *out = membership;
  return SEG_OK;
}

// Rows.

bool seg_table_is_live(const seg_table *table, uint32_t row) {
  if (row >= table->row_count) {
    return false;
  }
  const seg_page *page = seg_table_page(table, row);
  return ((page->live[row / SEG_BLOCK_ROWS % SEG_PAGE_BLOCKS] >> (row % SEG_BLOCK_ROWS)) & 1) != 0;
}

bool seg_table_find(const seg_table *table, seg_text_view id, uint32_t *row) {
  uint32_t hash = seg_hash(table->seed, id.bytes, id.size_bytes);
  seg_index_cursor cursor;
  for (uint32_t at = seg_index_first(&table->ids, hash, &cursor); at != SEG_INDEX_NONE;
       at = seg_index_next(&table->ids, &cursor)) {
    if (seg_text_equal(seg_table_id(table, at), id)) {
      *row = at;
      return true;
    }
  }
  return false;
}

seg_text_view seg_table_id(const seg_table *table, uint32_t row) {
  return seg_pool_text(&table->texts, seg_table_page(table, row)->id[row % SEG_PAGE_ROWS]);
}

seg_text_view seg_table_email(const seg_table *table, uint32_t row) {
  return seg_pool_text(&table->texts, seg_table_page(table, row)->email[row % SEG_PAGE_ROWS]);
}

bool seg_table_subscribed(const seg_table *table, uint32_t row) {
  const seg_page *page = seg_table_page(table, row);
  return (page->subscribed[row / SEG_BLOCK_ROWS % SEG_PAGE_BLOCKS] >> (row % SEG_BLOCK_ROWS) & 1) !=
         0;
}

// Addresses.

static uint32_t hash_email(const seg_table *table, uint32_t row) {
  seg_text_view email = seg_table_email(table, row);
  return seg_hash(table->seed, email.bytes, email.size_bytes);
}

/// Makes room in the index of addresses for one more, if there is such an index.
static bool reserve_email(seg_table *table) {
  return !table->is_indexed_by_email || seg_index_reserve(&table->emails, table->allocator);
}

/// Enters the address of a row, for which there is room.
static void index_email(seg_table *table, uint32_t row) {
  if (table->is_indexed_by_email) {
    seg_index_put(&table->emails, hash_email(table, row), row);
  }
}

static void unindex_email(seg_table *table, uint32_t row) {
  if (table->is_indexed_by_email) {
    seg_index_remove(&table->emails, hash_email(table, row), row);
  }
}

seg_status seg_table_index_emails(seg_table *table) {
  if (table->is_indexed_by_email) {
    return SEG_OK;
  }
  table->is_indexed_by_email = true;
  for (uint32_t row = 0; row < table->row_count; row++) {
    if (!seg_table_is_live(table, row)) {
      continue;
    }
    if (!reserve_email(table)) {
      seg_index_free(&table->emails, table->allocator);
      table->is_indexed_by_email = false;
      return SEG_E_NOMEM;
    }
    index_email(table, row);
  }
  return SEG_OK;
}

bool seg_table_find_email(const seg_table *table, seg_text_view email, uint32_t *row) {
  uint32_t hash = seg_hash(table->seed, email.bytes, email.size_bytes);
  seg_index_cursor cursor;
  for (uint32_t at = seg_index_first(&table->emails, hash, &cursor); at != SEG_INDEX_NONE;
       at = seg_index_next(&table->emails, &cursor)) {
    if (seg_text_equal(seg_table_email(table, at), email)) {
      *row = at;
      return true;
    }
  }
  return false;
}

size_t seg_table_contact_count(const seg_table *table) { return table->contact_count; }
size_t seg_table_row_count(const seg_table *table) { return table->row_count; }
uint64_t seg_table_version(const seg_table *table) { return table->version; }

size_t seg_table_memory_bytes(const seg_table *table) { return table->memory_bytes; }

size_t seg_table_block_count(const seg_table *table) {
  return (table->row_count + SEG_BLOCK_ROWS - 1) / SEG_BLOCK_ROWS;
}

/// The row for the next contact: the first hole, else one more row.
static uint32_t choose_row(seg_table *table) {
  if (table->contact_count < table->row_count) {
    size_t blocks = seg_table_block_count(table);
    for (size_t block = table->hole_hint; block < blocks; block++) {
      uint64_t live = table->pages[block / SEG_PAGE_BLOCKS]->live[block % SEG_PAGE_BLOCKS];
      if (live != UINT64_MAX) {
        uint32_t row = (uint32_t)(block * SEG_BLOCK_ROWS + seg_bits_lowest(~live));
        table->hole_hint = block;
        return row < table->row_count ? row : (uint32_t)table->row_count;
      }
    }
  }
  return (uint32_t)table->row_count;
}

static bool reserve_page(seg_table *table, uint32_t row) {
  size_t page = row / SEG_PAGE_ROWS;
  size_t before = table->page_capacity;
  void *block = table->pages;
  if (!seg_grow(table->allocator, &block, &table->page_capacity, page + 1, sizeof *table->pages)) {
    return false;
  }
  table->pages = block;
  for (size_t i = before; i < table->page_capacity; i++) {
    table->pages[i] = NULL;
  }
  if (table->pages[page] == NULL) {
    table->pages[page] = seg_allocate_zeroed(table->allocator, 1, sizeof **table->pages);
  }
  return table->pages[page] != NULL;
}

seg_status seg_email_normalise(seg_text_view written, char *out, seg_text_view *email,
                               seg_error *error) {
  static const char space[] = " \t\n\r\f\v";
  while (written.size_bytes > 0 && memchr(space, written.bytes[0], 6) != NULL) {
    written.bytes++;
    written.size_bytes--;
  }
  while (written.size_bytes > 0 &&
         memchr(space, written.bytes[written.size_bytes - 1], 6) != NULL) {
    written.size_bytes--;
  }
  if (written.size_bytes == 0) {
    return seg_fail(error, SEG_E_INVALID, "email: is empty");
  }
  if (written.size_bytes > SEG_EMAIL_BYTES_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "email: has %zu bytes; at most %d are allowed",
                    written.size_bytes, SEG_EMAIL_BYTES_MAX);
  }
  for (size_t i = 0; i < written.size_bytes; i++) {
    char byte = written.bytes[i];
    out[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
  }
  *email = (seg_text_view){.bytes = out, .size_bytes = written.size_bytes};
  return SEG_OK;
}

typedef struct email_texts {
  uint32_t stored;
  uint32_t folded;
} email_texts;

static seg_status add_email(seg_table *table, seg_text_view email, email_texts *out) {
  seg_text_view folded;
  if (seg_text_fold(table->allocator, email, &folded) != SEG_OK) {
    return SEG_E_NOMEM;
  }
  bool added = seg_pool_add(&table->texts, table->allocator, email, &out->stored);
  out->folded = out->stored;
  if (added && !seg_text_equal(email, folded)) {
    added = seg_pool_add(&table->texts, table->allocator, folded, &out->folded);
  }
  seg_text_free(table->allocator, folded);
  return added ? SEG_OK : SEG_E_NOMEM;
}

static void drop_email(seg_table *table, uint32_t row) {
  const seg_page *page = seg_table_page(table, row);
  uint32_t at = row % SEG_PAGE_ROWS;
  seg_pool_drop(&table->texts, page->email[at]);
  if (page->folded[at] != page->email[at]) {
    seg_pool_drop(&table->texts, page->folded[at]);
  }
}

/// Copies ids and addresses to a new pool when most of the old one is waste.
static void compact_texts(seg_table *table) {
  if (!seg_pool_is_wasteful(&table->texts)) {
    return;
  }
  seg_pool pool = {.limit_bytes = table->texts.limit_bytes};
  // First all copies, then all offsets: a failure half-way leaves the table as it was.
  for (int pass = 0; pass < 2; pass++) {
    pool.size_bytes = pool.size_bytes > 0 ? 1 : 0;
    for (uint32_t row = 0; row < table->row_count; row++) {
      if (!seg_table_is_live(table, row)) {
        continue;
      }
      seg_page *page = seg_table_page(table, row);
      uint32_t at = row % SEG_PAGE_ROWS;
      uint32_t old[3] = {page->id[at], page->email[at], page->folded[at]};
      uint32_t new[3];
      for (int i = 0; i < 3; i++) {
        if (i == 2 && old[2] == old[1]) {
          new[2] = new[1];
        } else if (!seg_pool_add(&pool, table->allocator, seg_pool_text(&table->texts, old[i]),
                                 &new[i])) {
          seg_pool_free(&pool, table->allocator);
          return;
        }
      }
      if (pass == 1) {
        page->id[at] = new[0];
        page->email[at] = new[1];
        page->folded[at] = new[2];
      }
    }
  }
  seg_pool_free(&table->texts, table->allocator);
  table->texts = pool;
}

/// Sets everything of a row that is not text or data.
static void write_row(seg_table *table, uint32_t row, const seg_contact_view *contact,
                      email_texts email) {
  seg_page *page = seg_table_page(table, row);
  uint32_t at = row % SEG_PAGE_ROWS;
  size_t block = at / SEG_BLOCK_ROWS;
  uint64_t bit = UINT64_C(1) << (at % SEG_BLOCK_ROWS);
  page->live[block] |= bit;
  page->subscribed[block] =
      contact->subscribed ? page->subscribed[block] | bit : page->subscribed[block] & ~bit;
  page->created_at_ms[at] = contact->created_at_ms;
  page->updated_at_ms[at] = contact->updated_at_ms;
  page->email[at] = email.stored;
  page->folded[at] = email.folded;
  table->version++;
}

static seg_status check_id(const seg_table *table, seg_text_view id, seg_error *error) {
  if (id.size_bytes == 0) {
    return seg_fail(error, SEG_E_INVALID, "id: is empty");
  }
  if (id.size_bytes > SEG_CONTACT_ID_BYTES_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "id: has %zu bytes; at most %d are allowed", id.size_bytes,
                    SEG_CONTACT_ID_BYTES_MAX);
  }
  uint32_t row;
  if (seg_table_find(table, id, &row)) {
    return seg_fail(error, SEG_E_DUPLICATE, "id: %s is there already", seg_quote(id).text);
  }
  if (table->contact_count == SEG_TABLE_ROWS_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "the table holds %d contacts, the most it can",
                    SEG_TABLE_ROWS_MAX);
  }
  return SEG_OK;
}

seg_status seg_table_add(seg_table *table, const seg_contact_view *contact, uint32_t *row_out,
                         seg_error *error) {
  char email_bytes[SEG_EMAIL_BYTES_MAX];
  seg_text_view email = {0};
  seg_status status = check_id(table, contact->id, error);
  if (status == SEG_OK) {
    status = seg_email_normalise(contact->email, email_bytes, &email, error);
  }
  if (status == SEG_OK) {
    status = seg_data_check(contact->data, error);
  }
  if (status != SEG_OK) {
    return status;
  }
  compact_texts(table);
  uint32_t row = choose_row(table);
  if (!reserve_page(table, row) || !seg_index_reserve(&table->ids, table->allocator) ||
      !reserve_email(table)) {
    return seg_fail_memory(error);
  }
  status = seg_data_stage(table, row, contact->data, error);
  if (status != SEG_OK) {
    return status;
  }
  size_t texts_before = table->texts.size_bytes;
  uint32_t id;
  email_texts texts;
  if (!seg_pool_add(&table->texts, table->allocator, contact->id, &id) ||
      add_email(table, email, &texts) != SEG_OK) {
    seg_pool_rewind(&table->texts, texts_before);
    seg_data_roll_back(table);
    return seg_fail_memory(error);
  }

  seg_data_commit(table, row);
  write_row(table, row, contact, texts);
  seg_table_page(table, row)->id[row % SEG_PAGE_ROWS] = id;
  seg_index_put(&table->ids, seg_hash(table->seed, contact->id.bytes, contact->id.size_bytes), row);
  index_email(table, row);
  table->contact_count++;
  if (row == table->row_count) {
    table->row_count++;
  }
  if (row_out != NULL) {
    *row_out = row;
  }
  return seg_succeed(error);
}

seg_status seg_table_append_row(seg_table *table, seg_text_view id) {
  seg_status status = check_id(table, id, NULL);
  if (status != SEG_OK) {
    return status;
  }
  uint32_t row = (uint32_t)table->row_count;
  uint32_t offset;
  if (!reserve_page(table, row) || !seg_index_reserve(&table->ids, table->allocator) ||
      !seg_pool_add(&table->texts, table->allocator, id, &offset)) {
    return SEG_E_NOMEM;
  }
  seg_page *page = seg_table_page(table, row);
  page->id[row % SEG_PAGE_ROWS] = offset;
  page->live[row / SEG_BLOCK_ROWS % SEG_PAGE_BLOCKS] |= UINT64_C(1) << (row % SEG_BLOCK_ROWS);
  seg_index_put(&table->ids, seg_hash(table->seed, id.bytes, id.size_bytes), row);
  table->row_count++;
  table->contact_count++;
  table->version++;
  return SEG_OK;
}

seg_status seg_table_set_email(seg_table *table, uint32_t row, seg_text_view email) {
  email_texts texts;
  seg_status status = add_email(table, email, &texts);
  if (status == SEG_OK) {
    seg_page *page = seg_table_page(table, row);
    page->email[row % SEG_PAGE_ROWS] = texts.stored;
    page->folded[row % SEG_PAGE_ROWS] = texts.folded;
  }
  return status;
}

bool seg_table_knows_field(const seg_table *table, const seg_field *field) {
  for (size_t i = 0; table->is_partial && i < table->known_field_count; i++) {
    seg_field known;
    if (seg_field_parse(table->known_fields[i], &known) && seg_field_equal(&known, field)) {
      return true;
    }
  }
  return !table->is_partial;
}

seg_status seg_table_update(seg_table *table, uint32_t row, const seg_contact_view *contact,
                            seg_error *error) {
  if (!seg_table_is_live(table, row)) {
    return seg_fail(error, SEG_E_MISSING, "row %u holds no contact", (unsigned)row);
  }
  char email_bytes[SEG_EMAIL_BYTES_MAX];
  seg_text_view email = {0};
  seg_status status = seg_email_normalise(contact->email, email_bytes, &email, error);
  if (status == SEG_OK) {
    status = seg_data_check(contact->data, error);
  }
  if (status == SEG_OK) {
    compact_texts(table);
    status = seg_data_stage(table, row, contact->data, error);
  }
  if (status != SEG_OK) {
    return status;
  }
  email_texts texts = {.stored = seg_table_page(table, row)->email[row % SEG_PAGE_ROWS],
                       .folded = seg_table_page(table, row)->folded[row % SEG_PAGE_ROWS]};
  bool has_moved = !seg_text_equal(email, seg_table_email(table, row));
  if (has_moved) {
    size_t texts_before = table->texts.size_bytes;
    if (!reserve_email(table) || add_email(table, email, &texts) != SEG_OK) {
      seg_pool_rewind(&table->texts, texts_before);
      seg_data_roll_back(table);
      return seg_fail_memory(error);
    }
    unindex_email(table, row);
    drop_email(table, row);
  }
  seg_data_clear(table, row);
  seg_data_commit(table, row);
  write_row(table, row, contact, texts);
  if (has_moved) {
    index_email(table, row);
  }
  return seg_succeed(error);
}

void seg_table_touch(seg_table *table, uint32_t row, bool subscribed, int64_t updated_at_ms) {
  seg_page *page = seg_table_page(table, row);
  uint32_t at = row % SEG_PAGE_ROWS;
  size_t block = at / SEG_BLOCK_ROWS;
  uint64_t bit = UINT64_C(1) << (at % SEG_BLOCK_ROWS);
  page->subscribed[block] =
      subscribed ? page->subscribed[block] | bit : page->subscribed[block] & ~bit;
  page->updated_at_ms[at] = updated_at_ms;
  table->version++;
}

void seg_table_remove(seg_table *table, uint32_t row) {
  if (!seg_table_is_live(table, row)) {
    return;
  }
  seg_text_view id = seg_table_id(table, row);
  seg_index_remove(&table->ids, seg_hash(table->seed, id.bytes, id.size_bytes), row);
  unindex_email(table, row);
  seg_data_clear(table, row);
  for (size_t i = 0; i < SEG_ACTIVITY_COUNT; i++) {
    seg_timeline_remove(&table->activities[i], row);
  }
  for (size_t i = 0; i < table->event_count; i++) {
    seg_timeline_remove(&table->events[i], row);
  }
  size_t block = row / SEG_BLOCK_ROWS;
  uint64_t bit = UINT64_C(1) << (row % SEG_BLOCK_ROWS);
  for (size_t i = 0; i < table->membership_count; i++) {
    if (block < table->memberships[i].block_capacity) {
      table->memberships[i].words[block] &= ~bit;
    }
  }
  drop_email(table, row);
  seg_page *page = seg_table_page(table, row);
  seg_pool_drop(&table->texts, page->id[row % SEG_PAGE_ROWS]);
  page->live[block % SEG_PAGE_BLOCKS] &= ~bit;
  page->subscribed[block % SEG_PAGE_BLOCKS] &= ~bit;
  table->contact_count--;
  table->version++;
  if (block < table->hole_hint) {
    table->hole_hint = block;
  }
}

static seg_status check_row(const seg_table *table, uint32_t row, seg_error *error) {
  return seg_table_is_live(table, row)
             ? SEG_OK
             : seg_fail(error, SEG_E_MISSING, "row %u holds no contact", (unsigned)row);
}

static seg_status add_occurrence(seg_table *table, seg_timeline *timeline, uint32_t row,
                                 int64_t at_ms, seg_error *error) {
  if (!seg_timeline_add(timeline, table->allocator, row, at_ms)) {
    return seg_fail_memory(error);
  }
  table->version++;
  return seg_succeed(error);
}

seg_status seg_table_add_event(seg_table *table, uint32_t row, seg_text_view name, int64_t at_ms,
                               seg_error *error) {
  seg_timeline *timeline = NULL;
  seg_status status = check_row(table, row, error);
  if (status == SEG_OK) {
    status = seg_table_make_event(table, name, &timeline, error);
  }
  if (status != SEG_OK) {
    return status;
  }
  return add_occurrence(table, timeline, row, at_ms, error);
}

void seg_table_remove_event(seg_table *table, seg_text_view name) {
  seg_timeline *timeline = seg_table_find_event(table, name);
  if (timeline == NULL) {
    return;
  }
  table->version++;
  uint32_t at = (uint32_t)(timeline - table->events);
  uint32_t last = (uint32_t)--table->event_count;
  seg_index_remove(&table->event_names, seg_hash(table->seed, name.bytes, name.size_bytes), at);
  seg_timeline_clear(timeline, table->allocator); // `name` may have been its own
  if (at != last) {                               // the last one takes its place
    seg_text_view moved = table->events[last].name;
    uint32_t hash = seg_hash(table->seed, moved.bytes, moved.size_bytes);
    seg_index_remove(&table->event_names, hash, last);
    seg_index_put(&table->event_names, hash, at);
    *timeline = table->events[last];
  }
}

seg_status seg_table_add_activity(seg_table *table, uint32_t row, seg_activity activity,
                                  int64_t at_ms, seg_error *error) {
  seg_status status = check_row(table, row, error);
  if (status != SEG_OK) {
    return status;
  }
  return add_occurrence(table, &table->activities[activity], row, at_ms, error);
}

/// Copies a row's occurrences to `out` from index `used` on; returns the new `used`.
static size_t list_instants(const seg_timeline *timeline, uint32_t row, int64_t *out,
                            size_t capacity, size_t used) {
  const seg_timeline_block *block = seg_timeline_block_at(timeline, row / SEG_BLOCK_ROWS);
  if (block == NULL || (block->present >> (row % SEG_BLOCK_ROWS) & 1) == 0) {
    return used;
  }
  unsigned cell = seg_bits_rank(block->present, row % SEG_BLOCK_ROWS);
  seg_occurrences earlier = seg_timeline_earlier(block, cell);
  for (size_t i = 0; i < earlier.count && used + i < capacity; i++) {
    out[used + i] = earlier.items[i];
  }
  used += earlier.count;
  if (used < capacity) {
    out[used] = block->last[cell];
  }
  return used + 1;
}

size_t seg_table_instants(const seg_table *table, uint32_t row, bool with_activities, int64_t *out,
                          size_t capacity) {
  size_t used = 0;
  for (size_t i = 0; with_activities && i < SEG_ACTIVITY_COUNT; i++) {
    used = list_instants(&table->activities[i], row, out, capacity, used);
  }
  for (size_t i = 0; i < table->event_count; i++) {
    used = list_instants(&table->events[i], row, out, capacity, used);
  }
  return used;
}

/// Makes a segment's membership with room for `blocks`; what is new is 0.
static seg_status reserve_members(seg_table *table, seg_text_view segment_id, size_t blocks,
                                  seg_membership **out, seg_error *error) {
  bool was_known = seg_table_find_membership(table, segment_id) != NULL;
  seg_status status = seg_table_make_membership(table, segment_id, out, error);
  if (status != SEG_OK) {
    return status;
  }
  seg_membership *membership = *out;
  size_t before = membership->block_capacity;
  void *words = membership->words;
  if (!seg_grow(table->allocator, &words, &membership->block_capacity, blocks,
                sizeof *membership->words)) {
    if (!was_known) { // it is the last one
      seg_index_remove(&table->membership_ids,
                       seg_hash(table->seed, segment_id.bytes, segment_id.size_bytes),
                       (uint32_t)--table->membership_count);
      seg_text_drop(table->allocator, membership->segment_id);
    }
    return seg_fail_memory(error);
  }
  membership->words = words;
  for (size_t i = before; i < membership->block_capacity; i++) {
    membership->words[i] = 0;
  }
  return SEG_OK;
}

seg_status seg_table_set_member(seg_table *table, seg_text_view segment_id, uint32_t row,
                                bool member, seg_error *error) {
  size_t block = row / SEG_BLOCK_ROWS;
  seg_membership *membership = NULL;
  seg_status status = check_row(table, row, error);
  if (status == SEG_OK) {
    status = reserve_members(table, segment_id, block + 1, &membership, error);
  }
  if (status != SEG_OK) {
    return status;
  }
  uint64_t bit = UINT64_C(1) << (row % SEG_BLOCK_ROWS);
  membership->words[block] =
      member ? membership->words[block] | bit : membership->words[block] & ~bit;
  table->version++;
  return seg_succeed(error);
}

seg_status seg_table_set_members(seg_table *table, seg_text_view segment_id, seg_mask_view mask,
                                 seg_error *error) {
  size_t blocks = seg_table_block_count(table);
  seg_membership *membership = NULL;
  seg_status status = reserve_members(table, segment_id, blocks, &membership, error);
  if (status != SEG_OK) {
    return status;
  }
  for (size_t block = 0; block < blocks; block++) {
    uint64_t live = table->pages[block / SEG_PAGE_BLOCKS]->live[block % SEG_PAGE_BLOCKS];
    membership->words[block] = block < mask.block_count ? mask.words[block] & live : 0;
  }
  table->version++;
  return seg_succeed(error);
}

bool seg_table_members(const seg_table *table, seg_text_view segment_id, seg_mask_view *out) {
  const seg_membership *membership = seg_table_find_membership(table, segment_id);
  if (membership == NULL) {
    return false;
  }
  static const uint64_t no_words = 0; // a known segment without members is not an unknown one
  *out = (seg_mask_view){.words = membership->words == NULL ? &no_words : membership->words,
                         .block_count = membership->block_capacity};
  return true;
}
