// Fields and their values, read off the dictionaries: they count the contacts of each value anyway.
#include "segmentry/fields.h"

#include "segmentry/instant.h"
#include "table_internal.h"

size_t seg_table_field_count(const seg_table *table) { return table->column_count; }

seg_field_info seg_table_field(const seg_table *table, size_t index) {
  const seg_column *column = table->columns[index];
  seg_field_info info = {.path = column->path};
  for (size_t i = 0; i < column->entry_count; i++) {
    const seg_entry *entry = &column->entries[i];
    if (entry->kind == SEG_VALUE_ABSENT) {
      continue;
    }
    info.count += entry->refs;
    info.by_kind[entry->kind] += entry->refs;
    if (entry->kind == SEG_VALUE_TEXT && (int64_t)entry->bits != SEG_INSTANT_NONE) {
      info.instant_count += entry->refs;
    }
  }
  return info;
}

size_t seg_table_used_field_count(const seg_table *table) {
  size_t used = 0;
  for (size_t i = 0; i < table->column_count; i++) {
    used += table->columns[i]->index.count > 0;
  }
  return used;
}

size_t seg_table_event_count(const seg_table *table) { return table->event_count; }

bool seg_table_knows_event(const seg_table *table, seg_text_view name) {
  return seg_table_find_event(table, name) != NULL;
}

seg_event_info seg_table_event(const seg_table *table, seg_text_view name) {
  const seg_timeline *timeline = seg_table_find_event(table, name);
  seg_event_info info = {0};
  if (timeline == NULL) {
    return info;
  }
  info.occurrence_count = timeline->occurrence_count;
  for (size_t block = 0; block < timeline->page_capacity * SEG_PAGE_BLOCKS; block++) {
    const seg_timeline_block *at = seg_timeline_block_at(timeline, block);
    info.contact_count += at == NULL ? 0 : seg_bits_count(at->present);
  }
  return info;
}

static seg_field_value field_value(const seg_column *column, const seg_entry *entry) {
  seg_value value = seg_column_value(column, entry);
  return (seg_field_value){.kind = value.kind,
                           .boolean = value.boolean,
                           .number = value.number,
                           .text = value.text,
                           .count = entry->refs};
}

size_t seg_table_field_values(const seg_table *table, seg_text_view path, size_t limit,
                              seg_field_value *out) {
  const seg_column *column = seg_table_find_column(table, path);
  size_t found = 0;
  for (size_t i = 0; column != NULL && i < column->entry_count; i++) {
    const seg_entry *entry = &column->entries[i];
    bool listed = entry->kind == SEG_VALUE_BOOLEAN || entry->kind == SEG_VALUE_NUMBER ||
                  entry->kind == SEG_VALUE_TEXT;
    if (!listed || limit == 0 || (found == limit && entry->refs <= out[found - 1].count)) {
      continue;
    }
    // `out` is kept sorted; of equal counts the one seen first stays first.
    size_t at = found < limit ? found++ : limit - 1;
    for (; at > 0 && out[at - 1].count < entry->refs; at--) {
      out[at] = out[at - 1];
    }
    out[at] = field_value(column, entry);
  }
  return found;
}
