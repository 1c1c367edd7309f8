/* Replays saved inputs through a fuzz target, for the ordinary suite: `fuzz-NAME FILE|FOLDER ...`.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1); /* exact, so that a read behind it is seen */
  size_t got = data ? fread(data, 1, (size_t)size, file) : 0;
  fclose(file);
  if (data) LLVMFuzzerTestOneInput(data, got);
  free(data);
  return 1;
}

static int replay(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) return replay_file(path);
  int count = 0;
  char name[4096];
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    count += replay(name);
  }
  closedir(directory);
  return count;
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) count += replay(argv[i]);
  printf("%d inputs replayed\n", count);
  return count ? 0 : 1;
}
