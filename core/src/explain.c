// Explanations: verdicts of the plan, and the instants at which they change.
//
// A term that looks back in time compares instants of the row with a range whose bounds move
// forward with `now`. So an instant is first beyond the range, then in it, then before it, and the
// verdict of the term can change only where it goes from one to the next:
//
//     now ->     [------ range ------]                       t1 in it, t2 beyond
//     later             [------ range ------]                t1 before it, t2 in it
//     ------t1---------------------------t2------------->
//
// A clock is such a term with its instants; it knows the first such passage after any moment. The
// filter is evaluated at the passages of all clocks, in order, and a node flips at the first one at
// which its verdict is not what it was. Between two passages no term changes, so nothing is missed:
// not what several terms do together either.
//
// The bounds come from seg_instant_range_of, as in a plan; where one of them passes an instant is
// found by halving, so that no rounding has to be undone here.
//
// Of the occurrences of an event the last alone counts, but for triggeredWithin: there the latest
// within the range keeps the term true, and the next one beyond it makes it so again.
#include "segmentry/explain.h"

#include "plan_internal.h"

/// A term of the filter, or of a segment that it leads to, that time can change for the row.
typedef struct term_clock {
  const seg_term *term;
  int64_t at_ms; ///< What is compared: the last occurrence, where there are several.
  const seg_timeline_block *block; ///< For triggeredWithin, whose earlier occurrences count too.
  unsigned cell;
  int64_t next_ms; ///< The next passage after the moment that was last evaluated.
} term_clock;

typedef struct explainer {
  seg_allocator allocator;
  const seg_filter *filter;
  const seg_table *table;
  const seg_resolver *resolver;
  uint32_t row;
  seg_plan *plan;      ///< Over the row's block; it is moved from passage to passage.
  uint64_t *now_words; ///< By node of the tree: its mask of the block now, and later on.
  uint64_t *then_words;
  uint32_t *places; ///< By node of the tree: its place in the explanation.
  term_clock *clocks;
  size_t clock_count;
  size_t clock_capacity;
} explainer;

// What is seen.

static seg_seen see_value(const explainer *own, const seg_field *field) {
  const seg_column *column = seg_table_find_column(own->table, field->name);
  uint32_t code = column == NULL ? 0 : seg_column_code(column, own->row);
  if (code == 0) {
    return (seg_seen){.kind = SEG_SEEN_ABSENT};
  }
  seg_value value = seg_column_value(column, &column->entries[code - 1]);
  return (seg_seen){.kind = (seg_seen_kind)value.kind,
                    .boolean = value.boolean,
                    .number = value.number,
                    .text = value.text};
}

static const seg_timeline *timeline_of(const seg_table *table, const seg_field *field) {
  return field->kind == SEG_FIELD_ACTIVITY ? &table->activities[field->activity]
                                           : seg_table_find_event(table, field->name);
}

/// The block and the cell of a row's occurrences; false if it has none.
static bool find_cell(const explainer *own, const seg_field *field,
                      const seg_timeline_block **block, unsigned *cell) {
  const seg_timeline *timeline = timeline_of(own->table, field);
  unsigned bit = own->row % SEG_BLOCK_ROWS;
  *block = timeline == NULL ? NULL : seg_timeline_block_at(timeline, own->row / SEG_BLOCK_ROWS);
  if (*block == NULL || (((*block)->present >> bit) & 1) == 0) {
    return false;
  }
  *cell = seg_bits_rank((*block)->present, bit);
  return true;
}

static seg_seen see_occurrences(const explainer *own, const seg_field *field) {
  const seg_timeline_block *block;
  unsigned cell;
  if (!find_cell(own, field, &block, &cell)) {
    return (seg_seen){.kind = SEG_SEEN_ABSENT};
  }
  return (seg_seen){.kind = SEG_SEEN_OCCURRENCES,
                    .at_ms = block->last[cell],
                    .count = seg_timeline_earlier(block, cell).count + 1};
}

/// What the row has in a term's field. `matches` is the term's verdict.
static seg_seen see(const explainer *own, const seg_term *term, bool matches) {
  const seg_page *page = seg_table_page(own->table, own->row);
  uint32_t at = own->row % SEG_PAGE_ROWS;
  switch (term->field.kind) {
  case SEG_FIELD_EMAIL:
    return (seg_seen){.kind = SEG_SEEN_TEXT, .text = seg_table_email(own->table, own->row)};
  case SEG_FIELD_SUBSCRIBED:
    return (seg_seen){
        .kind = SEG_SEEN_BOOLEAN,
        .boolean = ((page->subscribed[at / SEG_BLOCK_ROWS] >> (at % SEG_BLOCK_ROWS)) & 1) != 0};
  case SEG_FIELD_CREATED_AT:
    return (seg_seen){.kind = SEG_SEEN_INSTANT, .at_ms = page->created_at_ms[at]};
  case SEG_FIELD_UPDATED_AT:
    return (seg_seen){.kind = SEG_SEEN_INSTANT, .at_ms = page->updated_at_ms[at]};
  case SEG_FIELD_DATA:
    return see_value(own, &term->field);
  case SEG_FIELD_EVENT:
  case SEG_FIELD_ACTIVITY:
    return see_occurrences(own, &term->field);
  case SEG_FIELD_SEGMENT:
    break; // a verdict on a reference is the membership, or its complement
  }
  return (seg_seen){.kind = SEG_SEEN_MEMBERSHIP,
                    .boolean = matches == (term->op == SEG_OP_MEMBER_OF_SEGMENT)};
}

bool seg_seen_next_element(const seg_seen *array, size_t *at, seg_text_view *element) {
  return seg_array_text_next(array->text, at, element);
}

// Clocks.

/// Where an instant lies: before a range, in it, or beyond it.
static int side_of(const seg_term *term, int64_t now_ms, int64_t at_ms) {
  seg_instant_range range = seg_instant_range_of(term, now_ms);
  return at_ms < range.low_ms ? -1 : at_ms > range.high_ms;
}

/// The first moment after `now_ms` at which an instant lies elsewhere than at `now_ms`.
static int64_t find_passage(const seg_term *term, int64_t now_ms, int64_t at_ms) {
  int side = side_of(term, now_ms, at_ms);
  int64_t same_ms = now_ms;
  int64_t other_ms = SEG_EXPLAIN_HORIZON_MS;
  if (side < 0 || now_ms >= other_ms || side_of(term, other_ms, at_ms) == side) {
    return SEG_EXPLAIN_NEVER;
  }
  while (other_ms - same_ms > 1) {
    int64_t middle_ms = same_ms + (other_ms - same_ms) / 2;
    if (side_of(term, middle_ms, at_ms) == side) {
      same_ms = middle_ms;
    } else {
      other_ms = middle_ms;
    }
  }
  return other_ms;
}

/// The latest occurrence that is not beyond the range, and the next one that is. SEG_INSTANT_NONE
/// and SEG_EXPLAIN_NEVER where there is none.
static void find_neighbours(const term_clock *own, int64_t high_ms, int64_t *latest_ms,
                            int64_t *next_ms) {
  seg_occurrences earlier = seg_timeline_earlier(own->block, own->cell);
  *latest_ms = own->at_ms <= high_ms ? own->at_ms : SEG_INSTANT_NONE;
  *next_ms = own->at_ms > high_ms ? own->at_ms : SEG_EXPLAIN_NEVER;
  for (size_t i = 0; i < earlier.count && own->at_ms > high_ms; i++) {
    int64_t at_ms = earlier.items[i];
    if (at_ms <= high_ms && at_ms > *latest_ms) {
      *latest_ms = at_ms;
    } else if (at_ms > high_ms && at_ms < *next_ms) {
      *next_ms = at_ms;
    }
  }
}

static int64_t next_passage(const term_clock *own, int64_t now_ms) {
  if (own->block == NULL) {
    return find_passage(own->term, now_ms, own->at_ms);
  }
  int64_t latest_ms;
  int64_t beyond_ms;
  find_neighbours(own, seg_instant_range_of(own->term, now_ms).high_ms, &latest_ms, &beyond_ms);
  int64_t leaves_ms = find_passage(own->term, now_ms, latest_ms);
  int64_t enters_ms = find_passage(own->term, now_ms, beyond_ms);
  return leaves_ms < enters_ms ? leaves_ms : enters_ms;
}

/// Reads the instant that a term compares; false if the row has none.
static bool read_instant(const explainer *own, const seg_term *term, term_clock *out) {
  *out = (term_clock){.term = term};
  switch (term->field.kind) {
  case SEG_FIELD_CREATED_AT:
  case SEG_FIELD_UPDATED_AT:
    out->at_ms = see(own, term, false).at_ms;
    return true;
  case SEG_FIELD_DATA: {
    const seg_column *column = seg_table_find_column(own->table, term->field.name);
    uint32_t code = column == NULL ? 0 : seg_column_code(column, own->row);
    if (code == 0 || column->entries[code - 1].kind != SEG_VALUE_TEXT) {
      return false;
    }
    out->at_ms = (int64_t)column->entries[code - 1].bits;
    return out->at_ms != SEG_INSTANT_NONE;
  }
  default: // occurrences: no other field looks back in time
    if (!find_cell(own, &term->field, &out->block, &out->cell)) {
      return false;
    }
    out->at_ms = out->block->last[out->cell];
    if (term->op != SEG_OP_TRIGGERED_WITHIN) {
      out->block = NULL;
    }
    return true;
  }
}

/// Makes a clock of each term that looks back in time, in the filter and in the segments that the
/// plan evaluates with it.
static seg_status make_clocks(explainer *own, int64_t now_ms) {
  for (size_t unit = 0; unit < own->plan->unit_count; unit++) {
    const seg_filter *filter = own->plan->units[unit].filter;
    for (size_t i = 0; i < filter->term_count; i++) {
      term_clock made;
      if (filter->terms[i].unit == SEG_UNIT_NONE || !read_instant(own, &filter->terms[i], &made)) {
        continue;
      }
      made.next_ms = next_passage(&made, now_ms);
      void *block = own->clocks;
      if (!seg_grow(own->allocator, &block, &own->clock_capacity, own->clock_count + 1,
                    sizeof *own->clocks)) {
        return SEG_E_NOMEM;
      }
      own->clocks = block;
      own->clocks[own->clock_count++] = made;
    }
  }
  return SEG_OK;
}

/// The first passage after `now_ms`, at which the clocks were evaluated last.
static int64_t advance_clocks(explainer *own, int64_t now_ms) {
  int64_t first_ms = SEG_EXPLAIN_NEVER;
  for (size_t i = 0; i < own->clock_count; i++) {
    term_clock *at = &own->clocks[i];
    if (at->next_ms <= now_ms) {
      at->next_ms = next_passage(at, now_ms);
    }
    first_ms = at->next_ms < first_ms ? at->next_ms : first_ms;
  }
  return first_ms;
}

// Evaluating.

static bool row_bit(const explainer *own, uint64_t word) {
  return ((word >> (own->row % SEG_BLOCK_ROWS)) & 1) != 0;
}

/// Evaluates all nodes at the plan's moment.
static seg_status evaluate_nodes(const explainer *own, uint64_t *words, seg_error *error) {
  return seg_plan_evaluate_nodes(own->plan, own->row / SEG_BLOCK_ROWS, words) == SEG_OK
             ? SEG_OK
             : seg_fail_memory(error);
}

/// Where the explanation tells of a node's next change; NULL for a nested condition, of which it
/// tells nothing.
static int64_t *flip_of(const explainer *own, seg_explanation *out, size_t node) {
  if (node == 0) {
    return &out->flips_at_ms;
  }
  return own->filter->nodes[node].kind == SEG_NODE_CONDITION
             ? NULL
             : &out->nodes[own->places[node]].flips_at_ms;
}

/// Notes the moment for each node whose verdict is, for the first time, not what it is now. Returns
/// how many these are.
static size_t note_flips(const explainer *own, int64_t at_ms, seg_explanation *out) {
  size_t count = 0;
  for (size_t i = 0; i < own->filter->node_count; i++) {
    int64_t *flips_at_ms = flip_of(own, out, i);
    if (flips_at_ms != NULL && *flips_at_ms == SEG_EXPLAIN_NEVER &&
        row_bit(own, own->now_words[i]) != row_bit(own, own->then_words[i])) {
      *flips_at_ms = at_ms;
      count++;
    }
  }
  return count;
}

/// Goes from passage to passage until every node has flipped, or there are no more.
static seg_status find_flips(explainer *own, int64_t now_ms, seg_explanation *out,
                             seg_error *error) {
  size_t steady_count = out->node_count + 1; // and the filter as a whole
  int64_t at_ms = now_ms;
  out->searched_until_ms = SEG_EXPLAIN_HORIZON_MS;
  for (size_t i = 0; steady_count > 0; i++) {
    int64_t next_ms = advance_clocks(own, at_ms);
    if (next_ms == SEG_EXPLAIN_NEVER) {
      break;
    }
    if (i == SEG_EXPLAIN_INSTANTS_MAX) {
      out->searched_until_ms = next_ms - 1;
      break;
    }
    at_ms = next_ms;
    seg_status status = seg_plan_move(own->plan, at_ms, error);
    if (status == SEG_OK) {
      status = evaluate_nodes(own, own->then_words, error);
    }
    if (status != SEG_OK) {
      return status;
    }
    steady_count -= note_flips(own, at_ms, out);
  }
  return SEG_OK;
}

// Explanations.

static void describe_now(const explainer *own, seg_explanation *out) {
  const seg_filter *filter = own->filter;
  uint32_t place = 0;
  out->matches = row_bit(own, own->now_words[0]);
  out->flips_at_ms = SEG_EXPLAIN_NEVER;
  for (size_t i = 0; i < filter->node_count; i++) {
    const seg_node *node = &filter->nodes[i];
    if (node->kind == SEG_NODE_CONDITION) {
      continue;
    }
    seg_explained_node *told = &out->nodes[place];
    *told = (seg_explained_node){.matches = row_bit(own, own->now_words[i]),
                                 .flips_at_ms = SEG_EXPLAIN_NEVER,
                                 .is_filter = node->kind == SEG_NODE_TERM};
    if (told->is_filter) {
      told->seen = see(own, &filter->terms[node->term], told->matches);
    }
    own->places[i] = place++;
  }
}

static seg_explanation *make_empty(seg_allocator allocator, const seg_filter *filter) {
  seg_explanation *made = seg_allocate_zeroed(allocator, 1, sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  *made = (seg_explanation){
      .allocator = allocator, .filter = filter, .node_count = seg_filter_node_count(filter)};
  made->nodes = seg_allocate_zeroed(allocator, made->node_count, sizeof *made->nodes);
  if (made->nodes == NULL) {
    seg_explain_free(made);
    return NULL;
  }
  return made;
}

static seg_status explain(explainer *own, int64_t now_ms, seg_explanation *out, seg_error *error) {
  size_t node_count = own->filter->node_count;
  own->now_words = seg_allocate_zeroed(own->allocator, node_count, sizeof *own->now_words);
  own->then_words = seg_allocate_zeroed(own->allocator, node_count, sizeof *own->then_words);
  own->places = seg_allocate_zeroed(own->allocator, node_count, sizeof *own->places);
  if (own->now_words == NULL || own->then_words == NULL || own->places == NULL) {
    return seg_fail_memory(error);
  }
  size_t block = own->row / SEG_BLOCK_ROWS;
  seg_status status =
      seg_plan_create(own->allocator, own->filter, own->table, now_ms, own->resolver,
                      (seg_block_range){block, block + 1}, &own->plan, error);
  if (status == SEG_OK) {
    status = evaluate_nodes(own, own->now_words, error);
  }
  if (status != SEG_OK) {
    return status;
  }
  describe_now(own, out);
  if (make_clocks(own, now_ms) != SEG_OK) {
    return seg_fail_memory(error);
  }
  return find_flips(own, now_ms, out, error);
}

seg_status seg_explain_create(seg_allocator allocator, const seg_filter *filter,
                              const seg_table *table, uint32_t row, int64_t now_ms,
                              const seg_resolver *resolver, seg_explanation **out,
                              seg_error *error) {
  if (!seg_table_is_live(table, row)) {
    return seg_fail(error, SEG_E_MISSING, "no contact has the row %u", (unsigned)row);
  }
  if (!filter->is_valid) {
    return seg_fail(error, SEG_E_INVALID, "the condition is not valid");
  }
  explainer own = {
      .allocator = allocator, .filter = filter, .table = table, .resolver = resolver, .row = row};
  size_t node_count = filter->node_count;
  seg_explanation *made = make_empty(allocator, filter);
  seg_status status = made == NULL ? seg_fail_memory(error) : explain(&own, now_ms, made, error);
  seg_plan_free(own.plan);
  seg_release(allocator, own.now_words, node_count * sizeof *own.now_words);
  seg_release(allocator, own.then_words, node_count * sizeof *own.then_words);
  seg_release(allocator, own.places, node_count * sizeof *own.places);
  seg_release(allocator, own.clocks, own.clock_capacity * sizeof *own.clocks);
  if (status != SEG_OK) {
    seg_explain_free(made);
    return status;
  }
  *out = made;
  return seg_succeed(error);
}

void seg_explain_free(seg_explanation *explanation) {
  if (explanation == NULL) {
    return;
  }
  seg_allocator allocator = explanation->allocator;
  seg_release(allocator, explanation->nodes, explanation->node_count * sizeof *explanation->nodes);
  seg_release(allocator, explanation, sizeof *explanation);
}
