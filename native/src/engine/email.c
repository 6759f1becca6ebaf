// See email.h.
#include "email.h"

#include "segmentry/table.h"

#include <string.h>

bool engine_read_email(seg_text_view written, char *out, seg_text_view *email) {
  static const char space[] = {' ', '\t', '\n', '\r', '\f', '\v'};
  while (written.size_bytes > 0 && memchr(space, written.bytes[0], sizeof space) != NULL) {
    written.bytes++;
    written.size_bytes--;
  }
  while (written.size_bytes > 0 &&
         memchr(space, written.bytes[written.size_bytes - 1], sizeof space) != NULL) {
    written.size_bytes--;
  }
  if (written.size_bytes < 3 || written.size_bytes > SEG_EMAIL_BYTES_MAX) {
    return false;
  }
  size_t at_signs = 0;
  for (size_t i = 0; i < written.size_bytes; i++) {
    unsigned char byte = (unsigned char)written.bytes[i];
    if (byte <= ' ' || byte == 0x7F) {
      return false;
    }
    at_signs += byte == '@';
    out[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : (char)byte;
  }
  *email = (seg_text_view){.bytes = out, .size_bytes = written.size_bytes};
  return at_signs == 1 && out[0] != '@' && out[written.size_bytes - 1] != '@';
}
