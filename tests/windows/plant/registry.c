/*
 * Plants in the registry what a careless reader loses: names with NULs, values without data before
 * others, types that are none, a link that leads back up, a service that the service control
 * manager knows and a key of one that it does not, and a profile whose hive nobody has loaded.
 *
 * `plant-registry NTUSER.DAT LOG.evtx`: puts the log among those of the system too and keeps it
 * open as the event log service does; prints "ready", waits until its input ends, takes everything
 * back.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

/* ---- native calls ---------------------------------------------------------------------------- */

typedef struct Text {
  USHORT length, room;
  const WCHAR *text;
} Text;

typedef struct Object {
  ULONG size;
  HANDLE root;
  const Text *name;
  ULONG attributes;
  void *security, *quality;
} Object;

#define OPEN_LINK 0x100u

static LONG(NTAPI *create_key)(HANDLE *, ACCESS_MASK, Object *, ULONG, const Text *, ULONG,
                               ULONG *);
static LONG(NTAPI *set_value)(HANDLE, const Text *, ULONG, ULONG, const void *, ULONG);
static LONG(NTAPI *delete_key)(HANDLE);

static void find(const char *name, void *ret_call) {
  FARPROC call = GetProcAddress(GetModuleHandleW(L"ntdll"), name);
  memcpy(ret_call, &call, sizeof call);
}

static Text text_of(const WCHAR *units, size_t size) {
  return (Text){(USHORT)size, (USHORT)size, units};
}

#define TEXT_OF(literal) text_of(L"" literal, sizeof(L"" literal) - sizeof(WCHAR))

/* ---- keys ------------------------------------------------------------------------------------ */

#define HOME "\\Registry\\Machine\\Software\\FsaPlant"
#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"
#define PROFILES                                                                                   \
  "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
#define GHOST "S-1-5-21-7-7-7-1001"

static int failures;

static HANDLE make(Text path, const Text *class_name, ULONG options, ULONG attributes) {
  HANDLE key = NULL;
  Object object = {.size = sizeof object, .name = &path, .attributes = 0x40u | attributes};
  LONG status = create_key(&key, KEY_ALL_ACCESS, &object, 0, class_name, options, NULL);
  if (status < 0) {
    printf("no key (0x%lx)\n", (unsigned long)status);
    failures++;
  }
  return key;
}

static void put(HANDLE key, Text name, ULONG type, const void *data, size_t size) {
  LONG status = set_value(key, &name, 0, type, data, (ULONG)size);
  if (status < 0) {
    printf("no value (0x%lx)\n", (unsigned long)status);
    failures++;
  }
}

#define PUT_TEXT(key, name, type, literal)                                                         \
  put(key, TEXT_OF(name), type, L"" literal, sizeof(L"" literal))

static void plant_values(HANDLE home) {
  static const BYTE large[100000] = {1, 2, 3};
  PUT_TEXT(home, "first", REG_SZ, "one");
  put(home, TEXT_OF("empty"), REG_BINARY, NULL, 0);
  put(home, TEXT_OF("none"), REG_NONE, NULL, 0);
  PUT_TEXT(home, "nul\0name", REG_SZ, "two");
  PUT_TEXT(home, "expand", REG_EXPAND_SZ, "%SystemRoot%\\x.exe");
  put(home, TEXT_OF("odd"), 0xFFFF0012u, "\1\2\3\4", 4);
  put(home, TEXT_OF("large"), REG_BINARY, large, sizeof large);
  put(home, TEXT_OF("unended"), REG_SZ, L"open", 8);
  PUT_TEXT(home, "last", REG_SZ, "three");
}

static HANDLE keys[8];
static size_t key_count;

static HANDLE keep(HANDLE key) {
  keys[key_count++] = key;
  return key;
}

static void plant_keys(void) {
  static const WCHAR target[] = L"" HOME;
  const Text class_name = TEXT_OF("Klasse");
  HANDLE home = keep(make(TEXT_OF(HOME), NULL, 0, 0));
  plant_values(home);
  HANDLE hidden = keep(make(TEXT_OF(HOME "\\Nul\0Key"), NULL, 0, 0));
  PUT_TEXT(hidden, "v", REG_SZ, "found");
  keep(make(TEXT_OF(HOME "\\Classed"), &class_name, 0, 0));
  HANDLE link = keep(make(TEXT_OF(HOME "\\Back"), NULL, REG_OPTION_CREATE_LINK, OPEN_LINK));
  put(link, TEXT_OF("SymbolicLinkValue"), REG_LINK, target, sizeof target - sizeof *target);
  const DWORD own_process = 0x10, starts_by_itself = 2;
  HANDLE unborn = keep(make(TEXT_OF(SERVICES "FsaPlantUnborn"), NULL, 0, 0));
  put(unborn, TEXT_OF("Type"), REG_DWORD, &own_process, 4);
  put(unborn, TEXT_OF("Start"), REG_DWORD, &starts_by_itself, 4);
  PUT_TEXT(unborn, "ImagePath", REG_EXPAND_SZ, "%SystemRoot%\\unborn.exe -k x");
  HANDLE profile = keep(make(TEXT_OF(PROFILES GHOST), NULL, 0, 0));
  PUT_TEXT(profile, "ProfileImagePath", REG_EXPAND_SZ, "C:\\users\\fsaghost");
}

/* ---- what is not in the registry ------------------------------------------------------------- */

static SC_HANDLE manager, service;

static void plant_service(void) {
  manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
  service =
      CreateServiceW(manager, L"FsaPlantService", L"A service of a test", SERVICE_ALL_ACCESS,
                     SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL,
                     L"\"C:\\Program Files\\Fsa Plant\\p.exe\" /x", NULL, NULL, NULL, NULL, NULL);
  if (!service) printf("no service (%lu)\n", GetLastError()), failures++;
}

static void plant_profile(const char *hive) {
  CreateDirectoryW(L"C:\\users\\fsaghost", NULL);
  if (!CopyFileA(hive, "C:\\users\\fsaghost\\NTUSER.DAT", FALSE))
    printf("no hive (%lu)\n", GetLastError()), failures++;
}

#define LOGS L"C:\\windows\\system32\\winevt"

static HANDLE log_file = INVALID_HANDLE_VALUE;

static void plant_log(const char *path) {
  CreateDirectoryW(LOGS, NULL);
  CreateDirectoryW(LOGS L"\\Logs", NULL);
  CopyFileA(path,
            "C:\\windows\\system32\\winevt\\Logs\\Microsoft-Windows-PowerShell%4Operational.evtx",
            FALSE);
  log_file =
      CreateFileW(LOGS L"\\Logs\\Microsoft-Windows-PowerShell%4Operational.evtx",
                  GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  if (log_file == INVALID_HANDLE_VALUE) printf("no log (%lu)\n", GetLastError()), failures++;
}

static void take_back(void) {
  CloseHandle(log_file);
  DeleteFileW(LOGS L"\\Logs\\Microsoft-Windows-PowerShell%4Operational.evtx");
  RemoveDirectoryW(LOGS L"\\Logs"); /* unless it holds other logs */
  RemoveDirectoryW(LOGS);
  DeleteFileW(L"C:\\users\\fsaghost\\NTUSER.DAT");
  RemoveDirectoryW(L"C:\\users\\fsaghost");
  if (service) DeleteService(service), CloseServiceHandle(service);
  if (manager) CloseServiceHandle(manager);
  while (key_count) {
    delete_key(keys[--key_count]);
    CloseHandle(keys[key_count]);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 1;
  find("NtCreateKey", &create_key);
  find("NtSetValueKey", &set_value);
  find("NtDeleteKey", &delete_key);
  plant_keys();
  plant_service();
  plant_profile(argv[1]);
  plant_log(argv[2]);
  printf(failures ? "%d failures\n" : "ready\n", failures);
  fflush(stdout);
  while (getchar() != EOF) continue;
  take_back();
  return failures != 0;
}
