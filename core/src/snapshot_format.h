/// The bytes of a snapshot, shared by its writer and its reader.
///
///     | "SEGSNAP\n" | version u32 | CRC-32 of the payload u32 | payload size u64 | payload |
///
/// Payload, little-endian; `n` is a number of 7 bits a byte, low first; `text` is `n` and as many
/// bytes; `instants` is a base (u64, two's complement) and for each `n` beyond it:
///
///     complete u8                 1: all columns there were; 0: only the known fields
///     n fields, each text         the known fields, as filters name them; none if complete
///     n rows, each text           ids, in table order
///     sections, each begun by its tag, in any order, then SEG_SECTION_END
///
///     EMAIL                       rows x text
///     SUBSCRIBED                  a bit a row
///     CREATED_AT, UPDATED_AT      instants
///     DATA         text path, n entries, each kind u8 and its value, then a code a row: 1, 2 or 4
///                  bytes wide as the number of entries asks, 0 for absent
///     EVENT        text name, occurrences
///     ACTIVITY     u8, occurrences
///     MEMBERS      text id, a bit a row
///
/// No section comes twice: one for each of the first four, for each path, event name, activity and
/// segment. A complete snapshot has the first four and all six activities; a partial one those of
/// them that it knows, and the members of each segment that it knows. DATA and EVENT sections are
/// left out where no contact has any.
///
/// `occurrences`: base u64, n rows that have any; for each n rows since the one before, n count, n
/// first instant beyond the base, and n from each to the next.
#ifndef SEG_SNAPSHOT_FORMAT_H
#define SEG_SNAPSHOT_FORMAT_H

#include "segmentry/base.h"

#define SEG_SNAPSHOT_MAGIC "SEGSNAP\n"
#define SEG_SNAPSHOT_VERSION 1U
#define SEG_SNAPSHOT_HEADER_BYTES 24U

typedef enum seg_section {
  SEG_SECTION_END = 0,
  SEG_SECTION_EMAIL = 1,
  SEG_SECTION_SUBSCRIBED = 2,
  SEG_SECTION_CREATED_AT = 3,
  SEG_SECTION_UPDATED_AT = 4,
  SEG_SECTION_DATA = 5,
  SEG_SECTION_EVENT = 6,
  SEG_SECTION_ACTIVITY = 7,
  SEG_SECTION_MEMBERS = 8
} seg_section;

/// CRC-32 as in zip and PNG (polynomial 0xEDB88320).
uint32_t seg_snapshot_checksum(seg_text_view bytes);

#endif
