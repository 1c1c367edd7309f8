/* Modules of the kernel. */
#include "formats/nt_driver.h"

#define BASE_SIZE 296u  /* RTL_PROCESS_MODULE_INFORMATION */
#define CHAIN_HEAD 8u   /* the offset of the next entry, and filler */
#define CHAIN_SIZE 320u /* RTL_PROCESS_MODULE_INFORMATION_EX */
#define PATH_AT 40u
#define PATH_SIZE 256u

FsaNtDrivers fsa_nt_drivers_chain(FsaBytes bytes) {
  return (FsaNtDrivers){.bytes = bytes, .is_chain = true};
}

int fsa_nt_drivers_array(FsaBytes bytes, FsaNtDrivers *ret_drivers) {
  const uint32_t count = fsa_u32(&bytes, 0);
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_drivers = (FsaNtDrivers){.bytes = bytes, .at = 8, .left = count};
  return FSA_OK;
}

static FsaNtDriver driver_at(FsaBytes *bytes, size_t at) {
  FsaNtDriver driver = {
      .base = fsa_u64(bytes, at + 16),
      .size = fsa_u32(bytes, at + 24),
      .load_order = fsa_u16(bytes, at + 32),
      .load_count = fsa_u16(bytes, at + 36),
  };
  const FsaBytes field = fsa_slice(bytes, at + PATH_AT, PATH_SIZE);
  const uint8_t *end = field.size ? memchr(field.data, 0, field.size) : NULL;
  driver.path = fsa_bytes(field.data, end ? (size_t)(end - field.data) : field.size);
  return driver;
}

static int next_of_chain(FsaNtDrivers *drivers, FsaNtDriver *ret_driver) {
  FsaBytes *bytes = &drivers->bytes;
  const uint16_t step = fsa_u16(bytes, drivers->at);
  drivers->is_over = step == 0;
  /* the chain ends with a step of 0 that nothing stands behind, in Wine with a whole last entry */
  if (!bytes->bad && step == 0 && !fsa_bytes_has(bytes, drivers->at, CHAIN_SIZE)) return FSA_OK;
  const size_t at = drivers->at + CHAIN_HEAD;
  FsaNtDriver driver = driver_at(bytes, at);
  driver.checksum = fsa_u32(bytes, at + BASE_SIZE);
  driver.timestamp = fsa_u32(bytes, at + BASE_SIZE + 4);
  if (bytes->bad || (step && step < CHAIN_SIZE)) return FSA_E_FORMAT;
  drivers->at += step;
  if (step == 0 && driver.path.size == 0) return FSA_OK;
  *ret_driver = driver;
  return FSA_ROW;
}

static int next_of_array(FsaNtDrivers *drivers, FsaNtDriver *ret_driver) {
  if (drivers->left == 0) return FSA_OK;
  const FsaNtDriver driver = driver_at(&drivers->bytes, drivers->at);
  if (drivers->bytes.bad) return FSA_E_FORMAT;
  drivers->at += BASE_SIZE;
  drivers->left--;
  *ret_driver = driver;
  return FSA_ROW;
}

int fsa_nt_drivers_next(FsaNtDrivers *drivers, FsaNtDriver *ret_driver) {
  if (drivers->is_over) return FSA_OK;
  const int result =
      drivers->is_chain ? next_of_chain(drivers, ret_driver) : next_of_array(drivers, ret_driver);
  if (result != FSA_ROW) drivers->is_over = true;
  return result;
}
