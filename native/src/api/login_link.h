/// The one-time link that lets a browser into the dashboard: a token, known to the store by its
/// hash, and the address that takes it.
#ifndef SEGMENTRY_API_LOGIN_LINK_H
#define SEGMENTRY_API_LOGIN_LINK_H

#include "engine/login.h"

/// Bytes of a link with its final NUL: an address of 64 bytes at most, the path and the token.
#define LOGIN_LINK_BYTES 160

/// Writes the link for a server that listens as `listen` says, in the words of `serve --listen`.
/// An address that means every interface becomes that of this machine.
///
/// port  The port that it got; 0: as `listen` says.
///
/// Returns false if `listen` is no address, or no port is known.
bool login_link_write(const char *listen, unsigned port, const char *token,
                      char out[LOGIN_LINK_BYTES]);

/// Makes a token and puts it into a database that a server may have open.
store_status login_link_create(const char *db, int64_t now_ms, char token[SECRET_TEXT_BYTES],
                               store_error *error);

#endif
