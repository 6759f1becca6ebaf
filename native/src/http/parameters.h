/// Parameters of header values: `text/csv; charset=utf-8`, `form-data; name="file"`.
#ifndef SEGMENTRY_HTTP_PARAMETERS_H
#define SEGMENTRY_HTTP_PARAMETERS_H

#include "segmentry/base.h"

typedef enum seg_http_parameter_result {
  SEG_HTTP_PARAMETER_FOUND = 0,
  SEG_HTTP_PARAMETER_ABSENT = 1,
  SEG_HTTP_PARAMETER_BAD = 2, ///< The value is malformed, has it twice, or it does not fit.
} seg_http_parameter_result;

/// Whether two texts are the same but for the case of ASCII letters.
bool seg_http_equal_nocase(seg_text_view a, const char *b);
/// A text without spaces and tabs around it.
seg_text_view seg_http_trim(seg_text_view text);
/// What stands before the first semicolon, trimmed: the media type or disposition.
seg_text_view seg_http_value_main(seg_text_view value);
/// Whether a byte may stand in a token: header names, methods, unquoted parameters.
bool seg_http_is_token_byte(char byte);

/// Finds a parameter by name (any case) and writes it without its quotes and escapes.
///
/// out         written  With a NUL that `out_size` does not count.
/// out_bytes   Room in `out`, with the NUL.
seg_http_parameter_result seg_http_parameter(seg_text_view value, const char *name, char *out,
                                             size_t out_bytes, size_t *out_size);

#endif
