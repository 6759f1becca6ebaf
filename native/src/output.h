/// JSON on standard output.
#ifndef SEGMENTRY_OUTPUT_H
#define SEGMENTRY_OUTPUT_H

#include "segmentry/base.h"

#include <stdio.h>

/// Writes a JSON string with its quotes.
void output_string(FILE *out, seg_text_view text);

/// Writes `[{"field","message","code"}, ...]`.
void output_problems(FILE *out, const seg_problems *problems);

/// Flushes standard output; returns `status`, or EXIT_BAD_OUTPUT after saying that writing failed.
int output_finish(int status);

#endif
