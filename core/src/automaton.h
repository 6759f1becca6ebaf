/// An automaton that looks for many texts at once, after Aho and Corasick: one step for each byte
/// of a text, however many are looked for.
///
/// A row is a state: how much of the texts looked for the bytes read so far end with. All bytes
/// that no text looked for has are one class, and each other byte is a class of its own:
///
///     rows[state] -> | end | class 0 | class 1 | ... |     where each class leads: the place of a
///                      │                                   row, so that a step is two look-ups
///                      └ 0: no text ends here; e: ends[e - 1]
///     ends[i]     -> | size | pattern | further |          the next shorter text that ends here
///     too
///
/// The row of every state is complete, so there is no way back to follow while reading. That costs
/// memory: SEG_AUTOMATON_BYTES_MAX bounds it, and what does not fit goes into another automaton.
#ifndef SEG_AUTOMATON_H
#define SEG_AUTOMATON_H

#include "segmentry/base.h"

/// Bytes of all the texts of one automaton at most, but for a single longer one: a state a byte,
/// and at the very worst a kilobyte a state.
#define SEG_AUTOMATON_BYTES_MAX 8192

typedef struct seg_automaton seg_automaton;

/// Makes an automaton of as many of the texts, from the first one on, as one may have.
///
/// patterns  None is empty. Equal ones are allowed; a text is known by its index.
/// taken     written  How many: at least one of `count`, which is not 0.
///
/// Returns SEG_OK or SEG_E_NOMEM. Cost: O(bytes of the texts x different bytes among them).
seg_status seg_automaton_create(seg_allocator allocator, const seg_text_view *patterns,
                                size_t count, size_t *taken, seg_automaton **out);
void seg_automaton_free(seg_automaton *own);
/// How many texts it looks for.
size_t seg_automaton_pattern_count(const seg_automaton *own);

/// What looking needs beside the automaton: any number of threads may look, each with its own.
typedef struct seg_automaton_finds {
  uint32_t *found; ///< The texts found last, each once, in no order.
  uint32_t *seen;  ///< For each end: the number of the search that came there last.
  uint32_t search; ///< The searches of one `finds` are fewer than 2^32: a search a row, or a value.
} seg_automaton_finds;

/// False if there is no memory; seg_automaton_finds_free is allowed then too.
bool seg_automaton_finds_init(seg_automaton_finds *finds, const seg_automaton *own,
                              seg_allocator allocator);
void seg_automaton_finds_free(seg_automaton_finds *finds, const seg_automaton *own,
                              seg_allocator allocator);

/// Finds the texts that `text` contains. Returns how many; `finds->found` has them.
/// Cost: O(bytes of `text` + texts found).
size_t seg_automaton_find(const seg_automaton *own, seg_automaton_finds *finds, seg_text_view text);
/// Finds the texts that `text` is, in the same way.
size_t seg_automaton_find_equal(const seg_automaton *own, seg_automaton_finds *finds,
                                seg_text_view text);

#endif
