// See engine_snapshot.h.
#include "engine_snapshot.h"

#include "engine_internal.h"
#include "segmentry/snapshot.h"
#include "segmentry/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static seg_allocator memory(void) { return seg_allocator_default(); }

static engine_status no_memory(engine_error *error) {
  return engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

// The fields to write.

/// Fields in the order in which they came up, with those of the conditions that segments stand for.
typedef struct field_list {
  seg_text_view *items; ///< Room for ENGINE_SNAPSHOT_FIELDS_MAX.
  size_t count;
  const segment **opened; ///< Segments whose conditions are in the list already.
  size_t opened_count;
} field_list;

static engine_status add_field(field_list *list, seg_text_view field, engine_error *error) {
  if (list->count == ENGINE_SNAPSHOT_FIELDS_MAX) {
    return engine_fail(error, ENGINE_INVALID,
                       "fields: with those of the segments they are more than %d, the most there "
                       "may be",
                       ENGINE_SNAPSHOT_FIELDS_MAX);
  }
  list->items[list->count++] = field;
  return ENGINE_OK;
}

static bool is_opened(const field_list *list, const segment *of) {
  for (size_t i = 0; i < list->opened_count; i++) {
    if (list->opened[i] == of) {
      return true;
    }
  }
  return false;
}

/// Puts the fields of a segment's condition into the list, once.
static engine_status open_segment(field_list *list, const segment *of, engine_error *error) {
  engine_status status = ENGINE_OK;
  if (is_opened(list, of)) {
    return status;
  }
  list->opened[list->opened_count++] = of;
  for (size_t i = 0; status == ENGINE_OK && i < seg_filter_field_count(of->filter); i++) {
    status = add_field(list, seg_filter_field(of->filter, i), error);
  }
  return status;
}

/// Replaces the segments that have no stored members by the fields that they take. Conditions have
/// no circles, and each is opened once, so this ends.
static engine_status expand(const project *in, const snapshot_choice *choice, field_list *list,
                            engine_error *error) {
  engine_status status = ENGINE_OK;
  for (size_t i = 0; status == ENGINE_OK && i < choice->field_count; i++) {
    status = add_field(list, choice->fields[i], error);
  }
  size_t kept = 0;
  for (size_t i = 0; status == ENGINE_OK && i < list->count; i++) {
    seg_text_view id;
    if (!project_field_segment(list->items[i], &id)) {
      list->items[kept++] = list->items[i];
      continue;
    }
    const segment *of = project_find_segment(in, id);
    if (of == NULL) {
      return engine_fail(error, ENGINE_NOT_FOUND, "there is no segment with this id");
    }
    if (of->is_static || of->is_tracked) {
      list->items[kept++] = list->items[i];
    } else {
      status = open_segment(list, of, error);
    }
  }
  list->count = kept;
  return status;
}

static bool begin_list(const project *in, field_list *list) {
  list->items = calloc(ENGINE_SNAPSHOT_FIELDS_MAX, sizeof *list->items);
  list->opened = calloc(in->segment_count + 1, sizeof *list->opened);
  return list->items != NULL && list->opened != NULL;
}

static void end_list(field_list *list) {
  free(list->items);
  free(list->opened);
}

// Tags.

/// The first bits of a digest of the fields' names, each behind its size, so that no two lists
/// look alike.
static bool hash_fields(const field_list *list, uint64_t *out) {
  size_t size = 0;
  unsigned char digest[STORE_HASH_BYTES];
  for (size_t i = 0; i < list->count; i++) {
    size += sizeof size + list->items[i].size_bytes;
  }
  char *joined = malloc(size + 1);
  if (joined == NULL) {
    return false;
  }
  size_t at = 0;
  for (size_t i = 0; i < list->count; i++) {
    memcpy(joined + at, &list->items[i].size_bytes, sizeof size);
    memcpy(joined + at + sizeof size, list->items[i].bytes, list->items[i].size_bytes);
    at += sizeof size + list->items[i].size_bytes;
  }
  secret_hash(joined, size, digest);
  free(joined);
  memcpy(out, digest, sizeof *out);
  return true;
}

static bool make_tag(const engine *own, const project *in, const field_list *list, char *out) {
  uint64_t fields = 0;
  if (!hash_fields(list, &fields)) {
    return false;
  }
  (void)snprintf(out, ENGINE_SNAPSHOT_TAG_BYTES, "%.16s-%llx-%llx-%016llx", own->run_id,
                 (unsigned long long)in->num, (unsigned long long)seg_table_version(in->table),
                 (unsigned long long)fields);
  return true;
}

// Snapshots.

/// The read lock is held.
static engine_status look(const engine *own, const project *in, const snapshot_choice *choice,
                          field_list *list, snapshot *out, engine_error *error) {
  out->contacts = seg_table_contact_count(in->table);
  engine_status status = expand(in, choice, list, error);
  if (status != ENGINE_OK) {
    return status;
  }
  if (out->contacts > choice->contacts_max) {
    return engine_fail(error, ENGINE_CONFLICT,
                       "the project has %zu contacts; a snapshot may hold %zu", out->contacts,
                       choice->contacts_max);
  }
  return make_tag(own, in, list, out->tag) ? ENGINE_OK : no_memory(error);
}

/// The same.
static engine_status write_bytes(const project *in, const field_list *list, snapshot *out,
                                 engine_error *error) {
  seg_error trouble;
  seg_status status =
      seg_snapshot_write(in->table, memory(), list->items, list->count, &out->bytes, &trouble);
  if (status == SEG_E_NOMEM) {
    return no_memory(error);
  }
  return status == SEG_OK ? ENGINE_OK
                          : engine_fail(error, ENGINE_INVALID, "fields: %.400s", trouble.message);
}

static engine_status snapshot_under_lock(const engine *own, project *in,
                                         const snapshot_choice *choice, bool writes, snapshot *out,
                                         engine_error *error) {
  field_list list = {.items = NULL};
  *out = (snapshot){.contacts = 0};
  (void)pthread_rwlock_rdlock(&in->lock);
  engine_status status =
      begin_list(in, &list) ? look(own, in, choice, &list, out, error) : no_memory(error);
  if (status == ENGINE_OK && writes) {
    status = write_bytes(in, &list, out, error);
  }
  (void)pthread_rwlock_unlock(&in->lock);
  end_list(&list);
  return status;
}

engine_status engine_snapshot_look(engine *own, project *in, const snapshot_choice *choice,
                                   snapshot *out, engine_error *error) {
  return snapshot_under_lock(own, in, choice, false, out, error);
}

engine_status engine_snapshot_make(engine *own, project *in, const snapshot_choice *choice,
                                   snapshot *out, engine_error *error) {
  return snapshot_under_lock(own, in, choice, true, out, error);
}

void engine_snapshot_free(snapshot *gone) {
  seg_text_free(memory(), gone->bytes);
  gone->bytes = (seg_text_view){.bytes = NULL};
}
