/// A project's table as bytes, for pages and scripts that evaluate filters themselves.
#ifndef SEGMENTRY_ENGINE_SNAPSHOT_H
#define SEGMENTRY_ENGINE_SNAPSHOT_H

#include "engine.h"

/// Contacts of one snapshot: with ten fields some 12 MB on their way, and a quarter of a second for
/// which changes wait. Whoever has more asks for previews instead.
#define ENGINE_SNAPSHOT_CONTACTS_MAX 250000
/// Fields of one snapshot, those that segments stand for included: what a condition can name, and
/// room for what it refers to.
#define ENGINE_SNAPSHOT_FIELDS_MAX 4096
/// Bytes of a snapshot's tag, with its final NUL.
#define ENGINE_SNAPSHOT_TAG_BYTES 80

/// Which columns of which table.
typedef struct snapshot_choice {
  /// As filters name them. `segment.<id>` of a static or a tracked segment stands for its stored
  /// members; of any other for the fields of its condition, which evaluating it takes.
  const seg_text_view *fields;
  size_t field_count;
  size_t contacts_max; ///< At most ENGINE_SNAPSHOT_CONTACTS_MAX.
} snapshot_choice;

typedef struct snapshot {
  size_t contacts; ///< In the project. Filled in on ENGINE_CONFLICT too.
  /// Where it is the same, so are the bytes, as long as this process runs; no other has it.
  char tag[ENGINE_SNAPSHOT_TAG_BYTES];
  seg_text_view bytes; ///< Owned: engine_snapshot_free. NULL bytes from engine_snapshot_look.
} snapshot;

/// Says what a snapshot would be, without making it.
///
/// Returns ENGINE_OK; ENGINE_INVALID (too many fields); ENGINE_NOT_FOUND (no such
/// segment); ENGINE_CONFLICT (more contacts than may be); ENGINE_UNAVAILABLE.
engine_status engine_snapshot_look(engine *own, project *in, const snapshot_choice *choice,
                                   snapshot *out, engine_error *error);

/// Makes a snapshot. Returns the same, and ENGINE_INVALID for what is no field. Cost: under the
/// read lock, a look at each contact for each field.
engine_status engine_snapshot_make(engine *own, project *in, const snapshot_choice *choice,
                                   snapshot *out, engine_error *error);
void engine_snapshot_free(snapshot *gone);

#endif
