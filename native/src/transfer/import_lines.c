// Lines into rows for the store. In the thread that reads.
#include "engine/email.h"
#include "engine/json_text.h"
#include "engine/tracking.h"
#include "import_internal.h"
#include "segmentry/instant.h"

#include <cJSON.h>
#include <stdio.h>
#include <string.h>

static seg_status refuse(seg_error *error, const char *member, const char *trouble) {
  error->status = SEG_E_INVALID;
  (void)snprintf(error->message, sizeof error->message, "%s: %s", member, trouble);
  return SEG_E_INVALID;
}

/// Ends the reading: the store has failed, and import_failure will say with what.
static seg_status end_reading(import *own) {
  (void)row_pipe_drain(own->pipe, &own->failure);
  return SEG_E_NOMEM;
}

static seg_status add(import *own, const import_row *row) {
  return row_pipe_add(own->pipe, row) == STORE_OK ? SEG_OK : end_reading(own);
}

/// A member's value as it is written: what cJSON would print has lost digits.
static seg_text_view written(const seg_ingest_line *line, const char *name) {
  seg_text_view value = {.bytes = NULL, .size_bytes = 0};
  bool found = json_text_find(line->text, name, &value);
  return found && !seg_text_equal(value, seg_text_of("null"))
             ? value
             : (seg_text_view){.bytes = NULL, .size_bytes = 0};
}

/// A string of the line that may lack; NULL bytes then, and when it is empty.
static seg_text_view optional_string(const seg_ingest_line *line, const char *name) {
  const cJSON *found = NULL;
  for (const cJSON *item = line->members->child; item != NULL; item = item->next) {
    found = strcmp(item->string, name) == 0 ? item : found;
  }
  bool is_there = found != NULL && cJSON_IsString(found) && found->valuestring[0] != '\0';
  return is_there ? seg_text_of(found->valuestring)
                  : (seg_text_view){.bytes = NULL, .size_bytes = 0};
}

static seg_status take_contact(import *own, const seg_ingest_line *line, seg_error *error) {
  char bytes[SEG_EMAIL_BYTES_MAX];
  import_row row = {.kind = ROW_CONTACT,
                    .row = line->row,
                    .subscribed = line->contact.subscribed,
                    .at_ms = line->contact.created_at_ms,
                    .updated_at_ms = line->contact.updated_at_ms,
                    .id = line->contact.id,
                    .data = written(line, "data")};
  uint32_t first = 0;
  if (!engine_read_email(line->contact.email, bytes, &row.name)) {
    return refuse(error, "email",
                  "is not an address; it must have one @ with something on both sides, and no "
                  "white space");
  }
  if (seg_table_find_email(own->lines, row.name, &first) && first != line->row) {
    return refuse(error, "email",
                  "an earlier line has this address; a project has one contact of each");
  }
  return add(own, &row);
}

static seg_status take_event(import *own, const seg_ingest_line *line) {
  import_row row = {.kind = ROW_EVENT,
                    .row = line->row,
                    .at_ms = line->event_at_ms,
                    .id = optional_string(line, "id"),
                    .name = line->event_name,
                    .data = written(line, "data")};
  return add(own, &row);
}

static seg_status take_email(import *own, const seg_ingest_line *line) {
  import_row row = {
      .kind = ROW_ACTIVITY, .row = line->row, .name = optional_string(line, "messageId")};
  seg_status status = SEG_OK;
  for (int i = 0; status == SEG_OK && i < SEG_ACTIVITY_COUNT; i++) {
    if (line->activity_at_ms[i] != SEG_INSTANT_NONE) {
      row.activity = i;
      row.at_ms = line->activity_at_ms[i];
      status = add(own, &row);
    }
  }
  return status;
}

static seg_status take_member(import *own, const seg_ingest_line *line, seg_error *error) {
  if (row_pipe_drain(own->pipe, &own->failure) != STORE_OK) { // the contacts' numbers must be there
    return SEG_E_NOMEM;
  }
  membership added = {.segment = import_find_segment(own, line->segment),
                      .contact = own->nums[line->row],
                      .since_ms = line->since_ms == SEG_INSTANT_NONE ? own->now_ms : line->since_ms,
                      .row = line->row};
  if (added.segment == own->segment_count) {
    return refuse(error, "segment", "there is no segment with this name or id");
  }
  const segment *of = own->segments[added.segment].of;
  if (!of->is_static && !of->is_tracked) {
    return refuse(error, "segment",
                  "is dynamic and not tracked: its condition alone says who is in it");
  }
  return import_add_membership(own, &added) ? SEG_OK : SEG_E_NOMEM;
}

/// Reads why somebody entered or left. What deletion took is nobody who could be in the files.
static bool read_cause(const seg_ingest_line *line, store_cause *out) {
  seg_text_view name = optional_string(line, "cause");
  *out = STORE_CAUSE_DEFINITION; // as of those whom the import itself moves
  bool is_known = name.bytes == NULL;
  for (int i = STORE_CAUSE_DATA; i < STORE_CAUSE_DELETE; i++) {
    if (name.bytes != NULL && seg_text_equal(name, seg_text_of(tracking_cause_names[i]))) {
      *out = (store_cause)i;
      is_known = true;
    }
  }
  return is_known;
}

static seg_status take_change(import *own, const seg_ingest_line *line, seg_error *error) {
  if (row_pipe_drain(own->pipe, &own->failure) != STORE_OK) { // the contacts' numbers must be there
    return SEG_E_NOMEM;
  }
  past_change added = {.segment = import_find_segment(own, line->segment),
                       .contact = own->nums[line->row],
                       .row = line->row,
                       .at_ms = line->change_at_ms,
                       .line = line->number,
                       .is_entry = line->is_entry};
  if (added.segment == own->segment_count) {
    return refuse(error, "segment", "there is no segment with this name or id");
  }
  if (!read_cause(line, &added.cause)) {
    return refuse(error, "cause", "must be DATA, CLOCK, DEFINITION or MANUAL");
  }
  if (added.at_ms > own->now_ms) {
    return refuse(error, "at", "lies in the future; a history is of what has been");
  }
  const import_segment *listed = &own->segments[added.segment];
  if (!listed->of->is_static && !listed->of->is_tracked) {
    return refuse(error, "segment", "is dynamic and not tracked: it has no history");
  }
  return !listed->is_new || import_add_change(own, &added) ? SEG_OK : SEG_E_NOMEM;
}

seg_status import_take(void *context, const seg_ingest_line *line, seg_error *error) {
  import *own = context;
  switch (line->kind) {
  case SEG_INGEST_CONTACTS:
    return take_contact(own, line, error);
  case SEG_INGEST_EVENTS:
    return take_event(own, line);
  case SEG_INGEST_EMAILS:
    return take_email(own, line);
  case SEG_INGEST_MEMBERS:
    return take_member(own, line, error);
  case SEG_INGEST_CHANGES:
    break;
  }
  return take_change(own, line, error);
}
