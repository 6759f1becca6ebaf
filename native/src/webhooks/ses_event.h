/// What Amazon SES says became of an email, as activities. Pure.
///
///     Send, Delivery, Open, Click, Bounce, Complaint  ─►  sent, delivered, opened, clicked,
///                                                          bounced, complained
///
/// Both forms are read: event publishing (`eventType`) and feedback notifications
/// (`notificationType`). Everything else that SES reports is no activity.
#ifndef SEGMENTRY_WEBHOOKS_SES_EVENT_H
#define SEGMENTRY_WEBHOOKS_SES_EVENT_H

#include "engine/engine.h"

/// Addresses of one message: SES allows 50.
#define SES_RECIPIENTS_MAX 50

typedef struct ses_activities {
  activity_input items[SES_RECIPIENTS_MAX]; ///< Texts are the tree's, or `texts`.
  size_t count;
  char *texts; ///< Owned.
} ses_activities;

typedef enum ses_result {
  SES_READ = 0, ///< `out` has the activities; there may be none.
  SES_INVALID,  ///< It is no event of SES; `problem` says why not.
  SES_NO_MEMORY
} ses_result;

/// Reads an event. An open or a click of a message to several addresses does not say whose it was,
/// and counts for nobody.
///
/// tree     borrowed  For as long as `out` is used.
/// out      written, owned  End with ses_activities_free.
/// problem  written  A static text.
ses_result ses_event_read(const struct cJSON *tree, ses_activities *out, const char **problem);
void ses_activities_free(ses_activities *gone);

#endif
