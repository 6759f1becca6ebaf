/// Conditions that are asked about, or about to be stored: whether what they refer to is there, and
/// stays.
///
/// Taking a field or an event away takes many transactions, and nothing may refer to it meanwhile.
/// Who refers already is found in the first of them (engine_removal.c). Who comes later is refused
/// here, by a list of what is being taken away.
#ifndef SEGMENTRY_ENGINE_CONDITIONS_H
#define SEGMENTRY_ENGINE_CONDITIONS_H

#include "usage.h"
#include "writer.h"

/// Checks the references of a parsed condition to segments.
///
/// of  optional  The segment whose condition it becomes: it may not lead back there.
///
/// Returns ENGINE_OK, ENGINE_CONDITION with the problems in `error`, or ENGINE_UNAVAILABLE.
/// Threads: the caller holds the project's read lock, or is the writer.
typedef struct condition_owner {
  seg_text_view id;
  seg_text_view name;
} condition_owner;
engine_status condition_check(const project *in, const seg_filter *filter,
                              const condition_owner *of, engine_error *error);
/// The same of one that is about to be stored. Also ENGINE_CONFLICT: it refers to what is being
/// taken away. In the writer's thread.
engine_status condition_check_stored(project *in, const seg_filter *filter,
                                     const condition_owner *of, engine_error *error);

/// What is being taken away; the caller's, in the project's list between the two calls.
struct removal_notice {
  usage_field field;
  struct removal_notice *next;
};
/// Threads: any.
void condition_begin_removal(project *in, struct removal_notice *added);
void condition_end_removal(project *in, struct removal_notice *gone);

#endif
