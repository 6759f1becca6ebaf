/// Fields and events as a whole: who refers to one, and taking it away from every contact.
///
/// What a segment, a webhook or an active campaign refers to cannot be taken away, and what is
/// being taken away cannot be referred to. Removing from many contacts takes several transactions,
/// between which others write: if the program ends in between, a part has been removed, and the
/// call can be made again.
#ifndef SEGMENTRY_ENGINE_REMOVAL_H
#define SEGMENTRY_ENGINE_REMOVAL_H

#include "engine.h"
#include "usage.h"

/// What refers to a field, and what has it.
typedef struct removal_usage {
  usage_counts users;
  size_t contact_count; ///< Contacts that have a value there, or the event.
  size_t event_count;   ///< Of an event: how often it was recorded.
  bool can_remove;
} removal_usage;

/// Finds out about a field: `email`, `subscribed`, `createdAt`, `updatedAt` or `data.…`.
/// What refers to a field below it counts too. show  See usage_find.
/// Returns ENGINE_INVALID for another field.
engine_status engine_field_usage(engine *own, project *in, seg_text_view field, usage_show show,
                                 void *context, removal_usage *out, engine_error *error);
/// Takes a field that begins with `data.` away from every contact that has a value there, whose
/// `updatedAt` stays. Contacts that get one while the call runs may keep it.
///
/// count  written  Contacts that had it.
///
/// Returns ENGINE_INVALID for another field; ENGINE_CONFLICT while something refers to it.
/// Cost: about 50 µs a contact, and what tracking costs.
engine_status engine_field_remove(engine *own, project *in, seg_text_view field, size_t *count,
                                  engine_error *error);

/// Finds out about a custom event.
engine_status engine_event_usage(engine *own, project *in, seg_text_view name, usage_show show,
                                 void *context, removal_usage *out, engine_error *error);
/// Deletes every event of a name.
///
/// count  written  How many there were.
///
/// Returns ENGINE_INVALID for a reserved name; ENGINE_CONFLICT while something refers to it.
/// Cost: about 10 µs an event, and a look at each event of the database.
engine_status engine_event_remove(engine *own, project *in, seg_text_view name, size_t *count,
                                  engine_error *error);

#endif
