// See email.h.
#include "email.h"

#include "segmentry/table.h"

bool engine_read_email(seg_text_view written, char *out, seg_text_view *email) {
  if (seg_email_normalise(written, out, email, NULL) != SEG_OK) {
    return false;
  }
  size_t at_signs = 0;
  for (size_t i = 0; i < email->size_bytes; i++) {
    unsigned char byte = (unsigned char)out[i];
    if (byte <= ' ' || byte == 0x7F) {
      return false;
    }
    at_signs += byte == '@';
  }
  return at_signs == 1 && out[0] != '@' && out[email->size_bytes - 1] != '@';
}
