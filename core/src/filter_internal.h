/// A filter's inside, for parsing, writing, checking references and planning.
#ifndef SEG_FILTER_INTERNAL_H
#define SEG_FILTER_INTERNAL_H

#include "base_internal.h"
#include "segmentry/filter.h"
#include "segmentry/instant.h"
#include "segmentry/table.h"

/// What a filter's field is. Each kind takes one set of operators.
typedef enum seg_field_kind {
  SEG_FIELD_EMAIL,
  SEG_FIELD_SUBSCRIBED,
  SEG_FIELD_CREATED_AT,
  SEG_FIELD_UPDATED_AT,
  SEG_FIELD_DATA,
  SEG_FIELD_EVENT,
  SEG_FIELD_ACTIVITY,
  SEG_FIELD_SEGMENT
} seg_field_kind;

typedef enum seg_operator {
  SEG_OP_EQUALS,
  SEG_OP_NOT_EQUALS,
  SEG_OP_CONTAINS,
  SEG_OP_NOT_CONTAINS,
  SEG_OP_GREATER_THAN,
  SEG_OP_LESS_THAN,
  SEG_OP_GREATER_THAN_OR_EQUAL,
  SEG_OP_LESS_THAN_OR_EQUAL,
  SEG_OP_EXISTS,
  SEG_OP_NOT_EXISTS,
  SEG_OP_WITHIN,
  SEG_OP_OLDER_THAN,
  SEG_OP_TRIGGERED,
  SEG_OP_NOT_TRIGGERED,
  SEG_OP_TRIGGERED_WITHIN,
  SEG_OP_TRIGGERED_OLDER_THAN,
  SEG_OP_NOT_TRIGGERED_WITHIN,
  SEG_OP_MEMBER_OF_SEGMENT,
  SEG_OP_NOT_MEMBER_OF_SEGMENT
} seg_operator;
#define SEG_OPERATOR_COUNT 19

typedef enum seg_unit { SEG_UNIT_NONE, SEG_UNIT_DAYS, SEG_UNIT_HOURS, SEG_UNIT_MINUTES } seg_unit;

/// A field, taken apart.
typedef struct seg_field {
  seg_field_kind kind;
  seg_activity activity; ///< For SEG_FIELD_ACTIVITY.
  seg_text_view name;    ///< Path, event name or segment id: the part behind the first dot.
} seg_field;

typedef enum seg_literal_kind {
  SEG_LITERAL_NONE,
  SEG_LITERAL_BOOLEAN,
  SEG_LITERAL_NUMBER,
  SEG_LITERAL_TEXT
} seg_literal_kind;

/// A filter's value.
typedef struct seg_literal {
  seg_literal_kind kind;
  bool boolean;
  double number;
  seg_text_view text;   ///< Owned by the filter, as is `folded`.
  seg_text_view folded; ///< For operators that compare folded text.
  bool is_instant;      ///< The text is a date: `instant` holds it.
  seg_instant instant;
} seg_literal;

/// One filter of the condition.
typedef struct seg_term {
  seg_text_view field_text; ///< Owned; `field.name` points into it.
  seg_field field;
  seg_operator op;
  seg_literal value;
  seg_unit unit;
} seg_term;

typedef enum seg_node_kind { SEG_NODE_CONDITION, SEG_NODE_GROUP, SEG_NODE_TERM } seg_node_kind;

/// A node of the condition's tree. Nodes stand in document order, a parent before its children, so
/// a subtree is the range [own index, end).
typedef struct seg_node {
  seg_node_kind kind;
  bool is_or;      ///< For a condition: OR joins its children. Everything else is joined by AND.
  uint32_t end;    ///< One past the last node of the subtree.
  uint32_t parent; ///< The root is its own.
  uint32_t place;  ///< Index among its parent's `groups` or `filters`.
  uint32_t term;   ///< For a term: index in `terms`.
} seg_node;

struct seg_filter {
  seg_allocator allocator;
  bool is_valid; ///< Otherwise only its references can be relied on.
  seg_node *nodes;
  size_t node_count;
  size_t node_capacity;
  seg_term *terms;
  size_t term_count;
  size_t term_capacity;
};

/// Takes a field name apart. `name` views `text`. Returns false if it is no field.
bool seg_field_parse(seg_text_view text, seg_field *out);

/// Whether two fields are the same one: `email.open` and `email.opened` are.
bool seg_field_equal(const seg_field *a, const seg_field *b);

/// What messages say when seg_field_parse refuses.
#define SEG_FIELD_HELP                                                                             \
  "a field is email, subscribed, createdAt, updatedAt, data.<path>, event.<name>, segment.<id> "   \
  "or email.<activity> with sent, delivered, opened, clicked, bounced or complained"

/// The name of an operator, of a unit ("" for none).
const char *seg_operator_name(seg_operator op);
const char *seg_unit_name(seg_unit unit);

/// Writes the place of any node, as `groups[1].filters[0]`; of a nested condition as
/// `groups[1].conditions`; of the root as "".
void seg_node_path(const seg_filter *filter, uint32_t node, char out[SEG_FILTER_PATH_BYTES]);

#endif
