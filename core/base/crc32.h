/*
 * CRC-32 as in EVTX, ZIP and Ethernet (reflected polynomial 0xEDB88320, start and end inverted).
 *
 * Thread safe: no state. [ISO/IEC 3309; fold constants: Gopal et al., "Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009]
 */
#ifndef FSA_BASE_CRC32_H
#define FSA_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/*
 * The checksum of `size` bytes behind those whose checksum is `crc`; 0 to begin. `data` may be NULL
 * when size is 0.
 */
uint32_t fsa_crc32(uint32_t crc, const void *data, size_t size);

#endif
