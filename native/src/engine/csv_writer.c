// See csv_writer.h.
#include "csv_writer.h"

void csv_writer_free(csv_writer *writer) {
  text_buffer_free(&writer->text);
  *writer = (csv_writer){.after_field = false};
}

void csv_writer_reset(csv_writer *writer) {
  writer->text.size_bytes = 0;
  writer->after_field = false;
  writer->has_failed = false;
}

static void add(csv_writer *writer, const char *bytes, size_t size_bytes) {
  writer->has_failed = writer->has_failed || !text_buffer_add(&writer->text, bytes, size_bytes);
}

static bool needs_quotes(seg_text_view text) {
  for (size_t i = 0; i < text.size_bytes; i++) {
    char byte = text.bytes[i];
    if (byte == ',' || byte == '"' || byte == '\r' || byte == '\n') {
      return true;
    }
  }
  return false;
}

static void add_quoted(csv_writer *writer, seg_text_view text) {
  size_t begin = 0;
  add(writer, "\"", 1);
  for (size_t i = 0; i < text.size_bytes; i++) {
    if (text.bytes[i] == '"') { // goes along with what follows it, and once more
      add(writer, text.bytes + begin, i + 1 - begin);
      begin = i;
    }
  }
  add(writer, text.bytes + begin, text.size_bytes - begin);
  add(writer, "\"", 1);
}

void csv_writer_field(csv_writer *writer, seg_text_view text) {
  if (writer->after_field) {
    add(writer, ",", 1);
  }
  writer->after_field = true;
  if (needs_quotes(text)) {
    add_quoted(writer, text);
  } else if (text.size_bytes > 0) {
    add(writer, text.bytes, text.size_bytes);
  }
}

void csv_writer_end_row(csv_writer *writer) {
  add(writer, "\r\n", 2);
  writer->after_field = false;
}

seg_status csv_writer_text(const csv_writer *writer, seg_text_view *out) {
  bool is_empty = writer->text.bytes == NULL;
  *out = (seg_text_view){.bytes = is_empty ? "" : writer->text.bytes,
                         .size_bytes = writer->text.size_bytes};
  return writer->has_failed ? SEG_E_NOMEM : SEG_OK;
}
