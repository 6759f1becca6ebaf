// Truth tables: what a filter on `data.*` says of each distinct value of its column.
//
// All terms of a filter that ask about one column are decided together, a few values at a time, so
// that a value's text comes out of memory once and not once for each term. Terms that ask for a
// part of a text go through an automaton, if they are many: then a text is read once for all of
// them. If many ask for an order of texts, theirs are sorted, and a value's place among them is
// looked up once. Terms that ask for a part of an address have no dictionary: their automaton runs
// while the rows are evaluated.
#include "plan_internal.h"

#include <string.h>

/// Values that are decided at a time: their entries and texts lie in the fastest cache.
#define DECIDED_TOGETHER 256U
/// Fewer terms than this look for their texts one by one: about as fast.
#define SEARCH_TERMS_MIN 8

/// The terms of a unit that are decided together: all of one column, or all of addresses.
typedef struct term_list {
  uint32_t *terms;
  seg_text_view *texts; ///< What each looks for, once they are searches.
  size_t count;
} term_list;

// Truth tables.

static void set_truth(const seg_bound *term, uint32_t code, bool is_true) {
  if (term->column->code_bytes < 4) {
    ((uint8_t *)term->truth)[code] = is_true;
  } else if (is_true) {
    ((uint64_t *)term->truth)[code / 64] |= UINT64_C(1) << (code % 64);
  }
}

static void clear_truth(const seg_bound *term, uint32_t code) {
  if (term->column->code_bytes < 4) {
    ((uint8_t *)term->truth)[code] = 0;
  } else {
    ((uint64_t *)term->truth)[code / 64] &= ~(UINT64_C(1) << (code % 64));
  }
}

static size_t truth_bytes(const seg_column *column) {
  size_t codes = column->entry_count + 1;
  // Narrow codes: the table covers every code there can be, so that no lookup is out of it.
  return column->code_bytes == 1   ? UINT8_MAX + 1U
         : column->code_bytes == 2 ? UINT16_MAX + 1U
                                   : (codes + 63) / 64 * sizeof(uint64_t);
}

/// An empty table, but for what is said of rows without a value.
static bool make_truth(seg_allocator allocator, seg_bound *term) {
  term->truth_bytes = truth_bytes(term->column);
  term->truth = seg_allocate_zeroed(allocator, term->truth_bytes, 1);
  if (term->truth == NULL) {
    return false;
  }
  set_truth(term, 0, seg_matcher_matches_absent(&term->matcher));
  return true;
}

/// Everything but one value: true of all codes but that one, and of no code. Codes that no row has
/// do not matter.
static bool decide_unequal(const seg_plan *plan, const seg_bound *term) {
  seg_value value;
  if (!term->matcher.negated || !seg_matcher_exact_value(&term->matcher, &value)) {
    return false;
  }
  memset(term->truth, term->column->code_bytes < 4 ? 1 : UINT8_MAX, term->truth_bytes);
  clear_truth(term, 0);
  uint32_t code = seg_column_find(term->column, plan->table->seed, &value);
  if (code != 0) {
    clear_truth(term, code);
  }
  return true;
}

/// Asks each value for each of the terms.
static void decide_each(const seg_bound *bounds, const term_list *list) {
  const seg_column *column = bounds[list->terms[0]].column;
  size_t codes = column->entry_count + 1;
  for (size_t begin = 1; begin < codes; begin += DECIDED_TOGETHER) {
    size_t end = begin + DECIDED_TOGETHER < codes ? begin + DECIDED_TOGETHER : codes;
    for (size_t i = 0; i < list->count; i++) {
      const seg_bound *term = &bounds[list->terms[i]];
      for (size_t code = begin; code < end; code++) {
        const seg_entry *entry = &column->entries[code - 1];
        set_truth(term, (uint32_t)code,
                  entry->kind != SEG_VALUE_ABSENT &&
                      seg_matcher_matches(&term->matcher, column, entry));
      }
    }
  }
}

// Orders.

/// The first of the sorted texts that is not before `text`, or with `behind` that is behind it.
static uint32_t find_place(const seg_text_view *sorted, size_t count, seg_text_view text,
                           bool behind) {
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = seg_text_compare(sorted[middle], text);
    if (order < 0 || (behind && order == 0)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (uint32_t)low;
}

/// Sorts the texts of the terms by insertion: they are a thousand at most.
static void sort_texts(const seg_bound *bounds, const term_list *list, seg_text_view *sorted) {
  for (size_t i = 0; i < list->count; i++) {
    seg_text_view text = bounds[list->terms[i]].matcher.text;
    uint32_t at = find_place(sorted, i, text, true);
    memmove(&sorted[at + 1], &sorted[at], (i - at) * sizeof *sorted);
    sorted[at] = text;
  }
}

/// Whether a text whose places are these is in the range of a term whose text is the first at
/// `own`.
static bool is_in_order(seg_operator op, uint32_t own, uint32_t place, uint32_t place_behind) {
  switch (op) {
  case SEG_OP_GREATER_THAN:
    return own < place;
  case SEG_OP_GREATER_THAN_OR_EQUAL:
    return own < place_behind;
  case SEG_OP_LESS_THAN:
    return own >= place_behind;
  default:
    return own >= place;
  }
}

/// Decides terms that ask for an order of texts. The texts of all are sorted into `list->texts`;
/// then where a value stands among them, found by halving, says what each of them says of it.
static void decide_order(const seg_bound *bounds, const term_list *list) {
  const seg_column *column = bounds[list->terms[0]].column;
  uint32_t places[DECIDED_TOGETHER];
  uint32_t places_behind[DECIDED_TOGETHER];
  size_t codes = column->entry_count + 1;
  sort_texts(bounds, list, list->texts);
  for (size_t begin = 1; begin < codes; begin += DECIDED_TOGETHER) {
    size_t end = begin + DECIDED_TOGETHER < codes ? begin + DECIDED_TOGETHER : codes;
    for (size_t code = begin; code < end; code++) {
      const seg_entry *entry = &column->entries[code - 1];
      if (entry->kind == SEG_VALUE_TEXT) {
        seg_text_view text = seg_pool_text(&column->pool, entry->text);
        places[code - begin] = find_place(list->texts, list->count, text, false);
        places_behind[code - begin] = find_place(list->texts, list->count, text, true);
      }
    }
    for (size_t i = 0; i < list->count; i++) {
      const seg_bound *term = &bounds[list->terms[i]];
      uint32_t own = find_place(list->texts, list->count, term->matcher.text, false);
      for (size_t code = begin; code < end; code++) {
        set_truth(term, (uint32_t)code,
                  column->entries[code - 1].kind == SEG_VALUE_TEXT &&
                      is_in_order(term->matcher.op, own, places[code - begin],
                                  places_behind[code - begin]));
      }
    }
  }
}

// Searches.

/// Whether an automaton for all of them is worth its making: for each of their bytes it takes about
/// as long as looking for some of them in one text does.
static bool is_worth_search(const term_list *list, size_t text_count) {
  size_t bytes = 0;
  for (size_t i = 0; i < list->count; i++) {
    bytes += list->texts[i].size_bytes;
  }
  return list->count >= SEARCH_TERMS_MIN && list->count * text_count >= SEARCH_TERMS_MIN * bytes;
}

static void set_found(const seg_bound *bounds, const uint32_t *terms,
                      const seg_automaton_finds *finds, size_t count, uint32_t code) {
  for (size_t i = 0; i < count; i++) {
    set_truth(&bounds[terms[finds->found[i]]], code, true);
  }
}

/// Looks for the texts of an automaton in every value: in a text, or among an array's strings.
static void search_column(const seg_automaton *automaton, seg_automaton_finds *finds,
                          const seg_bound *bounds, const uint32_t *terms) {
  const seg_column *column = bounds[terms[0]].column;
  for (uint32_t code = 1; code <= column->entry_count; code++) {
    const seg_entry *entry = &column->entries[code - 1];
    if (entry->kind == SEG_VALUE_TEXT) {
      seg_text_view folded = seg_pool_text(&column->pool, entry->folded);
      set_found(bounds, terms, finds, seg_automaton_find(automaton, finds, folded), code);
    } else if (entry->kind == SEG_VALUE_ARRAY) {
      seg_text_view list = seg_pool_text(&column->pool, entry->folded);
      seg_text_view element;
      size_t at = 0;
      while (seg_array_text_next(list, &at, &element)) {
        set_found(bounds, terms, finds, seg_automaton_find_equal(automaton, finds, element), code);
      }
    }
  }
}

/// Turns what contains a text into what does not, among the values that could.
static bool negate(seg_allocator allocator, const seg_bound *bounds, const term_list *list) {
  seg_bound able = {.truth = NULL}; // what could contain a text
  for (size_t i = 0; i < list->count; i++) {
    const seg_bound *term = &bounds[list->terms[i]];
    if (!term->matcher.negated) {
      continue;
    }
    if (able.truth == NULL) {
      able = (seg_bound){.column = term->column, .matcher = term->matcher};
      if (!make_truth(allocator, &able)) {
        return false;
      }
      for (uint32_t code = 1; code <= able.column->entry_count; code++) {
        unsigned kind = able.column->entries[code - 1].kind;
        set_truth(&able, code, kind == SEG_VALUE_TEXT || kind == SEG_VALUE_ARRAY);
      }
    }
    const unsigned char *all = able.truth;
    unsigned char *truth = term->truth;
    for (size_t at = 0; at < term->truth_bytes; at++) {
      truth[at] = (unsigned char)(all[at] & ~truth[at]);
    }
  }
  seg_release(allocator, able.truth, able.truth_bytes);
  return true;
}

/// Decides terms that look for parts of texts, none of which is empty, through automata.
static seg_status decide_search(seg_allocator allocator, const seg_bound *bounds,
                                const term_list *list) {
  size_t taken = 0;
  for (size_t at = 0; at < list->count; at += taken) {
    seg_automaton *automaton;
    seg_automaton_finds finds;
    if (seg_automaton_create(allocator, list->texts + at, list->count - at, &taken, &automaton) !=
        SEG_OK) {
      return SEG_E_NOMEM;
    }
    bool ok = seg_automaton_finds_init(&finds, automaton, allocator);
    if (ok) {
      search_column(automaton, &finds, bounds, list->terms + at);
    }
    seg_automaton_finds_free(&finds, automaton, allocator);
    seg_automaton_free(automaton);
    if (!ok) {
      return SEG_E_NOMEM;
    }
  }
  return negate(allocator, bounds, list) ? SEG_OK : SEG_E_NOMEM;
}

// The terms of a column.

static bool is_undecided(const seg_bound *term) {
  return term->kind == SEG_BOUND_TRUTH && term->truth == NULL;
}

/// Whether a term looks for a part of a text: an empty one is part of all, which needs no look.
static bool is_search(const seg_bound *term) {
  return term->matcher.test == SEG_TEST_CONTAINS && term->matcher.text.size_bytes > 0;
}

static bool is_order(const seg_bound *term) { return term->matcher.test == SEG_TEST_TEXT_RANGE; }

static bool is_any(const seg_bound *term) { return term != NULL; }

/// Takes the undecided terms of the column that `first` asks about and `takes` says yes to, with
/// tables that are still empty. `list` has room for all. False if there is no memory.
static bool take_terms(const seg_plan *plan, seg_plan_unit *own, size_t first,
                       bool (*takes)(const seg_bound *term), term_list *list) {
  const seg_column *column = own->terms[first].column;
  list->count = 0;
  for (size_t i = first; i < own->filter->term_count; i++) {
    seg_bound *term = &own->terms[i];
    if (is_undecided(term) && term->column == column && takes(term)) {
      if (!make_truth(plan->allocator, term)) {
        return false;
      }
      list->texts[list->count] = term->matcher.text;
      list->terms[list->count++] = (uint32_t)i;
    }
  }
  return true;
}

/// Decides the undecided terms of the column that `first` asks about.
static seg_status decide_column(const seg_plan *plan, seg_plan_unit *own, size_t first,
                                term_list *list) {
  size_t values = own->terms[first].column->entry_count;
  if (!take_terms(plan, own, first, is_search, list)) {
    return SEG_E_NOMEM;
  }
  if (list->count > 0 && is_worth_search(list, values)) {
    if (decide_search(plan->allocator, own->terms, list) != SEG_OK) {
      return SEG_E_NOMEM;
    }
  } else if (list->count > 0) {
    decide_each(own->terms, list);
  }
  if (!take_terms(plan, own, first, is_order, list)) {
    return SEG_E_NOMEM;
  }
  if (list->count >= SEARCH_TERMS_MIN) {
    decide_order(own->terms, list);
  } else if (list->count > 0) {
    decide_each(own->terms, list);
  }
  if (!take_terms(plan, own, first, is_any, list)) {
    return SEG_E_NOMEM;
  }
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++) {
    if (!decide_unequal(plan, &own->terms[list->terms[i]])) {
      list->terms[kept++] = list->terms[i];
    }
  }
  list->count = kept;
  if (kept > 0) {
    decide_each(own->terms, list);
  }
  return SEG_OK;
}

// The terms of addresses.

/// Lets one automaton after another look for what the terms of `list` look for.
static seg_status add_searches(seg_plan *plan, seg_plan_unit *own, const term_list *list) {
  size_t taken = 0;
  for (size_t at = 0; at < list->count; at += taken) {
    void *block = plan->searches;
    if (!seg_grow(plan->allocator, &block, &plan->search_capacity, plan->search_count + 1,
                  sizeof(seg_automaton *))) {
      return SEG_E_NOMEM;
    }
    plan->searches = block;
    if (seg_automaton_create(plan->allocator, list->texts + at, list->count - at, &taken,
                             &plan->searches[plan->search_count]) != SEG_OK) {
      return SEG_E_NOMEM;
    }
    for (size_t i = 0; i < taken; i++) {
      seg_bound *term = &own->terms[list->terms[at + i]];
      term->kind = SEG_BOUND_EMAIL_SEARCH;
      term->search = (uint32_t)plan->search_count;
      term->pattern = (uint32_t)i;
    }
    plan->search_count++;
  }
  return SEG_OK;
}

static seg_status bind_emails(seg_plan *plan, seg_plan_unit *own, term_list *list) {
  list->count = 0;
  for (size_t i = 0; i < own->filter->term_count; i++) {
    const seg_bound *term = &own->terms[i];
    if (term->kind == SEG_BOUND_EMAIL && !term->is_equality && term->text.size_bytes > 0) {
      list->texts[list->count] = term->text;
      list->terms[list->count++] = (uint32_t)i;
    }
  }
  size_t rows = (plan->range.end - plan->range.begin) * SEG_BLOCK_ROWS;
  return is_worth_search(list, rows) ? add_searches(plan, own, list) : SEG_OK;
}

seg_status seg_plan_decide(seg_plan *plan, seg_plan_unit *own, seg_error *error) {
  size_t count = own->filter->term_count;
  seg_allocator allocator = plan->allocator;
  term_list list = {.terms = seg_allocate_zeroed(allocator, count, sizeof *list.terms),
                    .texts = seg_allocate_zeroed(allocator, count, sizeof *list.texts)};
  seg_status status = list.terms != NULL && list.texts != NULL ? SEG_OK : SEG_E_NOMEM;
  for (size_t i = 0; status == SEG_OK && i < count; i++) {
    if (is_undecided(&own->terms[i])) {
      status = decide_column(plan, own, i, &list);
    }
  }
  if (status == SEG_OK) {
    status = bind_emails(plan, own, &list);
  }
  seg_release(allocator, list.terms, count * sizeof *list.terms);
  seg_release(allocator, list.texts, count * sizeof *list.texts);
  return status == SEG_OK ? SEG_OK : seg_fail_memory(error);
}
