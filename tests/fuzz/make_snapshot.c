// Writes the snapshot of a table of three sections, as fuzz_ingest reads them: for make_seeds.py.
//
// usage: make_snapshot [FIELD...] <SECTIONS >SNAPSHOT
#include "fuzz.h"

#include "segmentry/snapshot.h"

#include <stdio.h>

#define FIELDS_MAX 16

int main(int argument_count, char **arguments) {
  static char bytes[1 << 16];
  seg_allocator allocator = seg_allocator_default();
  seg_text_view input = {bytes, fread(bytes, 1, sizeof bytes, stdin)};
  seg_table *table = fuzz_table(allocator, 2, &input);
  (void)seg_table_set_member(table, seg_text_of("stored"), 1, true, NULL);
  seg_text_view fields[FIELDS_MAX];
  size_t count = 0;
  for (int i = 1; i < argument_count && count < FIELDS_MAX; i++) {
    fields[count++] = seg_text_of(arguments[i]);
  }
  seg_text_view written;
  seg_status status =
      seg_snapshot_write(table, allocator, count == 0 ? NULL : fields, count, &written, NULL);
  if (status == SEG_OK) {
    (void)fwrite(written.bytes, 1, written.size_bytes, stdout);
    seg_text_free(allocator, written);
  }
  seg_table_free(table);
  return status == SEG_OK ? 0 : 1;
}
