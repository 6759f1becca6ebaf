/// How people get into the dashboard: a one-time link is exchanged for a session.
///
/// Both are tokens of 256 random bits, of which the store keeps the hash alone. They hold for all
/// projects: whoever can start the server or read its database owns them anyway.
#ifndef SEGMENTRY_ENGINE_LOGIN_H
#define SEGMENTRY_ENGINE_LOGIN_H

#include "ids.h"
#include "store/store.h"

/// A link is for now: long enough to find the terminal it stands in, short for a shell's history.
#define LOGIN_LINK_MS (INT64_C(15) * 60 * 1000)
/// A session: whoever looks in once a month need not ask for a new link.
#define LOGIN_SESSION_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/// Makes a token: its text, to be shown this once, and its row, to be put into the store.
store_token login_token_make(store_token_kind kind, int64_t now_ms, char text[SECRET_TEXT_BYTES]);

/// The hash that a token's text is known by.
void login_token_hash(seg_text_view text, uint8_t out[STORE_HASH_BYTES]);

#endif
