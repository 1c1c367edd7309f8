/*
 * What kind of place a path names: who may write there decides how usual a rare name is.
 *
 * Raw paths and normalised ones (key.h) of Windows and Linux. Pure functions, any thread.
 */
#ifndef FSA_SCORING_PATH_CLASS_H
#define FSA_SCORING_PATH_CLASS_H

#include "base/text.h"

typedef enum FsaPathClass {
  FSA_PATH_NONE,    /* no path */
  FSA_PATH_SYSTEM,  /* the operating system's own: \Windows, /usr, /bin, /lib */
  FSA_PATH_PROGRAM, /* installed programs: \Program Files, /opt, /usr/local */
  FSA_PATH_DATA,    /* \ProgramData, \Users\Public, /var, /srv: no person's, often writable */
  FSA_PATH_USER,    /* a person's own: \Users\NAME, /home/NAME, /root */
  FSA_PATH_TEMP,    /* \Windows\Temp, AppData\Local\Temp, /tmp, /var/tmp, /dev/shm, recycle bins */
  FSA_PATH_MEMORY,  /* memfd and other files without a place */
  FSA_PATH_NETWORK, /* \\server\share */
  FSA_PATH_OTHER,   /* any other place */
  FSA_PATH_COUNT,
} FsaPathClass;

/* "" for FSA_PATH_NONE, else "system", "program", "data", "user", "temp", "memory", "network",
 * "other". */
const char *fsa_path_class_name(FsaPathClass path_class);

FsaPathClass fsa_path_class(FsaText path);

/* The last part of a path, or the text itself. */
FsaText fsa_path_base(FsaText path);

/*
 * The image that a command line runs: `"C:\a b\c.exe" -k x`, `\??\C:\a.sys`, `C:\a\b.exe -k`,
 * `/usr/bin/a --b`. The text itself where no image can be told apart.
 */
FsaText fsa_path_image(FsaText command);

#endif
