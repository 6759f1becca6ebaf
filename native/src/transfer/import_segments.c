// Definitions of segments. They come in the form that `segmentry eval` reads, where a segment
// refers to another by name; in a project it refers by id. So all names are read first, then the
// references are rewritten, and only then is each condition parsed and the whole checked for
// circles.
#include "engine/ids.h"
#include "engine/owned_text.h"
#include "import_internal.h"
#include "references.h"
#include "segmentry/instant.h"
#include "segmentry/slug.h"
#include "segmentry/text.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// An entry of the array, as it is read.
typedef struct definition {
  const cJSON *item;
  cJSON *condition;     ///< NULL: none.
  const cJSON *members; ///< NULL: none.
  bool is_static;
  bool is_tracked;
  store_segment row; ///< Texts borrowed from the tree, but for the slug.
  seg_text_view slug;
} definition;

typedef struct reader {
  import *own;
  import_problem problem;
  void *context;
  size_t problem_count;
  const definition *current;
  size_t index; ///< Of `current` in the array.
  bool has_memory;
  store_error *error;
} reader;

static void say(reader *state, const char *member, const char *message) {
  char place[SEG_FILTER_PATH_BYTES + SEG_NAME_BYTES_MAX + 64];
  seg_text_view name = state->current->row.name;
  size_t shown = name.size_bytes < SEG_NAME_BYTES_MAX ? name.size_bytes : SEG_NAME_BYTES_MAX;
  (void)snprintf(place, sizeof place, "[%zu]%s%.*s%s%s%s", state->index,
                 name.bytes == NULL ? "" : " \"", (int)shown, name.bytes == NULL ? "" : name.bytes,
                 name.bytes == NULL ? "" : "\"", member[0] == '\0' ? "" : ": ", member);
  state->problem(state->context, place, message);
  state->problem_count++;
}

// One entry.

static cJSON *member_of(const cJSON *item, const char *name) {
  cJSON *found = cJSON_GetObjectItemCaseSensitive(item, name);
  return cJSON_IsNull(found) ? NULL : found;
}

static seg_text_view read_text(reader *state, const char *name) {
  const cJSON *found = member_of(state->current->item, name);
  if (found != NULL && cJSON_IsString(found)) {
    return seg_text_of(found->valuestring);
  }
  if (found != NULL) {
    say(state, name, "must be a string");
  }
  return (seg_text_view){.bytes = NULL, .size_bytes = 0};
}

static int64_t read_instant(reader *state, const char *name) {
  seg_text_view text = read_text(state, name);
  seg_instant instant = {.ms = state->own->now_ms};
  if (text.bytes != NULL && !seg_instant_parse(text, &instant)) {
    say(state, name, "must be an ISO 8601 date such as 2026-05-06T12:00:00Z");
  }
  return instant.ms;
}

static void read_type(reader *state, definition *out) {
  seg_text_view type = read_text(state, "type");
  const cJSON *track = member_of(out->item, "trackMembership");
  out->condition = member_of(out->item, "condition");
  out->members = member_of(out->item, "members");
  out->is_static = type.bytes == NULL ? out->condition == NULL && out->members != NULL
                                      : seg_text_equal(type, seg_text_of("STATIC"));
  out->is_tracked = cJSON_IsTrue(track);
  if (type.bytes != NULL && !out->is_static && !seg_text_equal(type, seg_text_of("DYNAMIC"))) {
    say(state, "type", "must be DYNAMIC or STATIC");
  }
  if (track != NULL && !cJSON_IsBool(track)) {
    say(state, "trackMembership", "must be true or false");
  }
  if (out->is_static && out->condition != NULL) {
    say(state, "condition", "a static segment has none");
  }
  if (!out->is_static && out->members != NULL) {
    say(state, "members", "a dynamic segment has none: its condition says who is in it");
  }
  if (out->members != NULL && !cJSON_IsArray(out->members)) {
    say(state, "members", "must be an array of addresses or ids of contacts");
  }
}

static void read_definition(reader *state, definition *out) {
  seg_allocator allocator = seg_allocator_default();
  seg_error error;
  if (!cJSON_IsObject(out->item)) {
    say(state, "", "must be an object such as {\"name\",\"condition\"}");
    return;
  }
  out->row.name = read_text(state, "name");
  seg_status status = seg_slug(allocator, out->row.name, &out->slug, &error);
  if (status == SEG_E_NOMEM) {
    state->has_memory = false;
  } else if (status != SEG_OK) {
    say(state, "name", out->row.name.bytes == NULL ? "is missing or no string" : error.message);
  }
  out->row.slug = out->slug;
  out->row.id = read_text(state, "id");
  if (out->row.id.size_bytes > SEG_SEGMENT_ID_BYTES_MAX ||
      (out->row.id.bytes != NULL && out->row.id.size_bytes == 0)) {
    say(state, "id", "must have 1 to 248 bytes");
  }
  out->row.description = read_text(state, "description");
  out->row.created_at_ms = read_instant(state, "createdAt");
  out->row.updated_at_ms = read_instant(state, "updatedAt");
  read_type(state, out);
}

// References.

size_t import_find_segment(const import *own, seg_text_view reference) {
  size_t by_file_id = own->segment_count;
  size_t by_id = own->segment_count;
  for (size_t i = own->segment_count; i-- > 0;) {
    const import_segment *at = &own->segments[i];
    if (at->file_name.bytes != NULL && seg_text_equal(at->file_name, reference)) {
      return i;
    }
    by_file_id =
        at->file_id.bytes != NULL && seg_text_equal(at->file_id, reference) ? i : by_file_id;
    by_id = seg_text_equal(at->of->id, reference) ? i : by_id;
  }
  return by_file_id < own->segment_count ? by_file_id : by_id;
}

/// What a reference of the file is in the project.
static seg_text_view id_of_reference(void *context, seg_text_view reference) {
  const import *own = context;
  size_t at = import_find_segment(own, reference);
  return at < own->segment_count ? own->segments[at].of->id
                                 : (seg_text_view){.bytes = NULL, .size_bytes = 0};
}

// The list.

static bool add_segment(import *own, const import_segment *added) {
  if (own->segment_count == own->segment_capacity) {
    size_t capacity = own->segment_capacity == 0 ? 16 : own->segment_capacity * 2;
    import_segment *grown = realloc(own->segments, capacity * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->segments = grown;
    own->segment_capacity = capacity;
  }
  own->segments[own->segment_count++] = *added;
  return true;
}

static bool keep_segment(void *context, const store_segment *row) {
  reader *state = context;
  import_segment kept = {.of = segment_create(row), .num = row->num};
  state->has_memory = kept.of != NULL && add_segment(state->own, &kept);
  if (!state->has_memory) {
    segment_free(kept.of);
  }
  return state->has_memory;
}

store_status import_read_segments(import *own, store_error *error) {
  reader state = {.own = own, .has_memory = true};
  store_status status =
      store_segment_list(own->session, own->project.num, keep_segment, &state, error);
  if (status == STORE_OK && !state.has_memory) {
    return import_no_memory(error);
  }
  for (size_t i = 0; i < own->segment_count / 2; i++) { // the store lists the newest first
    import_segment other = own->segments[i];
    own->segments[i] = own->segments[own->segment_count - 1 - i];
    own->segments[own->segment_count - 1 - i] = other;
  }
  return status;
}

/// The project's segment with the slug of a definition, or `segment_count`.
static size_t find_slug(const import *own, seg_text_view slug) {
  size_t i = 0;
  while (i < own->segment_count && !seg_text_equal(own->segments[i].of->slug, slug)) {
    i++;
  }
  return i;
}

/// Whether a new segment may have the id that the file gives it.
static bool id_is_free(const import *own, seg_text_view id) {
  for (size_t i = 0; i < own->segment_count; i++) {
    if (seg_text_equal(own->segments[i].of->id, id)) {
      return false;
    }
  }
  return id.bytes != NULL;
}

/// Puts a new segment on the list, still without its condition. Returns false if there is no
/// memory.
static bool list_new(import *own, const definition *of) {
  char new_id[ID_TEXT_BYTES];
  store_segment row = of->row;
  if (!id_is_free(own, row.id)) {
    id_make(new_id);
    row.id = seg_text_of(new_id);
  }
  row.is_static = true; // nothing to parse yet
  import_segment added = {.of = segment_create(&row)};
  if (added.of == NULL || !add_segment(own, &added)) {
    segment_free(added.of);
    return false;
  }
  added.of->is_static = of->is_static;
  return true;
}

/// Puts an entry of the file on the list, so that others can refer to it.
static bool list_definition(reader *state, const definition *of) {
  import *own = state->own;
  size_t at = find_slug(own, of->slug);
  if (at == own->segment_count) {
    if (!list_new(own, of)) {
      return false;
    }
  } else if (own->segments[at].file_name.bytes != NULL) {
    say(state, "name", "an earlier segment of the file has this name, or one with the same slug");
    return true;
  } else if (own->segments[at].of->is_static != of->is_static) {
    say(state, "type", "the project has a segment of this name and the other type");
  }
  import_segment *listed = &own->segments[at];
  return owned_text_copy(of->row.name, &listed->file_name) &&
         owned_text_copy(of->row.id, &listed->file_id);
}

// Conditions.

/// Parses the condition of an entry and gives it to its segment.
static bool set_condition(reader *state, const definition *of, segment *to) {
  seg_allocator allocator = seg_allocator_default();
  seg_problems problems;
  seg_filter *filter = NULL;
  seg_text_view json = {.bytes = NULL, .size_bytes = 0};
  seg_problems_init(&problems, allocator);
  if (!references_rename(of->condition, id_of_reference, state->own)) {
    return false;
  }
  seg_status status = seg_filter_parse_tree(allocator, of->condition, &filter, &problems);
  for (size_t i = 0; i < problems.count; i++) {
    char place[SEG_FILTER_PATH_BYTES + 16];
    const char *field = problems.items[i].field;
    (void)snprintf(place, sizeof place, "condition%s%.1500s", field[0] == '\0' ? "" : ".", field);
    say(state, place, problems.items[i].message);
  }
  seg_problems_free(&problems);
  if (status == SEG_OK) {
    status = seg_filter_write(filter, allocator, &json);
  }
  bool ok = status != SEG_E_NOMEM;
  if (status == SEG_OK) {
    seg_filter_free(to->filter);
    to->filter = filter;
    filter = NULL;
    owned_text_free(to->condition_json);
    to->condition_json = (seg_text_view){.bytes = NULL, .size_bytes = 0};
    ok = owned_text_copy(json, &to->condition_json);
  }
  seg_filter_free(filter);
  seg_text_free(allocator, json);
  return ok;
}

static bool find_listed(void *context, seg_text_view id, seg_segment *out) {
  static const uint64_t no_members = 0;
  const import *own = context;
  for (size_t i = 0; i < own->segment_count; i++) {
    const segment *of = own->segments[i].of;
    if (seg_text_equal(of->id, id)) {
      *out = (seg_segment){
          .name = of->name, .filter = of->filter, .members = of->is_static ? &no_members : NULL};
      return true;
    }
  }
  return false;
}

static bool check_references(reader *state, const segment *of) {
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  seg_resolver resolver = {.find = find_listed, .context = state->own};
  seg_status status = of->filter == NULL ? SEG_OK
                                         : seg_filter_check_references(of->filter, of->id, of->name,
                                                                       &resolver, &problems);
  for (size_t i = 0; i < problems.count; i++) {
    char place[SEG_FILTER_PATH_BYTES + 16];
    (void)snprintf(place, sizeof place, "condition.%.1500s", problems.items[i].field);
    say(state, place, problems.items[i].message);
  }
  seg_problems_free(&problems);
  return status != SEG_E_NOMEM;
}

// Members by hand.

static bool keep_num(void *context, const store_contact *row) {
  *(int64_t *)context = row->num;
  return false;
}

/// Finds the contact that an entry of `members` names: by the id of the files, by the project's, or
/// by its address.
static store_status find_contact(const import *own, seg_text_view name, membership *out,
                                 store_error *error) {
  out->row = NO_ROW;
  if (seg_table_find(own->lines, name, &out->row) ||
      seg_table_find_email(own->lines, name, &out->row)) {
    out->contact = own->nums[out->row];
    return STORE_OK;
  }
  out->row = NO_ROW;
  return import_find_before(own, name, &out->contact)
             ? STORE_OK
             : store_contact_get(own->session, own->project.num, name, keep_num, &out->contact,
                                 error);
}

static store_status read_members(reader *state, const definition *of, size_t segment_index) {
  store_status status = STORE_OK;
  size_t index = 0;
  for (const cJSON *item = of->members == NULL ? NULL : of->members->child;
       item != NULL && status == STORE_OK; item = item->next, index++) {
    char place[48];
    membership added = {.segment = segment_index, .since_ms = state->own->now_ms};
    (void)snprintf(place, sizeof place, "members[%zu]", index);
    if (!cJSON_IsString(item)) {
      say(state, place, "must be a string, the address or the id of a contact");
      continue;
    }
    status = find_contact(state->own, seg_text_of(item->valuestring), &added, state->error);
    if (status == STORE_NOT_FOUND) {
      say(state, place, "no contact has this address or id");
      status = STORE_OK;
    } else if (status == STORE_OK && !import_add_membership(state->own, &added)) {
      status = import_no_memory(state->error);
    }
  }
  return status;
}

// All of it.

static store_status store_definition(import *own, const definition *of, store_error *error) {
  import_segment *listed = &own->segments[find_slug(own, of->slug)];
  segment *to = listed->of;
  store_segment row = {.num = to->num,
                       .project = own->project.num,
                       .id = to->id,
                       .name = of->row.name,
                       .slug = of->slug,
                       .description = of->row.description,
                       .is_static = to->is_static,
                       .condition_json = to->condition_json,
                       .is_tracked = of->is_tracked && !to->is_static,
                       .member_count_at_ms = own->now_ms,
                       .created_at_ms = of->row.created_at_ms,
                       .updated_at_ms = of->row.updated_at_ms};
  to->is_tracked = row.is_tracked;
  if (to->num != 0) {
    own->counts.segments_updated++;
    return store_segment_update(own->session, &row, error);
  }
  own->counts.segments_created++;
  store_status status = store_segment_insert(own->session, &row, &to->num, error);
  listed->num = to->num;
  listed->is_new = true;
  return status;
}

/// The segment on the list that an entry defines.
static segment *segment_of(const import *own, const definition *of) {
  return own->segments[find_slug(own, of->slug)].of;
}

static void look_at(reader *state, const definition *definitions, size_t index) {
  state->current = &definitions[index];
  state->index = index;
}

static store_status define(reader *state, definition *definitions, size_t count) {
  import *own = state->own;
  for (size_t i = 0; state->has_memory && i < count; i++) {
    look_at(state, definitions, i);
    read_definition(state, &definitions[i]);
    if (state->problem_count == 0 && state->has_memory) {
      state->has_memory = list_definition(state, &definitions[i]);
    }
  }
  if (!state->has_memory || state->problem_count > 0) {
    return state->has_memory ? STORE_OK : import_no_memory(state->error);
  }
  for (size_t i = 0; state->has_memory && i < count; i++) {
    look_at(state, definitions, i);
    if (!definitions[i].is_static) {
      state->has_memory = set_condition(state, &definitions[i], segment_of(own, &definitions[i]));
    }
  }
  bool are_parsed = state->problem_count == 0;
  for (size_t i = 0; state->has_memory && are_parsed && i < count; i++) {
    look_at(state, definitions, i);
    state->has_memory = check_references(state, segment_of(own, &definitions[i]));
  }
  store_status status = state->has_memory ? STORE_OK : import_no_memory(state->error);
  for (size_t i = 0; status == STORE_OK && i < count; i++) {
    look_at(state, definitions, i);
    status = read_members(state, &definitions[i], find_slug(own, definitions[i].slug));
    if (status == STORE_OK && state->problem_count == 0) {
      status = store_definition(own, &definitions[i], state->error);
    }
  }
  return status;
}

store_status import_segments(import *own, struct cJSON *tree, import_problem problem, void *context,
                             size_t *problem_count, store_error *error) {
  *problem_count = 0;
  store_status status = row_pipe_drain(own->pipe, error);
  if (status != STORE_OK) {
    return status;
  }
  if (!cJSON_IsArray(tree)) {
    problem(context, "the file", "must be an array of {\"name\",\"condition\"}");
    *problem_count = 1;
    return STORE_OK;
  }
  size_t count = (size_t)cJSON_GetArraySize(tree);
  definition *definitions = calloc(count + 1, sizeof *definitions);
  if (definitions == NULL) {
    return import_no_memory(error);
  }
  size_t at = 0;
  for (const cJSON *item = tree->child; item != NULL; item = item->next) {
    definitions[at++].item = item;
  }
  reader state = {
      .own = own, .problem = problem, .context = context, .has_memory = true, .error = error};
  status = define(&state, definitions, count);
  *problem_count = state.problem_count;
  for (size_t i = 0; i < count; i++) {
    seg_text_free(seg_allocator_default(), definitions[i].slug);
  }
  free(definitions);
  return status;
}
