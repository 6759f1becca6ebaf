/// Explanations: why one contact matches a filter or does not, and when time alone will change
/// that.
///
/// What a filter means stays with plans: each verdict here is one of theirs over the contact's
/// block. An explanation adds what the table holds for the contact, and asks again at the instants
/// at which an answer can change.
#ifndef SEGMENTRY_EXPLAIN_H
#define SEGMENTRY_EXPLAIN_H

#include "segmentry/fields.h"
#include "segmentry/plan.h"

/// Instants that one explanation evaluates the filter at, at most. A filter that looks back in time
/// changes its answer once or twice for each instant that it compares, so this is enough for the
/// largest condition; only occurrences that lie in the future can make more of them.
#define SEG_EXPLAIN_INSTANTS_MAX SEG_FILTER_FILTERS_MAX
/// The end of the year 9999: no later instant can be written, so none is looked for.
#define SEG_EXPLAIN_HORIZON_MS INT64_C(253402300799999)
/// As an instant of a change: there is none.
#define SEG_EXPLAIN_NEVER INT64_MAX
/// What seg_explain_write shows of one value: as much of a text as a filter can ask for, and of a
/// list what people read. The rest is cut, and said to be.
#define SEG_EXPLAIN_TEXT_BYTES_MAX SEG_FILTER_VALUE_BYTES_MAX
#define SEG_EXPLAIN_ELEMENTS_MAX 100

/// What is seen of a field. The first six are those of seg_value_kind.
typedef enum seg_seen_kind {
  SEG_SEEN_ABSENT = SEG_VALUE_ABSENT, ///< No value, or the event never occurred.
  SEG_SEEN_BOOLEAN = SEG_VALUE_BOOLEAN,
  SEG_SEEN_NUMBER = SEG_VALUE_NUMBER,
  SEG_SEEN_TEXT = SEG_VALUE_TEXT,
  SEG_SEEN_ARRAY = SEG_VALUE_ARRAY,
  SEG_SEEN_OBJECT = SEG_VALUE_OBJECT,
  SEG_SEEN_INSTANT = 6,     ///< createdAt and updatedAt.
  SEG_SEEN_OCCURRENCES = 7, ///< Of an event, or of an email activity.
  SEG_SEEN_MEMBERSHIP = 8   ///< Of a segment.
} seg_seen_kind;

/// A contact's value, as the table holds it.
typedef struct seg_seen {
  seg_seen_kind kind;
  bool boolean; ///< BOOLEAN. MEMBERSHIP: whether the contact is a member.
  double number;
  seg_text_view text; ///< TEXT. ARRAY: for seg_seen_next_element.
  int64_t at_ms;      ///< INSTANT. OCCURRENCES: the last one, which may lie in the future.
  size_t count;       ///< OCCURRENCES: how many.
} seg_seen;

/// Walks the elements that a table keeps of an array: its strings. `at` starts at 0; false at the
/// end.
bool seg_seen_next_element(const seg_seen *array, size_t *at, seg_text_view *element);

/// One group or filter.
typedef struct seg_explained_node {
  bool matches;
  /// When its verdict changes if nothing but time does: a fresh evaluation at this instant gives
  /// the other one, and at no instant from `now_ms` up to it does it. Or SEG_EXPLAIN_NEVER.
  int64_t flips_at_ms;
  bool is_filter; ///< Otherwise a group, which sees nothing.
  seg_seen seen;  ///< Its texts live as long as the table is unchanged.
} seg_explained_node;

typedef struct seg_explanation {
  seg_allocator allocator;
  const seg_filter *filter; ///< Borrowed.
  bool matches;
  int64_t flips_at_ms; ///< As a node's.
  /// Up to here every instant has been considered, and what says SEG_EXPLAIN_NEVER does not change:
  /// SEG_EXPLAIN_HORIZON_MS, unless SEG_EXPLAIN_INSTANTS_MAX came first.
  int64_t searched_until_ms;
  seg_explained_node *nodes; ///< In the order of seg_filter_node_path.
  size_t node_count;         ///< seg_filter_node_count.
} seg_explanation;

/// Explains a filter's verdict on one contact.
///
/// filter    borrowed            Must outlive the explanation.
/// row       The contact's.
/// now_ms    As for a plan, in the years 0001 to 9999.
/// resolver  borrowed, optional  Stored memberships are taken to stay as they are.
/// out       owned               Free with seg_explain_free.
/// error     optional
///
/// Returns SEG_OK; SEG_E_MISSING if no contact has this row; else as seg_plan_create.
/// Cost: a plan over one block, and for each instant at which an answer can change some 200 ns for
/// each filter.
seg_status seg_explain_create(seg_allocator allocator, const seg_filter *filter,
                              const seg_table *table, uint32_t row, int64_t now_ms,
                              const seg_resolver *resolver, seg_explanation **out,
                              seg_error *error);
void seg_explain_free(seg_explanation *explanation);

/// Writes an explanation as JSON, as docs/API.md shows it. The table must be unchanged.
///
/// out  owned  Free with seg_text_free.
///
/// Returns SEG_OK or SEG_E_NOMEM.
seg_status seg_explain_write(const seg_explanation *explanation, seg_allocator allocator,
                             seg_text_view *out);

#endif
