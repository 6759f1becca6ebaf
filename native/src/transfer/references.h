/// What the segments of a condition are called: ids in a project, names in a file.
#ifndef SEGMENTRY_TRANSFER_REFERENCES_H
#define SEGMENTRY_TRANSFER_REFERENCES_H

#include "segmentry/base.h"

struct cJSON;

/// Gives another text for the X of `segment.X`; NULL bytes to keep it.
typedef seg_text_view (*reference_rename)(void *context, seg_text_view reference);

/// Renames all references in a condition's tree, whatever its form: what is wrong with it is said
/// when it is parsed. False if there is no memory.
bool references_rename(struct cJSON *condition, reference_rename rename, void *context);

#endif
