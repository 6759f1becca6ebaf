/// A webhook in memory: what a project tells somebody else of its events.
///
/// Immutable but for `health` and `version`: a change makes another one, which takes its place.
#ifndef SEGMENTRY_WEBHOOK_H
#define SEGMENTRY_WEBHOOK_H

#include "segmentry/filter.h"
#include "store/store.h"

struct cJSON;

/// A header that is sent with each message.
typedef struct webhook_header {
  seg_text_view name;
  seg_text_view value;
} webhook_header;

/// A webhook and what the engine knows of it. All texts are owned.
typedef struct webhook {
  int64_t num;
  seg_text_view id;
  seg_text_view name; ///< NULL bytes: none.
  seg_text_view url;
  seg_text_view events_json;
  seg_text_view headers_json;   ///< NULL bytes: none.
  seg_text_view condition_json; ///< NULL bytes: none.
  seg_text_view secret;         ///< `whsec_…`
  seg_text_view old_secret;     ///< NULL bytes: none.
  int64_t old_secret_until_ms;  ///< STORE_NO_INSTANT: none.
  seg_text_view workflow_json;  ///< `{"id":…,"name":…}`, as each message has it.
  struct cJSON *event_tree;
  seg_text_view *patterns; ///< Texts of `event_tree`.
  size_t pattern_count;
  struct cJSON *header_tree;
  webhook_header *headers; ///< Texts of `header_tree`.
  size_t header_count;
  seg_filter *filter; ///< NULL: all contacts.
  bool is_enabled;
  int64_t created_at_ms;
  int64_t updated_at_ms;
  store_webhook_health health;
  uint64_t version; ///< Another one when what is due changed in the middle, or the webhook itself.
} webhook;

/// Makes a webhook from the store's row. NULL if there is no memory or the row is damaged.
webhook *webhook_create(const store_webhook *row);
void webhook_free(webhook *gone);

/// The store's row of a webhook. Its texts are borrowed from it.
store_webhook webhook_row(const webhook *own, int64_t project);

/// What people know it by: its name, or else its URL.
seg_text_view webhook_title(const webhook *own);

/// Whether one of the patterns matches the name of an event.
bool webhook_watches(const webhook *own, seg_text_view event_name);

// Rules.

/// Webhooks of one project: each event is held against all of their patterns.
#define WEBHOOKS_MAX 50
/// Patterns of one webhook; for the same reason.
#define WEBHOOK_PATTERNS_MAX 50
/// Bytes of a URL: what servers and proxies take.
#define WEBHOOK_URL_BYTES_MAX 2048
/// Headers of a webhook, and bytes of a name and of a value: a token or two, and room. Together
/// they stay below what servers take as a header block.
#define WEBHOOK_HEADERS_MAX 16
#define WEBHOOK_HEADER_NAME_BYTES_MAX 100
#define WEBHOOK_HEADER_VALUE_BYTES_MAX 2048

/// Bytes of a message about a rule that is broken.
#define WEBHOOK_RULE_BYTES 200

/// Each says whether a value may be one of a webhook's; if not, why not.
bool webhook_check_url(seg_text_view url, char why[WEBHOOK_RULE_BYTES]);
bool webhook_check_pattern(seg_text_view pattern, char why[WEBHOOK_RULE_BYTES]);
bool webhook_check_header(seg_text_view name, seg_text_view value, char why[WEBHOOK_RULE_BYTES]);

/// Whether two names of headers are the same: case does not count.
bool webhook_header_is(seg_text_view name, seg_text_view other);

/// Whether a pattern matches a name. Both are parts between dots: `*` stands for one part, whatever
/// it is; every other part for itself.
bool webhook_pattern_matches(seg_text_view pattern, seg_text_view name);

#endif
