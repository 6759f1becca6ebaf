/// Addresses, as the server takes them.
#ifndef SEGMENTRY_EMAIL_H
#define SEGMENTRY_EMAIL_H

#include "segmentry/base.h"

/// Checks and normalises an address: trimmed, ASCII letters lower-cased, one @ with something on
/// both sides, no white space or control characters.
/// out  written  SEG_EMAIL_BYTES_MAX bytes, which `email` then shows.
bool engine_read_email(seg_text_view written, char *out, seg_text_view *email);

#endif
