/// What the files of webhooks share.
#ifndef SEGMENTRY_WEBHOOKS_INTERNAL_H
#define SEGMENTRY_WEBHOOKS_INTERNAL_H

#include "writer.h"

engine_status webhook_unknown(engine_error *error);

#endif
