/// Usage: which segments and campaigns refer to a field, before something goes that they ask for.
#ifndef SEGMENTRY_ENGINE_USAGE_H
#define SEGMENTRY_ENGINE_USAGE_H

#include "project.h"

/// A field as conditions write it: `data.plan`, `event.signup`, `segment.<id>`.
typedef struct usage_field {
  seg_text_view name;
  bool with_nested; ///< Also the fields below it: `data.address.city` for `data.address`.
} usage_field;

/// What refers to it. Campaigns are those that are DRAFT, SCHEDULED or SENDING.
typedef enum usage_kind { USAGE_SEGMENT, USAGE_CAMPAIGN } usage_kind;
typedef struct usage_counts {
  size_t segments;
  size_t campaigns;
} usage_counts;

typedef struct usage_user {
  usage_kind kind;
  seg_text_view id;
  seg_text_view name;
  store_campaign_status status; ///< Of a campaign.
} usage_user;

/// Called for the segments first, oldest first, then for the campaigns.
typedef void (*usage_show)(void *context, const usage_user *user);

/// Finds what refers to a field in a condition.
///
/// show  optional
///
/// Threads: the caller holds the project's read lock, or is the writer.
/// Cost: a look at each filter of the project; the campaigns' conditions are parsed.
store_status usage_find(store_session *session, const project *in, usage_field field,
                        usage_show show, void *context, usage_counts *counts, store_error *err);

#endif
