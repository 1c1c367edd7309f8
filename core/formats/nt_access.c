/* Access masks of Windows in words. */
#include "formats/nt_access.h"

#include <stdio.h>
#include <string.h>

enum {
  BITS = 32,
  SPECIFIC_BITS = 16, /* the low half of a mask means something else for each type */
  NAME_ROOM = 36,     /* of the longest name, with its NUL: the compiler refuses a longer one */
};

typedef struct Rights {
  const char *type;
  char names[SPECIFIC_BITS][NAME_ROOM]; /* by bit; empty = none */
} Rights;

/* Rights that every type has. */
static const char standard[BITS][NAME_ROOM] = {
    [16] = "DELETE",          [17] = "READ_CONTROL", [18] = "WRITE_DAC",
    [19] = "WRITE_OWNER",     [20] = "SYNCHRONIZE",  [24] = "ACCESS_SYSTEM_SECURITY",
    [25] = "MAXIMUM_ALLOWED", [28] = "GENERIC_ALL",  [29] = "GENERIC_EXECUTE",
    [30] = "GENERIC_WRITE",   [31] = "GENERIC_READ",
};

static const Rights rights[] = {
    {"Process",
     {"PROCESS_TERMINATE", "PROCESS_CREATE_THREAD", "PROCESS_SET_SESSIONID", "PROCESS_VM_OPERATION",
      "PROCESS_VM_READ", "PROCESS_VM_WRITE", "PROCESS_DUP_HANDLE", "PROCESS_CREATE_PROCESS",
      "PROCESS_SET_QUOTA", "PROCESS_SET_INFORMATION", "PROCESS_QUERY_INFORMATION",
      "PROCESS_SUSPEND_RESUME", "PROCESS_QUERY_LIMITED_INFORMATION",
      "PROCESS_SET_LIMITED_INFORMATION"}},
    {"Thread",
     {"THREAD_TERMINATE", "THREAD_SUSPEND_RESUME", "THREAD_ALERT", "THREAD_GET_CONTEXT",
      "THREAD_SET_CONTEXT", "THREAD_SET_INFORMATION", "THREAD_QUERY_INFORMATION",
      "THREAD_SET_THREAD_TOKEN", "THREAD_IMPERSONATE", "THREAD_DIRECT_IMPERSONATION",
      "THREAD_SET_LIMITED_INFORMATION", "THREAD_QUERY_LIMITED_INFORMATION", "THREAD_RESUME"}},
    {"Token",
     {"TOKEN_ASSIGN_PRIMARY", "TOKEN_DUPLICATE", "TOKEN_IMPERSONATE", "TOKEN_QUERY",
      "TOKEN_QUERY_SOURCE", "TOKEN_ADJUST_PRIVILEGES", "TOKEN_ADJUST_GROUPS",
      "TOKEN_ADJUST_DEFAULT", "TOKEN_ADJUST_SESSIONID"}},
    {"File",
     {"FILE_READ_DATA", "FILE_WRITE_DATA", "FILE_APPEND_DATA", "FILE_READ_EA", "FILE_WRITE_EA",
      "FILE_EXECUTE", "FILE_DELETE_CHILD", "FILE_READ_ATTRIBUTES", "FILE_WRITE_ATTRIBUTES"}},
    {"Key",
     {"KEY_QUERY_VALUE", "KEY_SET_VALUE", "KEY_CREATE_SUB_KEY", "KEY_ENUMERATE_SUB_KEYS",
      "KEY_NOTIFY", "KEY_CREATE_LINK", "", "", "KEY_WOW64_64KEY", "KEY_WOW64_32KEY"}},
    {"Section",
     {"SECTION_QUERY", "SECTION_MAP_WRITE", "SECTION_MAP_READ", "SECTION_MAP_EXECUTE",
      "SECTION_EXTEND_SIZE", "SECTION_MAP_EXECUTE_EXPLICIT"}},
    {"Event", {"EVENT_QUERY_STATE", "EVENT_MODIFY_STATE"}},
    {"Mutant", {"MUTANT_QUERY_STATE"}},
    {"Semaphore", {"SEMAPHORE_QUERY_STATE", "SEMAPHORE_MODIFY_STATE"}},
    {"Timer", {"TIMER_QUERY_STATE", "TIMER_MODIFY_STATE"}},
    {"Directory",
     {"DIRECTORY_QUERY", "DIRECTORY_TRAVERSE", "DIRECTORY_CREATE_OBJECT",
      "DIRECTORY_CREATE_SUBDIRECTORY"}},
    {"SymbolicLink", {"SYMBOLIC_LINK_QUERY", "SYMBOLIC_LINK_SET"}},
    {"Job",
     {"JOB_OBJECT_ASSIGN_PROCESS", "JOB_OBJECT_SET_ATTRIBUTES", "JOB_OBJECT_QUERY",
      "JOB_OBJECT_TERMINATE", "JOB_OBJECT_SET_SECURITY_ATTRIBUTES", "JOB_OBJECT_IMPERSONATE"}},
    {"ALPC Port", {"PORT_CONNECT"}},
    {"IoCompletion", {"IO_COMPLETION_QUERY_STATE", "IO_COMPLETION_MODIFY_STATE"}},
    {"KeyedEvent", {"KEYEDEVENT_WAIT", "KEYEDEVENT_WAKE"}},
    {"Desktop",
     {"DESKTOP_READOBJECTS", "DESKTOP_CREATEWINDOW", "DESKTOP_CREATEMENU", "DESKTOP_HOOKCONTROL",
      "DESKTOP_JOURNALRECORD", "DESKTOP_JOURNALPLAYBACK", "DESKTOP_ENUMERATE",
      "DESKTOP_WRITEOBJECTS", "DESKTOP_SWITCHDESKTOP"}},
    {"WindowStation",
     {"WINSTA_ENUMDESKTOPS", "WINSTA_READATTRIBUTES", "WINSTA_ACCESSCLIPBOARD",
      "WINSTA_CREATEDESKTOP", "WINSTA_WRITEATTRIBUTES", "WINSTA_ACCESSGLOBALATOMS",
      "WINSTA_EXITWINDOWS", "", "WINSTA_ENUMERATE", "WINSTA_READSCREEN"}},
};

static const Rights *rights_of(FsaText type) {
  for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
    if (strlen(rights[i].type) == type.size && memcmp(rights[i].type, type.data, type.size) == 0)
      return &rights[i];
  return NULL;
}

static const char *name_of(const Rights *of_type, unsigned bit) {
  if (bit >= SPECIFIC_BITS) return standard[bit];
  return of_type ? of_type->names[bit] : "";
}

/* Each name with a blank in front, what is left as a number behind them. */
enum { MOST_TEXT = BITS * NAME_ROOM + sizeof " 0x00000000" };

FsaText fsa_nt_access_text(FsaArena *arena, FsaText type, uint32_t mask) {
  const Rights *of_type = type.data ? rights_of(type) : NULL;
  char text[MOST_TEXT];
  size_t size = 0;
  uint32_t nameless = mask;
  for (unsigned bit = 0; bit < BITS; bit++) {
    if (!(mask >> bit & 1)) continue;
    const char *name = name_of(of_type, bit);
    const size_t length = strlen(name);
    if (!length) continue;
    if (size) text[size++] = ' ';
    memcpy(text + size, name, length);
    size += length;
    nameless &= ~(UINT32_C(1) << bit);
  }
  if (nameless)
    size += (size_t)snprintf(text + size, sizeof text - size, "%s0x%x", size ? " " : "",
                             (unsigned)nameless);
  const char *copy = fsa_arena_copy(arena, text, size);
  return (FsaText){copy, copy ? size : 0};
}
