/// The clock of the campaigns: a thread that sends the scheduled ones when their time comes, also
/// those whose time came while the program did not run.
#ifndef SEGMENTRY_ENGINE_CAMPAIGN_CLOCK_H
#define SEGMENTRY_ENGINE_CAMPAIGN_CLOCK_H

#include "engine.h"

typedef struct campaign_clock campaign_clock;

/// Starts the thread. interval_ms  How long it looks away at most. NULL if there is no memory or
/// no thread.
campaign_clock *campaign_clock_start(engine *of, int64_t interval_ms);
/// Ends the thread; a list that it is writing is given up and written anew after the next start.
/// NULL is nothing.
void campaign_clock_stop(campaign_clock *own);

#endif
