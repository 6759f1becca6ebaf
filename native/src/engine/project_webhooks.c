// A project's webhooks: see project.h.
#include "project.h"

#include <stdlib.h>
#include <string.h>

webhook *project_find_webhook(const project *own, seg_text_view id) {
  for (size_t i = 0; i < own->webhook_count; i++) {
    if (seg_text_equal(own->webhooks[i]->id, id)) {
      return own->webhooks[i];
    }
  }
  return NULL;
}

webhook *project_find_webhook_num(const project *own, int64_t num) {
  for (size_t i = 0; i < own->webhook_count; i++) {
    if (own->webhooks[i]->num == num) {
      return own->webhooks[i];
    }
  }
  return NULL;
}

void project_renew_webhook(project *own, webhook *of) { of->version = ++own->webhook_version; }

bool project_put_webhook(project *own, webhook *put) {
  webhook *old = project_find_webhook_num(own, put->num);
  if (old == NULL) {
    webhook **grown = realloc(own->webhooks, (own->webhook_count + 1) * sizeof *grown);
    if (grown == NULL) {
      return false;
    }
    own->webhooks = grown;
    own->webhooks[own->webhook_count++] = put;
  }
  for (size_t i = 0; i < own->webhook_count; i++) {
    own->webhooks[i] = own->webhooks[i] == old ? put : own->webhooks[i];
  }
  own->watching_count += put->is_enabled;
  own->watching_count -= old != NULL && old->is_enabled;
  project_renew_webhook(own, put);
  webhook_free(old);
  return true;
}

void project_remove_webhook(project *own, webhook *gone) {
  size_t at = 0;
  while (own->webhooks[at] != gone) {
    at++;
  }
  own->webhook_count--;
  memmove((void *)(own->webhooks + at), (const void *)(own->webhooks + at + 1),
          (own->webhook_count - at) * sizeof *own->webhooks);
  own->watching_count -= gone->is_enabled;
  webhook_free(gone);
}
