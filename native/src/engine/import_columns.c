// See import_columns.h.
#include "import_columns.h"

#include "json_text.h"

#include <stdlib.h>
#include <string.h>

/// Bytes of a number that is read as one: the longest that a double is written as, with room.
/// Beyond it, digits would be lost without anybody noticing.
#define NUMBER_BYTES_MAX 32
/// Bytes of the header that a message shows.
#define SHOWN_BYTES_MAX 200

typedef enum column_role {
  COLUMN_DROPPED,
  COLUMN_EMAIL,
  COLUMN_SUBSCRIBED,
  COLUMN_DATA
} column_role;

typedef struct column {
  column_role role;
  size_t key_at; ///< COLUMN_DATA: where in `keys` its name stands, as a JSON string and a colon.
  size_t key_bytes;
} column;

struct import_columns {
  text_buffer keys;
  size_t email_index;
  size_t count;
  column columns[];
};

static bool is_space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static seg_text_view trim(seg_text_view text) {
  while (text.size_bytes > 0 && is_space(text.bytes[0])) {
    text.bytes++;
    text.size_bytes--;
  }
  while (text.size_bytes > 0 && is_space(text.bytes[text.size_bytes - 1])) {
    text.size_bytes--;
  }
  return text;
}

/// Whether a text is a word of lower-case letters, in any case.
static bool is_word(seg_text_view text, const char *word) {
  size_t size = strlen(word);
  if (text.size_bytes != size) {
    return false;
  }
  for (size_t i = 0; i < size; i++) {
    if ((text.bytes[i] | 0x20) != word[i]) {
      return false;
    }
  }
  return true;
}

// The header.

static seg_text_view key_of(const import_columns *own, const column *of) {
  return (seg_text_view){.bytes = own->keys.bytes + of->key_at, .size_bytes = of->key_bytes};
}

static bool add_key(import_columns *own, column *of, seg_text_view name) {
  of->role = COLUMN_DATA;
  of->key_at = own->keys.size_bytes;
  bool ok = text_buffer_add_json_string(&own->keys, name) && text_buffer_add(&own->keys, ":", 1);
  of->key_bytes = own->keys.size_bytes - of->key_at;
  return ok;
}

/// Takes away what `last` names too.
static void drop_same(import_columns *own, const column *last) {
  for (column *at = own->columns; at < last; at++) {
    bool is_same = at->role == last->role &&
                   (at->role != COLUMN_DATA || seg_text_equal(key_of(own, at), key_of(own, last)));
    if (is_same) {
      at->role = COLUMN_DROPPED;
    }
  }
}

/// Returns false if there is no memory.
static bool read_name(import_columns *own, column *out, seg_text_view name) {
  bool ok = true;
  if (is_word(name, "email")) {
    out->role = COLUMN_EMAIL;
  } else if (is_word(name, "subscribed")) {
    out->role = COLUMN_SUBSCRIBED;
  } else if (name.size_bytes > 0 && !json_text_is_reserved(name)) {
    ok = add_key(own, out, name);
  }
  if (out->role == COLUMN_SUBSCRIBED || out->role == COLUMN_DATA) {
    drop_same(own, out);
  }
  return ok;
}

/// Says what the header has in place of one column `email`.
static engine_status refuse_header(const seg_text_view *fields, size_t count, size_t email_count,
                                   engine_error *error) {
  if (email_count > 0) {
    return engine_fail(error, ENGINE_INVALID, "row 1 names the column \"email\" %zu times",
                       email_count);
  }
  text_buffer names = {0};
  for (size_t i = 0; i < count && names.size_bytes < SHOWN_BYTES_MAX; i++) {
    (void)(text_buffer_add(&names, ", ", i == 0 ? 0 : 2) &&
           text_buffer_add_json_string(&names, trim(fields[i])));
  }
  int size = (int)(names.size_bytes < SHOWN_BYTES_MAX ? names.size_bytes : SHOWN_BYTES_MAX);
  (void)engine_fail(error, ENGINE_INVALID,
                    "row 1 must name the columns, one of them \"email\"; it has %.*s", size,
                    names.bytes == NULL ? "" : names.bytes);
  text_buffer_free(&names);
  return ENGINE_INVALID;
}

/// Whether a name has a CR without a LF: lines that end so, as very old programs write them, are no
/// lines to the reader of CSV, and the whole file would be a header.
static bool has_bare_cr(seg_text_view name) {
  for (size_t i = 0; i < name.size_bytes; i++) {
    if (name.bytes[i] == '\r' && (i + 1 == name.size_bytes || name.bytes[i + 1] != '\n')) {
      return true;
    }
  }
  return false;
}

static engine_status check_lines(const seg_text_view *fields, size_t count, engine_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (has_bare_cr(trim(fields[i]))) {
      return engine_fail(error, ENGINE_INVALID,
                         "row 1, field %zu has a CR without a LF; lines must end with LF or CR LF, "
                         "so save the file with such line ends",
                         i + 1);
    }
  }
  return ENGINE_OK;
}

engine_status import_columns_create(const seg_text_view *fields, size_t count, import_columns **out,
                                    engine_error *error) {
  if (check_lines(fields, count, error) != ENGINE_OK) {
    return ENGINE_INVALID;
  }
  import_columns *own = calloc(1, sizeof *own + count * sizeof(column));
  size_t email_count = 0;
  bool ok = own != NULL;
  for (size_t i = 0; ok && i < count; i++) {
    ok = read_name(own, &own->columns[i], trim(fields[i]));
    if (own->columns[i].role == COLUMN_EMAIL) {
      own->email_index = i;
      email_count++;
    }
    own->count++;
  }
  engine_status status = ENGINE_OK;
  if (!ok) {
    status = engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
  } else if (email_count != 1) {
    status = refuse_header(fields, count, email_count, error);
  }
  if (status != ENGINE_OK) {
    import_columns_free(own);
    return status;
  }
  *out = own;
  return ENGINE_OK;
}

void import_columns_free(import_columns *gone) {
  if (gone != NULL) {
    text_buffer_free(&gone->keys);
    free(gone);
  }
}

// Rows.

seg_text_view import_columns_email(const import_columns *own, const seg_text_view *fields,
                                   size_t count) {
  return own->email_index < count ? trim(fields[own->email_index])
                                  : (seg_text_view){.bytes = "", .size_bytes = 0};
}

static size_t digits_from(seg_text_view text, size_t at) {
  size_t start = at;
  while (at < text.size_bytes && text.bytes[at] >= '0' && text.bytes[at] <= '9') {
    at++;
  }
  return at - start;
}

/// Whether an integer's digits say more than a double can tell apart: 2^53 and beyond.
static bool is_inexact(seg_text_view text, size_t at, size_t digits) {
  static const char bound[] = "9007199254740992";
  size_t size = sizeof bound - 1;
  return digits > size || (digits == size && memcmp(text.bytes + at, bound, size) >= 0);
}

/// -?(0|[1-9][0-9]*)(\.[0-9]+)?
static bool is_number(seg_text_view text) {
  size_t at = text.size_bytes > 0 && text.bytes[0] == '-' ? 1 : 0;
  size_t digits = digits_from(text, at);
  if (digits == 0 || text.size_bytes > NUMBER_BYTES_MAX || (digits > 1 && text.bytes[at] == '0')) {
    return false;
  }
  size_t end = at + digits;
  if (end == text.size_bytes) {
    return !is_inexact(text, at, digits);
  }
  size_t decimals = text.bytes[end] == '.' ? digits_from(text, end + 1) : 0;
  return decimals > 0 && end + 1 + decimals == text.size_bytes;
}

/// Reads yes and true, no and false.
static bool read_bool(seg_text_view cell, bool *out) {
  *out = is_word(cell, "true") || is_word(cell, "yes");
  return *out || is_word(cell, "false") || is_word(cell, "no");
}

static bool add_value(text_buffer *data, seg_text_view cell) {
  bool value;
  if (is_number(cell)) {
    return text_buffer_add(data, cell.bytes, cell.size_bytes);
  }
  if (read_bool(cell, &value)) {
    return text_buffer_add(data, value ? "true" : "false", value ? 4 : 5);
  }
  return text_buffer_add_json_string(data, cell);
}

/// `subscribed` is written as a number, too.
static engine_status read_subscribed(seg_text_view cell, import_row *out, engine_error *error) {
  bool is_digit = cell.size_bytes == 1 && (cell.bytes[0] == '0' || cell.bytes[0] == '1');
  out->has_subscribed = true;
  out->subscribed = is_digit && cell.bytes[0] == '1';
  if (is_digit || read_bool(cell, &out->subscribed)) {
    return ENGINE_OK;
  }
  int size = (int)(cell.size_bytes < SHOWN_BYTES_MAX ? cell.size_bytes : SHOWN_BYTES_MAX);
  return engine_fail(error, ENGINE_INVALID,
                     "subscribed: \"%.*s\" is neither true, yes or 1 nor false, no or 0", size,
                     cell.bytes);
}

engine_status import_columns_read(const import_columns *own, const seg_text_view *fields,
                                  import_row *out, text_buffer *data, engine_error *error) {
  *out = (import_row){.email = trim(fields[own->email_index])};
  size_t start = data->size_bytes;
  bool ok = text_buffer_add(data, "{", 1);
  for (size_t i = 0; ok && i < own->count; i++) {
    const column *of = &own->columns[i];
    seg_text_view cell = of->role == COLUMN_DROPPED ? (seg_text_view){0} : trim(fields[i]);
    if (cell.size_bytes == 0 || of->role == COLUMN_EMAIL) {
      continue;
    }
    if (of->role == COLUMN_SUBSCRIBED) {
      engine_status status = read_subscribed(cell, out, error);
      if (status != ENGINE_OK) {
        return status;
      }
      continue;
    }
    bool is_first = data->size_bytes == start + 1;
    ok = text_buffer_add(data, ",", is_first ? 0 : 1) &&
         text_buffer_add(data, own->keys.bytes + of->key_at, of->key_bytes) &&
         add_value(data, cell);
  }
  return ok && text_buffer_add(data, "}", 1)
             ? ENGINE_OK
             : engine_fail(error, ENGINE_UNAVAILABLE, "out of memory");
}
