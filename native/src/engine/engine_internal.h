/// The engine's inside, for its own files.
#ifndef SEGMENTRY_ENGINE_INTERNAL_H
#define SEGMENTRY_ENGINE_INTERNAL_H

#include "email.h"
#include "engine.h"
#include "jobs.h"

/// Read-only sessions kept for the next who asks; more are opened and closed as needed.
#define ENGINE_SESSIONS_KEPT 32

struct engine {
  engine_options options;
  char run_id[SECRET_TEXT_BYTES]; ///< Random: no other run of the program has it.
  store *file;
  writer *writer;
  jobs *jobs;
  pthread_rwlock_t lock; ///< Of the list of projects and their keys.
  project **projects;
  struct project_keys *keys; ///< One for each project.
  size_t project_count;
  size_t project_capacity;
  pthread_mutex_t session_lock;
  store_session *sessions[ENGINE_SESSIONS_KEPT];
  size_t session_count;
  int64_t seen_version; ///< Of the store, when the writer's thread last looked; 0 is never.
  pthread_mutex_t sending_lock;
  struct send_command *sending; ///< Campaigns whose list is being written: see engine_send.c.
  struct campaign_clock *clock; ///< NULL: none.
  pthread_mutex_t told_lock;
  void (*told)(void *context); ///< Who sends deliveries; NULL is nobody.
  void *told_context;
  int64_t tidy_cursor;  ///< Of the walk over old deliveries (webhooks_tidy); 0: none is under way.
  int64_t next_tidy_ms; ///< When the next walk begins.
};

typedef struct project_keys {
  unsigned char secret_hash[STORE_HASH_BYTES];
  char public_key[SECRET_TEXT_BYTES];
} project_keys;

/// Whether an event's name is one of those that the program makes itself; and what is said then.
bool engine_is_reserved_event(seg_text_view name);
#define ENGINE_RESERVED_EVENT                                                                      \
  "event: names that begin with segment., contact. or email. are reserved, and so "                \
  "are " EVENT_CAMPAIGN_SENDING " and " EVENT_WEBHOOK_TEST

/// Events without a contact, which webhooks are told of and nobody records.
#define EVENT_CAMPAIGN_SENDING "campaign.sending"
#define EVENT_WEBHOOK_TEST "webhook.test"

/// Finds a project by its number in the store; NULL if there is none. Threads: any.
project *engine_project_of_num(engine *own, int64_t num);

/// All projects as they are now; the list only grows, and its entries stay. `*out` is to be freed
/// with free; NULL, and 0 projects, if there is no memory. `own` is the engine.
size_t engine_list_projects(void *own, project ***out);

/// Inside a command: a contact as an input makes it. Drafting reads and checks all that can be
/// refused; writing it can then fail only with the store, or where an email is taken.
typedef struct contact_draft {
  store_contact row; ///< What it will be; its texts are the draft's, or the caller's `email`.
  bool is_new;
  bool flips;        ///< `subscribed` changes.
  bool has_new_data; ///< Else `data_json` is as the store has it.
  bool has_new_email;
  // The draft's own.
  bool was_kept;
  char new_id[ID_TEXT_BYTES];
  char *kept; ///< The texts that the store had.
  seg_text_view kept_email;
  seg_text_view merged;
  const struct cJSON *tree; ///< With has_new_data; lives as long as the list of changes.
} contact_draft;

/// Drafts the contact of an email that engine_read_email gave. End with contact_draft_end, whatever
/// is returned.
/// is_shown  All of `row` is wanted. Else a contact that is only touched is not read from the
/// store:
///           its `data_json` and `created_at_ms` are then not there.
engine_status contact_draft_begin(batch *in, project_batch *part, seg_text_view email,
                                  const contact_input *input, bool is_shown, contact_draft *out,
                                  engine_error *error);
/// Writes it to the store and notes it.
engine_status contact_draft_write(batch *in, project_batch *part, contact_draft *draft,
                                  engine_error *error);
void contact_draft_end(contact_draft *draft);

/// Inside a command: creates or updates the contact of an email that engine_read_email gave.
/// The contact is shown with what it then holds. ENGINE_INVALID: nothing has been written.
engine_status engine_put_contact(batch *in, project_batch *part, seg_text_view email,
                                 const contact_input *input, engine_contact_show show,
                                 void *context, int64_t *num, engine_error *error);

/// Whether the data of a contact, or of an event, is small enough. ENGINE_OK or ENGINE_INVALID.
engine_status engine_check_data_bytes(seg_text_view data, engine_error *error);

/// Inside a command: deletes a contact. ENGINE_NOT_FOUND: nothing has been written.
engine_status engine_delete_contact(batch *in, project_batch *part, seg_text_view id,
                                    engine_error *error);

/// Inside a command: takes room for events of a name, if the project does not know it yet.
engine_status engine_take_event_room(project_batch *part, seg_text_view name, engine_error *error);

/// Sorts instants, newest first, each once; returns how many are left.
size_t engine_sort_instants(int64_t *instants, size_t count);

/// Inside a command: records an event in the store and notes it. There must be room for its name.
engine_status engine_add_event(batch *in, project_batch *part, seg_text_view contact_id,
                               int64_t contact, seg_text_view name, int64_t at_ms,
                               seg_text_view data, char id[ID_TEXT_BYTES], engine_error *error);

#endif
