/* Names that pass for another one. See near_name.h. */
#include "pack/near_name.h"

#include <string.h>

#include "pack/path_class.h"

#define MAX_NAME 40 /* bytes; a longer name is near to none of these */

/* What intruders imitate. Names of fewer than six letters are near too much. [MITRE ATT&CK
 * T1036.005, its procedure examples] */
static const char *const system_names[] = {
    "svchost.exe",         "lsass.exe",         "csrss.exe",       "services.exe",
    "winlogon.exe",        "wininit.exe",       "smss.exe",        "explorer.exe",
    "spoolsv.exe",         "taskhost.exe",      "taskhostw.exe",   "dllhost.exe",
    "conhost.exe",         "rundll32.exe",      "regsvr32.exe",    "wmiprvse.exe",
    "msiexec.exe",         "userinit.exe",      "logonui.exe",     "lsm.exe",
    "taskmgr.exe",         "powershell.exe",    "cmd.exe",         "wuauclt.exe",
    "searchindexer.exe",   "runtimebroker.exe", "fontdrvhost.exe", "audiodg.exe",
    "sihost.exe",          "ctfmon.exe",        "mstsc.exe",       "mshta.exe",
    "wscript.exe",         "cscript.exe",       "certutil.exe",    "systemd",
    "systemd-journald",    "systemd-udevd",     "systemd-logind",  "dbus-daemon",
    "networkd-dispatcher", "rsyslogd",          "auditd",          "polkitd",
    "containerd",          "dockerd",           "kthreadd",
};

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t same_start(const char *a, size_t a_size, const char *b, size_t b_size) {
  size_t at = 0;
  while (at < a_size && at < b_size && a[at] == b[at]) at++;
  return at;
}

/* True when exactly one change makes `a` of `b`: Damerau's distance 1. */
static bool is_one_away(const char *a, size_t a_size, const char *b, size_t b_size) {
  if (a_size > b_size + 1 || b_size > a_size + 1) return false;
  size_t at = same_start(a, a_size, b, b_size);
  a += at, b += at, a_size -= at, b_size -= at;
  if (!a_size && !b_size) return false;
  if (a_size > b_size) return memcmp(a + 1, b, b_size) == 0;
  if (b_size > a_size) return memcmp(a, b + 1, a_size) == 0;
  if (memcmp(a + 1, b + 1, a_size - 1) == 0) return true;
  return a_size > 1 && a[0] == b[1] && a[1] == b[0] && memcmp(a + 2, b + 2, a_size - 2) == 0;
}

bool fsa_is_near_system_name(FsaText path) {
  FsaText base = fsa_path_base(path);
  char name[MAX_NAME];
  bool is_near = false;
  if (!base.size || base.size > MAX_NAME) return false;
  for (size_t i = 0; i < base.size; i++) name[i] = lower(base.data[i]);
  for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++) {
    size_t size = strlen(system_names[i]);
    if (size == base.size && memcmp(name, system_names[i], size) == 0) return false;
    is_near |= size > 6 && is_one_away(name, base.size, system_names[i], size);
  }
  return is_near;
}

/* Vendors whose names are borrowed most. */
static const char *const vendors[] = {
    "microsoft",  "google",          "adobe",    "intel",  "nvidia",    "oracle",
    "mozilla",    "apple",           "vmware",   "citrix", "dell",      "lenovo",
    "realtek",    "hewlett-packard", "symantec", "mcafee", "kaspersky", "sophos",
    "trendmicro", "crowdstrike",     "amazon",   "cisco",
};

static bool is_letter(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* A whole word: IntelliJ is not Intel's. */
static bool names_vendor(FsaText text, size_t at, const char *vendor) {
  size_t size = strlen(vendor);
  if (text.size - at < size || (at && is_letter(text.data[at - 1]))) return false;
  for (size_t i = 0; i < size; i++)
    if (lower(text.data[at + i]) != vendor[i]) return false;
  return at + size == text.size || !is_letter(text.data[at + size]);
}

const char *fsa_vendor_token(FsaText text) {
  for (size_t at = 0; at < text.size; at++)
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
      if (names_vendor(text, at, vendors[i])) return vendors[i];
  return NULL;
}
