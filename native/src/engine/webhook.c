// See webhook.h. The rules are in webhook_rules.c.
#include "webhook.h"

#include "owned_text.h"
#include "segmentry/json.h"
#include "text_buffer.h"

#include <cJSON.h>
#include <stdlib.h>

/// Levels of a list of patterns, and of an object of headers.
#define LIST_DEPTH 2

static bool read_patterns(webhook *own) {
  if (seg_json_parse(own->events_json, LIST_DEPTH, &own->event_tree, NULL) != SEG_OK) {
    return false;
  }
  size_t count = (size_t)cJSON_GetArraySize(own->event_tree);
  own->patterns = calloc(count + 1, sizeof *own->patterns);
  bool ok = own->patterns != NULL;
  for (const cJSON *at = own->event_tree->child; ok && at != NULL; at = at->next) {
    ok = cJSON_IsString(at);
    own->patterns[own->pattern_count++] = seg_text_of(at->valuestring);
  }
  return ok;
}

static bool read_headers(webhook *own) {
  if (own->headers_json.bytes == NULL) {
    return true;
  }
  if (seg_json_parse(own->headers_json, LIST_DEPTH, &own->header_tree, NULL) != SEG_OK) {
    return false;
  }
  size_t count = (size_t)cJSON_GetArraySize(own->header_tree);
  own->headers = calloc(count + 1, sizeof *own->headers);
  bool ok = own->headers != NULL;
  for (const cJSON *at = own->header_tree->child; ok && at != NULL; at = at->next) {
    ok = cJSON_IsString(at) && at->string != NULL;
    if (ok) {
      own->headers[own->header_count++] =
          (webhook_header){.name = seg_text_of(at->string), .value = seg_text_of(at->valuestring)};
    }
  }
  return ok;
}

static bool read_condition(webhook *own) {
  if (own->condition_json.bytes == NULL) {
    return true;
  }
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  seg_status status =
      seg_filter_parse(seg_allocator_default(), own->condition_json, &own->filter, &problems);
  seg_problems_free(&problems);
  return status == SEG_OK;
}

seg_text_view webhook_title(const webhook *own) {
  return own->name.bytes == NULL ? own->url : own->name;
}

static bool write_workflow(webhook *own) {
  text_buffer text = {0};
  bool ok = text_buffer_add(&text, "{\"id\":", 6) && text_buffer_add_json_string(&text, own->id) &&
            text_buffer_add(&text, ",\"name\":", 8) &&
            text_buffer_add_json_string(&text, webhook_title(own)) &&
            text_buffer_add(&text, "}", 1);
  own->workflow_json = (seg_text_view){.bytes = text.bytes, .size_bytes = text.size_bytes};
  return ok;
}

webhook *webhook_create(const store_webhook *row) {
  webhook *own = calloc(1, sizeof *own);
  if (own == NULL) {
    return NULL;
  }
  own->num = row->num;
  own->is_enabled = row->is_enabled;
  own->old_secret_until_ms = row->old_secret_until_ms;
  own->created_at_ms = row->created_at_ms;
  own->updated_at_ms = row->updated_at_ms;
  own->health = row->health;
  bool ok = owned_text_copy(row->id, &own->id) && owned_text_copy(row->name, &own->name) &&
            owned_text_copy(row->url, &own->url) &&
            owned_text_copy(row->events_json, &own->events_json) &&
            owned_text_copy(row->headers_json, &own->headers_json) &&
            owned_text_copy(row->condition_json, &own->condition_json) &&
            owned_text_copy(row->secret, &own->secret) &&
            owned_text_copy(row->old_secret, &own->old_secret) && read_patterns(own) &&
            read_headers(own) && read_condition(own) && write_workflow(own);
  if (!ok) {
    webhook_free(own);
    return NULL;
  }
  return own;
}

void webhook_free(webhook *gone) {
  if (gone == NULL) {
    return;
  }
  seg_text_view texts[] = {gone->id,          gone->name,         gone->url,
                           gone->events_json, gone->headers_json, gone->condition_json,
                           gone->secret,      gone->old_secret,   gone->workflow_json};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    owned_text_free(texts[i]);
  }
  free(gone->patterns);
  free(gone->headers);
  seg_json_free(gone->event_tree);
  seg_json_free(gone->header_tree);
  seg_filter_free(gone->filter);
  free(gone);
}

store_webhook webhook_row(const webhook *own, int64_t project) {
  return (store_webhook){.num = own->num,
                         .project = project,
                         .id = own->id,
                         .name = own->name,
                         .url = own->url,
                         .events_json = own->events_json,
                         .headers_json = own->headers_json,
                         .condition_json = own->condition_json,
                         .is_enabled = own->is_enabled,
                         .secret = own->secret,
                         .old_secret = own->old_secret,
                         .old_secret_until_ms = own->old_secret_until_ms,
                         .created_at_ms = own->created_at_ms,
                         .updated_at_ms = own->updated_at_ms,
                         .health = own->health};
}

bool webhook_watches(const webhook *own, seg_text_view event_name) {
  bool found = false;
  for (size_t i = 0; !found && i < own->pattern_count; i++) {
    found = webhook_pattern_matches(own->patterns[i], event_name);
  }
  return found;
}
