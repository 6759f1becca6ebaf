/// The files of the dashboard, as the build put them into the program (see embed_dashboard.cmake).
#ifndef SEGMENTRY_API_DASHBOARD_FILES_H
#define SEGMENTRY_API_DASHBOARD_FILES_H

#include <stddef.h>

typedef struct dashboard_file {
  const char *path;  ///< Below the folder of the build: "index.html", "assets/index-8c1f.js".
  const char *bytes; ///< As built, up to `end`.
  const char *end;
  const char *gzip; ///< The same compressed, up to `gzip_end`; NULL where that was not worth it.
  const char *gzip_end;
} dashboard_file;

/// Ends with a row without a path. Empty where the program was built without the dashboard.
extern const dashboard_file dashboard_files[];
extern const size_t dashboard_file_count;

#endif
