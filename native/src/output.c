// Texts are valid UTF-8 already, so only what JSON forbids in strings is escaped.
#include "output.h"

#include "command.h"

#include <errno.h>
#include <string.h>

void output_string(FILE *out, seg_text_view text) {
  size_t plain = 0; // where what stays as it is begins
  (void)putc('"', out);
  for (size_t i = 0; i < text.size_bytes; i++) {
    unsigned char byte = (unsigned char)text.bytes[i];
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      continue;
    }
    (void)fwrite(text.bytes + plain, 1, i - plain, out);
    plain = i + 1;
    if (byte < 0x20) {
      (void)fprintf(out, "\\u%04x", byte);
    } else {
      (void)putc('\\', out);
      (void)putc(byte, out);
    }
  }
  if (plain < text.size_bytes) {
    (void)fwrite(text.bytes + plain, 1, text.size_bytes - plain, out);
  }
  (void)putc('"', out);
}

void output_problems(FILE *out, const seg_problems *problems) {
  (void)putc('[', out);
  for (size_t i = 0; i < problems->count; i++) {
    const seg_problem *problem = &problems->items[i];
    (void)fputs(i == 0 ? "{\"field\":" : ",{\"field\":", out);
    output_string(out, seg_text_of(problem->field));
    (void)fputs(",\"message\":", out);
    output_string(out, seg_text_of(problem->message));
    (void)fputs(",\"code\":", out);
    output_string(out, seg_text_of(problem->code));
    (void)putc('}', out);
  }
  (void)putc(']', out);
}

int output_finish(int status) {
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    (void)fprintf(stderr, "segmentry: cannot write the output: %s\n", strerror(errno));
    return EXIT_BAD_OUTPUT;
  }
  return status;
}
