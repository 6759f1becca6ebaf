// Runs a fuzz target on files, so that seeds and past findings are ordinary tests.
//
// usage: replay_TARGET FILE_OR_FOLDER...
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)

static size_t file_count;

static bool replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = malloc(FILE_BYTES_MAX);
  if (file == NULL || bytes == NULL) {
    perror(path);
    free(bytes);
    return false;
  }
  size_t size = fread(bytes, 1, FILE_BYTES_MAX, file);
  (void)fclose(file);
  // A block as long as the input, so that a read beyond it is seen.
  uint8_t *exact = realloc(bytes, size > 0 ? size : 1);
  if (exact == NULL) {
    free(bytes);
    return false;
  }
  (void)LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  file_count++;
  return true;
}

static bool replay_folder(DIR *folder, const char *path) {
  bool ok = true;
  for (struct dirent *entry = readdir(folder); entry != NULL && ok; entry = readdir(folder)) {
    char file[4096];
    (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
    ok = entry->d_name[0] == '.' || replay_file(file);
  }
  return ok;
}

int main(int argument_count, char **arguments) {
  for (int i = 1; i < argument_count; i++) {
    DIR *folder = opendir(arguments[i]);
    bool ok = folder == NULL ? replay_file(arguments[i]) : replay_folder(folder, arguments[i]);
    if (folder != NULL) {
      (void)closedir(folder);
    }
    if (!ok) {
      return 1;
    }
  }
  (void)printf("%zu inputs\n", file_count);
  return file_count == 0; // nothing replayed is nothing tested
}
