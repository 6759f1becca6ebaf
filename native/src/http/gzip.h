/// Compression of whole answers.
#ifndef SEGMENTRY_HTTP_GZIP_H
#define SEGMENTRY_HTTP_GZIP_H

#include "segmentry/base.h"

/// Compresses bytes as gzip. The same bytes give the same.
///
/// out  owned  Free with seg_http_gzip_free.
///
/// Returns SEG_OK; SEG_E_LIMIT for more than 2 GiB; SEG_E_NOMEM.
/// Cost: about 15 ns a byte.
seg_status seg_http_gzip(seg_text_view bytes, seg_text_view *out);
void seg_http_gzip_free(seg_text_view compressed);

#endif
