// seg_filter_check_references: what it finds, and how it spells it out.
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define MEMBER_OF(id) "\"field\":\"segment." id "\",\"operator\":\"memberOfSegment\""

typedef struct project {
  test_segment segments[8];
  size_t count;
} project;

static void add_segment(project *own, const char *id, const char *name, const char *filter) {
  own->segments[own->count++] = (test_segment){
      id,
      {.name = seg_text_of(name),
       .filter = filter == NULL ? NULL : test_filter_of(seg_allocator_default(), filter)}};
}

/// Frees the filters; `segment.filter` is const since the core only reads it.
static void free_project(project *own) {
  for (size_t i = 0; i < own->count; i++) {
    seg_filter_free((seg_filter *)(uintptr_t)own->segments[i].segment.filter);
  }
}

static void check(project *own, const char *self_id, const char *condition,
                  const char *const expected[][3]) {
  seg_filter *filter = test_filter_of(seg_allocator_default(), condition);
  seg_resolver resolver = test_resolver(own->segments);
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  seg_status status = seg_filter_check_references(filter, seg_text_of(self_id), TEXT("Itself"),
                                                  &resolver, &problems);
  size_t count = 0;
  for (; expected[count][0] != NULL; count++) {
    assert_true(count < problems.count);
    assert_string_equal(problems.items[count].field, expected[count][0]);
    assert_string_equal(problems.items[count].code, expected[count][1]);
    if (strstr(problems.items[count].message, expected[count][2]) == NULL) {
      fail_msg("'%s' does not say '%s'", problems.items[count].message, expected[count][2]);
    }
  }
  assert_int_equal(problems.count, count);
  assert_int_equal(status, count == 0 ? SEG_OK : SEG_E_SEGMENT);
  seg_problems_free(&problems);
  seg_filter_free(filter);
}

static void circles_are_spelt_out(void **state) {
  (void)state;
  project own = {.count = 0};
  add_segment(&own, "a", "Alpha", MEMBER_OF("b"));
  add_segment(&own, "b", "Beta", MEMBER_OF("c"));
  add_segment(&own, "c", "Gamma", MEMBER_OF("a"));
  add_segment(&own, "s", "Static", NULL);
  add_segment(&own, "new", "New", MEMBER_OF("s"));
  const uint64_t members = 1;
  own.segments[1].segment.members = &members; // a tracked segment counts as well
  check(&own, "a", MEMBER_OF("b"),
        (const char *const[][3]){
            {"groups[0].filters[0].field", "segment_cycle", "Itself -> Beta -> Gamma -> Itself"},
            {NULL}});
  // From outside, the circle is found where it closes.
  check(&own, "", MEMBER_OF("a"),
        (const char *const[][3]){
            {"groups[0].filters[0].field", "segment_cycle", "Alpha -> Beta -> Gamma -> Alpha"},
            {NULL}});
  check(&own, "x", MEMBER_OF("x"),
        (const char *const[][3]){
            {"groups[0].filters[0].field", "segment_cycle", "Itself -> Itself"}, {NULL}});
  check(&own, "", MEMBER_OF("new") "},{" MEMBER_OF("s"), (const char *const[][3]){{NULL}});
  free_project(&own);
}

static void each_reference_gets_its_own_problem(void **state) {
  (void)state;
  project own = {.count = 0};
  add_segment(&own, "broken", "Broken", MEMBER_OF("gone"));
  add_segment(&own, "loop", "Loop", MEMBER_OF("loop"));
  check(
      &own, "",
      MEMBER_OF("broken") "},{" MEMBER_OF("loop") "},{" MEMBER_OF("gone") "},{" MEMBER_OF("broken"),
      (const char *const[][3]){{"groups[0].filters[0].field", "unknown_segment", "gone"},
                               {"groups[0].filters[1].field", "segment_cycle", "Loop -> Loop"},
                               {"groups[0].filters[2].field", "unknown_segment", "gone"},
                               {"groups[0].filters[3].field", "unknown_segment", "gone"},
                               {NULL}});
  free_project(&own);
}

static void without_a_resolver_all_are_unknown(void **state) {
  (void)state;
  seg_filter *filter = test_filter_of(seg_allocator_default(), MEMBER_OF("a"));
  seg_problems problems;
  seg_problems_init(&problems, seg_allocator_default());
  assert_int_equal(seg_filter_check_references(filter, TEXT(""), TEXT(""), NULL, &problems),
                   SEG_E_SEGMENT);
  assert_int_equal(problems.count, 1);
  seg_problems_free(&problems);
  seg_filter_free(filter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(circles_are_spelt_out),
      cmocka_unit_test(each_reference_gets_its_own_problem),
      cmocka_unit_test(without_a_resolver_all_are_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
