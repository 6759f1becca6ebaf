// What a webhook may be: its URL, its headers, its patterns. Where a URL leads is looked at when
// something is sent there, since names resolve to another address tomorrow.
#include "segmentry/table.h"
#include "webhook.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool refuse(char why[WEBHOOK_RULE_BYTES], const char *message) {
  (void)snprintf(why, WEBHOOK_RULE_BYTES, "%s", message);
  return false;
}

// URLs.

static bool begins_with(seg_text_view text, const char *prefix) {
  size_t size = strlen(prefix);
  return text.size_bytes >= size && strncasecmp(text.bytes, prefix, size) == 0;
}

/// The authority of a URL: what stands between `//` and the path.
static seg_text_view authority_of(seg_text_view url) {
  size_t start = begins_with(url, "https://") ? 8 : 7;
  size_t end = start;
  while (end < url.size_bytes && strchr("/?#", url.bytes[end]) == NULL) {
    end++;
  }
  return (seg_text_view){.bytes = url.bytes + start, .size_bytes = end - start};
}

static bool is_port(const char *bytes, size_t size_bytes) {
  unsigned long port = 0;
  for (size_t i = 0; i < size_bytes; i++) {
    if (bytes[i] < '0' || bytes[i] > '9' || port > 65535) {
      return false;
    }
    port = port * 10 + (unsigned long)(bytes[i] - '0');
  }
  return port >= 1 && port <= 65535;
}

/// A host, and perhaps a colon and a port.
static bool is_host_and_port(seg_text_view authority) {
  const char *bytes = authority.bytes;
  size_t size = authority.size_bytes;
  size_t host = 0;
  if (size > 0 && bytes[0] == '[') { // an address of version 6
    const char *end = memchr(bytes, ']', size);
    host = end == NULL ? 0 : (size_t)(end - bytes) + 1;
    if (host < 4 || strspn(bytes + 1, "0123456789abcdefABCDEF:.") != host - 2) {
      return false;
    }
  } else {
    while (host < size && bytes[host] != ':') {
      host++;
    }
  }
  return host > 0 &&
         (host == size || (bytes[host] == ':' && is_port(bytes + host + 1, size - host - 1)));
}

bool webhook_check_url(seg_text_view url, char why[WEBHOOK_RULE_BYTES]) {
  if (url.size_bytes > WEBHOOK_URL_BYTES_MAX) {
    (void)snprintf(why, WEBHOOK_RULE_BYTES, "has %zu bytes; at most %d are allowed", url.size_bytes,
                   WEBHOOK_URL_BYTES_MAX);
    return false;
  }
  for (size_t i = 0; i < url.size_bytes; i++) {
    unsigned char byte = (unsigned char)url.bytes[i];
    if (byte <= 0x20 || byte >= 0x7F || strchr("\"<>\\^`{|}", byte) != NULL) {
      return refuse(why, "has a character that a URL has only as %XX");
    }
  }
  if (!begins_with(url, "http://") && !begins_with(url, "https://")) {
    return refuse(why, "must begin with https:// or http://");
  }
  if (memchr(url.bytes, '#', url.size_bytes) != NULL) {
    return refuse(why, "must have no fragment (#…): it is never sent");
  }
  seg_text_view authority = authority_of(url);
  if (memchr(authority.bytes, '@', authority.size_bytes) != NULL) {
    return refuse(why, "must have no user name or password; put them into a header");
  }
  return is_host_and_port(authority) || refuse(why, "must name a host, and a port from 1 to 65535 "
                                                    "if any");
}

// Patterns.

/// The next part of a name from `at` on, which moves behind the dot after it.
static seg_text_view next_part(seg_text_view name, size_t *at) {
  size_t start = *at;
  size_t end = start;
  while (end < name.size_bytes && name.bytes[end] != '.') {
    end++;
  }
  *at = end + 1;
  return (seg_text_view){.bytes = name.bytes + start, .size_bytes = end - start};
}

static bool is_star(seg_text_view part) { return part.size_bytes == 1 && part.bytes[0] == '*'; }

bool webhook_check_pattern(seg_text_view pattern, char why[WEBHOOK_RULE_BYTES]) {
  if (pattern.size_bytes == 0 || pattern.size_bytes > SEG_EVENT_NAME_BYTES_MAX) {
    (void)snprintf(why, WEBHOOK_RULE_BYTES, "has %zu bytes; 1 to %d are allowed",
                   pattern.size_bytes, SEG_EVENT_NAME_BYTES_MAX);
    return false;
  }
  for (size_t at = 0; at <= pattern.size_bytes;) {
    seg_text_view part = next_part(pattern, &at);
    if (!is_star(part) && memchr(part.bytes, '*', part.size_bytes) != NULL) {
      return refuse(why,
                    "has a * beside other characters; it stands for a whole part between dots");
    }
  }
  return true;
}

bool webhook_pattern_matches(seg_text_view pattern, seg_text_view name) {
  size_t in_pattern = 0;
  size_t in_name = 0;
  while (in_pattern <= pattern.size_bytes && in_name <= name.size_bytes) {
    seg_text_view wanted = next_part(pattern, &in_pattern);
    seg_text_view found = next_part(name, &in_name);
    if (!is_star(wanted) && !seg_text_equal(wanted, found)) {
      return false;
    }
  }
  return in_pattern > pattern.size_bytes && in_name > name.size_bytes;
}

// Headers.

bool webhook_header_is(seg_text_view name, seg_text_view other) {
  return name.size_bytes == other.size_bytes &&
         strncasecmp(name.bytes, other.bytes, name.size_bytes) == 0;
}

/// Headers that the sender sets, or that say how a message travels.
static bool is_reserved_header(seg_text_view name) {
  static const char *const names[] = {
      "host",   "content-length",  "content-type", "content-encoding", "transfer-encoding",
      "te",     "connection",      "keep-alive",   "upgrade",          "trailer",
      "expect", "accept-encoding", "user-agent"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (webhook_header_is(name, seg_text_of(names[i]))) {
      return true;
    }
  }
  return begins_with(name, "webhook-") || begins_with(name, "proxy-");
}

static bool is_token(seg_text_view text) {
  static const char others[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < text.size_bytes; i++) {
    char byte = text.bytes[i];
    bool is_alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= 'A' && byte <= 'Z');
    if (!is_alphanumeric && (byte == '\0' || strchr(others, byte) == NULL)) {
      return false;
    }
  }
  return text.size_bytes > 0;
}

bool webhook_check_header(seg_text_view name, seg_text_view value, char why[WEBHOOK_RULE_BYTES]) {
  if (!is_token(name) || name.size_bytes > WEBHOOK_HEADER_NAME_BYTES_MAX) {
    (void)snprintf(why, WEBHOOK_RULE_BYTES,
                   "is no name of a header: 1 to %d letters, digits and !#$%%&'*+-.^_`|~",
                   WEBHOOK_HEADER_NAME_BYTES_MAX);
    return false;
  }
  if (is_reserved_header(name)) {
    return refuse(why, "is a header that only Segmentry sets");
  }
  if (value.size_bytes == 0 || value.size_bytes > WEBHOOK_HEADER_VALUE_BYTES_MAX) {
    (void)snprintf(why, WEBHOOK_RULE_BYTES, "has a value of %zu bytes; 1 to %d are allowed",
                   value.size_bytes, WEBHOOK_HEADER_VALUE_BYTES_MAX);
    return false;
  }
  for (size_t i = 0; i < value.size_bytes; i++) {
    unsigned char byte = (unsigned char)value.bytes[i];
    bool is_edge = i == 0 || i == value.size_bytes - 1;
    if (byte < 0x20 || byte >= 0x7F || (byte == 0x20 && is_edge)) {
      return refuse(why, "has a value with something else than printable ASCII, or with a space at "
                         "an end");
    }
  }
  return true;
}
