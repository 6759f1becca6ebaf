/// What the dashboard's sessions are called on the wire.
#ifndef SEGMENTRY_API_SESSIONS_H
#define SEGMENTRY_API_SESSIONS_H

/// The cookie of a session.
#define SESSION_COOKIE "segmentry_session"
/// The header in which a session says which project it is about; without it, it is the oldest one.
#define SESSION_PROJECT_HEADER "Segmentry-Project"

#endif
