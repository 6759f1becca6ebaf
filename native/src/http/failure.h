/// Filling in a seg_error, for the modules of this folder: core's own helpers are not public.
#ifndef SEGMENTRY_HTTP_FAILURE_H
#define SEGMENTRY_HTTP_FAILURE_H

#include "segmentry/base.h"

/// Fills the caller's error, if there is one, and returns `status`.
seg_status seg_http_refuse(seg_error *error, seg_status status, const char *format, ...)
    SEG_PRINTF(3, 4);
/// Clears the caller's error, if there is one, and returns SEG_OK.
seg_status seg_http_accept(seg_error *error);

#endif
