// One contact from a table to another: everything a filter can ask about it.
//
// A server tries a change on a small table of the contacts that it touches before it is made for
// good; this is how they get there.
#include "table_internal.h"

static seg_status copy_columns(seg_table *to, uint32_t to_row, const seg_table *from,
                               uint32_t row) {
  for (size_t i = 0; i < from->column_count; i++) {
    const seg_column *source = from->columns[i];
    uint32_t code = seg_column_code(source, row);
    if (code == 0) {
      continue;
    }
    seg_column *column = NULL;
    seg_status status = seg_table_make_column(to, source->path, &column, NULL);
    if (status != SEG_OK) {
      return status;
    }
    seg_value value = seg_column_value(source, &source->entries[code - 1]);
    status = seg_column_intern(column, to->allocator, to->seed, &value, &code);
    if (status != SEG_OK) {
      return status;
    }
    if (!seg_column_reserve_row(column, to->allocator, to_row, code)) {
      seg_column_release(column, to->seed, code);
      return SEG_E_NOMEM;
    }
    seg_column_set(column, to_row, code);
  }
  return SEG_OK;
}

static seg_status copy_timeline(seg_timeline *to, seg_allocator allocator, uint32_t to_row,
                                const seg_timeline_block *block, uint32_t row) {
  unsigned cell = seg_bits_rank(block->present, row % SEG_BLOCK_ROWS);
  seg_occurrences earlier = seg_timeline_earlier(block, cell);
  for (size_t i = 0; i < earlier.count; i++) {
    if (!seg_timeline_add(to, allocator, to_row, earlier.items[i])) {
      return SEG_E_NOMEM;
    }
  }
  return seg_timeline_add(to, allocator, to_row, block->last[cell]) ? SEG_OK : SEG_E_NOMEM;
}

/// The block of a row if the row has any occurrence, else NULL.
static const seg_timeline_block *present_block(const seg_timeline *timeline, uint32_t row) {
  const seg_timeline_block *block = seg_timeline_block_at(timeline, row / SEG_BLOCK_ROWS);
  return block != NULL && ((block->present >> (row % SEG_BLOCK_ROWS)) & 1) != 0 ? block : NULL;
}

static seg_status copy_timelines(seg_table *to, uint32_t to_row, const seg_table *from,
                                 uint32_t row) {
  seg_status status = SEG_OK;
  for (size_t i = 0; status == SEG_OK && i < SEG_ACTIVITY_COUNT; i++) {
    const seg_timeline_block *block = present_block(&from->activities[i], row);
    if (block != NULL) {
      status = copy_timeline(&to->activities[i], to->allocator, to_row, block, row);
    }
  }
  for (size_t i = 0; status == SEG_OK && i < from->event_count; i++) {
    const seg_timeline_block *block = present_block(&from->events[i], row);
    seg_timeline *timeline = NULL;
    if (block != NULL) {
      status = seg_table_make_event(to, from->events[i].name, &timeline, NULL);
    }
    if (timeline != NULL) {
      status = copy_timeline(timeline, to->allocator, to_row, block, row);
    }
  }
  return status;
}

static seg_status copy_memberships(seg_table *to, uint32_t to_row, const seg_table *from,
                                   uint32_t row) {
  seg_status status = SEG_OK;
  for (size_t i = 0; status == SEG_OK && i < from->membership_count; i++) {
    const seg_membership *source = &from->memberships[i];
    size_t block = row / SEG_BLOCK_ROWS;
    bool member = block < source->block_capacity &&
                  ((source->words[block] >> (row % SEG_BLOCK_ROWS)) & 1) != 0;
    if (member) {
      status = seg_table_set_member(to, source->segment_id, to_row, true, NULL);
    }
  }
  return status;
}

seg_status seg_table_copy_row(seg_table *to, const seg_table *from, uint32_t row,
                              uint32_t *to_row_out, seg_error *error) {
  if (!seg_table_is_live(from, row)) {
    return seg_fail(error, SEG_E_MISSING, "row %u holds no contact", (unsigned)row);
  }
  const seg_page *page = seg_table_page(from, row);
  uint32_t at = row % SEG_PAGE_ROWS;
  seg_contact_view contact = {.id = seg_table_id(from, row),
                              .email = seg_table_email(from, row),
                              .subscribed = seg_table_subscribed(from, row),
                              .created_at_ms = page->created_at_ms[at],
                              .updated_at_ms = page->updated_at_ms[at]};
  uint32_t to_row;
  seg_status status = seg_table_add(to, &contact, &to_row, error);
  if (status != SEG_OK) {
    return status;
  }
  status = copy_columns(to, to_row, from, row);
  if (status == SEG_OK) {
    status = copy_timelines(to, to_row, from, row);
  }
  if (status == SEG_OK) {
    status = copy_memberships(to, to_row, from, row);
  }
  if (status != SEG_OK) {
    seg_table_remove(to, to_row);
    return seg_fail_memory(error);
  }
  *to_row_out = to_row;
  return seg_succeed(error);
}
