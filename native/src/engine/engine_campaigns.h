/// Campaigns: what is to be sent, and to whom. Sending itself is another program's work: `send`
/// fixes who gets it and hands the list out, and the sender reports when it is done.
///
///     DRAFT ──send──► SENDING ──reported──► SENT
///       └─► SCHEDULED ──┘ at its time           cancel: from DRAFT, SCHEDULED and SENDING
///
/// The audience of a DRAFT or SCHEDULED campaign is worked out whenever it is asked for. A campaign
/// that becomes SENDING gets a list: copies of the contacts of that one moment, which nothing
/// changes any more. Only subscribed contacts are recipients.
///
/// All calls may come from any thread; see engine.h for `show` and `error`. ENGINE_NOT_FOUND comes
/// with a message: it is the campaign, or the segment that the campaign is to be sent to.
#ifndef SEGMENTRY_ENGINE_CAMPAIGNS_H
#define SEGMENTRY_ENGINE_CAMPAIGNS_H

#include "engine.h"

/// Bytes of a campaign's name: as a segment's.
#define CAMPAIGN_NAME_BYTES_MAX 200
/// Bytes of a subject: RFC 5322's longest line.
#define CAMPAIGN_SUBJECT_BYTES_MAX 998
/// Bytes of a body: mail programs cut what is larger than half of this, and a page of a hundred
/// campaigns must fit an answer.
#define CAMPAIGN_BODY_BYTES_MAX ((size_t)256 * 1024)

/// Statuses as the API spells them, by number.
#define CAMPAIGN_STATUS_COUNT 5
extern const char *const campaign_status_names[CAMPAIGN_STATUS_COUNT];

/// What a request says of a campaign. Texts with NULL bytes are left as they are.
typedef struct campaign_input {
  seg_text_view name;
  seg_text_view subject;
  seg_text_view body;
  seg_text_view from; ///< An address.
  bool has_audience_type;
  store_audience audience_type;
  seg_text_view segment_id;      ///< Looked at if the audience is a segment.
  const struct cJSON *condition; ///< Looked at if the audience has one. NULL: as it is.
} campaign_input;

/// `campaign->recipient_count` is that of the list or, before there is one, of the audience now.
typedef void (*engine_campaign_show)(void *context, const project *in,
                                     const store_campaign *campaign);

engine_status engine_campaign_create(engine *own, project *in, const campaign_input *input,
                                     engine_campaign_show show, void *context, engine_error *error);
/// ENGINE_CONFLICT unless it is DRAFT or SCHEDULED.
engine_status engine_campaign_update(engine *own, project *in, seg_text_view id,
                                     const campaign_input *input, engine_campaign_show show,
                                     void *context, engine_error *error);
/// Deletes the campaign and its list. ENGINE_CONFLICT while it is SENDING.
/// Cost: about 3 µs a recipient; others write in between.
engine_status engine_campaign_delete(engine *own, project *in, seg_text_view id,
                                     engine_error *error);

/// Schedules a campaign that is DRAFT or SCHEDULED. ENGINE_INVALID if the instant has passed, or if
/// nobody would get it now.
engine_status engine_campaign_schedule(engine *own, project *in, seg_text_view id, int64_t at_ms,
                                       engine_campaign_show show, void *context,
                                       engine_error *error);
/// Sends a campaign that is DRAFT or SCHEDULED: writes its list and makes it SENDING.
/// ENGINE_INVALID if nobody would get it.
/// Cost: about 6 µs a recipient; others write in between.
engine_status engine_campaign_send(engine *own, project *in, seg_text_view id,
                                   engine_campaign_show show, void *context, engine_error *error);
/// ENGINE_CONFLICT if it is SENT or CANCELLED.
engine_status engine_campaign_cancel(engine *own, project *in, seg_text_view id,
                                     engine_campaign_show show, void *context, engine_error *error);
/// What the sender reports: SENDING becomes SENT, anything else is ENGINE_CONFLICT.
engine_status engine_campaign_finish(engine *own, project *in, seg_text_view id,
                                     engine_campaign_show show, void *context, engine_error *error);

engine_status engine_campaign_get(engine *own, project *in, seg_text_view id,
                                  engine_campaign_show show, void *context, engine_error *error);
/// Shows some campaigns, newest first.
/// total  written  How many there are in the scope.
engine_status engine_campaign_list(engine *own, project *in, const store_campaign_scope *scope,
                                   size_t offset, size_t limit, engine_campaign_show show,
                                   void *context, int64_t *total, engine_error *error);

// Recipients, by rising contact: a list that is read piece by piece.

typedef struct recipient_reader recipient_reader;

/// Begins to read the recipients of a campaign: its list or, before there is one, the audience now.
/// A CANCELLED campaign that was never sent has none.
///
/// after  A recipient's id, to go on behind it; NULL bytes: from the first.
///
/// Returns ENGINE_OK and `out`; ENGINE_INVALID: `after` is no recipient's id.
engine_status engine_recipients_open(engine *own, project *in, seg_text_view id,
                                     seg_text_view after, recipient_reader **out,
                                     engine_error *error);
/// Shows at most `limit` more, fewer if the visitor stops. `*is_end`: those were the last ones.
/// Returns ENGINE_UNAVAILABLE if the rest cannot be read, such as when the campaign was deleted.
engine_status engine_recipients_next(recipient_reader *own, size_t limit,
                                     store_recipient_visit visit, void *context, bool *is_end,
                                     engine_error *error);
void engine_recipients_close(recipient_reader *own);

#endif
