// segmentry export: a project as a folder of data.
#include "command.h"
#include "command_database.h"
#include "data_files.h"
#include "options.h"
#include "output.h"
#include "segmentry/instant.h"
#include "segmentry/table.h"
#include "transfer/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// The files, in the order in which they are written.
typedef enum export_file {
  FILE_CONTACTS,
  FILE_EVENTS,
  FILE_EMAILS,
  FILE_SEGMENTS,
  FILE_MEMBERS,
  FILE_CHANGES,
  FILE_COUNT
} export_file;

static const char *const FILE_NAMES[FILE_COUNT] = {
    [FILE_CONTACTS] = "contacts.ndjson", [FILE_EVENTS] = "events.ndjson",
    [FILE_EMAILS] = "emails.ndjson",     [FILE_SEGMENTS] = "segments.json",
    [FILE_MEMBERS] = "members.ndjson",   [FILE_CHANGES] = "changes.ndjson",
};

typedef struct output_folder {
  bool is_new; ///< Made here.
  const char *path;
  char *paths[FILE_COUNT]; ///< Of the files made here; NULL for one that is not.
  FILE *files[FILE_COUNT];
  size_t counts[FILE_COUNT]; ///< Rows written.
} output_folder;

// Members of lines.

static void put_string(FILE *out, const char *before, const char *name, seg_text_view value) {
  (void)fprintf(out, "%s\"%s\":", before, name);
  output_string(out, value);
}

static void put_instant(FILE *out, const char *name, int64_t at_ms) {
  char text[SEG_INSTANT_TEXT_BYTES];
  seg_instant_write(at_ms, text);
  (void)fprintf(out, ",\"%s\":\"%s\"", name, text);
}

/// JSON as it was sent. Line breaks in it are white space, since in a string they are escaped; in a
/// file of lines they become spaces.
static void put_json(FILE *out, const char *name, seg_text_view json) {
  size_t plain = 0;
  (void)fprintf(out, ",\"%s\":", name);
  for (size_t i = 0; i < json.size_bytes; i++) {
    if (json.bytes[i] == '\n' || json.bytes[i] == '\r') {
      (void)fwrite(json.bytes + plain, 1, i - plain, out);
      (void)putc(' ', out);
      plain = i + 1;
    }
  }
  (void)fwrite(json.bytes + plain, 1, json.size_bytes - plain, out);
}

// Rows.

/// Ends a row; false if the file cannot be written.
static bool end_row(output_folder *own, export_file file) {
  own->counts[file]++;
  (void)fputs("}\n", own->files[file]);
  return ferror(own->files[file]) == 0;
}

static bool write_contact(void *context, const store_contact *row) {
  output_folder *own = context;
  FILE *out = own->files[FILE_CONTACTS];
  put_string(out, "{", "id", row->id);
  put_string(out, ",", "email", row->email);
  (void)fprintf(out, ",\"subscribed\":%s", row->subscribed ? "true" : "false");
  put_instant(out, "createdAt", row->created_at_ms);
  put_instant(out, "updatedAt", row->updated_at_ms);
  put_json(out, "data", row->data_json);
  return end_row(own, FILE_CONTACTS);
}

static bool write_event(void *context, const store_event *row) {
  output_folder *own = context;
  FILE *out = own->files[FILE_EVENTS];
  put_string(out, "{", "contactId", row->contact_id);
  put_string(out, ",", "name", row->name_text);
  put_instant(out, "createdAt", row->at_ms);
  put_string(out, ",", "id", row->id);
  if (row->data_json.bytes != NULL) {
    put_json(out, "data", row->data_json);
  }
  return end_row(own, FILE_EVENTS);
}

static bool write_activity(void *context, const store_activity_entry *row) {
  static const char *const names[SEG_ACTIVITY_COUNT] = {
      [SEG_ACTIVITY_SENT] = "sentAt",       [SEG_ACTIVITY_DELIVERED] = "deliveredAt",
      [SEG_ACTIVITY_OPENED] = "openedAt",   [SEG_ACTIVITY_CLICKED] = "clickedAt",
      [SEG_ACTIVITY_BOUNCED] = "bouncedAt", [SEG_ACTIVITY_COMPLAINED] = "complainedAt",
  };
  output_folder *own = context;
  FILE *out = own->files[FILE_EMAILS];
  put_string(out, "{", "contactId", row->contact_id);
  put_instant(out, names[row->activity.activity], row->activity.at_ms);
  if (row->activity.message_id.bytes != NULL) {
    put_string(out, ",", "messageId", row->activity.message_id);
  }
  return end_row(own, FILE_EMAILS);
}

static bool write_segment(void *context, const store_segment *row) {
  output_folder *own = context;
  FILE *out = own->files[FILE_SEGMENTS];
  put_string(out, own->counts[FILE_SEGMENTS] == 0 ? "[\n{" : ",\n{", "id", row->id);
  put_string(out, ",", "name", row->name);
  if (row->description.bytes != NULL) {
    put_string(out, ",", "description", row->description);
  }
  (void)fprintf(out, ",\"type\":\"%s\",\"trackMembership\":%s",
                row->is_static ? "STATIC" : "DYNAMIC", row->is_tracked ? "true" : "false");
  put_instant(out, "createdAt", row->created_at_ms);
  put_instant(out, "updatedAt", row->updated_at_ms);
  if (!row->is_static) {
    put_json(out, "condition", row->condition_json);
  }
  own->counts[FILE_SEGMENTS]++;
  (void)putc('}', out);
  return ferror(out) == 0;
}

static bool write_member(void *context, seg_text_view segment, const store_member *row) {
  output_folder *own = context;
  FILE *out = own->files[FILE_MEMBERS];
  put_string(out, "{", "segment", segment);
  put_string(out, ",", "contactId", row->contact.id);
  put_instant(out, "since", row->since_ms);
  return end_row(own, FILE_MEMBERS);
}

static bool write_change(void *context, const store_member_change *row, const char *cause) {
  output_folder *own = context;
  FILE *out = own->files[FILE_CHANGES];
  put_string(out, "{", "segment", row->segment_name);
  put_string(out, ",", "contactId", row->contact_id);
  (void)fprintf(out, ",\"type\":\"%s\",\"cause\":\"%s\"", row->is_entry ? "entry" : "exit", cause);
  put_instant(out, "at", row->at_ms);
  return end_row(own, FILE_CHANGES);
}

// The folder.

static int complain(const char *path, const char *trouble) {
  (void)fprintf(stderr, "segmentry export: %s: %s\n", path, trouble);
  return EXIT_BAD_OUTPUT;
}

/// Makes a new file that only this user reads: it holds people's data.
static int make_file(output_folder *own, export_file file) {
  char *path = data_path(own->path, FILE_NAMES[file]);
  if (path == NULL) {
    return EXIT_NO_MEMORY;
  }
  int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    int status = complain(path, errno == EEXIST ? "is there already; export writes over nothing"
                                                : strerror(errno));
    free(path);
    return status;
  }
  own->paths[file] = path;
  own->files[file] = fdopen(descriptor, "wb");
  if (own->files[file] == NULL) {
    (void)close(descriptor);
    return EXIT_NO_MEMORY;
  }
  return 0;
}

static int make_folder(output_folder *own) {
  own->is_new = mkdir(own->path, 0700) == 0;
  if (!own->is_new && errno != EEXIST) {
    return complain(own->path, strerror(errno));
  }
  int status = 0;
  for (export_file i = 0; status == 0 && i < FILE_COUNT; i++) {
    status = make_file(own, i);
  }
  return status;
}

/// Closes all files. Returns 0, or EXIT_BAD_OUTPUT after naming the one that could not be written.
static int close_files(output_folder *own) {
  int status = 0;
  for (export_file i = 0; i < FILE_COUNT; i++) {
    FILE *file = own->files[i];
    if (file == NULL) {
      continue;
    }
    bool was_bad = ferror(file) != 0;
    if ((fclose(file) != 0 || was_bad) && status == 0) {
      status = complain(own->paths[i], "cannot be written; is the disk full?");
    }
    own->files[i] = NULL;
  }
  return status;
}

/// Removes what was made, unless all went well: half an export looks like a whole one.
static void end_folder(output_folder *own, int status) {
  for (export_file i = 0; i < FILE_COUNT; i++) {
    if (own->paths[i] != NULL && status != 0) {
      (void)unlink(own->paths[i]);
    }
    free(own->paths[i]);
  }
  if (own->is_new && status != 0) {
    (void)rmdir(own->path);
  }
}

static int write_all(output_folder *own, const char *db, const char *project) {
  const export_visitor visitor = {.contact = write_contact,
                                  .event = write_event,
                                  .activity = write_activity,
                                  .segment = write_segment,
                                  .member = write_member,
                                  .change = write_change,
                                  .context = own};
  store_error error;
  if (export_project(db, project, &visitor, &error) != STORE_OK) {
    (void)close_files(own);
    return command_failed("export", &error);
  }
  (void)fputs(own->counts[FILE_SEGMENTS] == 0 ? "[]\n" : "\n]\n", own->files[FILE_SEGMENTS]);
  return close_files(own);
}

static int run(int argument_count, char **arguments) {
  const char *db = NULL;
  const char *project = NULL;
  output_folder own = {.path = NULL};
  const option_rule rules[] = {{.name = "--db", .value = &db},
                               {.name = "--project", .value = &project},
                               {.name = "--out", .value = &own.path}};
  int operands = 0;
  if (!options_read("export", rules, sizeof rules / sizeof rules[0], argument_count, arguments,
                    &operands)) {
    return EXIT_USAGE;
  }
  if (operands > 0 || project == NULL || own.path == NULL) {
    (void)fputs("segmentry export: needs --project and --out and takes nothing else; see "
                "segmentry export --help\n",
                stderr);
    return EXIT_USAGE;
  }
  int status = make_folder(&own);
  status = status == 0 ? write_all(&own, options_db(db), project) : status;
  (void)close_files(&own);
  end_folder(&own, status);
  if (status != 0) {
    return status;
  }
  for (export_file i = 0; i < FILE_COUNT; i++) {
    (void)printf("%10zu %s\n", own.counts[i], FILE_NAMES[i]);
  }
  return output_finish(0);
}

const command command_export = {
    .name = "export",
    .summary = "write a project as the files that import reads",
    .help = "NAME\n"
            "    segmentry export - write a project as the files that import reads\n"
            "\n"
            "SYNOPSIS\n"
            "    segmentry export --project ID --out DIR [--db FILE]\n"
            "\n"
            "DESCRIPTION\n"
            "    Writes contacts.ndjson, events.ndjson, emails.ndjson, segments.json,\n"
            "    members.ndjson and changes.ndjson into DIR, which is made if it is not\n"
            "    there: the project as of one moment, also while a server uses the database.\n"
            "    Nothing is written over, and what fails leaves nothing behind. import reads\n"
            "    these files, and eval the first four.\n"
            "\n"
            "    In segments.json, segments refer to each other by name. members.ndjson has\n"
            "    the stored members of static and tracked segments, changes.ndjson who\n"
            "    entered and left them, but for contacts that were deleted. Those of tracked\n"
            "    segments are in events.ndjson too, as events. Keys and campaigns are not\n"
            "    written.\n"
            "\n"
            "OPTIONS\n"
            "    --project ID  The project; segmentry project list shows all.\n"
            "    --out DIR     The folder.\n"
            "    --db FILE     The database. SEGMENTRY_DB. Default: segmentry.db\n"
            "\n"
            "EXIT STATUS\n"
            "    0 all is written; 64 wrong usage; 65 the file is no database of Segmentry;\n"
            "    66 it cannot be read, or has no such project; 71 out of memory; 74 a file\n"
            "    cannot be written, or is there already; 75 another process keeps the\n"
            "    database locked.\n"
            "\n"
            "EXAMPLE\n"
            "    segmentry export --project 01a20603-1056-7cd8-bb3e-271971984e9f --out shop\n",
    .run = run,
};
