/* CRC-32 again, without carry-less multiplication. */
#define FSA_PORTABLE 1
#include "../../core/base/crc32.c" /* the path that other processors take */
#include "crc32.c"
