/// Addresses, as the server takes them.
#ifndef SEGMENTRY_EMAIL_H
#define SEGMENTRY_EMAIL_H

#include "segmentry/base.h"

/// Normalises an address (seg_email_normalise) and checks that it is one: one @ with something on
/// both sides, no white space or control characters.
/// out  written  SEG_EMAIL_BYTES_MAX bytes, which `email` then shows.
bool engine_read_email(seg_text_view written, char *out, seg_text_view *email);

#endif
