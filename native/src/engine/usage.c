// See usage.h.
#include "usage.h"

#include <string.h>

static bool is_meant(usage_field field, seg_text_view found) {
  size_t size = field.name.size_bytes;
  return found.size_bytes >= size && memcmp(found.bytes, field.name.bytes, size) == 0 &&
         (found.size_bytes == size || (field.with_nested && found.bytes[size] == '.'));
}

static bool refers(const seg_filter *filter, usage_field field) {
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
  if (!own->has_failed && refers(filter, own->field)) {
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

store_status usage_find(store_session *session, const project *in, usage_field field,
                        usage_show show, void *context, usage_counts *counts, store_error *err) {
  *counts = (usage_counts){0};
  for (size_t i = 0; i < in->segment_count; i++) {
    const segment *of = in->segments[i];
    if (refers(of->filter, field)) {
      counts->segments++;
      if (show != NULL) {
        usage_user user = {.kind = USAGE_SEGMENT, .id = of->id, .name = of->name};
        show(context, &user);
      }
    }
  }
  campaign_search search = {.field = field, .show = show, .context = context, .counts = counts};
  store_status status =
      store_campaign_list_filtered(session, in->num, look_at_campaign, &search, err);
  // Conditions were checked when they were saved: only memory can be lacking.
  return status == STORE_OK && search.has_failed ? STORE_NOMEM : status;
}
