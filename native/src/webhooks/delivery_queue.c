// See delivery_queue.h.
#include "delivery_queue.h"

#include <stdlib.h>

static void release_content(const delivery_queue *own, queue_entry *entry) {
  if (entry->content != NULL) {
    own->release(entry->content);
    entry->content = NULL;
  }
}

static void free_slot(delivery_queue *own, queue_entry *entry) {
  release_content(own, entry);
  entry->state = QUEUE_FREE;
  own->count--;
}

static bool is_same_contact(int64_t a, int64_t b) { return a == b && a != 0; }

static queue_blocked *find_blocked(delivery_queue *own, int64_t contact, int64_t num) {
  for (size_t i = 0; i < own->blocked_count; i++) {
    queue_blocked *blocked = &own->blocked[i];
    if (blocked->num == num || is_same_contact(blocked->contact, contact)) {
      return blocked;
    }
  }
  return NULL;
}

static void read_again_from(delivery_queue *own, int64_t num) {
  if (num != QUEUE_NO_NUM && own->after >= num) {
    own->after = num - 1;
  }
}

static void remove_blocked(delivery_queue *own, queue_blocked *gone) {
  read_again_from(own, gone->skipped);
  *gone = own->blocked[--own->blocked_count];
}

static bool is_due(const delivery_queue *own, int64_t due_ms, int64_t now_ms) {
  return due_ms <= now_ms || (own->pause_ms_max > 0 && due_ms - now_ms > own->pause_ms_max);
}

/// One of a blocked contact: it is the blocked one itself, perhaps with another time, comes before
/// it, or waits behind it.
static queue_answer pass_over(queue_blocked *blocked, const queue_entry *offered) {
  if (offered->num == blocked->num) {
    blocked->due_ms = offered->due_ms;
  } else if (offered->num < blocked->num && !blocked->is_trying) {
    blocked->skipped = blocked->num;
    blocked->num = offered->num;
    blocked->due_ms = offered->due_ms;
  } else if (blocked->skipped == QUEUE_NO_NUM || offered->num < blocked->skipped) {
    blocked->skipped = offered->num;
  }
  return QUEUE_KNOWN;
}

/// Room for those that are blocked, and for all slots, which may become blocked.
static bool make_blocked(delivery_queue *own) {
  if (own->blocked == NULL) {
    own->blocked = calloc(QUEUE_BLOCKED_MAX + QUEUE_SLOTS, sizeof *own->blocked);
  }
  return own->blocked != NULL;
}

static queue_answer block_offered(delivery_queue *own, const queue_entry *offered) {
  own->blocked[own->blocked_count++] =
      (queue_blocked){.contact = offered->contact, .num = offered->num, .due_ms = offered->due_ms};
  return QUEUE_KNOWN;
}

static queue_answer fill_slot(delivery_queue *own, const queue_entry *offered, bool is_first) {
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    queue_entry *slot = &own->slots[i];
    if (slot->state == QUEUE_FREE) {
      *slot = *offered;
      slot->state = QUEUE_READY;
      slot->is_first = is_first;
      own->count++;
      return QUEUE_TAKEN;
    }
  }
  return QUEUE_FULL;
}

/// Looks for a delivery in the slots, and for others of its contact that are not finished.
static bool is_in_slot(const delivery_queue *own, const queue_entry *offered, bool *is_first) {
  *is_first = true;
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    const queue_entry *slot = &own->slots[i];
    if (slot->state == QUEUE_FREE) {
      continue;
    }
    if (slot->num == offered->num) {
      return true;
    }
    if (slot->state != QUEUE_FINISHED && is_same_contact(slot->contact, offered->contact)) {
      *is_first = false;
    }
  }
  return false;
}

queue_answer queue_offer(delivery_queue *own, const queue_entry *offered, int64_t now_ms) {
  bool is_first;
  queue_answer answer = QUEUE_KNOWN;
  if (!make_blocked(own)) {
    return QUEUE_NO_MEMORY;
  }
  if (!is_in_slot(own, offered, &is_first)) {
    queue_blocked *blocked = find_blocked(own, offered->contact, offered->num);
    if (blocked != NULL) {
      answer = pass_over(blocked, offered);
    } else if (own->blocked_count >= QUEUE_BLOCKED_MAX) {
      answer = QUEUE_FULL; // whatever has a slot must find room if it fails
    } else if (!is_due(own, offered->due_ms, now_ms) && is_first) {
      answer = block_offered(own, offered);
    } else {
      answer = fill_slot(own, offered, is_first);
    }
  }
  if (answer != QUEUE_FULL) {
    own->after = offered->num;
  }
  return answer;
}

queue_entry *queue_take(delivery_queue *own) {
  queue_entry *oldest = NULL;
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    queue_entry *slot = &own->slots[i];
    if (slot->state == QUEUE_READY && slot->is_first &&
        (oldest == NULL || slot->num < oldest->num)) {
      oldest = slot;
    }
  }
  if (oldest != NULL) {
    oldest->state = QUEUE_IN_FLIGHT;
    own->in_flight++;
  }
  return oldest;
}

/// The first of a contact's that are not finished may be sent.
static void let_next_go(delivery_queue *own, int64_t contact) {
  queue_entry *next = NULL;
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    queue_entry *slot = &own->slots[i];
    if (slot->state == QUEUE_READY && is_same_contact(slot->contact, contact) &&
        (next == NULL || slot->num < next->num)) {
      next = slot;
    }
  }
  if (next != NULL) {
    next->is_first = true;
  }
}

void queue_finish(delivery_queue *own, queue_entry *entry) {
  entry->state = QUEUE_FINISHED;
  own->in_flight--;
  release_content(own, entry);
  queue_blocked *blocked = find_blocked(own, entry->contact, entry->num);
  if (blocked != NULL && blocked->num == entry->num) {
    remove_blocked(own, blocked);
  } else {
    let_next_go(own, entry->contact);
  }
}

void queue_forget(delivery_queue *own, queue_entry *entry) { free_slot(own, entry); }

void queue_block(delivery_queue *own, queue_entry *entry, int64_t due_ms) {
  own->in_flight--;
  queue_blocked *blocked = find_blocked(own, entry->contact, entry->num);
  if (blocked == NULL) {
    blocked = &own->blocked[own->blocked_count++];
    *blocked = (queue_blocked){.contact = entry->contact, .num = entry->num};
  }
  blocked->due_ms = due_ms;
  blocked->is_trying = false;
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    queue_entry *slot = &own->slots[i];
    if (slot->state == QUEUE_READY && is_same_contact(slot->contact, entry->contact)) {
      (void)pass_over(blocked, slot);
      free_slot(own, slot);
    }
  }
  free_slot(own, entry);
}

int64_t queue_due(const delivery_queue *own, int64_t now_ms) {
  const queue_blocked *first = NULL;
  for (size_t i = 0; i < own->blocked_count; i++) {
    const queue_blocked *blocked = &own->blocked[i];
    if (!blocked->is_trying && is_due(own, blocked->due_ms, now_ms) &&
        (first == NULL || blocked->num < first->num)) {
      first = blocked;
    }
  }
  return first == NULL ? QUEUE_NO_NUM : first->num;
}

queue_answer queue_retry(delivery_queue *own, const queue_entry *found, int64_t now_ms) {
  queue_blocked *blocked = find_blocked(own, found->contact, found->num);
  if (blocked == NULL || blocked->num != found->num) {
    return QUEUE_KNOWN;
  }
  blocked->due_ms = found->due_ms;
  if (!is_due(own, found->due_ms, now_ms)) {
    return QUEUE_KNOWN;
  }
  queue_answer answer = fill_slot(own, found, true);
  blocked->is_trying = answer == QUEUE_TAKEN;
  return answer;
}

void queue_unblock(delivery_queue *own, int64_t num) {
  for (size_t i = 0; i < own->blocked_count; i++) {
    if (own->blocked[i].num == num) {
      remove_blocked(own, &own->blocked[i]);
      return;
    }
  }
}

int64_t queue_next_due(const delivery_queue *own) {
  int64_t due_ms = QUEUE_NEVER;
  for (size_t i = 0; i < own->blocked_count; i++) {
    const queue_blocked *blocked = &own->blocked[i];
    if (!blocked->is_trying && blocked->due_ms < due_ms) {
      due_ms = blocked->due_ms;
    }
  }
  return due_ms;
}

void queue_restart(delivery_queue *own) {
  own->after = 0;
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    queue_entry *slot = &own->slots[i];
    if (slot->state != QUEUE_READY) {
      continue;
    }
    queue_blocked *blocked = find_blocked(own, 0, slot->num);
    if (blocked != NULL) {
      blocked->is_trying = false; // its time has come already
    }
    free_slot(own, slot);
  }
}

bool queue_holds(const delivery_queue *own, int64_t num) {
  bool is_first;
  const queue_entry looked_for = {.num = num};
  return is_in_slot(own, &looked_for, &is_first);
}

size_t queue_room(const delivery_queue *own) { return QUEUE_SLOTS - own->count; }

bool queue_is_empty(const delivery_queue *own) {
  return own->count == 0 && own->blocked_count == 0;
}

void queue_end(delivery_queue *own) {
  for (size_t i = 0; i < QUEUE_SLOTS; i++) {
    if (own->slots[i].state != QUEUE_FREE) {
      free_slot(own, &own->slots[i]);
    }
  }
  free(own->blocked);
  own->blocked = NULL;
  own->blocked_count = 0;
  own->in_flight = 0;
}
