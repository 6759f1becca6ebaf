/// The one-time link that lets a browser into the dashboard: a token, known to the store by its
/// hash, and the address that takes it.
#ifndef SEGMENTRY_API_LOGIN_LINK_H
#define SEGMENTRY_API_LOGIN_LINK_H

#include "engine/ids.h"
#include "store/store.h"

/// Bytes of a token's text with its final NUL.
#define LOGIN_TOKEN_BYTES SECRET_TEXT_BYTES
/// Time enough to carry a link from a terminal to a browser, and too little for one that is found
/// in a scrollback or a chat to be worth anything.
#define LOGIN_LINK_MS INT64_C(900000)
/// Bytes of a link with its final NUL: an address of 64 bytes at most, the path and the token.
#define LOGIN_LINK_BYTES 160

/// Makes a token of 256 random bits, and the row that lets it in: for all projects, for
/// LOGIN_LINK_MS, once. The caller puts the row into the store.
void login_link_make(int64_t now_ms, char token[LOGIN_TOKEN_BYTES], store_token *row);

/// Writes the link for a server that listens as `listen` says, in the words of `serve --listen`.
/// An address that means every interface becomes that of this machine.
///
/// Returns false if `listen` is no address, or its port is 0.
bool login_link_write(const char *listen, const char *token, char out[LOGIN_LINK_BYTES]);

/// Makes a token and puts it into a database that a server may have open.
store_status login_link_create(const char *db, int64_t now_ms, char token[LOGIN_TOKEN_BYTES],
                               store_error *error);

#endif
