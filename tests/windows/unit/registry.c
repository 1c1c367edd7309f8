/*
 * os/windows/registry, evidence/live: a registry that a table of keys plays, with what Wine's has
 * not - links, refusals, values that grow while they are read - and the running one for leaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "evidence/registry.h"
#include "os/registry.h"
#include "os/windows/host.h"

/* ---- a played registry ----------------------------------------------------------------------- */

typedef struct PlayedValue {
  const wchar_t *name;
  size_t units;
  uint32_t type;
  const void *data;
  uint32_t size;
} PlayedValue;

typedef struct PlayedKey {
  const wchar_t *path;
  size_t units;
  PlayedValue values[4];
  size_t value_count;
  bool is_refused;     /* without the backup privilege */
  const wchar_t *link; /* where it leads */
} PlayedKey;

#define KEY(text) .path = L"" text, .units = sizeof(L"" text) / 2 - 1
#define VALUE(text, t, bytes)                                                                      \
  { L"" text, sizeof(L"" text) / 2 - 1, t, bytes, sizeof(bytes) - 1 }

static const PlayedKey keys[] = {
    {KEY("\\Registry\\Machine")},
    {KEY("\\Registry\\Machine\\SYSTEM")},
    {KEY("\\Registry\\Machine\\SYSTEM\\ControlSet001")},
    {KEY("\\Registry\\Machine\\SYSTEM\\ControlSet001\\Control"),
     .values = {VALUE("here", 1, "y\0e\0s\0\0\0")}, .value_count = 1},
    {KEY("\\Registry\\Machine\\SYSTEM\\CurrentControlSet"),
     .values = {VALUE("SymbolicLinkValue", 6, "\\\0R\0")}, .value_count = 1,
     .link = L"\\Registry\\Machine\\SYSTEM\\ControlSet001"},
    {KEY("\\Registry\\Machine\\SYSTEM\\a\0b"),
     .values = {VALUE("n\0ul", 3, "\1\2"), VALUE("", 0, "")}, .value_count = 2},
    {KEY("\\Registry\\Machine\\SECURITY"), .is_refused = true},
    {KEY("\\Registry\\User")},
    {KEY("\\Registry\\User\\.DEFAULT")},
    {KEY("\\Registry\\User\\S-1-5-18"), .values = {VALUE("SymbolicLinkValue", 6, "\\\0R\0")},
     .value_count = 1, .link = L"\\Registry\\User\\.DEFAULT"},
    {KEY("\\Registry\\User\\S-1-5-21-1-2-3-1001")},
};

#define KEY_COUNT (sizeof keys / sizeof *keys)

static bool may_back_up;
static int open_handles;
static NtStatus failing; /* what the enumeration of values answers, when not 0 */

/* Units are compared one by one: a name goes on behind a NUL. */
static const PlayedKey *find_key(const wchar_t *path, size_t units) {
  for (size_t i = 0; i < KEY_COUNT; i++) {
    bool same = keys[i].units == units;
    for (size_t u = 0; same && u < units; u++)
      same = towlower(keys[i].path[u]) == towlower(path[u]);
    if (same) return &keys[i];
  }
  return NULL;
}

/* Links in the middle of a path are followed, one at its end when `follows`. */
static const PlayedKey *resolve(const wchar_t *path, size_t units, bool follows) {
  const PlayedKey *found = find_key(path, units);
  if (found) return found->link && follows ? find_key(found->link, wcslen(found->link)) : found;
  for (size_t i = 0; i < KEY_COUNT; i++) {
    const PlayedKey *key = &keys[i];
    wchar_t whole[512];
    if (!key->link || units <= key->units || path[key->units] != L'\\' ||
        _wcsnicmp(path, key->path, key->units) != 0)
      continue;
    const int size =
        swprintf(whole, 512, L"%ls%.*ls", key->link, (int)(units - key->units), path + key->units);
    return resolve(whole, (size_t)size, follows);
  }
  return NULL;
}

static NtStatus NTAPI open_key(HANDLE *ret, ACCESS_MASK access, NtObjectAttributes *object,
                               ULONG options) {
  (void)access;
  const bool follows = !(object->Attributes & NT_OBJ_OPENLINK);
  const PlayedKey *key =
      resolve(object->ObjectName->Buffer, object->ObjectName->Length / 2u, follows);
  if (!key) return NT_OBJECT_NAME_NOT_FOUND;
  if (key->is_refused && !(may_back_up && options & NT_KEY_BACK_UP)) return NT_ACCESS_DENIED;
  open_handles++;
  *ret = (HANDLE)(uintptr_t)key;
  return 0;
}

static NtStatus NTAPI close_key(HANDLE handle) {
  (void)handle;
  open_handles--;
  return 0;
}

static void put(uint8_t *to, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) to[i] = (uint8_t)(number >> 8 * i);
}

/* The n-th key directly below another one. */
static const PlayedKey *child_of(const PlayedKey *parent, ULONG index) {
  for (size_t i = 0; i < KEY_COUNT; i++) {
    if (keys[i].units <= parent->units + 1 || keys[i].path[parent->units] != L'\\' ||
        _wcsnicmp(keys[i].path, parent->path, parent->units) != 0)
      continue;
    bool is_direct = true;
    for (size_t u = parent->units + 1; u < keys[i].units; u++)
      is_direct = is_direct && keys[i].path[u] != L'\\';
    if (is_direct && index-- == 0) return &keys[i];
  }
  return NULL;
}

static NtStatus NTAPI enumerate_key(HANDLE handle, ULONG index, int class, void *buffer,
                                    ULONG length, ULONG *ret_length) {
  const PlayedKey *parent = (const PlayedKey *)handle, *child = child_of(parent, index);
  assert_int_equal(class, NT_KEY_NODE);
  if (!child) return NT_NO_MORE_ENTRIES;
  const size_t units = child->units - parent->units - 1;
  *ret_length = (ULONG)(24 + 2 * units);
  if (length < *ret_length) return NT_BUFFER_OVERFLOW;
  uint8_t *out = buffer;
  memset(out, 0, 24);
  put(out, 0x01DAD54000989680ull, 8), put(out + 12, 0xFFFFFFFF, 4), put(out + 20, 2 * units, 4);
  memcpy(out + 24, child->path + parent->units + 1, 2 * units);
  return 0;
}

static NtStatus NTAPI query_key(HANDLE handle, int class, void *buffer, ULONG length,
                                ULONG *ret_length) {
  (void)handle;
  assert_int_equal(class, NT_KEY_FULL);
  *ret_length = 48;
  if (length < 48) return NT_BUFFER_TOO_SMALL;
  memset(buffer, 0, 48);
  put(buffer, 0x01DAD54000989680ull, 8);
  return 0;
}

static NtStatus answer_value(const PlayedValue *value, void *buffer, ULONG length,
                             ULONG *ret_length) {
  const size_t head = 20 + 2 * value->units;
  *ret_length = (ULONG)(head + value->size);
  if (length < *ret_length) return NT_BUFFER_OVERFLOW;
  uint8_t *out = buffer;
  put(out, 0, 4), put(out + 4, value->type, 4);
  put(out + 8, value->size ? head : UINT32_MAX, 4); /* as Windows: no data, any offset */
  put(out + 12, value->size, 4), put(out + 16, 2 * value->units, 4);
  memcpy(out + 20, value->name, 2 * value->units);
  memcpy(out + head, value->data, value->size);
  return 0;
}

static NtStatus NTAPI enumerate_value(HANDLE handle, ULONG index, int class, void *buffer,
                                      ULONG length, ULONG *ret_length) {
  const PlayedKey *key = (const PlayedKey *)handle;
  assert_int_equal(class, NT_KEY_VALUE_FULL);
  if (failing) return failing;
  if (index >= key->value_count) return NT_NO_MORE_ENTRIES;
  return answer_value(&key->values[index], buffer, length, ret_length);
}

static NtStatus NTAPI query_value(HANDLE handle, NtUnicodeString *name, int class, void *buffer,
                                  ULONG length, ULONG *ret_length) {
  const PlayedKey *key = (const PlayedKey *)handle;
  assert_int_equal(class, NT_KEY_VALUE_FULL);
  for (size_t i = 0; i < key->value_count; i++)
    if (key->values[i].units == name->Length / 2u &&
        _wcsnicmp(key->values[i].name, name->Buffer, key->values[i].units) == 0)
      return answer_value(&key->values[i], buffer, length, ret_length);
  return NT_OBJECT_NAME_NOT_FOUND;
}

/* ---- the host -------------------------------------------------------------------------------- */

typedef struct Host {
  FsaEvidence *evidence;
  FsaRegistry *registry;
  FsaArena arena;
  int problems;
  int last_code;
  Nt nt;
} Host;

static void tell(void *context, int code, const char *source, uint64_t offset,
                 const char *message) {
  Host *host = context;
  assert_true(code < 0 && source[0] && message[0]);
  assert_true(offset == FSA_NO_OFFSET);
  host->problems++;
  host->last_code = code;
}

static void open_host(Host *host, bool backs_up) {
  FsaError error;
  *host = (Host){.problems = 0};
  if (fsa_evidence_open(NULL, &host->evidence, &error) != FSA_OK) fail_msg("%s", error.message);
  host->nt = nt;
  may_back_up = backs_up;
  fsa_evidence_os(host->evidence)->privileges = backs_up ? WINDOWS_MAY_BACK_UP : 0;
  open_handles = 0;
  failing = 0;
  nt.NtOpenKeyEx = open_key;
  nt.NtEnumerateKey = enumerate_key;
  nt.NtQueryKey = query_key;
  nt.NtEnumerateValueKey = enumerate_value;
  nt.NtQueryValueKey = query_value;
}

/* Only keys are played: what else is closed is the system's own. */
static void open_registry(Host *host) {
  assert_int_equal(fsa_registry_open(host->evidence, tell, host, &host->registry), FSA_OK);
  nt.NtClose = close_key;
  open_handles = 1; /* that of the key which was asked last */
}

static void close_host(Host *host) {
  fsa_registry_close(host->registry);
  nt = host->nt;
  fsa_evidence_close(host->evidence);
  fsa_arena_done(&host->arena);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void hives_in_their_places(void **state) {
  (void)state;
  static const char *const expected[] = {"HKLM\\SYSTEM", "HKLM\\SECURITY", "HKU\\.DEFAULT",
                                         "HKU\\S-1-5-21-1-2-3-1001"};
  Host host;
  open_host(&host, false);
  open_registry(&host);
  size_t found = 0;
  const size_t count = fsa_registry_root_count(host.registry);
  for (size_t i = 0; i < count; i++) {
    FsaText path, source;
    fsa_registry_root(host.registry, i, &path, &source);
    for (size_t k = 0; k < 4; k++) {
      if (strcmp(path.data, expected[k]) != 0) continue;
      assert_string_equal(source.data, expected[k]);
      found++;
    }
    assert_string_not_equal(path.data, "HKU\\S-1-5-18"); /* a link: another name of .DEFAULT */
  }
  assert_int_equal(found, 4);
  close_host(&host);
}

/* The link is a key of its own where keys are listed, and another one where a path leads. */
static void links(void **state) {
  (void)state;
  Host host;
  FsaRegKey top, key, *below;
  FsaRegValue value;
  size_t count;
  open_host(&host, false);
  open_registry(&host);
  assert_int_equal(fsa_registry_find(host.registry, "HKLM\\SYSTEM", &host.arena, &top), FSA_OK);
  assert_int_equal(fsa_registry_subkeys(host.registry, top, false, &host.arena, &below, &count),
                   FSA_OK);
  assert_int_equal(count, 3);
  FsaRegKeyInfo info;
  assert_int_equal(fsa_registry_key_info(host.registry, below[1], &host.arena, &info), FSA_OK);
  assert_string_equal(info.name.data, "CurrentControlSet");
  assert_int_equal(
      fsa_registry_value(host.registry, below[1], "SymbolicLinkValue", &host.arena, &value),
      FSA_OK);
  assert_int_equal(value.type, FSA_REG_LINK);
  FsaRegKey *none;
  assert_int_equal(fsa_registry_subkeys(host.registry, below[1], false, &host.arena, &none, &count),
                   FSA_OK);
  assert_int_equal(count, 0);
  assert_int_equal(
      fsa_registry_find(host.registry, "HKLM\\SYSTEM\\CurrentControlSet", &host.arena, &key),
      FSA_OK);
  assert_int_equal(fsa_registry_subkeys(host.registry, key, false, &host.arena, &below, &count),
                   FSA_OK);
  assert_int_equal(count, 1);
  assert_int_equal(fsa_registry_find_below(host.registry, key, "control", &host.arena, &key),
                   FSA_OK);
  assert_int_equal(fsa_registry_value(host.registry, key, "HERE", &host.arena, &value), FSA_OK);
  assert_string_equal(fsa_registry_string(&value, &host.arena).data, "yes");
  assert_int_equal(fsa_registry_find(host.registry, "HKU\\S-1-5-18", &host.arena, &key), FSA_OK);
  assert_true(open_handles <= 1);
  close_host(&host);
}

static void names_with_nuls(void **state) {
  (void)state;
  Host host;
  FsaRegKey key;
  FsaRegValue *values, value;
  size_t count;
  open_host(&host, false);
  open_registry(&host);
  assert_int_equal(fsa_registry_find(host.registry,
                                     "HKLM\\SYSTEM\\a\xE2\x90\x80"
                                     "b",
                                     &host.arena, &key),
                   FSA_OK);
  assert_int_equal(fsa_registry_values(host.registry, key, false, &host.arena, &values, &count),
                   FSA_OK);
  assert_int_equal(count, 2);
  assert_string_equal(values[0].name.data, "n\xE2\x90\x80ul");
  assert_int_equal(values[0].data.size, 2);
  assert_int_equal(values[1].name.size, 0);
  assert_int_equal(values[1].data.size, 0);
  assert_int_equal(values[1].data_size, 0);
  assert_int_equal(fsa_registry_value(host.registry, key, "N\xE2\x90\x80UL", &host.arena, &value),
                   FSA_OK);
  assert_int_equal(fsa_registry_value(host.registry, key, "nul", &host.arena, &value),
                   FSA_E_ABSENT);
  assert_int_equal(fsa_registry_find(host.registry, "HKLM\\SYSTEM\\ab", &host.arena, &key),
                   FSA_E_ABSENT);
  close_host(&host);
}

static void refused_without_the_privilege(void **state) {
  (void)state;
  for (int backs_up = 0; backs_up < 2; backs_up++) {
    Host host;
    FsaRegKey key;
    open_host(&host, backs_up);
    open_registry(&host);
    const int result = fsa_registry_find(host.registry, "HKLM\\SECURITY", &host.arena, &key);
    assert_int_equal(result, backs_up ? FSA_OK : FSA_E_ACCESS);
    assert_int_equal(host.problems, backs_up ? 0 : 1);
    close_host(&host);
  }
}

static void deleted_keys_are_told_once(void **state) {
  (void)state;
  Host host;
  FsaRegKey top, *below;
  FsaRegValue *values;
  size_t count;
  open_host(&host, false);
  open_registry(&host);
  assert_int_equal(fsa_registry_find(host.registry, "HKLM\\SYSTEM", &host.arena, &top), FSA_OK);
  assert_int_equal(fsa_registry_subkeys(host.registry, top, true, &host.arena, &below, &count),
                   FSA_OK);
  assert_int_equal(count, 3);
  assert_int_equal(fsa_registry_values(host.registry, top, true, &host.arena, &values, &count),
                   FSA_OK);
  assert_int_equal(host.problems, 1);
  assert_int_equal(host.last_code, FSA_E_UNSUPPORTED);
  close_host(&host);
}

static void values_that_cannot_be_read(void **state) {
  (void)state;
  Host host;
  FsaRegKey key;
  FsaRegValue *values;
  size_t count;
  open_host(&host, false);
  open_registry(&host);
  assert_int_equal(
      fsa_registry_find(host.registry, "HKLM\\SYSTEM\\ControlSet001\\Control", &host.arena, &key),
      FSA_OK);
  failing = NT_INVALID_HANDLE;
  assert_int_equal(fsa_registry_values(host.registry, key, false, &host.arena, &values, &count),
                   FSA_OK);
  assert_int_equal(count, 0);
  assert_int_equal(host.problems, 1);
  failing = NT_KEY_DELETED; /* meanwhile: it has no values, and that is no problem */
  assert_int_equal(fsa_registry_values(host.registry, key, false, &host.arena, &values, &count),
                   FSA_OK);
  assert_int_equal(host.problems, 1);
  close_host(&host);
}

/* ---- a value that grows ---------------------------------------------------------------------- */

static size_t grown;

static NtStatus NTAPI growing_value(HANDLE handle, ULONG index, int class, void *buffer,
                                    ULONG length, ULONG *ret_length) {
  static uint8_t data[1 << 20];
  const PlayedValue value = {L"v", 1, 3, data, (uint32_t)grown};
  (void)handle, (void)class;
  if (index > 0) return NT_NO_MORE_ENTRIES;
  const NtStatus status = answer_value(&value, buffer, length, ret_length);
  if (status == NT_BUFFER_OVERFLOW && grown < sizeof data / 2) grown *= 2;
  return status;
}

static void a_value_that_grows_while_it_is_read(void **state) {
  (void)state;
  Host host;
  FsaRegKey key;
  FsaRegValue *values;
  size_t count;
  open_host(&host, false);
  open_registry(&host);
  nt.NtEnumerateValueKey = growing_value;
  grown = 5000;
  assert_int_equal(fsa_registry_find(host.registry, "HKLM\\SYSTEM", &host.arena, &key), FSA_OK);
  assert_int_equal(fsa_registry_values(host.registry, key, false, &host.arena, &values, &count),
                   FSA_OK);
  assert_int_equal(count, 1);
  assert_int_equal(values[0].data.size, grown);
  assert_true(grown >= (1 << 19));
  close_host(&host);
}

/* ---- the running registry -------------------------------------------------------------------- */

static void ignore(void *context, int code, const char *source, uint64_t offset,
                   const char *message) {
  (void)context, (void)code, (void)source, (void)offset, (void)message;
}

static void scan(const FsaEvidence *evidence) {
  FsaRegistry *registry;
  FsaRegKey key, *keys_below;
  FsaRegValue *values;
  size_t count;
  FsaArena arena = fsa_arena(0);
  assert_int_equal(fsa_registry_open(evidence, ignore, NULL, &registry), FSA_OK);
  assert_true(fsa_registry_root_count(registry) > 3);
  assert_int_equal(
      fsa_registry_find(registry, "HKLM\\SYSTEM\\CurrentControlSet\\Services", &arena, &key),
      FSA_OK);
  assert_int_equal(fsa_registry_subkeys(registry, key, false, &arena, &keys_below, &count), FSA_OK);
  for (size_t i = 0; i < count; i++)
    assert_int_equal(
        fsa_registry_values(registry, keys_below[i], false, &arena, &values, &(size_t){0}), FSA_OK);
  fsa_arena_done(&arena);
  fsa_registry_close(registry);
}

static DWORD handle_count(void) {
  DWORD count = 0;
  assert_true(GetProcessHandleCount(GetCurrentProcess(), &count));
  return count;
}

static void a_thousand_scans_leak_no_handle(void **state) {
  (void)state;
  FsaEvidence *evidence;
  FsaError error;
  assert_int_equal(fsa_evidence_open(NULL, &evidence, &error), FSA_OK);
  scan(evidence);
  const DWORD before = handle_count();
  for (int i = 0; i < 1000; i++) scan(evidence);
  assert_int_equal(handle_count(), before);
  fsa_evidence_close(evidence);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hives_in_their_places),
      cmocka_unit_test(links),
      cmocka_unit_test(names_with_nuls),
      cmocka_unit_test(refused_without_the_privilege),
      cmocka_unit_test(deleted_keys_are_told_once),
      cmocka_unit_test(values_that_cannot_be_read),
      cmocka_unit_test(a_value_that_grows_while_it_is_read),
      cmocka_unit_test(a_thousand_scans_leak_no_handle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
