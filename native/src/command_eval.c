// segmentry eval: a folder of data, a file of cases, one line of JSON for each case.
#include "command.h"
#include "data_files.h"
#include "options.h"
#include "output.h"
#include "segmentry/filter.h"
#include "segmentry/instant.h"
#include "segmentry/json.h"
#include "segmentry/plan.h"
#include "segmentry/table.h"
#include "segmentry/text.h"

#include <cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/// A file of cases: a thousand conditions of the greatest size.
#define CASES_BYTES_MAX ((size_t)64 << 20)
/// With --timings the best of this many runs counts: the first ones also fill the caches, and a run
/// is short beside what else a machine does.
#define TIMING_RUNS 100

typedef enum output_format { FORMAT_JSON, FORMAT_TABLE } output_format;

typedef struct settings {
  const char *data;
  const char *cases;
  int64_t now_ms;
  bool with_members;
  bool with_timings;
  output_format format;
  int name_width; ///< Of the table's first column.
} settings;

/// A case of the file.
typedef struct eval_case {
  seg_text_view name; ///< In the file's tree.
  seg_filter *filter; ///< NULL if nothing could be read; may be invalid.
  seg_problems problems;
} eval_case;

typedef struct case_list {
  eval_case *items;
  size_t count;
  eval_case **by_name; ///< Sorted; of equal names the first of the file comes first.
} case_list;

static int out_of_memory(void) {
  (void)fputs("segmentry eval: out of memory\n", stderr);
  return EXIT_NO_MEMORY;
}

// Cases.

static int compare_texts(seg_text_view a, seg_text_view b) {
  size_t shorter = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  int order = shorter == 0 ? 0 : memcmp(a.bytes, b.bytes, shorter);
  return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static int compare_cases(const void *a, const void *b) {
  const eval_case *left = *(const eval_case *const *)a;
  const eval_case *right = *(const eval_case *const *)b;
  int order = compare_texts(left->name, right->name);
  return order != 0 ? order : (left > right) - (left < right);
}

/// The first case of this name, or NULL.
static const eval_case *find_case(const case_list *cases, seg_text_view name) {
  size_t low = 0;
  size_t high = cases->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_texts(cases->by_name[middle]->name, name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool found = low < cases->count && seg_text_equal(cases->by_name[low]->name, name);
  return found ? cases->by_name[low] : NULL;
}

/// `segment.<name>` in a case means the case of this name.
static bool find_segment(void *context, seg_text_view id, seg_segment *out) {
  const eval_case *found = find_case(context, id);
  if (found == NULL || found->filter == NULL || !seg_filter_is_valid(found->filter)) {
    return false;
  }
  *out = (seg_segment){.name = found->name, .filter = found->filter};
  return true;
}

static int read_case(const cJSON *item, eval_case *out) {
  seg_allocator allocator = seg_allocator_default();
  seg_problems_init(&out->problems, allocator);
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
  seg_status status;
  if (!cJSON_IsObject(item) || !cJSON_IsString(name)) {
    status = seg_problems_add(&out->problems, cJSON_IsObject(item) ? "name" : "",
                              cJSON_IsObject(item) && name == NULL ? "required" : "invalid_type",
                              "a case is an object with a string `name` and a `condition`");
    status = status == SEG_OK ? SEG_E_INVALID : status;
  } else {
    out->name = seg_text_of(name->valuestring);
    status = seg_filter_parse_loose(allocator, cJSON_GetObjectItemCaseSensitive(item, "condition"),
                                    &out->filter, &out->problems);
  }
  return status == SEG_E_NOMEM ? out_of_memory() : 0;
}

static int read_cases(const cJSON *tree, const char *path, case_list *out) {
  if (!cJSON_IsArray(tree)) {
    (void)fprintf(stderr, "segmentry eval: %s: must be an array of {\"name\",\"condition\"}\n",
                  path);
    return EXIT_BAD_DATA;
  }
  size_t count = (size_t)cJSON_GetArraySize(tree);
  out->items = calloc(count > 0 ? count : 1, sizeof *out->items);
  if (out->items == NULL) {
    return out_of_memory();
  }
  int status = 0;
  for (const cJSON *item = tree->child; item != NULL && status == 0; item = item->next) {
    status = read_case(item, &out->items[out->count++]);
  }
  out->by_name = malloc((count + 1) * sizeof *out->by_name);
  if (out->by_name == NULL) {
    return out_of_memory();
  }
  for (size_t i = 0; i < out->count; i++) {
    out->by_name[i] = &out->items[i];
  }
  qsort(out->by_name, out->count, sizeof *out->by_name, compare_cases);
  return status;
}

static void free_cases(case_list *cases) {
  for (size_t i = 0; i < cases->count; i++) {
    seg_filter_free(cases->items[i].filter);
    seg_problems_free(&cases->items[i].problems);
  }
  free(cases->items);
  free(cases->by_name);
}

// Results.

static int compare_emails(const void *a, const void *b) {
  return compare_texts(*(const seg_text_view *)a, *(const seg_text_view *)b);
}

/// Prints the members' addresses, in byte order.
static int print_members(const seg_table *table, const seg_plan *plan, size_t count) {
  seg_block_range all = seg_plan_all_blocks(table);
  uint64_t *mask = malloc((all.end + 1) * sizeof *mask);
  uint32_t *rows = malloc((count + 1) * sizeof *rows);
  seg_text_view *emails = malloc((count + 1) * sizeof *emails);
  int status = 0;
  if (mask == NULL || rows == NULL || emails == NULL ||
      seg_plan_evaluate(plan, all, mask) != SEG_OK) {
    status = out_of_memory();
  } else {
    seg_mask_view none = {.words = NULL, .block_count = 0};
    seg_diff(none, (seg_mask_view){.words = mask, .block_count = all.end}, rows, NULL);
    for (size_t i = 0; i < count; i++) {
      emails[i] = seg_table_email(table, rows[i]);
    }
    qsort(emails, count, sizeof *emails, compare_emails);
    (void)fputs(",\"members\":[", stdout);
    for (size_t i = 0; i < count; i++) {
      (void)fputs(i == 0 ? "" : ",", stdout);
      output_string(stdout, emails[i]);
    }
    (void)putchar(']');
  }
  free(mask);
  free(rows);
  free(emails);
  return status;
}

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/// Evaluates a case as often as its timing needs and keeps the last plan.
static seg_status count_case(const settings *set, const seg_table *table, const eval_case *own,
                             const seg_resolver *resolver, seg_plan **plan, size_t *count,
                             double *best_us, seg_error *error) {
  *best_us = -1;
  for (int run = 0; run < (set->with_timings ? TIMING_RUNS : 1); run++) {
    seg_plan_free(*plan);
    *plan = NULL;
    double begin_us = now_us();
    seg_status status = seg_plan_create(seg_allocator_default(), own->filter, table, set->now_ms,
                                        resolver, seg_plan_all_blocks(table), plan, error);
    if (status == SEG_OK) {
      status = seg_plan_count(*plan, count);
    }
    double taken_us = now_us() - begin_us;
    if (status != SEG_OK) {
      return status;
    }
    if (*best_us < 0 || taken_us < *best_us) {
      *best_us = taken_us;
    }
  }
  return SEG_OK;
}

static void print_name(seg_text_view name) {
  (void)fputs("{\"name\":", stdout);
  if (name.bytes == NULL) {
    (void)fputs("null", stdout);
  } else {
    output_string(stdout, name);
  }
}

/// Prints a name for reading: what would move a terminal's cursor becomes a question mark.
static void print_plain(seg_text_view name) {
  for (size_t i = 0; i < name.size_bytes; i++) {
    unsigned char byte = (unsigned char)name.bytes[i];
    (void)putchar(byte < 0x20 || byte == 0x7F ? '?' : byte);
  }
}

static void print_invalid(const settings *set, const eval_case *own) {
  if (set->format == FORMAT_TABLE) {
    for (size_t i = 0; i < own->problems.count; i++) {
      print_plain(own->name);
      (void)printf(": not valid: %s: %s\n", own->problems.items[i].field,
                   own->problems.items[i].message);
    }
    return;
  }
  print_name(own->name);
  (void)fputs(",\"errors\":", stdout);
  output_problems(stdout, &own->problems);
  (void)fputs("}\n", stdout);
}

/// Columns that a name takes on a terminal: characters, near enough.
static int width_of(seg_text_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size_bytes; i++) {
    width += ((unsigned char)text.bytes[i] & 0xC0) != 0x80;
  }
  return width;
}

static void print_row(const settings *set, const seg_table *table, const eval_case *own,
                      size_t count, double us) {
  int padding = set->name_width - width_of(own->name);
  double total = (double)seg_table_contact_count(table);
  double share = total == 0 ? 0 : 100 * (double)count / total;
  print_plain(own->name);
  (void)printf("%*s %9zu %7.1f %%", padding > 0 ? padding : 0, "", count, share);
  if (set->with_timings) {
    (void)printf(" %10.1f us", us);
  }
  (void)putchar('\n');
}

static int evaluate_case(const settings *set, const seg_table *table, eval_case *own,
                         const seg_resolver *resolver) {
  if (own->filter != NULL && seg_filter_check_references(own->filter, own->name, own->name,
                                                         resolver, &own->problems) == SEG_E_NOMEM) {
    return out_of_memory();
  }
  if (own->problems.count > 0) {
    print_invalid(set, own);
    return EXIT_CASE_INVALID;
  }
  seg_plan *plan = NULL;
  size_t count = 0;
  double us;
  seg_error error;
  int status = 0;
  if (count_case(set, table, own, resolver, &plan, &count, &us, &error) != SEG_OK) {
    status = out_of_memory();
  } else if (set->format == FORMAT_TABLE) {
    print_row(set, table, own, count, us);
  } else {
    print_name(own->name);
    (void)printf(",\"count\":%zu", count);
    if (set->with_members) {
      status = print_members(table, plan, count);
    }
    if (set->with_timings) {
      (void)printf(",\"us\":%.1f", us);
    }
    (void)fputs("}\n", stdout);
  }
  seg_plan_free(plan);
  return status;
}

/// The first column is as wide as the longest name, within reason.
static int name_width(const case_list *cases) {
  int width = 24;
  for (size_t i = 0; i < cases->count; i++) {
    int own = width_of(cases->items[i].name);
    width = own > width && own <= 80 ? own : width;
  }
  return width;
}

static int evaluate_cases(const settings *set, const seg_table *table, case_list *cases) {
  if (set->format == FORMAT_TABLE) {
    (void)printf("%zu contacts\n\n%-*s %9s %9s%s\n", seg_table_contact_count(table),
                 set->name_width, "segment", "members", "share",
                 set->with_timings ? "          time" : "");
  }
  seg_resolver resolver = {.find = find_segment, .context = cases};
  int status = 0;
  for (size_t i = 0; i < cases->count; i++) {
    int own = evaluate_case(set, table, &cases->items[i], &resolver);
    if (own >= EXIT_USAGE) {
      return own;
    }
    status |= own;
  }
  return status;
}

// The command.

static int run_settings(settings *set) {
  seg_text_view text;
  int status = data_read_file(set->cases, CASES_BYTES_MAX, &text);
  if (status != 0) {
    return status;
  }
  cJSON *tree = NULL;
  seg_error error;
  seg_status parsed = seg_json_parse(seg_text_after_mark(text), SEG_JSON_DEPTH_MAX, &tree, &error);
  free((void *)(uintptr_t)text.bytes);
  if (parsed != SEG_OK) {
    (void)fprintf(stderr, "segmentry eval: %s: %s\n", set->cases, error.message);
    return parsed == SEG_E_NOMEM ? EXIT_NO_MEMORY : EXIT_BAD_DATA;
  }
  case_list cases = {.items = NULL};
  seg_table *table = NULL;
  size_t bad_lines = 0;
  status = read_cases(tree, set->cases, &cases);
  uint64_t seed = 0;
  (void)getentropy(&seed, sizeof seed); // without it a hostile file is slower to read, no more
  if (status == 0 && seg_table_create(seg_allocator_default(), seed, &table) != SEG_OK) {
    status = out_of_memory();
  }
  if (status == 0) {
    status = data_read_folder(set->data, table, NULL, &bad_lines);
  }
  if (status == 0) {
    set->name_width = name_width(&cases);
    status = evaluate_cases(set, table, &cases);
    if (status < EXIT_USAGE && bad_lines > 0) {
      status |= EXIT_LINE_BAD;
    }
  }
  seg_table_free(table);
  free_cases(&cases);
  seg_json_free(tree);
  return output_finish(status);
}

static bool read_format(const char *name, output_format *out) {
  if (strcmp(name, "json") != 0 && strcmp(name, "table") != 0) {
    (void)fprintf(stderr, "segmentry eval: --format is '%s'; allowed are json and table\n", name);
    return false;
  }
  *out = strcmp(name, "table") == 0 ? FORMAT_TABLE : FORMAT_JSON;
  return true;
}

static int run(int argument_count, char **arguments) {
  settings set = {.data = NULL};
  const char *now = NULL;
  const char *format = "json";
  const option_rule rules[] = {
      {.name = "--data", .value = &set.data},
      {.name = "--cases", .value = &set.cases},
      {.name = "--now", .value = &now},
      {.name = "--format", .value = &format},
      {.name = "--members", .flag = &set.with_members},
      {.name = "--timings", .flag = &set.with_timings},
  };
  int operands = 0;
  if (!options_read("eval", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands) ||
      !read_format(format, &set.format)) {
    return EXIT_USAGE;
  }
  if (operands > 0 || set.data == NULL || set.cases == NULL || now == NULL) {
    (void)fputs("segmentry eval: needs --data DIR, --cases FILE and --now ISO, and nothing else; "
                "see segmentry eval --help\n",
                stderr);
    return EXIT_USAGE;
  }
  seg_instant instant;
  if (!seg_instant_parse(seg_text_of(now), &instant)) {
    (void)fprintf(stderr,
                  "segmentry eval: --now is '%s'; it must be an ISO 8601 date such as "
                  "2026-05-06T12:00:00Z\n",
                  now);
    return EXIT_USAGE;
  }
  set.now_ms = instant.ms;
  return run_settings(&set);
}

const command command_eval = {
    .name = "eval",
    .summary = "evaluate conditions on a folder of contacts, events and emails",
    .help =
        "NAME\n"
        "    segmentry eval - evaluate conditions on a folder of data\n"
        "\n"
        "SYNOPSIS\n"
        "    segmentry eval --data DIR --cases FILE --now ISO\n"
        "                   [--members] [--timings] [--format json|table]\n"
        "\n"
        "DESCRIPTION\n"
        "    Reads all of DIR, then prints one line for each case of FILE, in order.\n"
        "\n"
        "    DIR/contacts.ndjson   {id,email,subscribed,createdAt,updatedAt,data}\n"
        "    DIR/events.ndjson     {contactId,name,createdAt,data?}      may be missing\n"
        "    DIR/emails.ndjson     {contactId,sentAt,deliveredAt,openedAt,clickedAt,\n"
        "                          bouncedAt,complainedAt}               may be missing\n"
        "    FILE                  [{\"name\",\"condition\"}]\n"
        "\n"
        "    The files of DIR have one JSON object a line. A line that is not as it must\n"
        "    be is named on standard error as file:line: reason, and left out as a whole.\n"
        "    In a condition, the field segment.<name> means the case of that name.\n"
        "\n"
        "OPTIONS\n"
        "    --data DIR       The folder.\n"
        "    --cases FILE     The cases; - is standard input.\n"
        "    --now ISO        The instant that relative times count from.\n"
        "    --members        Print the members' addresses too, in byte order.\n"
        "    --timings        Print the microseconds of an evaluation alone, best of 100.\n"
        "    --format FORMAT  json (default) or table, for reading.\n"
        "\n"
        "OUTPUT\n"
        "    {\"name\",\"count\"}, with \"members\":[email] and \"us\" as asked for; for a case\n"
        "    that is not valid {\"name\",\"errors\":[{\"field\",\"message\",\"code\"}]}.\n"
        "\n"
        "EXIT STATUS\n"
        "    0 all is well; 1 a case was not valid; 2 a data line was bad; 3 both;\n"
        "    64 wrong usage; 65 a file is not what it must be; 66 a file cannot be read;\n"
        "    71 out of memory; 74 the output cannot be written.\n"
        "\n"
        "EXAMPLE\n"
        "    segmentry eval --data native/demo/sample --cases native/demo/segments.json \\\n"
        "      --now 2026-06-01T12:00:00Z --format table\n",
    .run = run,
};
