// See address_guard.h. The tables are those of RFC 6890 and its registries, as of the addresses
// that are not "globally reachable".
#include "address_guard.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#define IPV6_BYTES 16

typedef struct ipv4_range {
  uint32_t address;
  unsigned bits;
} ipv4_range;

static const ipv4_range refused_ipv4[] = {
    {0x00000000, 8},  // this network; 0.0.0.0 is the machine itself
    {0x0A000000, 8},  // 10/8, private
    {0x64400000, 10}, // 100.64/10, shared by the customers of a provider
    {0x7F000000, 8},  // loopback
    {0xA9FE0000, 16}, // 169.254/16, link-local: the metadata of clouds
    {0xAC100000, 12}, // 172.16/12, private
    {0xC0000000, 24}, // 192.0.0/24, protocol assignments
    {0xC0000200, 24}, // 192.0.2/24, documentation
    {0xC0586300, 24}, // 192.88.99/24, relays of 6to4
    {0xC0A80000, 16}, // 192.168/16, private
    {0xC6120000, 15}, // 198.18/15, benchmarks
    {0xC6336400, 24}, // 198.51.100/24, documentation
    {0xCB007100, 24}, // 203.0.113/24, documentation
    {0xE0000000, 4},  // multicast
    {0xF0000000, 4},  // reserved, and 255.255.255.255
};

typedef enum ipv6_rule {
  IPV6_REFUSED,
  IPV6_PUBLIC,
  IPV6_HOLDS_IPV4, ///< At `ipv4_at`.
} ipv6_rule;

typedef struct ipv6_range {
  unsigned char address[IPV6_BYTES];
  unsigned bits;
  ipv6_rule rule;
  size_t ipv4_at;
} ipv6_range;

/// The first that fits decides. What none fits is refused: beside 2000::/3 nothing is public, which
/// covers loopback, link-local, unique-local and multicast.
static const ipv6_range ipv6_ranges[] = {
    {{[10] = 0xFF, [11] = 0xFF}, 96, IPV6_HOLDS_IPV4, 12}, // ::ffff:0:0/96, mapped
    {{0x00, 0x64, 0xFF, 0x9B}, 96, IPV6_HOLDS_IPV4, 12},   // 64:ff9b::/96, NAT64
    {{0x20, 0x02}, 16, IPV6_HOLDS_IPV4, 2},                // 6to4
    {{0x20, 0x01, 0x00, 0x00}, 23, IPV6_REFUSED, 0},       // 2001::/23, Teredo among them
    {{0x20, 0x01, 0x0D, 0xB8}, 32, IPV6_REFUSED, 0},       // documentation
    {{0x3F, 0xFF, 0x00, 0x00}, 20, IPV6_REFUSED, 0},       // documentation
    {{0x20}, 3, IPV6_PUBLIC, 0},                           // global unicast
};

static bool allows_ipv4(uint32_t address) {
  for (size_t i = 0; i < sizeof refused_ipv4 / sizeof refused_ipv4[0]; i++) {
    const ipv4_range *range = &refused_ipv4[i];
    if ((address ^ range->address) >> (32 - range->bits) == 0) {
      return false;
    }
  }
  return true;
}

static bool is_within(const unsigned char *address, const ipv6_range *range) {
  size_t whole = range->bits / 8;
  unsigned rest = range->bits % 8;
  if (memcmp(address, range->address, whole) != 0) {
    return false;
  }
  return rest == 0 || (address[whole] ^ range->address[whole]) >> (8 - rest) == 0;
}

static uint32_t read_ipv4(const unsigned char *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool allows_ipv6(const unsigned char address[IPV6_BYTES]) {
  for (size_t i = 0; i < sizeof ipv6_ranges / sizeof ipv6_ranges[0]; i++) {
    const ipv6_range *range = &ipv6_ranges[i];
    if (!is_within(address, range)) {
      continue;
    }
    return range->rule == IPV6_HOLDS_IPV4 ? allows_ipv4(read_ipv4(address + range->ipv4_at))
                                          : range->rule == IPV6_PUBLIC;
  }
  return false;
}

bool address_guard_allows(const struct sockaddr *address, size_t size_bytes) {
  if (address->sa_family == AF_INET && size_bytes >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in ipv4;
    memcpy(&ipv4, address, sizeof ipv4);
    return allows_ipv4(ntohl(ipv4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6 && size_bytes >= sizeof(struct sockaddr_in6)) {
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, address, sizeof ipv6);
    return allows_ipv6(ipv6.sin6_addr.s6_addr);
  }
  return false;
}
