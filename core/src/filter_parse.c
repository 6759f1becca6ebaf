// Parsing a condition: one walk over the JSON tree that goes on after every mistake, so that all of
// them are reported at once, each at its place.
//
// What an operator asks for and what a field takes are two tables below; the walk knows no names.
// A member that is not known is an error: a misspelt `opertor` must not silently match everyone.
#include "filter_internal.h"

#include "segmentry/json.h"
#include "segmentry/text.h"

#include <cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BIT(op) (1UL << (op))
#define OPERATORS_EQUALITY (BIT(SEG_OP_EQUALS) | BIT(SEG_OP_NOT_EQUALS))
#define OPERATORS_CONTAINMENT (BIT(SEG_OP_CONTAINS) | BIT(SEG_OP_NOT_CONTAINS))
#define OPERATORS_ORDER                                                                            \
  (BIT(SEG_OP_GREATER_THAN) | BIT(SEG_OP_LESS_THAN) | BIT(SEG_OP_GREATER_THAN_OR_EQUAL) |          \
   BIT(SEG_OP_LESS_THAN_OR_EQUAL))
#define OPERATORS_EXISTENCE (BIT(SEG_OP_EXISTS) | BIT(SEG_OP_NOT_EXISTS))
#define OPERATORS_AGE (BIT(SEG_OP_WITHIN) | BIT(SEG_OP_OLDER_THAN))
#define OPERATORS_OCCURRENCE                                                                       \
  (BIT(SEG_OP_TRIGGERED) | BIT(SEG_OP_NOT_TRIGGERED) | BIT(SEG_OP_TRIGGERED_WITHIN) |              \
   BIT(SEG_OP_TRIGGERED_OLDER_THAN) | BIT(SEG_OP_NOT_TRIGGERED_WITHIN))
#define OPERATORS_MEMBERSHIP (BIT(SEG_OP_MEMBER_OF_SEGMENT) | BIT(SEG_OP_NOT_MEMBER_OF_SEGMENT))
#define OPERATORS_VALUELESS                                                                        \
  (OPERATORS_EXISTENCE | BIT(SEG_OP_TRIGGERED) | BIT(SEG_OP_NOT_TRIGGERED) | OPERATORS_MEMBERSHIP)
#define OPERATORS_SPAN                                                                             \
  (OPERATORS_AGE | BIT(SEG_OP_TRIGGERED_WITHIN) | BIT(SEG_OP_TRIGGERED_OLDER_THAN) |               \
   BIT(SEG_OP_NOT_TRIGGERED_WITHIN))

static const unsigned long operators_of_field[] = {
    [SEG_FIELD_EMAIL] = OPERATORS_EQUALITY | OPERATORS_CONTAINMENT,
    [SEG_FIELD_SUBSCRIBED] = OPERATORS_EQUALITY,
    [SEG_FIELD_CREATED_AT] = OPERATORS_EQUALITY | OPERATORS_ORDER | OPERATORS_AGE,
    [SEG_FIELD_UPDATED_AT] = OPERATORS_EQUALITY | OPERATORS_ORDER | OPERATORS_AGE,
    [SEG_FIELD_DATA] = OPERATORS_EQUALITY | OPERATORS_CONTAINMENT | OPERATORS_ORDER |
                       OPERATORS_EXISTENCE | OPERATORS_AGE,
    [SEG_FIELD_EVENT] = OPERATORS_OCCURRENCE,
    [SEG_FIELD_ACTIVITY] = OPERATORS_OCCURRENCE,
    [SEG_FIELD_SEGMENT] = OPERATORS_MEMBERSHIP,
};

static bool is_one_of(seg_operator op, unsigned long set) { return (BIT(op) & set) != 0; }

typedef struct parser {
  seg_filter *filter;
  seg_problems *problems;
  size_t filters_seen;
  bool out_of_memory;
  char path[SEG_FILTER_PATH_BYTES]; ///< The place of the value being read.
  size_t path_bytes;
} parser;

// Places: steps are pushed before going into a value and cut off again after it.

static size_t push_step(parser *state, const char *format, ...) SEG_PRINTF(2, 3);
static size_t push_step(parser *state, const char *format, ...) {
  size_t before = state->path_bytes;
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(state->path + before, sizeof state->path - before, format, arguments);
  va_end(arguments);
  if (written > 0) {
    size_t room = sizeof state->path - before - 1;
    state->path_bytes += (size_t)written < room ? (size_t)written : room;
  }
  return before;
}

static void pop_to(parser *state, size_t path_bytes) {
  state->path_bytes = path_bytes;
  state->path[path_bytes] = '\0';
}

static bool is_plain_name(const char *name) {
  const char *c = name;
  for (; *c != '\0'; c++) {
    bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
    if (!letter && !(*c >= '0' && *c <= '9') && *c != '_') {
      return false;
    }
  }
  return c > name && c - name <= SEG_FILTER_FIELD_BYTES_MAX;
}

static size_t push_member(parser *state, const char *name) {
  if (is_plain_name(name)) {
    return push_step(state, state->path_bytes == 0 ? "%s" : ".%s", name);
  }
  return push_step(state, "[%s]", seg_quote(seg_text_of(name)).text);
}

static size_t push_index(parser *state, const char *list, size_t index) {
  return push_step(state, state->path_bytes == 0 ? "%s[%zu]" : ".%s[%zu]", list, index);
}

static void problem(parser *state, const char *code, const char *format, ...) SEG_PRINTF(3, 4);
static void problem(parser *state, const char *code, const char *format, ...) {
  char message[SEG_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (seg_problems_add(state->problems, state->path, code, "%s", message) != SEG_OK) {
    state->out_of_memory = true;
  }
}

static void problem_at(parser *state, const char *member, const char *code, const char *message) {
  size_t before = push_member(state, member);
  problem(state, code, "%s", message);
  pop_to(state, before);
}

/// Says what a JSON value is, in words for a message.
static void describe(const cJSON *value, char out[SEG_MESSAGE_BYTES]) {
  if (cJSON_IsString(value)) {
    (void)snprintf(out, SEG_MESSAGE_BYTES, "the string %s",
                   seg_quote(seg_text_of(value->valuestring)).text);
  } else if (cJSON_IsNumber(value)) {
    (void)snprintf(out, SEG_MESSAGE_BYTES, "the number %.15g", value->valuedouble);
  } else {
    const char *words = cJSON_IsBool(value)     ? cJSON_IsTrue(value) ? "true" : "false"
                        : cJSON_IsNull(value)   ? "null"
                        : cJSON_IsArray(value)  ? "an array"
                        : cJSON_IsObject(value) ? "an object"
                                                : "nothing";
    (void)snprintf(out, SEG_MESSAGE_BYTES, "%s", words);
  }
}

static void wrong_type(parser *state, const cJSON *found, const char *wanted) {
  char words[SEG_MESSAGE_BYTES];
  describe(found, words);
  problem(state, "invalid_type", "must be %s, not %s", wanted, words);
}

/// Looks the known members of an object up, and reports unknown and repeated ones.
/// names  ends with NULL; found  written, as long, NULL where a member is missing.
static void read_members(parser *state, const cJSON *object, const char *const *names,
                         const cJSON **found) {
  char allowed[128] = "";
  size_t used = 0;
  for (size_t i = 0; names[i] != NULL; i++) {
    found[i] = NULL;
    int written = snprintf(allowed + used, sizeof allowed - used, i == 0 ? "%s" : ", %s", names[i]);
    used += written > 0 ? (size_t)written : 0;
  }
  for (const cJSON *member = object->child; member != NULL; member = member->next) {
    size_t i = 0;
    while (names[i] != NULL && strcmp(names[i], member->string) != 0) {
      i++;
    }
    size_t before = push_member(state, member->string);
    if (names[i] == NULL) {
      problem(state, "unknown_member", "there is no such member; allowed are %s", allowed);
    } else if (found[i] != NULL) {
      problem(state, "duplicate_member", "this member stands here twice");
    } else {
      found[i] = member;
    }
    pop_to(state, before);
  }
}

static bool is_missing(const cJSON *value) { return value == NULL || cJSON_IsNull(value); }

/// null and "" say nothing: clients send them where a value or a unit has no place.
static bool says_nothing(const cJSON *value) {
  return is_missing(value) || (cJSON_IsString(value) && value->valuestring[0] == '\0');
}

// Filters.

static bool read_field(parser *state, const cJSON *member, seg_term *term) {
  if (member == NULL) {
    problem_at(state, "field", "required", "is missing; " SEG_FIELD_HELP);
    return false;
  }
  size_t before = push_member(state, "field");
  bool ok = false;
  seg_text_view text = seg_text_of(cJSON_IsString(member) ? member->valuestring : NULL);
  if (!cJSON_IsString(member)) {
    wrong_type(state, member, "a string");
  } else if (text.size_bytes > SEG_FILTER_FIELD_BYTES_MAX) {
    problem(state, "limit_exceeded", "has %zu bytes; at most %d are allowed", text.size_bytes,
            SEG_FILTER_FIELD_BYTES_MAX);
  } else if (!seg_field_parse(text, &term->field)) {
    problem(state, "unknown_field", "%s is not a field; " SEG_FIELD_HELP, seg_quote(text).text);
  } else if (!seg_text_copy(state->filter->allocator, text, &term->field_text)) {
    state->out_of_memory = true;
  } else {
    (void)seg_field_parse(term->field_text, &term->field); // now its name views our own copy
    ok = true;
  }
  pop_to(state, before);
  return ok;
}

static void list_operators(unsigned long set, char *out, size_t size_bytes) {
  size_t used = 0;
  out[0] = '\0';
  for (int i = 0; i < SEG_OPERATOR_COUNT; i++) {
    if ((set & (1UL << i)) != 0 && used < size_bytes) {
      int written = snprintf(out + used, size_bytes - used, used == 0 ? "%s" : ", %s",
                             seg_operator_name((seg_operator)i));
      used += written > 0 ? (size_t)written : 0;
    }
  }
}

static bool find_operator(const char *name, seg_operator *out) {
  for (int i = 0; i < SEG_OPERATOR_COUNT; i++) {
    if (strcmp(seg_operator_name((seg_operator)i), name) == 0) {
      *out = (seg_operator)i;
      return true;
    }
  }
  return false;
}

/// Reads the operator; without a field it is only checked for being one.
static bool read_operator(parser *state, const cJSON *member, bool has_field, seg_term *term) {
  unsigned long taken = has_field ? operators_of_field[term->field.kind] : ~0UL;
  char names[384];
  list_operators(taken, names, sizeof names);
  size_t before = push_member(state, "operator");
  bool ok = false;
  if (member == NULL) {
    problem(state, "required", "is missing; allowed are %s", names);
  } else if (!cJSON_IsString(member)) {
    wrong_type(state, member, "a string");
  } else {
    if (!find_operator(member->valuestring, &term->op)) {
      problem(state, "unknown_operator", "must be one of %s, not %s", names,
              seg_quote(seg_text_of(member->valuestring)).text);
    } else if (!is_one_of(term->op, taken)) {
      problem(state, "operator_not_allowed", "must be one of %s, not %s: the field is %s", names,
              seg_operator_name(term->op), seg_quote(term->field_text).text);
    } else {
      ok = true;
    }
  }
  pop_to(state, before);
  return ok;
}

static void keep_text(parser *state, const char *text, seg_literal *out) {
  seg_allocator allocator = state->filter->allocator;
  if (!seg_text_copy(allocator, seg_text_of(text), &out->text)) {
    state->out_of_memory = true;
    return;
  }
  out->kind = SEG_LITERAL_TEXT;
  out->is_instant = seg_instant_parse(out->text, &out->instant);
  if (seg_text_fold(allocator, out->text, &out->folded) != SEG_OK) {
    state->out_of_memory = true;
  }
}

static void read_text(parser *state, const cJSON *value, seg_literal *out) {
  size_t size = strlen(value->valuestring);
  if (size > SEG_FILTER_VALUE_BYTES_MAX) {
    problem(state, "limit_exceeded", "has %zu bytes; at most %d are allowed", size,
            SEG_FILTER_VALUE_BYTES_MAX);
    return;
  }
  keep_text(state, value->valuestring, out);
}

static void read_number(parser *state, const cJSON *value, seg_literal *out) {
  if (!isfinite(value->valuedouble)) {
    problem(state, "invalid_value", "is a number beyond what a double can hold");
    return;
  }
  out->kind = SEG_LITERAL_NUMBER;
  out->number = value->valuedouble == 0 ? 0 : value->valuedouble; // -0 is 0
}

static void read_span(parser *state, const cJSON *value, seg_literal *out) {
  if (!cJSON_IsNumber(value)) {
    wrong_type(state, value, "a number of days, hours or minutes");
  } else if (value->valuedouble < 0) {
    problem(state, "invalid_value", "is %.15g; a span of time is 0 or more", value->valuedouble);
  } else {
    read_number(state, value, out);
  }
}

static void read_date(parser *state, const cJSON *value, seg_literal *out) {
  if (!cJSON_IsString(value)) {
    wrong_type(state, value, "a string with an ISO 8601 date");
    return;
  }
  seg_instant instant;
  if (strlen(value->valuestring) <= SEG_FILTER_VALUE_BYTES_MAX &&
      !seg_instant_parse(seg_text_of(value->valuestring), &instant)) {
    problem(state, "invalid_value",
            "%s is not an ISO 8601 date such as 2026-05-06 or 2026-05-06T12:00:00Z",
            seg_quote(seg_text_of(value->valuestring)).text);
    return;
  }
  read_text(state, value, out);
}

/// The value of a filter on `data.*` that compares with a literal.
static void read_data_value(parser *state, const cJSON *value, seg_operator op, seg_literal *out) {
  if (cJSON_IsString(value)) {
    read_text(state, value, out);
  } else if (is_one_of(op, OPERATORS_CONTAINMENT)) {
    wrong_type(state, value, "a string");
  } else if (cJSON_IsNumber(value)) {
    read_number(state, value, out);
  } else if (cJSON_IsBool(value) && is_one_of(op, OPERATORS_EQUALITY)) {
    out->kind = SEG_LITERAL_BOOLEAN;
    out->boolean = cJSON_IsTrue(value);
  } else {
    wrong_type(state, value,
               is_one_of(op, OPERATORS_EQUALITY) ? "a string, a number, true or false"
                                                 : "a number or a string");
  }
}

/// Reads a value that the operator asks for, by what the field compares with.
static void read_wanted_value(parser *state, const cJSON *value, seg_term *term) {
  if (is_one_of(term->op, OPERATORS_SPAN)) {
    read_span(state, value, &term->value);
    return;
  }
  switch (term->field.kind) {
  case SEG_FIELD_SUBSCRIBED:
    if (!cJSON_IsBool(value)) {
      wrong_type(state, value, "true or false");
      return;
    }
    term->value.kind = SEG_LITERAL_BOOLEAN;
    term->value.boolean = cJSON_IsTrue(value);
    return;
  case SEG_FIELD_CREATED_AT:
  case SEG_FIELD_UPDATED_AT:
    read_date(state, value, &term->value);
    return;
  case SEG_FIELD_DATA:
    read_data_value(state, value, term->op, &term->value);
    return;
  default: // email: no other field has an operator that comes here
    if (!cJSON_IsString(value)) {
      wrong_type(state, value, "a string");
      return;
    }
    read_text(state, value, &term->value);
    return;
  }
}

static void read_value(parser *state, const cJSON *value, seg_term *term) {
  size_t before = push_member(state, "value");
  if (is_one_of(term->op, OPERATORS_VALUELESS)) {
    if (!says_nothing(value)) {
      problem(state, "unexpected_value", "%s takes no value", seg_operator_name(term->op));
    }
  } else if (is_missing(value)) {
    problem(state, "required", "is missing; %s needs a value", seg_operator_name(term->op));
  } else {
    read_wanted_value(state, value, term);
  }
  pop_to(state, before);
}

static void read_unit(parser *state, const cJSON *unit, seg_term *term) {
  size_t before = push_member(state, "unit");
  if (!is_one_of(term->op, OPERATORS_SPAN)) {
    if (!says_nothing(unit)) {
      problem(state, "unexpected_value", "%s takes no unit", seg_operator_name(term->op));
    }
  } else if (is_missing(unit)) {
    problem(state, "required", "is missing; %s needs days, hours or minutes",
            seg_operator_name(term->op));
  } else if (!cJSON_IsString(unit)) {
    wrong_type(state, unit, "days, hours or minutes");
  } else {
    for (int i = SEG_UNIT_DAYS; i <= SEG_UNIT_MINUTES; i++) {
      if (strcmp(unit->valuestring, seg_unit_name((seg_unit)i)) == 0) {
        term->unit = (seg_unit)i;
      }
    }
    if (term->unit == SEG_UNIT_NONE) {
      problem(state, "invalid_value", "%s is not a unit; allowed are days, hours, minutes",
              seg_quote(seg_text_of(unit->valuestring)).text);
    }
  }
  pop_to(state, before);
}

// The tree.

/// Adds a node; UINT32_MAX when out of memory.
static uint32_t add_node(parser *state, seg_node_kind kind, uint32_t parent, size_t place) {
  seg_filter *filter = state->filter;
  void *block = filter->nodes;
  if (state->out_of_memory || !seg_grow(filter->allocator, &block, &filter->node_capacity,
                                        filter->node_count + 1, sizeof *filter->nodes)) {
    state->out_of_memory = true;
    return UINT32_MAX;
  }
  filter->nodes = block;
  uint32_t index = (uint32_t)filter->node_count++;
  filter->nodes[index] =
      (seg_node){.kind = kind, .parent = parent, .place = (uint32_t)place, .end = index + 1};
  return index;
}

static void close_node(parser *state, uint32_t node) {
  state->filter->nodes[node].end = (uint32_t)state->filter->node_count;
}

static bool add_term(parser *state, uint32_t parent, size_t place, seg_term **out) {
  seg_filter *filter = state->filter;
  uint32_t node = add_node(state, SEG_NODE_TERM, parent, place);
  void *block = filter->terms;
  if (node == UINT32_MAX || !seg_grow(filter->allocator, &block, &filter->term_capacity,
                                      filter->term_count + 1, sizeof *filter->terms)) {
    state->out_of_memory = true;
    return false;
  }
  filter->terms = block;
  filter->nodes[node].term = (uint32_t)filter->term_count;
  *out = &filter->terms[filter->term_count++];
  **out = (seg_term){.unit = SEG_UNIT_NONE};
  return true;
}

static void read_filter(parser *state, const cJSON *value, uint32_t parent, size_t place) {
  static const char *const names[] = {"field", "operator", "value", "unit", NULL};
  const cJSON *members[4];
  if (state->filters_seen++ == SEG_FILTER_FILTERS_MAX) {
    problem(state, "limit_exceeded", "is filter %d; a condition has at most %d",
            SEG_FILTER_FILTERS_MAX + 1, SEG_FILTER_FILTERS_MAX);
  }
  if (!cJSON_IsObject(value)) {
    wrong_type(state, value,
               "an object with field, operator and, as the operator asks, value "
               "and unit");
    return;
  }
  seg_term *term;
  if (!add_term(state, parent, place, &term)) {
    return;
  }
  read_members(state, value, names, members);
  bool has_field = read_field(state, members[0], term);
  if (read_operator(state, members[1], has_field, term) && has_field) {
    read_value(state, members[2], term);
    read_unit(state, members[3], term);
  }
}

static void read_condition(parser *state, const cJSON *value, uint32_t parent, size_t depth);

static void read_group(parser *state, const cJSON *value, uint32_t parent, size_t place,
                       size_t depth) {
  static const char *const names[] = {"filters", "conditions", NULL};
  const cJSON *members[2];
  if (!cJSON_IsObject(value)) {
    wrong_type(state, value, "an object with filters, conditions or both");
    return;
  }
  read_members(state, value, names, members);
  uint32_t node = add_node(state, SEG_NODE_GROUP, parent, place);
  if (node == UINT32_MAX) {
    return;
  }
  bool has_condition = !is_missing(members[1]);
  if (members[0] == NULL) {
    problem_at(state, "filters", "required",
               "is missing; it is an array, which may be empty "
               "beside a nested condition");
  } else if (!cJSON_IsArray(members[0])) {
    size_t before = push_member(state, "filters");
    wrong_type(state, members[0], "an array of filters");
    pop_to(state, before);
  } else if (members[0]->child == NULL && !has_condition) {
    problem(state, "empty", "has no filter and no nested condition; it needs at least one");
  } else {
    size_t index = 0;
    for (const cJSON *item = members[0]->child; item != NULL; item = item->next, index++) {
      size_t before = push_index(state, "filters", index);
      read_filter(state, item, node, index);
      pop_to(state, before);
    }
  }
  if (has_condition) {
    size_t before = push_member(state, "conditions");
    read_condition(state, members[1], node, depth + 1);
    pop_to(state, before);
  }
  close_node(state, node);
}

static void read_groups(parser *state, const cJSON *groups, uint32_t node, size_t depth) {
  size_t before = push_member(state, "groups");
  if (groups == NULL) {
    problem(state, "required", "is missing; it is an array with at least one group");
  } else if (!cJSON_IsArray(groups)) {
    wrong_type(state, groups, "an array with at least one group");
  } else if (groups->child == NULL) {
    problem(state, "empty", "has no group; it needs at least one");
  }
  pop_to(state, before);
  if (groups == NULL || !cJSON_IsArray(groups)) {
    return;
  }
  size_t index = 0;
  for (const cJSON *item = groups->child; item != NULL; item = item->next, index++) {
    before = push_index(state, "groups", index);
    read_group(state, item, node, index, depth);
    pop_to(state, before);
  }
}

static void read_condition(parser *state, const cJSON *value, uint32_t parent, size_t depth) {
  static const char *const names[] = {"logic", "groups", NULL};
  const cJSON *members[2];
  if (depth > SEG_FILTER_DEPTH_MAX) {
    problem(state, "limit_exceeded", "is level %zu of nesting; a condition has at most %d", depth,
            SEG_FILTER_DEPTH_MAX);
    return;
  }
  if (!cJSON_IsObject(value)) {
    wrong_type(state, value, "an object with logic and groups");
    return;
  }
  read_members(state, value, names, members);
  uint32_t node = add_node(state, SEG_NODE_CONDITION, parent, 0);
  if (node == UINT32_MAX) {
    return;
  }
  size_t before = push_member(state, "logic");
  if (members[0] == NULL) {
    problem(state, "required", "is missing; it is AND or OR");
  } else if (!cJSON_IsString(members[0])) {
    wrong_type(state, members[0], "AND or OR");
  } else if (strcmp(members[0]->valuestring, "OR") == 0) {
    state->filter->nodes[node].is_or = true;
  } else if (strcmp(members[0]->valuestring, "AND") != 0) {
    problem(state, "invalid_value", "is %s; allowed are AND and OR",
            seg_quote(seg_text_of(members[0]->valuestring)).text);
  }
  pop_to(state, before);
  read_groups(state, members[1], node, depth);
  close_node(state, node);
}

/// Reports a condition whose JSON, without white space, is over the limit.
static bool is_within_size(parser *state, const cJSON *condition) {
  char *compact = cJSON_PrintUnformatted(condition);
  if (compact == NULL) {
    state->out_of_memory = true;
    return false;
  }
  size_t size = strlen(compact);
  cJSON_free(compact);
  if (size > SEG_FILTER_JSON_BYTES_MAX) {
    problem(state, "limit_exceeded", "the condition has %zu bytes of JSON; at most %d are allowed",
            size, SEG_FILTER_JSON_BYTES_MAX);
    return false;
  }
  return true;
}

seg_status seg_filter_parse_loose(seg_allocator allocator, const cJSON *condition, seg_filter **out,
                                  seg_problems *problems) {
  seg_filter *filter = seg_allocate_zeroed(allocator, 1, sizeof *filter);
  if (filter == NULL) {
    return SEG_E_NOMEM;
  }
  filter->allocator = allocator;
  parser state = {.filter = filter, .problems = problems};
  size_t problems_before = problems->count;
  if (condition == NULL) {
    problem(&state, "required", "the condition is missing; it is an object with logic and groups");
  } else if (is_within_size(&state, condition)) {
    read_condition(&state, condition, 0, 1);
  }
  if (state.out_of_memory) {
    seg_filter_free(filter);
    return SEG_E_NOMEM;
  }
  filter->is_valid = problems->count == problems_before;
  *out = filter;
  return filter->is_valid ? SEG_OK : SEG_E_INVALID;
}

seg_status seg_filter_parse_tree(seg_allocator allocator, const cJSON *condition, seg_filter **out,
                                 seg_problems *problems) {
  seg_filter *filter = NULL;
  seg_status status = seg_filter_parse_loose(allocator, condition, &filter, problems);
  if (status == SEG_OK) {
    *out = filter;
  } else {
    seg_filter_free(filter);
  }
  return status;
}

seg_status seg_filter_parse(seg_allocator allocator, seg_text_view json, seg_filter **out,
                            seg_problems *problems) {
  cJSON *tree;
  seg_error error;
  seg_status status = seg_json_parse(json, SEG_JSON_DEPTH_MAX, &tree, &error);
  if (status == SEG_E_JSON) {
    status = seg_problems_add(problems, "", "invalid_json", "%s", error.message);
    return status == SEG_OK ? SEG_E_INVALID : status;
  }
  if (status != SEG_OK) {
    return status;
  }
  status = seg_filter_parse_tree(allocator, tree, out, problems);
  seg_json_free(tree);
  return status;
}
