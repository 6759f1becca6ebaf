// Evaluation goes a page (64 blocks) at a time. AND hands the rows that are still alive from child
// to child and stops when none is left; OR hands on those not yet matched.
//
// Invariants: the mask of any node is a subset of `alive`, and the `alive` of the outermost node is
// the live rows, so holes never match, negations included.
#include "kernels.h"
#include "plan_internal.h"

#include <string.h>

/// Words for the masks of one page.
typedef struct page_mask {
  uint64_t words[SEG_PAGE_BLOCKS];
} page_mask;

/// A search in the addresses of one page: each is read once, when the first term asks for it.
typedef struct email_search {
  seg_automaton_finds finds;
  page_mask known;    ///< Rows that have been read.
  page_mask *matches; ///< By pattern: those of them that contain it.
} email_search;

/// A run of blocks within one page, and what evaluation needs to know of it.
typedef struct chunk {
  const seg_plan *plan;
  const seg_plan_unit *unit;
  size_t page;
  size_t first; ///< First block within the page.
  size_t count;
  const page_mask *unit_masks; ///< Masks of the units before this one, by unit index.
  email_search *searches;      ///< One for each of the plan's.
} chunk;

// Evaluating terms. Each function fills `out` with the rows of `alive` that match, before any
// inversion.

static void clear(uint64_t *out, size_t count) { memset(out, 0, count * sizeof *out); }

static const void *page_codes(const chunk *at, const seg_column *column) {
  if (at->page >= column->page_capacity || column->pages[at->page] == NULL) {
    return NULL;
  }
  const char *codes = column->pages[at->page];
  return codes + at->first * SEG_BLOCK_ROWS * column->code_bytes;
}

static void evaluate_code(const chunk *at, const seg_bound *term, const uint64_t *alive,
                          uint64_t *out) {
  const void *codes = page_codes(at, term->column);
  if (codes == NULL) { // no row of the page has a value
    if (term->code == 0) {
      memmove(out, alive, at->count * sizeof *out);
    } else {
      clear(out, at->count);
    }
    return;
  }
  switch (term->column->code_bytes) {
  case 1:
    seg_kernel_equal_8(codes, (uint8_t)term->code, at->count, alive, out);
    break;
  case 2:
    seg_kernel_equal_16(codes, (uint16_t)term->code, at->count, alive, out);
    break;
  default:
    seg_kernel_equal_32(codes, term->code, at->count, alive, out);
    break;
  }
}

static void evaluate_truth(const chunk *at, const seg_bound *term, const uint64_t *alive,
                           uint64_t *out) {
  const void *codes = page_codes(at, term->column);
  if (codes == NULL) {
    if (seg_matcher_matches_absent(&term->matcher)) {
      memmove(out, alive, at->count * sizeof *out);
    } else {
      clear(out, at->count);
    }
    return;
  }
  switch (term->column->code_bytes) {
  case 1:
    seg_kernel_lookup_8(codes, term->truth, at->count, alive, out);
    break;
  case 2:
    seg_kernel_lookup_16(codes, term->truth, at->count, alive, out);
    break;
  default:
    seg_kernel_lookup_32(codes, term->truth, at->count, alive, out);
    break;
  }
}

/// A range over one page of a plain vector: instants, or keys.
static void evaluate_range_of_page(const chunk *at, const seg_bound *term, const int64_t *page,
                                   const uint64_t *alive, uint64_t *out) {
  seg_kernel_range(page + at->first * SEG_BLOCK_ROWS, term->range.low_ms, term->range.high_ms,
                   at->count, alive, out);
}

static void evaluate_keys(const chunk *at, const seg_bound *term, const uint64_t *alive,
                          uint64_t *out) {
  int64_t *const *pages = term->column->planes[term->plane];
  if (pages == NULL || at->page >= term->column->page_capacity || pages[at->page] == NULL) {
    clear(out, at->count);
    return;
  }
  evaluate_range_of_page(at, term, pages[at->page], alive, out);
}

static uint32_t first_row(const chunk *at, size_t block) {
  return (uint32_t)((at->page * SEG_PAGE_BLOCKS + at->first + block) * SEG_BLOCK_ROWS);
}

static void evaluate_values(const chunk *at, const seg_bound *term, const uint64_t *alive,
                            uint64_t *out) {
  for (size_t block = 0; block < at->count; block++) {
    uint64_t mask = 0;
    for (uint64_t rest = alive[block]; rest != 0; rest &= rest - 1) {
      unsigned bit = seg_bits_lowest(rest);
      uint32_t code = seg_column_code(term->column, first_row(at, block) + bit);
      bool matches = code == 0 ? seg_matcher_matches_absent(&term->matcher)
                               : seg_matcher_matches(&term->matcher, term->column,
                                                     &term->column->entries[code - 1]);
      mask |= (uint64_t)matches << bit;
    }
    out[block] = mask;
  }
}

static void evaluate_email(const chunk *at, const seg_bound *term, const uint64_t *alive,
                           uint64_t *out) {
  const seg_table *table = at->plan->table;
  const uint32_t *offsets = table->pages[at->page]->folded + at->first * SEG_BLOCK_ROWS;
  for (size_t block = 0; block < at->count; block++, offsets += SEG_BLOCK_ROWS) {
    uint64_t mask = 0;
    for (uint64_t rest = alive[block]; rest != 0; rest &= rest - 1) {
      unsigned bit = seg_bits_lowest(rest);
      seg_text_view folded = seg_pool_text(&table->texts, offsets[bit]);
      bool matches = term->is_equality ? seg_text_equal(folded, term->text)
                                       : seg_text_contains(folded, term->text);
      mask |= (uint64_t)matches << bit;
    }
    out[block] = mask;
  }
}

/// Reads the addresses of rows, and notes what each contains.
static void search_emails(const chunk *at, const seg_automaton *automaton, email_search *own,
                          size_t block, uint64_t rows) {
  const seg_table *table = at->plan->table;
  const uint32_t *offsets = table->pages[at->page]->folded + (at->first + block) * SEG_BLOCK_ROWS;
  own->known.words[block] |= rows;
  for (; rows != 0; rows &= rows - 1) {
    unsigned bit = seg_bits_lowest(rows);
    seg_text_view folded = seg_pool_text(&table->texts, offsets[bit]);
    size_t count = seg_automaton_find(automaton, &own->finds, folded);
    for (size_t i = 0; i < count; i++) {
      own->matches[own->finds.found[i]].words[block] |= UINT64_C(1) << bit;
    }
  }
}

static void evaluate_email_search(const chunk *at, const seg_bound *term, const uint64_t *alive,
                                  uint64_t *out) {
  email_search *own = &at->searches[term->search];
  for (size_t block = 0; block < at->count; block++) {
    uint64_t unknown = alive[block] & ~own->known.words[block];
    search_emails(at, at->plan->searches[term->search], own, block, unknown);
    out[block] = alive[block] & own->matches[term->pattern].words[block];
  }
}

/// The rows of `wanted`, whose last occurrence lies beyond the range, that have an earlier one in
/// it.
static uint64_t match_earlier(const seg_timeline_block *block, uint64_t wanted,
                              seg_instant_range range) {
  uint64_t mask = 0;
  for (; wanted != 0; wanted &= wanted - 1) {
    unsigned bit = seg_bits_lowest(wanted);
    seg_occurrences earlier = seg_timeline_earlier(block, seg_bits_rank(block->present, bit));
    for (size_t i = earlier.count; i > 0; i--) { // those added last are mostly the latest
      int64_t at_ms = earlier.items[i - 1];
      if (at_ms >= range.low_ms && at_ms <= range.high_ms) {
        mask |= UINT64_C(1) << bit;
        break;
      }
    }
  }
  return mask;
}

/// The rows of `wanted`, which are present, whose last occurrence lies in the range.
static uint64_t match_last(const seg_timeline_block *block, uint64_t wanted,
                           seg_instant_range range) {
  uint64_t mask = 0;
  uint64_t undecided = wanted;
  const uint16_t *spans = seg_timeline_spans(block);
  if (spans != NULL) {
    uint64_t edges;
    mask = seg_kernel_spans(spans, seg_timeline_span(range.low_ms),
                            seg_timeline_span(range.high_ms), &edges);
    mask &= wanted & ~edges;
    undecided &= edges;
  }
  for (; undecided != 0; undecided &= undecided - 1) {
    unsigned bit = seg_bits_lowest(undecided);
    int64_t last = block->last[seg_bits_rank(block->present, bit)];
    mask |= (uint64_t)(last >= range.low_ms && last <= range.high_ms) << bit;
  }
  return mask;
}

/// The rows of `wanted`, which are present, that match.
static uint64_t match_block(const seg_bound *term, const seg_timeline_block *block,
                            uint64_t wanted) {
  if (term->kind == SEG_BOUND_OCCURRED) {
    return wanted;
  }
  seg_instant_range range = term->range;
  uint64_t mask = match_last(block, wanted, range);
  if (term->kind == SEG_BOUND_LAST) {
    return mask;
  }
  // Any occurrence in the range: almost always the last one says so.
  uint64_t since = match_last(block, wanted, (seg_instant_range){range.low_ms, INT64_MAX});
  return mask == since ? mask : mask | match_earlier(block, since & ~mask, range);
}

/// How far ahead of the evaluation the cells of a block are asked for.
#define PREFETCH_BLOCKS 6

static void evaluate_timeline(const chunk *at, const seg_bound *term, const uint64_t *alive,
                              uint64_t *out) {
  const seg_timeline_block *blocks =
      at->page < term->timeline->page_capacity ? term->timeline->pages[at->page] : NULL;
  if (blocks == NULL) {
    clear(out, at->count);
    return;
  }
  for (size_t i = 0; i < at->count; i++) {
    const seg_timeline_block *block = &blocks[at->first + i];
    if (i + PREFETCH_BLOCKS < at->count) { // cells lie anywhere in memory
      const uint16_t *spans = seg_timeline_spans(&block[PREFETCH_BLOCKS]);
      seg_prefetch(spans != NULL ? (const void *)spans : block[PREFETCH_BLOCKS].last);
    }
    uint64_t wanted = block->present & alive[i];
    out[i] = wanted == 0 ? 0 : match_block(term, block, wanted);
  }
}

static void evaluate_members(const chunk *at, const seg_bound *term, const uint64_t *alive,
                             uint64_t *out) {
  size_t block = at->page * SEG_PAGE_BLOCKS + at->first;
  for (size_t i = 0; i < at->count; i++, block++) {
    uint64_t members = block < term->members.block_count ? term->members.words[block] : 0;
    out[i] = members & alive[i];
  }
}

static void and_words(const uint64_t *words, size_t count, const uint64_t *alive, uint64_t *out) {
  for (size_t i = 0; i < count; i++) {
    out[i] = words[i] & alive[i];
  }
}

static void evaluate_plain(const chunk *at, const seg_bound *term, const uint64_t *alive,
                           uint64_t *out) {
  const seg_page *page = at->plan->table->pages[at->page];
  switch (term->kind) {
  case SEG_BOUND_NONE:
    clear(out, at->count);
    break;
  case SEG_BOUND_SUBSCRIBED:
    and_words(page->subscribed + at->first, at->count, alive, out);
    break;
  case SEG_BOUND_CREATED_AT:
    evaluate_range_of_page(at, term, page->created_at_ms, alive, out);
    break;
  case SEG_BOUND_UPDATED_AT:
    evaluate_range_of_page(at, term, page->updated_at_ms, alive, out);
    break;
  case SEG_BOUND_CODE:
    evaluate_code(at, term, alive, out);
    break;
  case SEG_BOUND_KEYS:
    evaluate_keys(at, term, alive, out);
    break;
  case SEG_BOUND_TRUTH:
    evaluate_truth(at, term, alive, out);
    break;
  case SEG_BOUND_VALUES:
    evaluate_values(at, term, alive, out);
    break;
  case SEG_BOUND_EMAIL:
    evaluate_email(at, term, alive, out);
    break;
  case SEG_BOUND_EMAIL_SEARCH:
    evaluate_email_search(at, term, alive, out);
    break;
  case SEG_BOUND_OCCURRED:
  case SEG_BOUND_LAST:
  case SEG_BOUND_OCCURRENCES:
    evaluate_timeline(at, term, alive, out);
    break;
  case SEG_BOUND_MEMBERS:
    evaluate_members(at, term, alive, out);
    break;
  case SEG_BOUND_UNIT:
    and_words(at->unit_masks[term->unit].words, at->count, alive, out);
    break;
  }
}

/// `out` must not be `alive`.
static void evaluate_term(const chunk *at, const seg_bound *term, const uint64_t *alive,
                          uint64_t *out) {
  evaluate_plain(at, term, alive, out);
  if (term->inverted) {
    for (size_t i = 0; i < at->count; i++) {
      out[i] = alive[i] & ~out[i];
    }
  }
}

// Evaluating trees.

static bool any_bit(const uint64_t *words, size_t count) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; i++) {
    bits |= words[i];
  }
  return bits != 0;
}

/// The rows of `alive` that match a node. `out` must not be `alive`. Recursion is bounded by the
/// filter's depth.
static void evaluate_node(const chunk *at, uint32_t node, const uint64_t *alive, uint64_t *out) {
  const seg_node *own = &at->unit->filter->nodes[node];
  if (own->kind == SEG_NODE_TERM) {
    evaluate_term(at, &at->unit->terms[own->term], alive, out);
    return;
  }
  page_mask left; // rows that are still to be decided
  page_mask matched;
  memcpy(left.words, alive, at->count * sizeof *alive);
  clear(out, at->count);
  for (uint32_t child = at->unit->first_child[node];
       child != UINT32_MAX && any_bit(left.words, at->count);
       child = at->unit->next_sibling[child]) {
    evaluate_node(at, child, left.words, matched.words);
    if (own->is_or) {
      for (size_t i = 0; i < at->count; i++) {
        out[i] |= matched.words[i];
        left.words[i] &= ~matched.words[i];
      }
    } else {
      memcpy(left.words, matched.words, at->count * sizeof *alive);
    }
  }
  if (!own->is_or) {
    memcpy(out, left.words, at->count * sizeof *out);
  }
}

static size_t count_bits(const uint64_t *words, size_t count) {
  return seg_mask_count((seg_mask_view){.words = words, .block_count = count});
}

/// What is done with the masks of each chunk of the plan's filter.
typedef struct sink {
  uint64_t *words;      ///< Next word to write, or NULL.
  size_t count;         ///< Matching rows so far.
  size_t *counts;       ///< By node, or NULL.
  uint64_t *node_words; ///< By node, the first block's, or NULL.
} sink;

/// The rows of `live` that match a node, each child evaluated for itself. Notes the mask of every
/// node of the subtree.
static void evaluate_each(const chunk *at, uint32_t node, const uint64_t *live, uint64_t *out,
                          sink *noted) {
  const seg_node *own = &at->unit->filter->nodes[node];
  if (own->kind == SEG_NODE_TERM) {
    evaluate_term(at, &at->unit->terms[own->term], live, out);
  } else {
    page_mask matched;
    memcpy(out, live, at->count * sizeof *out);
    if (own->is_or) {
      clear(out, at->count);
    }
    for (uint32_t child = node + 1; child < own->end; child = at->unit->filter->nodes[child].end) {
      evaluate_each(at, child, live, matched.words, noted);
      for (size_t i = 0; i < at->count; i++) {
        out[i] = own->is_or ? out[i] | matched.words[i] : out[i] & matched.words[i];
      }
    }
  }
  if (noted->counts != NULL) {
    noted->counts[node] += count_bits(out, at->count);
  } else {
    noted->node_words[node] = out[0];
  }
}

static void evaluate_chunk(chunk *at, page_mask *unit_masks, sink *out) {
  const seg_plan *plan = at->plan;
  const uint64_t *live = plan->table->pages[at->page]->live + at->first;
  for (size_t i = 0; unit_masks != NULL && i + 1 < plan->sequence_count; i++) {
    at->unit = &plan->units[plan->sequence[i]];
    evaluate_node(at, 0, live, unit_masks[plan->sequence[i]].words);
  }
  page_mask matched;
  at->unit = &plan->units[0];
  if (out->counts != NULL || out->node_words != NULL) {
    evaluate_each(at, 0, live, matched.words, out);
    return;
  }
  evaluate_node(at, 0, live, matched.words);
  out->count += count_bits(matched.words, at->count);
  if (out->words != NULL) {
    memcpy(out->words, matched.words, at->count * sizeof *out->words);
    out->words += at->count;
  }
}

// What an evaluation needs beside the plan, which other threads may be evaluating too.

typedef struct workspace {
  page_mask *unit_masks; ///< NULL where there is but the filter.
  size_t mask_bytes;
  email_search *searches;
} workspace;

static void free_workspace(const seg_plan *plan, workspace *gone) {
  for (size_t i = 0; gone->searches != NULL && i < plan->search_count; i++) {
    email_search *search = &gone->searches[i];
    size_t patterns = seg_automaton_pattern_count(plan->searches[i]);
    seg_automaton_finds_free(&search->finds, plan->searches[i], plan->allocator);
    seg_release(plan->allocator, search->matches, patterns * sizeof *search->matches);
  }
  seg_release(plan->allocator, gone->searches, plan->search_count * sizeof *gone->searches);
  seg_release(plan->allocator, gone->unit_masks, gone->mask_bytes);
}

static bool make_workspace(const seg_plan *plan, workspace *out) {
  *out = (workspace){.mask_bytes = plan->unit_count > 1 ? plan->unit_count * sizeof(page_mask) : 0};
  out->unit_masks = seg_allocate(plan->allocator, out->mask_bytes);
  out->searches = seg_allocate_zeroed(plan->allocator, plan->search_count, sizeof *out->searches);
  bool ok = (out->unit_masks != NULL || out->mask_bytes == 0) &&
            (out->searches != NULL || plan->search_count == 0);
  for (size_t i = 0; ok && i < plan->search_count; i++) {
    email_search *search = &out->searches[i];
    size_t patterns = seg_automaton_pattern_count(plan->searches[i]);
    search->matches = seg_allocate(plan->allocator, patterns * sizeof *search->matches);
    ok = seg_automaton_finds_init(&search->finds, plan->searches[i], plan->allocator) &&
         search->matches != NULL;
  }
  if (!ok) {
    free_workspace(plan, out);
  }
  return ok;
}

/// Forgets the page before.
static void begin_searches(const seg_plan *plan, email_search *searches) {
  for (size_t i = 0; i < plan->search_count; i++) {
    size_t patterns = seg_automaton_pattern_count(plan->searches[i]);
    memset(&searches[i].known, 0, sizeof searches[i].known);
    memset(searches[i].matches, 0, patterns * sizeof *searches[i].matches);
  }
}

static seg_status evaluate_range(const seg_plan *plan, seg_block_range range, sink *out) {
  size_t block_count = seg_table_block_count(plan->table);
  workspace work;
  if (!make_workspace(plan, &work)) {
    return SEG_E_NOMEM;
  }
  for (size_t block = range.begin; block < range.end;) {
    chunk at = {.plan = plan,
                .page = block / SEG_PAGE_BLOCKS,
                .first = block % SEG_PAGE_BLOCKS,
                .unit_masks = work.unit_masks,
                .searches = work.searches};
    if (block >= block_count) { // beyond the table: no rows
      if (out->words != NULL) {
        clear(out->words, range.end - block);
      }
      break;
    }
    at.count = SEG_PAGE_BLOCKS - at.first;
    size_t end = range.end < block_count ? range.end : block_count;
    at.count = at.count < end - block ? at.count : end - block;
    begin_searches(plan, work.searches);
    evaluate_chunk(&at, work.unit_masks, out);
    block += at.count;
  }
  free_workspace(plan, &work);
  return SEG_OK;
}

seg_status seg_plan_evaluate(const seg_plan *plan, seg_block_range range, uint64_t *out) {
  sink target = {.words = out};
  return evaluate_range(plan, range, &target);
}

seg_status seg_plan_count(const seg_plan *plan, size_t *out) {
  sink target = {.words = NULL};
  seg_status status = evaluate_range(plan, plan->range, &target);
  if (status == SEG_OK) {
    *out = target.count;
  }
  return status;
}

seg_status seg_plan_count_nodes(const seg_plan *plan, size_t *out) {
  const seg_filter *filter = plan->units[0].filter;
  size_t counts_bytes = filter->node_count * sizeof(size_t);
  size_t *counts = seg_allocate_zeroed(plan->allocator, filter->node_count, sizeof *counts);
  if (counts == NULL) {
    return SEG_E_NOMEM;
  }
  sink target = {.counts = counts};
  seg_status status = evaluate_range(plan, plan->range, &target);
  if (status == SEG_OK) {
    for (size_t i = 0; i < filter->node_count; i++) {
      if (filter->nodes[i].kind != SEG_NODE_CONDITION) {
        *out++ = counts[i];
      }
    }
  }
  seg_release(plan->allocator, counts, counts_bytes);
  return status;
}

seg_status seg_plan_evaluate_nodes(const seg_plan *plan, size_t block, uint64_t *out) {
  memset(out, 0, plan->units[0].filter->node_count * sizeof *out);
  sink target = {.node_words = out};
  return evaluate_range(plan, (seg_block_range){block, block + 1}, &target);
}
