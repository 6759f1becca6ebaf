// A parsed filter: its names, its places, its JSON. Parsing itself is in filter_parse.c.
#include "filter_internal.h"

#include "json_internal.h"
#include "segmentry/text.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const operator_names[SEG_OPERATOR_COUNT] = {
    [SEG_OP_EQUALS] = "equals",
    [SEG_OP_NOT_EQUALS] = "notEquals",
    [SEG_OP_CONTAINS] = "contains",
    [SEG_OP_NOT_CONTAINS] = "notContains",
    [SEG_OP_GREATER_THAN] = "greaterThan",
    [SEG_OP_LESS_THAN] = "lessThan",
    [SEG_OP_GREATER_THAN_OR_EQUAL] = "greaterThanOrEqual",
    [SEG_OP_LESS_THAN_OR_EQUAL] = "lessThanOrEqual",
    [SEG_OP_EXISTS] = "exists",
    [SEG_OP_NOT_EXISTS] = "notExists",
    [SEG_OP_WITHIN] = "within",
    [SEG_OP_OLDER_THAN] = "olderThan",
    [SEG_OP_TRIGGERED] = "triggered",
    [SEG_OP_NOT_TRIGGERED] = "notTriggered",
    [SEG_OP_TRIGGERED_WITHIN] = "triggeredWithin",
    [SEG_OP_TRIGGERED_OLDER_THAN] = "triggeredOlderThan",
    [SEG_OP_NOT_TRIGGERED_WITHIN] = "notTriggeredWithin",
    [SEG_OP_MEMBER_OF_SEGMENT] = "memberOfSegment",
    [SEG_OP_NOT_MEMBER_OF_SEGMENT] = "notMemberOfSegment",
};

const char *seg_operator_name(seg_operator op) { return operator_names[op]; }

const char *seg_unit_name(seg_unit unit) {
  static const char *const names[] = {"", "days", "hours", "minutes"};
  return names[unit];
}

static bool parse_activity(seg_text_view name, seg_activity *out) {
  static const struct {
    const char *name;
    seg_activity activity;
  } names[] = {
      {"sent", SEG_ACTIVITY_SENT},
      {"delivered", SEG_ACTIVITY_DELIVERED},
      {"delivery", SEG_ACTIVITY_DELIVERED},
      {"opened", SEG_ACTIVITY_OPENED},
      {"open", SEG_ACTIVITY_OPENED},
      {"clicked", SEG_ACTIVITY_CLICKED},
      {"click", SEG_ACTIVITY_CLICKED},
      {"bounced", SEG_ACTIVITY_BOUNCED},
      {"bounce", SEG_ACTIVITY_BOUNCED},
      {"complained", SEG_ACTIVITY_COMPLAINED},
      {"complaint", SEG_ACTIVITY_COMPLAINED},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (seg_text_equal(name, seg_text_of(names[i].name))) {
      *out = names[i].activity;
      return true;
    }
  }
  return false;
}

static bool has_prefix(seg_text_view text, const char *prefix, seg_text_view *rest) {
  size_t size = strlen(prefix);
  if (text.size_bytes <= size || memcmp(text.bytes, prefix, size) != 0) {
    return false;
  }
  *rest = (seg_text_view){.bytes = text.bytes + size, .size_bytes = text.size_bytes - size};
  return true;
}

bool seg_field_parse(seg_text_view text, seg_field *out) {
  static const struct {
    const char *name;
    seg_field_kind kind;
  } plain[] = {
      {"email", SEG_FIELD_EMAIL},
      {"subscribed", SEG_FIELD_SUBSCRIBED},
      {"createdAt", SEG_FIELD_CREATED_AT},
      {"updatedAt", SEG_FIELD_UPDATED_AT},
  };
  static const struct {
    const char *prefix;
    seg_field_kind kind;
  } named[] = {
      {"data.", SEG_FIELD_DATA},
      {"event.", SEG_FIELD_EVENT},
      {"segment.", SEG_FIELD_SEGMENT},
  };
  *out = (seg_field){.kind = SEG_FIELD_EMAIL};
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
    if (seg_text_equal(text, seg_text_of(plain[i].name))) {
      out->kind = plain[i].kind;
      return true;
    }
  }
  for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
    if (has_prefix(text, named[i].prefix, &out->name)) {
      out->kind = named[i].kind;
      return true;
    }
  }
  out->kind = SEG_FIELD_ACTIVITY;
  return has_prefix(text, "email.", &out->name) && parse_activity(out->name, &out->activity);
}

bool seg_field_equal(const seg_field *a, const seg_field *b) {
  return a->kind == b->kind && (a->kind == SEG_FIELD_ACTIVITY ? a->activity == b->activity
                                                              : seg_text_equal(a->name, b->name));
}

bool seg_filter_is_valid(const seg_filter *filter) { return filter->is_valid; }

void seg_filter_free(seg_filter *filter) {
  if (filter == NULL) {
    return;
  }
  seg_allocator allocator = filter->allocator;
  for (size_t i = 0; i < filter->term_count; i++) {
    const seg_term *term = &filter->terms[i];
    seg_text_drop(allocator, term->field_text);
    if (term->value.kind == SEG_LITERAL_TEXT) {
      seg_text_drop(allocator, term->value.text);
      seg_text_free(allocator, term->value.folded);
    }
  }
  seg_release(allocator, filter->terms, filter->term_capacity * sizeof *filter->terms);
  seg_release(allocator, filter->nodes, filter->node_capacity * sizeof *filter->nodes);
  seg_release(allocator, filter, sizeof *filter);
}

void seg_node_path(const seg_filter *filter, uint32_t node, char out[SEG_FILTER_PATH_BYTES]) {
  // From the node up to the root, then written from the root down.
  uint32_t way[2 * SEG_FILTER_DEPTH_MAX + 2];
  size_t levels = 0;
  for (; node != 0; node = filter->nodes[node].parent) {
    way[levels++] = node;
  }
  size_t at = 0;
  out[0] = '\0';
  while (levels > 0) {
    const seg_node *step = &filter->nodes[way[--levels]];
    const char *dot = at == 0 ? "" : ".";
    int written = 0;
    if (step->kind == SEG_NODE_CONDITION) {
      written = snprintf(out + at, SEG_FILTER_PATH_BYTES - at, "%sconditions", dot);
    } else {
      const char *list = step->kind == SEG_NODE_GROUP ? "groups" : "filters";
      written = snprintf(out + at, SEG_FILTER_PATH_BYTES - at, "%s%s[%u]", dot, list,
                         (unsigned)step->place);
    }
    at += written > 0 ? (size_t)written : 0;
  }
}

size_t seg_filter_node_count(const seg_filter *filter) {
  size_t count = 0;
  for (size_t i = 0; i < filter->node_count; i++) {
    count += filter->nodes[i].kind != SEG_NODE_CONDITION;
  }
  return count;
}

void seg_filter_node_path(const seg_filter *filter, size_t index, char out[SEG_FILTER_PATH_BYTES]) {
  for (uint32_t i = 0; i < filter->node_count; i++) {
    if (filter->nodes[i].kind != SEG_NODE_CONDITION && index-- == 0) {
      seg_node_path(filter, i, out);
      return;
    }
  }
  out[0] = '\0';
}

size_t seg_filter_field_count(const seg_filter *filter) { return filter->term_count; }

seg_text_view seg_filter_field(const seg_filter *filter, size_t index) {
  return filter->terms[index].field_text;
}

// Back to JSON.

static cJSON *write_term(const seg_term *term) {
  cJSON *object = cJSON_CreateObject();
  bool ok = object != NULL &&
            cJSON_AddStringToObject(object, "field", term->field_text.bytes) != NULL &&
            cJSON_AddStringToObject(object, "operator", seg_operator_name(term->op)) != NULL;
  switch (term->value.kind) {
  case SEG_LITERAL_NONE:
    break;
  case SEG_LITERAL_BOOLEAN:
    ok = ok && cJSON_AddBoolToObject(object, "value", term->value.boolean) != NULL;
    break;
  case SEG_LITERAL_NUMBER:
    ok = ok && seg_json_add_number(object, "value", term->value.number);
    break;
  case SEG_LITERAL_TEXT:
    ok = ok && cJSON_AddStringToObject(object, "value", term->value.text.bytes) != NULL;
    break;
  }
  if (term->unit != SEG_UNIT_NONE) {
    ok = ok && cJSON_AddStringToObject(object, "unit", seg_unit_name(term->unit)) != NULL;
  }
  if (!ok) {
    cJSON_Delete(object);
    return NULL;
  }
  return object;
}

/// Adds a child under a name; frees it if that fails.
static bool add_member(cJSON *object, const char *name, cJSON *child) {
  if (child != NULL && cJSON_AddItemToObject(object, name, child)) {
    return true;
  }
  cJSON_Delete(child);
  return false;
}

static cJSON *write_condition(const seg_filter *filter, uint32_t at);

static cJSON *write_group(const seg_filter *filter, uint32_t at) {
  cJSON *group = cJSON_CreateObject();
  cJSON *filters = group == NULL ? NULL : cJSON_AddArrayToObject(group, "filters");
  bool ok = filters != NULL;
  for (uint32_t i = at + 1; ok && i < filter->nodes[at].end; i = filter->nodes[i].end) {
    const seg_node *node = &filter->nodes[i];
    if (node->kind == SEG_NODE_TERM) {
      cJSON *term = write_term(&filter->terms[node->term]);
      ok = term != NULL && cJSON_AddItemToArray(filters, term);
    } else {
      ok = add_member(group, "conditions", write_condition(filter, i));
    }
  }
  if (!ok) {
    cJSON_Delete(group);
    return NULL;
  }
  return group;
}

static cJSON *write_condition(const seg_filter *filter, uint32_t at) {
  cJSON *condition = cJSON_CreateObject();
  const char *logic = filter->nodes[at].is_or ? "OR" : "AND";
  cJSON *groups = NULL;
  if (condition != NULL && cJSON_AddStringToObject(condition, "logic", logic) != NULL) {
    groups = cJSON_AddArrayToObject(condition, "groups");
  }
  bool ok = groups != NULL;
  for (uint32_t i = at + 1; ok && i < filter->nodes[at].end; i = filter->nodes[i].end) {
    cJSON *group = write_group(filter, i);
    ok = group != NULL && cJSON_AddItemToArray(groups, group);
  }
  if (!ok) {
    cJSON_Delete(condition);
    return NULL;
  }
  return condition;
}

seg_status seg_filter_write(const seg_filter *filter, seg_allocator allocator, seg_text_view *out) {
  if (!filter->is_valid) {
    return SEG_E_INVALID;
  }
  return seg_json_print(write_condition(filter, 0), allocator, out);
}
