// See conditions.h.
#include "conditions.h"

engine_status condition_check(const project *in, const seg_filter *filter,
                              const condition_owner *of, engine_error *error) {
  static const condition_owner nobody = {.id = {.bytes = ""}, .name = {.bytes = ""}};
  project_view view = {.project = in, .table = in->table};
  seg_resolver resolver = project_resolver(&view);
  of = of == NULL ? &nobody : of;
  seg_status status =
      seg_filter_check_references(filter, of->id, of->name, &resolver, &error->problems);
  if (status == SEG_E_SEGMENT) {
    return engine_fail(error, ENGINE_CONDITION, "the condition is not valid");
  }
  return status == SEG_OK ? ENGINE_OK : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}

engine_status condition_check_stored(project *in, const seg_filter *filter,
                                     const condition_owner *of, engine_error *error) {
  engine_status status = condition_check(in, filter, of, error);
  (void)pthread_mutex_lock(&in->removal_lock);
  for (const struct removal_notice *at = in->removals; status == ENGINE_OK && at != NULL;
       at = at->next) {
    if (usage_refers(filter, at->field)) {
      status = engine_fail(error, ENGINE_CONFLICT, "%.*s is being deleted; try again when it is",
                           (int)at->field.name.size_bytes, at->field.name.bytes);
    }
  }
  (void)pthread_mutex_unlock(&in->removal_lock);
  return status;
}

void condition_begin_removal(project *in, struct removal_notice *added) {
  (void)pthread_mutex_lock(&in->removal_lock);
  added->next = in->removals;
  in->removals = added;
  (void)pthread_mutex_unlock(&in->removal_lock);
}

void condition_end_removal(project *in, struct removal_notice *gone) {
  (void)pthread_mutex_lock(&in->removal_lock);
  struct removal_notice **link = &in->removals;
  while (*link != gone) {
    link = &(*link)->next;
  }
  *link = gone->next;
  (void)pthread_mutex_unlock(&in->removal_lock);
}
