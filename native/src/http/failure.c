// The two lines that every fallible function here ends with.
#include "http/failure.h"

#include <stdarg.h>
#include <stdio.h>

seg_status seg_http_refuse(seg_error *error, seg_status status, const char *format, ...) {
  if (error != NULL) {
    *error = (seg_error){.status = status};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
  return status;
}

seg_status seg_http_accept(seg_error *error) {
  if (error != NULL) {
    *error = (seg_error){.status = SEG_OK};
  }
  return SEG_OK;
}
