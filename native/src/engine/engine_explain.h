/// One contact: why a segment has it or not, and which segments do.
#ifndef SEGMENTRY_ENGINE_EXPLAIN_H
#define SEGMENTRY_ENGINE_EXPLAIN_H

#include "engine.h"

/// What a look at one contact did not find.
typedef enum explain_missing {
  EXPLAIN_NOTHING_MISSING,
  EXPLAIN_SEGMENT_MISSING,
  EXPLAIN_CONTACT_MISSING
} explain_missing;

/// An explanation, as seg_explain_write writes it.
typedef struct explained {
  seg_text_view json;      ///< Owned: explained_free.
  explain_missing missing; ///< Filled in on ENGINE_NOT_FOUND.
} explained;
void explained_free(explained *gone);

/// Explains a saved segment's verdict. A static one is explained as the condition that the contact
/// is its member. A tracked one is evaluated anew, as its condition says.
engine_status engine_explain_segment(engine *own, project *in, seg_text_view segment_id,
                                     seg_text_view contact_id, explained *out, engine_error *error);

/// Explains the verdict of a condition that is not saved.
engine_status engine_explain_condition(engine *own, project *in, const struct cJSON *condition,
                                       seg_text_view contact_id, explained *out,
                                       engine_error *error);

/// Shows the segments that a contact is in now, newest first: by stored membership or, of untracked
/// dynamic ones, by evaluation. Under the read lock.
///
/// Returns ENGINE_OK; ENGINE_NOT_FOUND (no such contact); ENGINE_UNAVAILABLE.
/// Cost: for each untracked dynamic segment, a plan over one block.
engine_status engine_contact_segments(engine *own, project *in, seg_text_view contact_id,
                                      engine_segment_show show, void *context, engine_error *error);

#endif
