// See references.h.
#include "references.h"

#include "segmentry/filter.h"

#include <cJSON.h>
#include <stdio.h>
#include <string.h>

static bool rename_field(cJSON *filter, reference_rename rename, void *context) {
  static const char prefix[] = "segment.";
  const size_t skip = sizeof prefix - 1;
  cJSON *field = cJSON_GetObjectItemCaseSensitive(filter, "field");
  if (!cJSON_IsString(field) || strncmp(field->valuestring, prefix, skip) != 0) {
    return true;
  }
  seg_text_view found = rename(context, seg_text_of(field->valuestring + skip));
  char text[SEG_FILTER_FIELD_BYTES_MAX + 1];
  if (found.bytes == NULL || found.size_bytes + skip >= sizeof text) {
    return true;
  }
  (void)snprintf(text, sizeof text, "%s%.*s", prefix, (int)found.size_bytes, found.bytes);
  return cJSON_SetValuestring(field, text) != NULL;
}

/// Deeper than any valid condition is, it is left alone.
static bool rename_below(const cJSON *condition, int depth, reference_rename rename,
                         void *context) {
  bool ok = true;
  const cJSON *groups = cJSON_GetObjectItemCaseSensitive(condition, "groups");
  for (cJSON *group = cJSON_IsArray(groups) ? groups->child : NULL; ok && group != NULL;
       group = group->next) {
    const cJSON *filters = cJSON_GetObjectItemCaseSensitive(group, "filters");
    const cJSON *nested = cJSON_GetObjectItemCaseSensitive(group, "conditions");
    for (cJSON *filter = cJSON_IsArray(filters) ? filters->child : NULL; ok && filter != NULL;
         filter = filter->next) {
      ok = rename_field(filter, rename, context);
    }
    if (ok && nested != NULL && depth < SEG_FILTER_DEPTH_MAX) {
      ok = rename_below(nested, depth + 1, rename, context);
    }
  }
  return ok;
}

bool references_rename(cJSON *condition, reference_rename rename, void *context) {
  return rename_below(condition, 1, rename, context);
}
