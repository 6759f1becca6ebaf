/// A pipe between two threads, of a few buffers that go round: one thread fills them, the other
/// empties them and gives them back. So nothing is allocated on the way, and who is faster waits.
///
///     filler   next_empty ─► fills it ─► hand_over ──┐
///                  ▲                                 ▼
///     emptier  give_back ◄─ empties it ◄─ next_full ─┘     in the order in which they were filled
///
/// One of the two is a thread of the pipe's own, the other is who starts it. What one has written
/// into a buffer, and beside it before handing over, the other sees.
#ifndef SEGMENTRY_BUFFER_PIPE_H
#define SEGMENTRY_BUFFER_PIPE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/// Buffers of a pipe: more would only hold memory.
#define BUFFER_PIPE_MAX 8

typedef struct buffer_pipe {
  pthread_t thread;
  bool has_thread;
  pthread_mutex_t lock; ///< Of what follows.
  pthread_cond_t has_changed;
  void *empty[BUFFER_PIPE_MAX];
  size_t empty_count;
  void *full[BUFFER_PIPE_MAX]; ///< A ring.
  size_t full_first;
  size_t full_count;
  size_t emptying_count; ///< That the emptier has.
  bool is_done;          ///< Nothing more will be filled.
  bool is_cancelled;     ///< Nobody wants the rest.
} buffer_pipe;

/// Makes a pipe of `count` buffers, all empty; they stay the caller's. End with buffer_pipe_stop.
void buffer_pipe_init(buffer_pipe *own, void *const *buffers, size_t count);
/// Starts the pipe's thread, which is one of the two. False if there is none.
bool buffer_pipe_start(buffer_pipe *own, void *(*run)(void *context), void *context);
/// Cancels, waits for the end of the thread, and frees what the pipe has; the buffers are free.
void buffer_pipe_stop(buffer_pipe *own);

// The filler.

/// The next buffer to fill; waits for it. NULL: nobody wants the rest.
void *buffer_pipe_next_empty(buffer_pipe *own);
void buffer_pipe_hand_over(buffer_pipe *own, void *filled);
/// Says that nothing more comes.
void buffer_pipe_end(buffer_pipe *own);
/// Waits until everything that was handed over is emptied.
void buffer_pipe_drain(buffer_pipe *own);

// The emptier.

/// The next full buffer; waits for it. NULL: nothing more comes, or it was cancelled.
void *buffer_pipe_next_full(buffer_pipe *own);
void buffer_pipe_give_back(buffer_pipe *own, void *emptied);

#endif
