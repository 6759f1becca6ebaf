// See export.h.
#include "export.h"

#include "api/database.h"
#include "api/projects.h"
#include "engine/owned_text.h"
#include "engine/project.h"
#include "engine/tracking.h"
#include "references.h"
#include "segmentry/filter.h"
#include "segmentry/json.h"
#include "segmentry/text.h"

#include <cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// Of a list that is wanted as a whole.
#define ALL_ROWS SIZE_MAX

typedef struct export {
  const char *db;
  const char *project_id;
  const export_visitor *visitor;
  store_session *session;
  int64_t project;
  bool goes_on; ///< No visitor has ended it.
  bool has_memory;
  segment **segments; ///< Newest first; owned.
  size_t segment_count;
  size_t segment_capacity;
  const segment *of; ///< Whose members are being shown.
}
export;

static bool show_contact(void *context, const store_contact *row) {
  export *own = context;
  own->goes_on = own->visitor->contact(own->visitor->context, row);
  return own->goes_on;
}

static bool show_event(void *context, const store_event *row) {
  export *own = context;
  own->goes_on = own->visitor->event(own->visitor->context, row);
  return own->goes_on;
}

static bool show_activity(void *context, const store_activity_entry *row) {
  export *own = context;
  own->goes_on = own->visitor->activity(own->visitor->context, row);
  return own->goes_on;
}

static bool show_member(void *context, const store_member *row) {
  export *own = context;
  own->goes_on = own->visitor->member(own->visitor->context, own->of->name, row);
  return own->goes_on;
}

static bool show_change(void *context, const store_member_change *row) {
  export *own = context;
  own->goes_on = own->visitor->change(own->visitor->context, row, tracking_cause_names[row->cause]);
  return own->goes_on;
}

// Segments.

static bool keep_segment(void *context, const store_segment *row) {
  export *own = context;
  if (own->segment_count == own->segment_capacity) {
    size_t capacity = own->segment_capacity == 0 ? 16 : own->segment_capacity * 2;
    segment **grown = realloc(own->segments, capacity * sizeof *grown);
    if (grown == NULL) {
      own->has_memory = false;
      return false;
    }
    own->segments = grown;
    own->segment_capacity = capacity;
  }
  segment *kept = segment_create(row);
  own->has_memory = kept != NULL;
  if (own->has_memory) {
    own->segments[own->segment_count++] = kept;
  }
  return own->has_memory;
}

static seg_text_view name_of_reference(void *context, seg_text_view reference) {
  const export *own = context;
  for (size_t i = 0; i < own->segment_count; i++) {
    if (seg_text_equal(own->segments[i]->id, reference)) {
      return own->segments[i]->name;
    }
  }
  return (seg_text_view){.bytes = NULL, .size_bytes = 0};
}

/// The condition of a segment with names for ids. out  owned  Free with seg_text_free.
static bool write_condition(export *own, const segment *of, seg_text_view *out) {
  seg_allocator allocator = seg_allocator_default();
  cJSON *tree = NULL;
  seg_filter *filter = NULL;
  seg_problems problems;
  seg_problems_init(&problems, allocator);
  bool ok = seg_json_parse(of->condition_json, SEG_JSON_DEPTH_MAX, &tree, NULL) == SEG_OK &&
            references_rename(tree, name_of_reference, own) &&
            seg_filter_parse_tree(allocator, tree, &filter, &problems) == SEG_OK &&
            seg_filter_write(filter, allocator, out) == SEG_OK;
  seg_json_free(tree);
  seg_filter_free(filter);
  seg_problems_free(&problems);
  return ok;
}

static bool show_segment(export *own, const segment *of) {
  store_segment row = {.num = of->num,
                       .project = own->project,
                       .id = of->id,
                       .name = of->name,
                       .slug = of->slug,
                       .description = of->description,
                       .is_static = of->is_static,
                       .is_tracked = of->is_tracked,
                       .member_count = of->member_count,
                       .member_count_at_ms = of->member_count_at_ms,
                       .created_at_ms = of->created_at_ms,
                       .updated_at_ms = of->updated_at_ms};
  // What was saved could be parsed then: only memory can be lacking.
  own->has_memory = of->is_static || write_condition(own, of, &row.condition_json);
  if (own->has_memory) {
    own->goes_on = own->visitor->segment(own->visitor->context, &row);
  }
  seg_text_free(seg_allocator_default(), row.condition_json);
  return own->has_memory && own->goes_on;
}

static store_status show_segments(export *own, store_error *error) {
  store_status status = store_segment_list(own->session, own->project, keep_segment, own, error);
  bool ok = status == STORE_OK && own->has_memory;
  for (size_t i = own->segment_count; ok && i-- > 0;) {
    ok = show_segment(own, own->segments[i]);
  }
  seg_text_view all = {.bytes = NULL, .size_bytes = 0};
  for (size_t i = own->segment_count; ok && own->goes_on && status == STORE_OK && i-- > 0;) {
    own->of = own->segments[i];
    if (!own->of->is_static && !own->of->is_tracked) {
      continue;
    }
    status = store_member_page(own->session, own->project, own->of->num, all, 0, ALL_ROWS,
                               show_member, own, error);
    if (status == STORE_OK && own->goes_on) {
      status = store_member_history_each(own->session, own->project, own->of->num, show_change, own,
                                         error);
    }
  }
  return status;
}

static store_status show_all(void *context, store_session *session, store_error *error) {
  export *own = context;
  project_found found;
  own->session = session;
  store_status status = projects_find(session, own->db, own->project_id, &found, error);
  if (status == STORE_OK) {
    own->project = found.num;
    status = store_contact_each(session, own->project, show_contact, own, error);
  }
  if (status == STORE_OK && own->goes_on) {
    store_event_scope everything = {.contact = 0, .name = 0};
    store_event_place newest = {
        .at_ms = STORE_NEWEST, .contact = STORE_NEWEST, .num = STORE_NEWEST};
    status = store_event_page(session, own->project, everything, newest, ALL_ROWS, show_event, own,
                              error);
  }
  if (status == STORE_OK && own->goes_on) {
    status = store_activity_list(session, own->project, show_activity, own, error);
  }
  if (status == STORE_OK && own->goes_on) {
    status = show_segments(own, error);
  }
  if (status == STORE_OK && !own->has_memory) {
    error->status = STORE_NOMEM;
    (void)snprintf(error->message, sizeof error->message, "out of memory");
    status = STORE_NOMEM;
  }
  return status;
}

store_status export_project(const char *db, const char *project_id, const export_visitor *visitor,
                            store_error *error) {
  export own = {
      .db = db, .project_id = project_id, .visitor = visitor, .goes_on = true, .has_memory = true};
  store_status status = database_read(db, show_all, &own, error);
  for (size_t i = 0; i < own.segment_count; i++) {
    segment_free(own.segments[i]);
  }
  free(own.segments);
  return status;
}
