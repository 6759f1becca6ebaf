// See usage.h.
#include "usage.h"

#include <stdio.h>
#include <string.h>

static bool is_meant(usage_field field, seg_text_view found) {
  size_t size = field.name.size_bytes;
  return found.size_bytes >= size && memcmp(found.bytes, field.name.bytes, size) == 0 &&
         (found.size_bytes == size || (field.with_nested && found.bytes[size] == '.'));
}

bool usage_refers(const seg_filter *filter, usage_field field) {
  for (size_t i = 0; filter != NULL && i < seg_filter_field_count(filter); i++) {
    if (is_meant(field, seg_filter_field(filter, i))) {
      return true;
    }
  }
  return false;
}

typedef struct campaign_search {
  usage_field field;
  usage_show show;
  void *context;
  usage_counts *counts;
  bool has_failed;
} campaign_search;

static bool look_at_campaign(void *context, const store_campaign *row) {
  campaign_search *own = context;
  seg_filter *filter = NULL;
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  own->has_failed = seg_filter_parse(seg_allocator_default(), row->audience_condition_json, &filter,
                                     &problems) != SEG_OK;
  if (!own->has_failed && usage_refers(filter, own->field)) {
    own->counts->campaigns++;
    if (own->show != NULL) {
      usage_user user = {
          .kind = USAGE_CAMPAIGN, .id = row->id, .name = row->name, .status = row->status};
      own->show(own->context, &user);
    }
  }
  seg_filter_free(filter);
  seg_problems_free(&problems);
  return !own->has_failed;
}

void usage_name_segment(const segment *of, usage_segment_field *out) {
  (void)snprintf(out->text, sizeof out->text, "segment.%.*s", (int)of->id.size_bytes, of->id.bytes);
  out->field = (usage_field){.name = seg_text_of(out->text)};
}

void usage_find_in_project(const project *in, usage_field field, usage_show show, void *context,
                           usage_counts *counts) {
  *counts = (usage_counts){0};
  for (size_t i = 0; i < in->segment_count; i++) {
    const segment *of = in->segments[i];
    if (usage_refers(of->filter, field)) {
      counts->segments++;
      if (show != NULL) {
        usage_user user = {.kind = USAGE_SEGMENT, .id = of->id, .name = of->name};
        show(context, &user);
      }
    }
  }
  for (size_t i = 0; i < in->webhook_count; i++) {
    const webhook *of = in->webhooks[i];
    if (usage_refers(of->filter, field)) {
      counts->webhooks++;
      if (show != NULL) {
        usage_user user = {.kind = USAGE_WEBHOOK, .id = of->id, .name = webhook_title(of)};
        show(context, &user);
      }
    }
  }
}

store_status usage_find_campaigns(store_session *session, int64_t project_num, usage_field field,
                                  usage_show show, void *context, usage_counts *counts,
                                  store_error *err) {
  campaign_search search = {.field = field, .show = show, .context = context, .counts = counts};
  counts->campaigns = 0;
  store_status status =
      store_campaign_list_filtered(session, project_num, look_at_campaign, &search, err);
  // Conditions were checked when they were saved: only memory can be lacking.
  return status == STORE_OK && search.has_failed ? STORE_NOMEM : status;
}

store_status usage_find(store_session *session, const project *in, usage_field field,
                        usage_show show, void *context, usage_counts *counts, store_error *err) {
  usage_find_in_project(in, field, show, context, counts);
  return usage_find_campaigns(session, in->num, field, show, context, counts, err);
}
