/* What kind of place a path names. See path_class.h. */
#include "pack/path_class.h"

#include <string.h>

#define NT_PREFIX                                                                                  \
  "/?"                                                                                             \
  "?/" /* in two parts: together they hold a trigraph */

static const char *const names[FSA_PATH_COUNT] = {
    [FSA_PATH_NONE] = "",         [FSA_PATH_SYSTEM] = "system",   [FSA_PATH_PROGRAM] = "program",
    [FSA_PATH_DATA] = "data",     [FSA_PATH_USER] = "user",       [FSA_PATH_TEMP] = "temp",
    [FSA_PATH_MEMORY] = "memory", [FSA_PATH_NETWORK] = "network", [FSA_PATH_OTHER] = "other",
};

const char *fsa_path_class_name(FsaPathClass path_class) {
  return names[path_class];
}

/* The beginnings of paths, '/' for either separator, without a drive; the first that fits decides.
 */
static const struct {
  const char *prefix;
  FsaPathClass path_class;
} places[] = {
    {"/windows/temp/", FSA_PATH_TEMP},
    {"/$recycle.bin/", FSA_PATH_TEMP},
    {"/windows/", FSA_PATH_SYSTEM},
    {"/program files/", FSA_PATH_PROGRAM},
    {"/program files (x86)/", FSA_PATH_PROGRAM},
    {"/programdata/", FSA_PATH_DATA},
    {"/users/public/", FSA_PATH_DATA},
    {"/users/default/", FSA_PATH_DATA},
    {"/users/all users/", FSA_PATH_DATA},
    {"/users/", FSA_PATH_USER},
    {"/%user%", FSA_PATH_USER},
    {"/documents and settings/", FSA_PATH_USER},
    {"/tmp/", FSA_PATH_TEMP},
    {"/var/tmp/", FSA_PATH_TEMP},
    {"/dev/shm/", FSA_PATH_TEMP},
    {"/memfd:", FSA_PATH_MEMORY},
    {"memfd:", FSA_PATH_MEMORY},
    {"/home/", FSA_PATH_USER},
    {"/root/", FSA_PATH_USER},
    {"/usr/local/", FSA_PATH_PROGRAM},
    {"/opt/", FSA_PATH_PROGRAM},
    {"/snap/", FSA_PATH_PROGRAM},
    {"/usr/", FSA_PATH_SYSTEM},
    {"/bin/", FSA_PATH_SYSTEM},
    {"/sbin/", FSA_PATH_SYSTEM},
    {"/lib/", FSA_PATH_SYSTEM},
    {"/lib64/", FSA_PATH_SYSTEM},
    {"/etc/", FSA_PATH_SYSTEM},
    {"/var/", FSA_PATH_DATA},
    {"/srv/", FSA_PATH_DATA},
};

static char fold(char c) {
  if (c == '\\') return '/';
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool starts(FsaText text, const char *prefix) {
  size_t size = strlen(prefix);
  if (text.size < size) return false;
  for (size_t i = 0; i < size; i++)
    if (fold(text.data[i]) != prefix[i]) return false;
  return true;
}

static bool holds(FsaText text, const char *part) {
  for (size_t at = 0; at < text.size; at++)
    if (starts((FsaText){text.data + at, text.size - at}, part)) return true;
  return false;
}

static FsaText skip(FsaText text, size_t size) {
  return (FsaText){text.data + size, text.size - size};
}

/* Without what stands before the folder: \??\, \\?\, a drive, %SystemDrive%, \Device\...N. */
static FsaText without_volume(FsaText path) {
  static const char devices[] = "/device/harddiskvolume";
  if (starts(path, NT_PREFIX) || starts(path, "//?/")) path = skip(path, 4);
  if (starts(path, "%systemdrive%")) path = skip(path, 13);
  if (path.size > 2 && path.data[1] == ':') return skip(path, 2);
  if (!starts(path, devices)) return path;
  size_t at = sizeof devices - 1;
  while (at < path.size && fold(path.data[at]) != '/') at++;
  return skip(path, at);
}

static bool is_path(FsaText text) {
  return memchr(text.data, '/', text.size) || memchr(text.data, '\\', text.size) ||
         starts(text, "memfd:");
}

FsaPathClass fsa_path_class(FsaText path) {
  if (!path.size || !is_path(path) || starts(path, "//./pipe/")) return FSA_PATH_NONE;
  if (starts(path, "%systemroot%") || starts(path, "/systemroot/") || starts(path, "%windir%"))
    return FSA_PATH_SYSTEM;
  FsaText place = without_volume(path);
  if (starts(place, "//")) return FSA_PATH_NETWORK;
  if (holds(place, "/appdata/local/temp/")) return FSA_PATH_TEMP;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (starts(place, places[i].prefix)) return places[i].path_class;
  return FSA_PATH_OTHER;
}

FsaText fsa_path_base(FsaText path) {
  size_t at = path.size;
  while (at && fold(path.data[at - 1]) != '/') at--;
  return skip(path, at);
}

/* Where the image ends in a command line without quotes; 0 = it cannot be told. */
static size_t image_end(FsaText command) {
  static const char *const suffixes[] = {".exe", ".dll", ".sys", ".com", ".bat",
                                         ".cmd", ".ps1", ".vbs", ".js",  ".scr"};
  for (size_t at = 0; at < command.size; at++)
    for (size_t i = 0; command.data[at] == '.' && i < sizeof suffixes / sizeof *suffixes; i++) {
      size_t end = at + strlen(suffixes[i]);
      if (!starts(skip(command, at), suffixes[i])) continue;
      if (end == command.size || strchr(" ,\"", command.data[end])) return end;
    }
  const char *blank = command.data[0] == '/' ? memchr(command.data, ' ', command.size) : NULL;
  return blank ? (size_t)(blank - command.data) : 0;
}

FsaText fsa_path_image(FsaText command) {
  if (!command.size) return command;
  if (command.data[0] == '"') {
    const char *end = memchr(command.data + 1, '"', command.size - 1);
    if (end && end > command.data + 1)
      return (FsaText){command.data + 1, (size_t)(end - command.data - 1)};
    return command;
  }
  if (starts(command, "/memfd:")) return command; /* "(deleted)" is part of its name */
  size_t end = image_end(command);
  FsaText image = {command.data, end ? end : command.size};
  return starts(image, NT_PREFIX) && image.size > 4 ? skip(image, 4) : image;
}
