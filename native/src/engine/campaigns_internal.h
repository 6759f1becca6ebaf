/// What the files of the campaigns share.
#ifndef SEGMENTRY_ENGINE_CAMPAIGNS_INTERNAL_H
#define SEGMENTRY_ENGINE_CAMPAIGNS_INTERNAL_H

#include "engine_campaigns.h"
#include "engine_internal.h"

#include <stdatomic.h>

/// Recipients that one transaction writes or deletes: about a quarter of a second's work, so that
/// requests that wait do not wait long.
#define CAMPAIGN_RECIPIENTS_MAX 50000

/// A campaign copied out of the store: its texts are owned.
typedef struct kept_campaign {
  store_campaign row;
  bool is_there;
} kept_campaign;

/// A visitor for store_campaign_get: `context` is a kept_campaign, all zero. Without memory it
/// stays so.
bool campaign_keep(void *context, const store_campaign *row);
void campaign_free(kept_campaign *gone);

/// Reads a campaign within a command. What it gives goes to campaign_free on any return.
engine_status campaign_load(batch *in, const project *of, seg_text_view id, kept_campaign *out,
                            engine_error *error);

/// A contact as a recipient. `row` lends its texts.
static inline store_recipient campaign_recipient(const store_contact *row) {
  bool has_data = row->data_json.size_bytes > 0;
  return (store_recipient){.contact = row->num,
                           .id = row->id,
                           .email = row->email,
                           .data_json = has_data ? row->data_json : seg_text_of("{}")};
}

/// Whether the audience is worked out anew: there is no list yet, and there may be one.
static inline bool campaign_is_open(const store_campaign *row) {
  return row->status == STORE_CAMPAIGN_DRAFT || row->status == STORE_CAMPAIGN_SCHEDULED;
}

/// The rows of who would get a campaign now; see masks.h for `mask` and threads.
bool campaign_audience(const project *in, const store_campaign *row, int64_t now_ms,
                       uint64_t **mask);

/// Shows a campaign as engine_campaign_show says. False if there is no memory for its count.
bool campaign_show(const project *in, const store_campaign *row, int64_t now_ms,
                   engine_campaign_show show, void *context);

/// The contacts' numbers of a mask, rising; owned: free. NULL if there is no memory.
int64_t *campaign_nums(const project *in, const uint64_t *mask, size_t *count);

/// Fails with ENGINE_CONFLICT while the campaign's list is being written, which takes several
/// transactions. In the writer's thread.
engine_status campaign_check_idle(engine *own, int64_t num, engine_error *error);

/// engine_campaign_send for the clock: ENGINE_CONFLICT unless the campaign is still SCHEDULED, and
/// due; nobody getting it is fine. stop  borrowed  Once it is set, gives up.
engine_status campaign_send_due(engine *own, project *in, seg_text_view id, const atomic_bool *stop,
                                engine_error *error);

#endif
