// Slugs. The name is composed first (NFC), so that a letter and its accents are one code point;
// then each code point goes its own way:
//
//   Latin letter         -> its letters from a to z, accents dropped; a Latin letter without such
//                           a form (as in phonetic alphabets) is kept, lower-cased
//   other letter, digit  -> kept, lower-cased; marks behind it (vowel signs) are part of it
//   '_'                  -> kept
//   white space, '-'     -> one hyphen for a run, none at either end
//   anything else        -> dropped
#include "segmentry/slug.h"

#include "base_internal.h"
#include "segmentry/text.h"

#include <utf8proc.h>

/// Latin letters that have no canonical decomposition, and what people write for them.
static const struct {
  utf8proc_int32_t codepoint; ///< Lower case.
  const char *letters;
} latin_letters[] = {
    {0x00DF, "ss"}, {0x00E6, "ae"}, {0x00F0, "d"},  {0x00F8, "o"},  {0x00FE, "th"}, {0x0111, "d"},
    {0x0127, "h"},  {0x0131, "i"},  {0x0133, "ij"}, {0x0138, "k"},  {0x0140, "l"},  {0x0142, "l"},
    {0x0149, "n"},  {0x014B, "n"},  {0x0153, "oe"}, {0x0167, "t"},  {0x017F, "s"},  {0x0180, "b"},
    {0x0195, "hv"}, {0x019A, "l"},  {0x01C6, "dz"}, {0x01C9, "lj"}, {0x01CC, "nj"}, {0x01E5, "g"},
    {0x01F3, "dz"}, {0x0237, "j"},  {0x023C, "c"},  {0x0247, "e"},  {0x0249, "j"},  {0x024D, "r"},
    {0x024F, "y"},  {0x0268, "i"},  {0x1E9E, "ss"}, {0x2C65, "a"},  {0x2C66, "t"},
};

static bool is_space(utf8proc_int32_t codepoint, utf8proc_category_t category) {
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP || (codepoint >= '\t' && codepoint <= '\r') ||
         codepoint == 0x85;
}

static bool is_mark(utf8proc_category_t category) {
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
         category == UTF8PROC_CATEGORY_ME;
}

static bool is_letter(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

/// The letters from a to z for a Latin letter, in `out`; false if it is not one or has none.
static bool latin_form(utf8proc_int32_t codepoint, char out[3]) {
  // The base of the canonical decomposition: é -> e, ǖ -> u, ǿ -> ø.
  utf8proc_int32_t parts[8];
  int boundary = 0;
  utf8proc_ssize_t count =
      utf8proc_decompose_char(codepoint, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &boundary);
  utf8proc_int32_t base = utf8proc_tolower(count > 0 && count <= 8 ? parts[0] : codepoint);
  if (base >= 'a' && base <= 'z') {
    out[0] = (char)base;
    out[1] = '\0';
    return true;
  }
  for (size_t i = 0; i < sizeof latin_letters / sizeof latin_letters[0]; i++) {
    if (latin_letters[i].codepoint == base) {
      out[0] = latin_letters[i].letters[0];
      out[1] = latin_letters[i].letters[1];
      out[2] = '\0';
      return true;
    }
  }
  return false;
}

typedef struct slug_writer {
  seg_buffer out;
  bool hyphen_due;
  bool in_other_script; ///< The last letter keeps the marks that follow it.
} slug_writer;

static void put(slug_writer *writer, const void *bytes, size_t size_bytes) {
  if (writer->hyphen_due && writer->out.size_bytes > 0) {
    seg_buffer_put(&writer->out, "-", 1);
  }
  writer->hyphen_due = false;
  seg_buffer_put(&writer->out, bytes, size_bytes);
}

static void put_codepoint(slug_writer *writer, utf8proc_int32_t codepoint) {
  utf8proc_uint8_t encoded[4];
  utf8proc_ssize_t size = utf8proc_encode_char(codepoint, encoded);
  put(writer, encoded, (size_t)size);
}

static void write_codepoint(slug_writer *writer, utf8proc_int32_t codepoint) {
  utf8proc_category_t category = utf8proc_category(codepoint);
  char latin[3];
  if (codepoint == '-' || is_space(codepoint, category)) {
    writer->hyphen_due = true;
    writer->in_other_script = false;
  } else if (codepoint == '_') {
    put(writer, "_", 1);
    writer->in_other_script = false;
  } else if (is_letter(category) && latin_form(codepoint, latin)) {
    put(writer, latin, latin[1] == '\0' ? 1 : 2);
    writer->in_other_script = false;
  } else if (is_letter(category) || category == UTF8PROC_CATEGORY_ND) {
    put_codepoint(writer, utf8proc_tolower(codepoint));
    writer->in_other_script = is_letter(category);
  } else if (is_mark(category) && writer->in_other_script) {
    put_codepoint(writer, codepoint);
  } else if (!is_mark(category)) {
    writer->in_other_script = false;
  }
}

/// Composes a text (NFC). `codepoints` is written and owned by the caller.
static seg_status compose(seg_allocator allocator, seg_text_view name,
                          utf8proc_int32_t **codepoints, size_t *capacity, size_t *count) {
  const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  utf8proc_int32_t nowhere; // sizing: utf8proc adds to the address, which NULL may not be
  const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)name.bytes;
  utf8proc_ssize_t needed =
      utf8proc_decompose(bytes, (utf8proc_ssize_t)name.size_bytes, &nowhere, 0, options);
  *capacity = needed > 0 ? (size_t)needed : 0;
  *codepoints = seg_allocate(allocator, (*capacity + 1) * sizeof **codepoints);
  if (*codepoints == NULL) {
    return SEG_E_NOMEM;
  }
  if (needed > 0) {
    (void)utf8proc_decompose(bytes, (utf8proc_ssize_t)name.size_bytes, *codepoints, needed,
                             options);
    needed = utf8proc_normalize_utf32(*codepoints, needed, options);
  }
  *count = needed > 0 ? (size_t)needed : 0;
  return SEG_OK;
}

seg_status seg_slug(seg_allocator allocator, seg_text_view name, seg_text_view *out,
                    seg_error *error) {
  if (name.size_bytes > SEG_NAME_BYTES_MAX) {
    return seg_fail(error, SEG_E_LIMIT, "the name has %zu bytes; at most %d are allowed",
                    name.size_bytes, SEG_NAME_BYTES_MAX);
  }
  if (!seg_text_is_utf8(name)) {
    return seg_fail(error, SEG_E_INVALID, "the name is not valid UTF-8");
  }
  utf8proc_int32_t *codepoints = NULL;
  size_t capacity = 0;
  size_t count = 0;
  if (compose(allocator, name, &codepoints, &capacity, &count) != SEG_OK) {
    return seg_fail_memory(error);
  }
  slug_writer writer = {.hyphen_due = false};
  seg_buffer_init(&writer.out, allocator);
  for (size_t i = 0; i < count; i++) {
    write_codepoint(&writer, codepoints[i]);
  }
  seg_release(allocator, codepoints, (capacity + 1) * sizeof *codepoints);
  if (!writer.out.failed && writer.out.size_bytes == 0) {
    seg_buffer_free(&writer.out);
    return seg_fail(error, SEG_E_INVALID, "the name %s has no letter or digit to make a slug from",
                    seg_quote(name).text);
  }
  if (writer.out.size_bytes > SEG_NAME_BYTES_MAX) {
    size_t size = writer.out.size_bytes;
    seg_buffer_free(&writer.out);
    return seg_fail(error, SEG_E_LIMIT, "the name's slug has %zu bytes; at most %d are allowed",
                    size, SEG_NAME_BYTES_MAX);
  }
  if (seg_buffer_take(&writer.out, out) != SEG_OK) {
    return seg_fail_memory(error);
  }
  return seg_succeed(error);
}
