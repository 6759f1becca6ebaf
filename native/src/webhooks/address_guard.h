/// Which addresses a webhook may reach: those of the public internet alone. A URL is written by
/// somebody who may not see what the server can: its own ports, a neighbour's database, the
/// metadata service of a cloud.
///
/// It is the resolved address that is judged, when the socket is made: so a name that resolves to a
/// private address, now or the second time it is asked for, leads nowhere. IPv6 addresses that hold
/// an IPv4 address (mapped, 6to4, NAT64) are judged by that one.
///
/// Pure; threads: any.
#ifndef SEGMENTRY_WEBHOOKS_ADDRESS_GUARD_H
#define SEGMENTRY_WEBHOOKS_ADDRESS_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/// Whether an address is public.
///
/// size_bytes  Of what `address` points to. A family other than IPv4 and IPv6 is not public.
bool address_guard_allows(const struct sockaddr *address, size_t size_bytes);

#endif
