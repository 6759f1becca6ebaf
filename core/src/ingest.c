// NDJSON lines into a table. Each line stands or falls as a whole.
#include "segmentry/ingest.h"

#include "base_internal.h"
#include "segmentry/instant.h"
#include "segmentry/json.h"
#include "table_internal.h"

#include <cJSON.h>
#include <string.h>

/// A member by name; of two with one name the last counts, as everywhere in JSON.
static const cJSON *find_member(const cJSON *line, const char *name) {
  const cJSON *found = NULL;
  for (const cJSON *item = line->child; item != NULL; item = item->next) {
    if (strcmp(item->string, name) == 0) {
      found = item;
    }
  }
  return found;
}

/// A member that must be a string.
static seg_status read_string(const cJSON *line, const char *name, seg_text_view *out,
                              seg_error *error) {
  const cJSON *member = find_member(line, name);
  if (!cJSON_IsString(member)) {
    return seg_fail(error, SEG_E_INVALID, "%s: %s; must be a string", name,
                    member == NULL ? "is missing" : "is not a string");
  }
  *out = seg_text_of(member->valuestring);
  return SEG_OK;
}

/// A member that must be an ISO 8601 date; with `may_lack`, null or missing gives SEG_INSTANT_NONE.
static seg_status read_instant(const cJSON *line, const char *name, bool may_lack, int64_t *out_ms,
                               seg_error *error) {
  const cJSON *member = find_member(line, name);
  if (may_lack && (member == NULL || cJSON_IsNull(member))) {
    *out_ms = SEG_INSTANT_NONE;
    return SEG_OK;
  }
  seg_text_view text = {0};
  seg_status status = read_string(line, name, &text, error);
  if (status != SEG_OK) {
    return status;
  }
  seg_instant instant;
  if (!seg_instant_parse(text, &instant)) {
    return seg_fail(error, SEG_E_INVALID,
                    "%s: %s is not an ISO 8601 date such as 2026-05-06T12:00:00Z", name,
                    seg_quote(text).text);
  }
  *out_ms = instant.ms;
  return SEG_OK;
}

static seg_status read_contact(const cJSON *line, seg_contact_view *out, seg_error *error) {
  *out = (seg_contact_view){.subscribed = false};
  seg_status status = read_string(line, "id", &out->id, error);
  if (status == SEG_OK) {
    status = read_string(line, "email", &out->email, error);
  }
  const cJSON *subscribed = find_member(line, "subscribed");
  if (status == SEG_OK && !cJSON_IsBool(subscribed)) {
    status = seg_fail(error, SEG_E_INVALID, "subscribed: %s; must be true or false",
                      subscribed == NULL ? "is missing" : "is neither true nor false");
  }
  if (status == SEG_OK) {
    status = read_instant(line, "createdAt", false, &out->created_at_ms, error);
  }
  if (status == SEG_OK) {
    status = read_instant(line, "updatedAt", false, &out->updated_at_ms, error);
  }
  out->subscribed = cJSON_IsTrue(subscribed);
  out->data = find_member(line, "data");
  return status;
}

static seg_status take_contact(seg_table *table, seg_ingest_line *line, seg_error *error) {
  seg_status status = read_contact(line->members, &line->contact, error);
  return status == SEG_OK ? seg_table_add(table, &line->contact, &line->row, error) : status;
}

static seg_status missing_contact(seg_text_view id, const char *name, seg_error *error) {
  return seg_fail(error, SEG_E_MISSING, "%s: there is no contact with the id %s", name,
                  seg_quote(id).text);
}

static seg_status replace_contact(seg_table *table, seg_ingest_line *line, seg_error *error) {
  seg_status status = read_contact(line->members, &line->contact, error);
  if (status != SEG_OK) {
    return status;
  }
  return seg_table_find(table, line->contact.id, &line->row)
             ? seg_table_update(table, line->row, &line->contact, error)
             : missing_contact(line->contact.id, "id", error);
}

/// The contact that an event or an email belongs to.
static seg_status find_contact(const seg_table *table, const cJSON *line, uint32_t *row,
                               seg_error *error) {
  seg_text_view id = {0};
  seg_status status = read_string(line, "contactId", &id, error);
  if (status == SEG_OK && !seg_table_find(table, id, row)) {
    status = missing_contact(id, "contactId", error);
  }
  return status;
}

static seg_status take_event(seg_table *table, seg_ingest_line *line, seg_error *error) {
  seg_status status = find_contact(table, line->members, &line->row, error);
  if (status == SEG_OK) {
    status = read_string(line->members, "name", &line->event_name, error);
  }
  if (status == SEG_OK) {
    status = read_instant(line->members, "createdAt", false, &line->event_at_ms, error);
  }
  return status == SEG_OK
             ? seg_table_add_event(table, line->row, line->event_name, line->event_at_ms, error)
             : status;
}

static seg_status take_email(seg_table *table, seg_ingest_line *line, seg_error *error) {
  static const char *const members[SEG_ACTIVITY_COUNT] = {
      [SEG_ACTIVITY_SENT] = "sentAt",       [SEG_ACTIVITY_DELIVERED] = "deliveredAt",
      [SEG_ACTIVITY_OPENED] = "openedAt",   [SEG_ACTIVITY_CLICKED] = "clickedAt",
      [SEG_ACTIVITY_BOUNCED] = "bouncedAt", [SEG_ACTIVITY_COMPLAINED] = "complainedAt",
  };
  int64_t *at_ms = line->activity_at_ms;
  seg_status status = find_contact(table, line->members, &line->row, error);
  for (size_t i = 0; status == SEG_OK && i < SEG_ACTIVITY_COUNT; i++) {
    status = read_instant(line->members, members[i], true, &at_ms[i], error);
  }
  // First all room, then all occurrences: the line stands or falls as a whole.
  for (size_t i = 0; status == SEG_OK && i < SEG_ACTIVITY_COUNT; i++) {
    if (at_ms[i] != SEG_INSTANT_NONE &&
        !seg_timeline_reserve(&table->activities[i], table->allocator, line->row)) {
      status = seg_fail_memory(error);
    }
  }
  for (size_t i = 0; status == SEG_OK && i < SEG_ACTIVITY_COUNT; i++) {
    if (at_ms[i] != SEG_INSTANT_NONE) {
      status = seg_table_add_activity(table, line->row, (seg_activity)i, at_ms[i], error);
    }
  }
  return status;
}

static seg_status take_member(seg_table *table, seg_ingest_line *line, seg_error *error) {
  seg_status status = find_contact(table, line->members, &line->row, error);
  if (status == SEG_OK) {
    status = read_string(line->members, "segment", &line->segment, error);
  }
  if (status == SEG_OK) {
    status = read_instant(line->members, "since", true, &line->since_ms, error);
  }
  return status == SEG_OK ? seg_table_set_member(table, line->segment, line->row, true, error)
                          : status;
}

static seg_status take_change(seg_table *table, seg_ingest_line *line, seg_error *error) {
  seg_text_view type = {.bytes = NULL, .size_bytes = 0};
  seg_status status = find_contact(table, line->members, &line->row, error);
  if (status == SEG_OK) {
    status = read_string(line->members, "segment", &line->segment, error);
  }
  if (status == SEG_OK) {
    status = read_string(line->members, "type", &type, error);
  }
  if (status == SEG_OK) {
    status = read_instant(line->members, "at", false, &line->change_at_ms, error);
  }
  if (status != SEG_OK) {
    return status;
  }
  line->is_entry = seg_text_equal(type, seg_text_of("entry"));
  return line->is_entry || seg_text_equal(type, seg_text_of("exit"))
             ? SEG_OK
             : seg_fail(error, SEG_E_INVALID, "type: must be \"entry\" or \"exit\"");
}

/// Holds the members that are not looked at to the limits too: a line is good or bad as a whole.
/// checked  optional  The member that the table checks itself.
static seg_status check_members(const cJSON *line, const cJSON *checked, seg_error *error) {
  seg_status status = SEG_OK;
  for (const cJSON *item = line->child; item != NULL && status == SEG_OK; item = item->next) {
    if (item == checked) {
      continue;
    }
    // An error's place has room for no more than a usual name.
    const char *name = strlen(item->string) <= 64 ? item->string : "a member";
    status = seg_value_check(item, name, error);
  }
  return status;
}

/// What is done with a line's object.
typedef seg_status (*line_taker)(seg_table *table, seg_ingest_line *line, seg_error *error);

/// Shows a line that went in to the caller, who may refuse it.
static seg_status show_line(seg_table *table, const seg_ingest_report *report,
                            const seg_ingest_line *line, seg_error *error) {
  seg_status status = report->good_line(report->context, line, error);
  if (status != SEG_OK && line->kind == SEG_INGEST_CONTACTS) {
    seg_table_remove(table, line->row);
  }
  return status;
}

/// report  optional  Whom to show it.
static seg_status take_line(seg_table *table, line_taker take, const seg_ingest_report *report,
                            seg_ingest_line *line, seg_error *error) {
  if (line->text.size_bytes > SEG_INGEST_LINE_BYTES_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "the line has %zu bytes; at most %d are allowed",
                    line->text.size_bytes, SEG_INGEST_LINE_BYTES_MAX);
  }
  cJSON *members;
  seg_status status = seg_json_parse(line->text, SEG_JSON_DEPTH_MAX, &members, error);
  if (status != SEG_OK) {
    return status;
  }
  line->members = members;
  bool is_contact = take == take_contact || take == replace_contact;
  status = cJSON_IsObject(members)
               ? check_members(members, is_contact ? find_member(members, "data") : NULL, error)
               : seg_fail(error, SEG_E_INVALID, "must be an object");
  if (status == SEG_OK) {
    status = take(table, line, error);
  }
  if (status == SEG_OK && report != NULL && report->good_line != NULL) {
    status = show_line(table, report, line, error);
  }
  seg_json_free(members);
  return status;
}

seg_status seg_ingest_update(seg_table *table, seg_text_view line, seg_error *error) {
  seg_ingest_line taken = {.kind = SEG_INGEST_CONTACTS, .text = line};
  return take_line(table, replace_contact, NULL, &taken, error);
}

static bool is_blank(seg_text_view line) {
  for (size_t i = 0; i < line.size_bytes; i++) {
    if (line.bytes[i] != ' ' && line.bytes[i] != '\t' && line.bytes[i] != '\r') {
      return false;
    }
  }
  return true;
}

seg_status seg_ingest_lines(seg_table *table, seg_ingest_kind kind, seg_text_view lines,
                            seg_ingest_report *report) {
  static const line_taker takers[] = {[SEG_INGEST_CONTACTS] = take_contact,
                                      [SEG_INGEST_EVENTS] = take_event,
                                      [SEG_INGEST_EMAILS] = take_email,
                                      [SEG_INGEST_MEMBERS] = take_member,
                                      [SEG_INGEST_CHANGES] = take_change};
  if (report->line_count == 0) {
    lines = seg_text_after_mark(lines);
  }
  const char *at = lines.bytes;
  const char *end = lines.bytes + lines.size_bytes;
  while (at < end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *line_end = newline == NULL ? end : newline;
    seg_ingest_line line = {.kind = kind,
                            .number = report->line_count + 1,
                            .text = {.bytes = at, .size_bytes = (size_t)(line_end - at)}};
    at = newline == NULL ? end : newline + 1;
    report->line_count++;
    if (line.text.size_bytes <= SEG_INGEST_LINE_BYTES_MAX && is_blank(line.text)) {
      continue;
    }
    seg_error error;
    seg_status status = take_line(table, takers[kind], report, &line, &error);
    if (status == SEG_E_NOMEM) {
      return status;
    }
    if (status == SEG_OK) {
      report->good_count++;
      continue;
    }
    report->bad_count++;
    if (report->bad_line != NULL) {
      report->bad_line(report->context, report->line_count, error.message);
    }
  }
  return SEG_OK;
}
