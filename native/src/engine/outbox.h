/// The outbox: what webhooks are told, written in the transaction that records the event.
///
/// It is the last step of a batch before the commit, so that an event and what is told of it are
/// stored together, or not at all:
///
///     changes of the batch ─► events ─► webhooks that watch the name ─► condition ─► a delivery
///     each
///       ADD_EVENT                        patterns                       on the scratch table
///       MOVE_ROWS: a sweep's entries and exits
///
/// A condition sees the contact as the batch leaves it, the event included; so does the message.
/// The rows of a sweep are not in the scratch table: a condition is evaluated on the project's own
/// table, which is the same but for memberships and events. Where the condition asks for these, or
/// the sweep has moved few, they are copied. One message is in memory at a time.
///
/// What it costs: nothing where no webhook is enabled; for an event that none watches, the
/// comparison with the patterns; for each delivery a look at the contact and two rows, about 5 µs;
/// some more for each contact of a sweep that is copied for a condition.
#ifndef SEGMENTRY_OUTBOX_H
#define SEGMENTRY_OUTBOX_H

#include "batch.h"

/// Tells the webhooks of a project of what has been noted and they have not been told of yet.
batch_status outbox_write(batch *own, project_batch *part);
/// The same of all projects of the batch.
batch_status outbox_write_all(batch *own);

/// Tells a webhook of something that is no contact's, whatever its patterns are.
///
/// contact_json  Optional: what stands for the contact; NULL bytes: null.
/// event_data    Optional: an object.
/// num           written  The delivery's.
store_status outbox_tell(batch *own, const project *in, const webhook *of,
                         seg_text_view contact_json, seg_text_view event_name,
                         seg_text_view event_data, int64_t *num);

/// Tells the project's webhooks that watch the name of something that is no contact's. Those with a
/// condition are left out: there is nobody to ask it of.
store_status outbox_tell_all(batch *own, const project *in, seg_text_view event_name,
                             seg_text_view event_data);

#endif
