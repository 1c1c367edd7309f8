/*
 * What the NT kernel answers about registry keys: KEY_*_INFORMATION and KEY_VALUE_*_INFORMATION.
 *
 * Layouts as NtQueryKey, NtEnumerateKey and NtEnumerateValueKey of Windows 7 to 11 fill them; they
 * hold offsets from their beginning and no addresses. Names may hold NULs: their sizes alone say
 * where they end. Sources: Microsoft's documentation of wdm.h (KEY_NODE_INFORMATION,
 * KEY_FULL_INFORMATION, KEY_VALUE_FULL_INFORMATION).
 */
#ifndef FSA_FORMATS_NT_KEY_H
#define FSA_FORMATS_NT_KEY_H

#include "base/bytes.h"
#include "base/result.h"

typedef struct FsaNtKey {
  uint64_t write_time;   /* FILETIME */
  FsaBytes name;         /* UTF-16; empty where the structure has none */
  FsaBytes class_name;   /* UTF-16; empty = none */
  uint32_t subkey_count; /* KEY_FULL_INFORMATION only */
  uint32_t value_count;
} FsaNtKey;

typedef struct FsaNtKeyValue {
  FsaBytes name; /* UTF-16; empty = the default value */
  uint32_t type; /* REG_SZ, ...: any number */
  FsaBytes data;
} FsaNtKeyValue;

/* KEY_NODE_INFORMATION (class 1). FSA_E_FORMAT when a name or class lies outside the bytes. */
int fsa_nt_key_node(FsaBytes bytes, FsaNtKey *ret_key);

/* KEY_FULL_INFORMATION (class 2). FSA_E_FORMAT as above. */
int fsa_nt_key_full(FsaBytes bytes, FsaNtKey *ret_key);

/* KEY_VALUE_FULL_INFORMATION (class 1). FSA_E_FORMAT when name or data lie outside the bytes. */
int fsa_nt_key_value(FsaBytes bytes, FsaNtKeyValue *ret_value);

#endif
