// A data file is read in pieces of 1 MiB; what is left of a line at a piece's end waits for the
// next one. Memory stays bounded: a line longer than the core takes is cut short there and refused.
#include "data_files.h"

#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)1 << 20)
/// Room for a piece and for the longest line, one byte over the limit, before it.
#define BUFFER_BYTES (PIECE_BYTES + SEG_INGEST_LINE_BYTES_MAX + 1)

static int complain(const char *path, const char *trouble, int status) {
  (void)fprintf(stderr, "segmentry: %s: %s\n", path, trouble);
  return status;
}

int data_read_file(const char *path, size_t bytes_max, seg_text_view *out) {
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (file == NULL) {
    return complain(path, strerror(errno), EXIT_NO_INPUT);
  }
  size_t size = 0;
  size_t capacity = 0;
  char *bytes = NULL;
  int status = 0;
  for (size_t got = 1; got > 0 && status == 0;) {
    if (size == capacity) {
      capacity = capacity == 0 ? 65536 : capacity * 2;
      char *grown = realloc(bytes, capacity);
      if (grown == NULL) {
        status = complain(path, "out of memory", EXIT_NO_MEMORY);
        break;
      }
      bytes = grown;
    }
    got = fread(bytes + size, 1, capacity - size, file);
    size += got;
    if (size > bytes_max) {
      (void)fprintf(stderr, "segmentry: %s: is larger than %zu bytes\n", path, bytes_max);
      status = EXIT_BAD_DATA;
    }
  }
  if (status == 0 && ferror(file) != 0) {
    status = complain(path, strerror(errno), EXIT_NO_INPUT);
  }
  if (file != stdin) {
    (void)fclose(file);
  }
  if (status != 0) {
    free(bytes);
    return status;
  }
  *out = (seg_text_view){.bytes = bytes, .size_bytes = size};
  return 0;
}

typedef struct progress {
  const data_taker *taker; ///< optional
  const char *file;
  bool is_shown; ///< Standard error is a terminal.
  bool has_line; ///< A progress line stands there.
  time_t last_s;
} progress;

/// Says once a second how far a file is.
static void show_progress(progress *shown, size_t lines) {
  if (!shown->is_shown) {
    return;
  }
  time_t now_s = time(NULL);
  if (now_s != shown->last_s) {
    shown->last_s = now_s;
    shown->has_line = true;
    (void)fprintf(stderr, "\r%s: %zu lines", shown->file, lines);
  }
}

static void end_progress(progress *shown) {
  if (shown->has_line) {
    (void)fputs("\r\033[K", stderr);
    shown->has_line = false;
  }
}

static void say_bad_line(void *context, size_t line, const char *message) {
  progress *shown = context;
  end_progress(shown);
  (void)fprintf(stderr, "%s:%zu: %s\n", shown->file, line, message);
}

static seg_status take_line(void *context, const seg_ingest_line *line, seg_error *error) {
  const progress *shown = context;
  return shown->taker->take(shown->taker->context, line, error);
}

/// Says why reading has ended before the file did.
static int end_early(const char *path, const data_taker *taker) {
  bool has_failed = taker != NULL && taker->has_failed(taker->context);
  return has_failed ? EXIT_NO_INPUT : complain(path, "out of memory", EXIT_NO_MEMORY);
}

/// Reads a file's lines into a table.
static int read_lines(FILE *file, const char *path, seg_table *table, seg_ingest_kind kind,
                      seg_ingest_report *report, progress *shown) {
  char *buffer = malloc(BUFFER_BYTES);
  if (buffer == NULL) {
    return complain(path, "out of memory", EXIT_NO_MEMORY);
  }
  int status = 0;
  size_t held = 0;       // bytes of a line that has not ended yet
  bool skipping = false; // the rest of a line that is too long
  bool at_end = false;
  while (!at_end && status == 0) {
    size_t got = fread(buffer + held, 1, PIECE_BYTES, file);
    at_end = got == 0;
    size_t begin = 0;
    size_t filled = held + got;
    if (skipping) {
      const char *newline = memchr(buffer, '\n', filled);
      begin = newline == NULL ? filled : (size_t)(newline - buffer) + 1;
      skipping = newline == NULL;
    }
    // Take whole lines; at the end of the file, and of patience, also the part that is there.
    size_t end = filled;
    while (end > begin && buffer[end - 1] != '\n') {
      end--;
    }
    if (filled - end > SEG_INGEST_LINE_BYTES_MAX) {
      skipping = true;
    }
    if (skipping || at_end) {
      end = filled;
    }
    seg_text_view lines = {.bytes = buffer + begin, .size_bytes = end - begin};
    if (seg_ingest_lines(table, kind, lines, report) != SEG_OK) {
      status = end_early(path, shown->taker);
    }
    held = filled - end;
    memmove(buffer, buffer + end, held);
    show_progress(shown, report->line_count);
  }
  if (status == 0 && ferror(file) != 0) {
    status = complain(path, strerror(errno), EXIT_NO_INPUT);
  }
  free(buffer);
  return status;
}

char *data_path(const char *folder, const char *name) {
  size_t path_bytes = strlen(folder) + strlen(name) + 2;
  char *path = malloc(path_bytes);
  if (path == NULL) {
    (void)complain(name, "out of memory", EXIT_NO_MEMORY);
    return NULL;
  }
  (void)snprintf(path, path_bytes, "%s/%s", folder, name);
  return path;
}

/// A file of a folder, and where its lines go.
typedef struct data_file {
  const char *name;
  seg_ingest_kind kind;
  bool may_lack;
} data_file;

static int read_data_file(const char *folder, const data_file *from, seg_table *table,
                          const data_taker *taker, size_t *bad_lines) {
  char *path = data_path(folder, from->name);
  if (path == NULL) {
    return EXIT_NO_MEMORY;
  }
  FILE *file = fopen(path, "rb");
  int status = 0;
  if (file == NULL) {
    if (errno != ENOENT || !from->may_lack) {
      status = complain(path, strerror(errno), EXIT_NO_INPUT);
    }
  } else {
    progress shown = {.taker = taker,
                      .file = from->name,
                      .is_shown = isatty(STDERR_FILENO) == 1,
                      .last_s = time(NULL)};
    seg_ingest_report report = {
        .good_line = taker == NULL ? NULL : take_line, .bad_line = say_bad_line, .context = &shown};
    status = read_lines(file, path, table, from->kind, &report, &shown);
    end_progress(&shown);
    *bad_lines += report.bad_count;
    (void)fclose(file);
  }
  free(path);
  return status;
}

int data_read_folder(const char *folder, seg_table *table, const data_taker *taker,
                     size_t *bad_lines) {
  static const data_file files[] = {{"contacts.ndjson", SEG_INGEST_CONTACTS, false},
                                    {"events.ndjson", SEG_INGEST_EVENTS, true},
                                    {"emails.ndjson", SEG_INGEST_EMAILS, true}};
  int status = 0;
  *bad_lines = 0;
  for (size_t i = 0; status == 0 && i < sizeof files / sizeof files[0]; i++) {
    status = read_data_file(folder, &files[i], table, taker, bad_lines);
  }
  return status;
}

int data_read_members(const char *folder, seg_table *table, const data_taker *taker,
                      size_t *bad_lines) {
  static const data_file members = {"members.ndjson", SEG_INGEST_MEMBERS, true};
  return read_data_file(folder, &members, table, taker, bad_lines);
}

int data_read_changes(const char *folder, seg_table *table, const data_taker *taker,
                      size_t *bad_lines) {
  static const data_file changes = {"changes.ndjson", SEG_INGEST_CHANGES, true};
  return read_data_file(folder, &changes, table, taker, bad_lines);
}
