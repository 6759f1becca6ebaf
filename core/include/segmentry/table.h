/// The columnar contact table that filters run on.
///
/// Rows are dense numbers from 0; a removed row is a hole that a later contact takes. 64 rows are a
/// block: the unit of evaluation and of every mask.
/// Threads: any number of readers, or one writer alone; the caller keeps them apart.
#ifndef SEGMENTRY_TABLE_H
#define SEGMENTRY_TABLE_H

#include "segmentry/base.h"
#include "segmentry/diff.h"

struct cJSON;

/// Bytes of a contact's id: UUIDs have 36, providers' ids rarely over 64.
#define SEG_CONTACT_ID_BYTES_MAX 256
/// Bytes of an address: RFC 5321's 64 + 1 + 255.
#define SEG_EMAIL_BYTES_MAX 320
/// Bytes of an event's name, so that `event.<name>` is a legal field.
#define SEG_EVENT_NAME_BYTES_MAX 250
/// Bytes of one string in `data`: text that people filter by, not documents.
#define SEG_DATA_TEXT_BYTES_MAX 65536
/// Members of one contact's `data`, nested ones and elements of arrays counted: each path costs a
/// page of memory for the 4,096 contacts around it.
#define SEG_DATA_MEMBERS_MAX 10000
/// Bytes of a segment's id, so that `segment.<id>` is a legal field.
#define SEG_SEGMENT_ID_BYTES_MAX 248
/// Levels of nesting in `data`, `data` itself being the first.
#define SEG_DATA_DEPTH_MAX 32
/// Different `data` paths in a table. More means that ids were used as keys, which would take
/// memory for every contact; the field list would be of no use to anybody either.
#define SEG_TABLE_COLUMNS_MAX 4096
/// Different event names in a table, for the same reason.
#define SEG_TABLE_EVENTS_MAX 4096
/// Rows in a table: what 32-bit row numbers and 250 GB of memory allow comes later than this.
#define SEG_TABLE_ROWS_MAX 100000000

/// Checks a contact's `data` against these limits, as an addition would; allocates nothing.
/// Returns SEG_OK, SEG_E_INVALID (not an object or null, a number beyond doubles), SEG_E_LIMIT.
seg_status seg_data_check(const struct cJSON *data, seg_error *error);

/// Brings an address into the form in which it is stored and compared: trimmed, its ASCII letters
/// lower-cased. Whether it is an address at all is the caller's rule.
///
/// out    SEG_EMAIL_BYTES_MAX bytes, which `email` then shows.
/// email  written
///
/// Returns SEG_OK, SEG_E_INVALID (nothing is left), SEG_E_LIMIT.
seg_status seg_email_normalise(seg_text_view written, char *out, seg_text_view *email,
                               seg_error *error);

typedef struct seg_table seg_table;

/// Engagement with email. The numbers are pinned: snapshots hold them.
typedef enum seg_activity {
  SEG_ACTIVITY_SENT = 0,
  SEG_ACTIVITY_DELIVERED = 1,
  SEG_ACTIVITY_OPENED = 2,
  SEG_ACTIVITY_CLICKED = 3,
  SEG_ACTIVITY_BOUNCED = 4,
  SEG_ACTIVITY_COMPLAINED = 5
} seg_activity;
#define SEG_ACTIVITY_COUNT 6

/// A contact as it comes in. Instants lie in the years 0001 to 9999.
typedef struct seg_contact_view {
  seg_text_view id;
  seg_text_view email; ///< As written; the table trims it and lower-cases its ASCII letters.
  bool subscribed;
  int64_t created_at_ms;
  int64_t updated_at_ms;
  const struct cJSON
      *data; ///< A JSON object from seg_json_parse; NULL or JSON null is an empty one.
} seg_contact_view;

/// Makes an empty table.
/// hash_seed  Any number; a random one where strangers choose the strings.
seg_status seg_table_create(seg_allocator allocator, uint64_t hash_seed, seg_table **out);
void seg_table_free(seg_table *table);

/// Lowers what the texts of one field may have, and ids and addresses together: from 4 GiB, which
/// is as much as there can be. For a machine with less memory, and for tests.
void seg_table_limit_texts(seg_table *table, size_t bytes);

/// Adds a contact. On any error the table is as before.
///
/// row    written, optional  Its row number, which stays until the contact is removed.
/// error  optional           Names the member that is wrong.
///
/// Returns SEG_OK, SEG_E_INVALID, SEG_E_LIMIT, SEG_E_DUPLICATE (a contact has this id),
/// SEG_E_NOMEM. Cost: one hash look-up for each string in `data`.
seg_status seg_table_add(seg_table *table, const seg_contact_view *contact, uint32_t *row,
                         seg_error *error);

/// Replaces everything of a contact but its id, its events and its memberships. `contact->id` is
/// not read. On any error the table is as before.
seg_status seg_table_update(seg_table *table, uint32_t row, const seg_contact_view *contact,
                            seg_error *error);

/// Sets the two fields of a contact that change most often; the rest stays. The row must hold a
/// contact. Cannot fail.
void seg_table_touch(seg_table *table, uint32_t row, bool subscribed, int64_t updated_at_ms);

/// Removes a contact with its events and memberships; the row becomes a hole.
void seg_table_remove(seg_table *table, uint32_t row);

/// Finds a contact by id.
bool seg_table_find(const seg_table *table, seg_text_view id, uint32_t *row);

/// Keeps an index of the addresses from here on, of the contacts that are there too. Not every
/// table needs it: it costs 11 to 22 bytes a contact. Two contacts may have one address all the
/// same: whoever forbids that asks before an addition.
/// Returns SEG_OK, also where there is an index already, or SEG_E_NOMEM, with the table as before.
seg_status seg_table_index_emails(seg_table *table);

/// Finds a contact by its address as it is stored (seg_email_normalise); of several any but
/// the one that the table has had last. A table without the index of addresses finds none.
bool seg_table_find_email(const seg_table *table, seg_text_view email, uint32_t *row);

/// Records one occurrence of a custom event. Occurrences come in any order, and twice is twice.
seg_status seg_table_add_event(seg_table *table, uint32_t row, seg_text_view name, int64_t at_ms,
                               seg_error *error);

/// Removes every occurrence of a custom event, and the name with them: it is as if it had never
/// been seen. An unknown name is nothing. Cannot fail. Cost: what the event has.
void seg_table_remove_event(seg_table *table, seg_text_view name);

/// Records one occurrence of an email activity.
seg_status seg_table_add_activity(seg_table *table, uint32_t row, seg_activity activity,
                                  int64_t at_ms, seg_error *error);

/// Lists when a contact's events happened, in no order; twice is twice.
///
/// with_activities  Its email activities too.
/// out              written  At most `capacity` instants.
///
/// Returns how many there are, whatever the capacity. Cost: a look at each event name, and a copy.
size_t seg_table_instants(const seg_table *table, uint32_t row, bool with_activities, int64_t *out,
                          size_t capacity);

/// Makes a contact a member of a segment's stored membership, or no longer one.
/// Returns SEG_OK, SEG_E_MISSING, SEG_E_INVALID (not an id), SEG_E_NOMEM.
seg_status seg_table_set_member(seg_table *table, seg_text_view segment_id, uint32_t row,
                                bool member, seg_error *error);

/// Makes the rows of a mask, and no others, a segment's stored members; an empty mask makes the
/// segment known. Bits of holes and beyond the table are passed over. On any error the members are
/// as before. Returns SEG_OK, SEG_E_INVALID (not an id), SEG_E_NOMEM.
seg_status seg_table_set_members(seg_table *table, seg_text_view segment_id, seg_mask_view mask,
                                 seg_error *error);

/// A segment's stored membership; false if none was ever set. Valid until the table changes.
bool seg_table_members(const seg_table *table, seg_text_view segment_id, seg_mask_view *out);

/// Copies a contact from another table: its fields, events, engagement and memberships.
///
/// to_row  written  Its row there.
///
/// Returns SEG_OK; SEG_E_MISSING if the row holds no contact; SEG_E_DUPLICATE if `to` has its id
/// already; SEG_E_NOMEM. On any error `to` has no more contacts than before.
/// Cost: what the contact has, and a look at each column, event name and segment of `from`.
seg_status seg_table_copy_row(seg_table *to, const seg_table *from, uint32_t row, uint32_t *to_row,
                              seg_error *error);

/// Contacts in the table.
size_t seg_table_contact_count(const seg_table *table);
/// One more than the highest row ever used: holes are counted.
size_t seg_table_row_count(const seg_table *table);
/// Blocks that cover all rows: the length of a mask over this table.
size_t seg_table_block_count(const seg_table *table);
/// Whether a row holds a contact. Any number may be asked for.
bool seg_table_is_live(const seg_table *table, uint32_t row);
/// The id and the stored email of a live row; valid until the table changes.
seg_text_view seg_table_id(const seg_table *table, uint32_t row);
seg_text_view seg_table_email(const seg_table *table, uint32_t row);
/// Whether the contact of a live row is subscribed.
bool seg_table_subscribed(const seg_table *table, uint32_t row);
/// A number that grows with each change of what the table holds: where it is the same, so is
/// everything that can be asked of the table, and a snapshot of it byte for byte.
uint64_t seg_table_version(const seg_table *table);
/// Bytes of memory that the table holds now.
size_t seg_table_memory_bytes(const seg_table *table);

#endif
