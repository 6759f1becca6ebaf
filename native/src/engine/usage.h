/// Usage: which segments, campaigns and webhooks refer to a field, before something goes that they
/// ask for.
#ifndef SEGMENTRY_ENGINE_USAGE_H
#define SEGMENTRY_ENGINE_USAGE_H

#include "project.h"

/// A field as conditions write it: `data.plan`, `event.signup`, `segment.<id>`.
typedef struct usage_field {
  seg_text_view name;
  bool with_nested; ///< Also the fields below it: `data.address.city` for `data.address`.
} usage_field;

/// What refers to it. Campaigns are those that are DRAFT, SCHEDULED or SENDING.
typedef enum usage_kind { USAGE_SEGMENT, USAGE_WEBHOOK, USAGE_CAMPAIGN } usage_kind;
typedef struct usage_counts {
  size_t segments;
  size_t webhooks;
  size_t campaigns;
} usage_counts;

typedef struct usage_user {
  usage_kind kind;
  seg_text_view id;
  seg_text_view name;
  store_campaign_status status; ///< Of a campaign.
} usage_user;

/// Called for the segments first, oldest first, then for the webhooks, then for the campaigns.
typedef void (*usage_show)(void *context, const usage_user *user);

/// Whether a condition refers to a field. filter  NULL for a static segment: it does not.
bool usage_refers(const seg_filter *filter, usage_field field);

/// The field by which conditions name a segment.
typedef struct usage_segment_field {
  char text[SEG_FILTER_FIELD_BYTES_MAX + 1];
  usage_field field; ///< In `text`.
} usage_segment_field;
void usage_name_segment(const segment *of, usage_segment_field *out);

/// Finds the segments and the webhooks that refer to a field.
/// show  optional
/// Threads: the caller holds the project's read lock, or is the writer.
void usage_find_in_project(const project *in, usage_field field, usage_show show, void *context,
                           usage_counts *counts);

/// Finds the campaigns; `counts` keeps what it has of the others. Asks the store: not under a lock
/// that the writer may wait for. show  optional Cost: the conditions of the project's open
/// campaigns are parsed.
store_status usage_find_campaigns(store_session *session, int64_t project_num, usage_field field,
                                  usage_show show, void *context, usage_counts *counts,
                                  store_error *err);

/// Both, for the writer.
store_status usage_find(store_session *session, const project *in, usage_field field,
                        usage_show show, void *context, usage_counts *counts, store_error *err);

#endif
