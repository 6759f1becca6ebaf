// See ses_event.h.
#include "ses_event.h"

#include "segmentry/instant.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

/// How an event of one type is read.
typedef struct event_rule {
  const char *type;       ///< What SES calls it.
  const char *member;     ///< The object with its own time; NULL: that of the mail.
  const char *recipients; ///< An array in there; NULL: all destinations of the mail.
  bool is_of_one;         ///< Counts only if the message went to one address.
  seg_activity activity;
} event_rule;

static const event_rule event_rules[] = {
    {"Send", NULL, NULL, false, SEG_ACTIVITY_SENT},
    {"Delivery", "delivery", "recipients", false, SEG_ACTIVITY_DELIVERED},
    {"Open", "open", NULL, true, SEG_ACTIVITY_OPENED},
    {"Click", "click", NULL, true, SEG_ACTIVITY_CLICKED},
    {"Bounce", "bounce", "bouncedRecipients", false, SEG_ACTIVITY_BOUNCED},
    {"Complaint", "complaint", "complainedRecipients", false, SEG_ACTIVITY_COMPLAINED},
};
#define EVENT_RULE_COUNT (sizeof event_rules / sizeof event_rules[0])

static const char *text_of(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const event_rule *find_rule(const char *type) {
  for (size_t i = 0; i < EVENT_RULE_COUNT; i++) {
    if (strcmp(event_rules[i].type, type) == 0) {
      return &event_rules[i];
    }
  }
  return NULL;
}

/// The address in `Ada <ada@example.com>`, or the whole text.
static seg_text_view bare_address(const char *text) {
  const char *open = strrchr(text, '<');
  const char *close = open == NULL ? NULL : strchr(open, '>');
  if (close == NULL) {
    return seg_text_of(text);
  }
  return (seg_text_view){.bytes = open + 1, .size_bytes = (size_t)(close - open - 1)};
}

/// One recipient: an address, or an object that has it.
static const char *recipient_address(const cJSON *item) {
  const char *plain = cJSON_GetStringValue(item);
  return plain != NULL ? plain : text_of(item, "emailAddress");
}

/// The engine counts a message's id once. So where a message went to several addresses, each gets
/// one of its own: the id, a slash, the address.
static bool tell_apart(ses_activities *own, seg_text_view message_id) {
  size_t size_bytes = 0;
  for (size_t i = 0; i < own->count; i++) {
    size_bytes += message_id.size_bytes + 1 + own->items[i].email.size_bytes;
  }
  own->texts = malloc(size_bytes + 1);
  char *at = own->texts;
  if (at == NULL) {
    return false;
  }
  for (size_t i = 0; i < own->count; i++) {
    activity_input *item = &own->items[i];
    item->message_id.bytes = at;
    memcpy(at, message_id.bytes, message_id.size_bytes);
    at += message_id.size_bytes;
    *at++ = '/';
    memcpy(at, item->email.bytes, item->email.size_bytes);
    at += item->email.size_bytes;
    item->message_id.size_bytes = (size_t)(at - item->message_id.bytes);
  }
  return true;
}

/// Reads when it happened and whom it is about.
static ses_result read_recipients(const cJSON *mail, const cJSON *part, const event_rule *rule,
                                  ses_activities *out, const char **problem) {
  const cJSON *destinations = cJSON_GetObjectItemCaseSensitive(mail, "destination");
  const cJSON *recipients = rule->recipients == NULL
                                ? destinations
                                : cJSON_GetObjectItemCaseSensitive(part, rule->recipients);
  const char *timestamp = text_of(part, "timestamp");
  const char *message_id = text_of(mail, "messageId");
  seg_instant at;
  *problem = "the event has no messageId, no timestamp or no recipients";
  if (message_id == NULL || timestamp == NULL || !cJSON_IsArray(recipients) ||
      !seg_instant_parse(seg_text_of(timestamp), &at)) {
    return SES_INVALID;
  }
  *problem = "the event has more than 50 recipients";
  if (cJSON_GetArraySize(recipients) > SES_RECIPIENTS_MAX) {
    return SES_INVALID;
  }
  if (rule->is_of_one && cJSON_GetArraySize(recipients) != 1) {
    return SES_READ;
  }
  *problem = "a recipient has no address";
  const cJSON *item;
  cJSON_ArrayForEach(item, recipients) {
    const char *address = recipient_address(item);
    if (address == NULL) {
      return SES_INVALID;
    }
    out->items[out->count++] = (activity_input){.email = bare_address(address),
                                                .activity = rule->activity,
                                                .at_ms = at.ms,
                                                .message_id = seg_text_of(message_id)};
  }
  bool is_to_many = cJSON_GetArraySize(destinations) > 1;
  return !is_to_many || tell_apart(out, seg_text_of(message_id)) ? SES_READ : SES_NO_MEMORY;
}

ses_result ses_event_read(const cJSON *tree, ses_activities *out, const char **problem) {
  out->count = 0;
  out->texts = NULL;
  const char *type = text_of(tree, "eventType");
  type = type != NULL ? type : text_of(tree, "notificationType");
  const cJSON *mail = cJSON_GetObjectItemCaseSensitive(tree, "mail");
  if (type == NULL || !cJSON_IsObject(mail)) {
    *problem = "the message is no event of Amazon SES: it has no eventType, or no mail";
    return SES_INVALID;
  }
  const event_rule *rule = find_rule(type);
  if (rule == NULL) {
    return SES_READ;
  }
  const cJSON *part =
      rule->member == NULL ? mail : cJSON_GetObjectItemCaseSensitive(tree, rule->member);
  ses_result result = read_recipients(mail, part, rule, out, problem);
  if (result != SES_READ) {
    ses_activities_free(out);
  }
  return result;
}

void ses_activities_free(ses_activities *gone) {
  free(gone->texts);
  gone->texts = NULL;
  gone->count = 0;
}
