/// The service: the engine behind the HTTP server, from start to stop. For the program's commands,
/// which know nothing of either.
#ifndef SEGMENTRY_API_SERVICE_H
#define SEGMENTRY_API_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct service_options {
  const char *db;
  const char *listen;
  int64_t sweep_ms;         ///< 0: no sweep by itself.
  bool is_relaxed;          ///< A power cut may take the last changes.
  uint32_t rate_per_minute; ///< Of one project; 0 limits nothing.
  /// Webhooks may lead to addresses that are not public, such as this machine's own.
  bool allows_private_webhooks;
  const char *webhook_ca;      ///< optional  A file of authorities that webhooks may rely on.
  int64_t webhook_speed;       ///< For tests: see sender.h.
  const char *sns_topics;      ///< optional  See sns_adapter.h.
  const char *sns_certificate; ///< optional  A file.
} service_options;

/// What became of it.
typedef enum service_result {
  SERVICE_STOPPED,      ///< By SIGINT or SIGTERM; everything accepted was finished.
  SERVICE_NO_DATABASE,  ///< It cannot be opened; said on standard error, as all failures are.
  SERVICE_BAD_DATABASE, ///< It is none of ours, or a damaged one.
  SERVICE_IN_USE,       ///< Another server, or an import, uses the database.
  SERVICE_NO_ADDRESS,   ///< It cannot listen there.
  SERVICE_BAD_SETTING,  ///< An option is wrong; the database has not been looked at.
  SERVICE_NO_MEMORY
} service_result;

/// Serves until SIGINT or SIGTERM, which it blocks in all threads; a second one ends at once.
service_result service_run(const service_options *options);

#endif
