/*
 * Portable Executable: the headers and sections of Windows programs and libraries, and what their
 * bytes become when they are mapped.
 *
 * Every number in such a file is its author's; offsets are followed only into what was read. All
 * functions may be used by several threads. Layout: docs/formats/pe.md. [Microsoft: "PE Format"]
 */
#ifndef FSA_FORMATS_PE_H
#define FSA_FORMATS_PE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

/* ---- headers --------------------------------------------------------------------------------- */

#define FSA_PE_PAGE 4096u

/* Data directories that are looked at. */
enum {
  FSA_PE_IMPORTS = 1,
  FSA_PE_RELOCATIONS = 5,
  FSA_PE_LOAD_CONFIG = 10,
  FSA_PE_IMPORT_ADDRESSES = 12,
  FSA_PE_DELAYED_IMPORTS = 13,
  FSA_PE_MANAGED = 14, /* the header of .NET */
  FSA_PE_DIRECTORIES = 16,
};

typedef struct FsaPeDirectory {
  uint32_t address, size; /* bytes from the image's base */
} FsaPeDirectory;

typedef struct FsaPe {
  size_t header; /* offset of "PE\0\0" */
  bool is_64;    /* PE32+ */
  uint16_t machine, characteristics, dll_characteristics, subsystem;
  uint32_t timestamp, checksum;
  uint32_t image_size, headers_size; /* bytes in memory; of all headers in the file */
  uint32_t entry;                    /* bytes from the base; 0 = none */
  uint64_t base;                     /* preferred address */
  uint32_t section_alignment, file_alignment;
  FsaPeDirectory directories[FSA_PE_DIRECTORIES]; /* those that the header lacks are 0, 0 */
  size_t sections;                                /* offset of the section table */
  uint16_t section_count;
} FsaPe;

/* `characteristics` of a section. */
#define FSA_PE_MAY_EXECUTE 0x20000000u
#define FSA_PE_MAY_READ 0x40000000u
#define FSA_PE_MAY_WRITE 0x80000000u

typedef struct FsaPeSection {
  char name[8];                    /* any bytes, NUL-padded */
  uint32_t address, size;          /* in memory, bytes from the base */
  uint32_t file_offset, file_size; /* bytes */
  uint32_t characteristics;
} FsaPeSection;

/*
 * The headers at the beginning of a file or an image. FSA_E_FORMAT when the bytes are none or are
 * cut before the end of the optional header; sections may still be cut.
 */
int fsa_pe(FsaBytes head, FsaPe *ret_pe);

/* Section `index` of the table; false behind the last and where the bytes end before. */
bool fsa_pe_section(FsaBytes head, const FsaPe *pe, unsigned index, FsaPeSection *ret_section);

/*
 * True when all of [address, address + size), from the base, lies in pages of sections that may be
 * executed.
 */
bool fsa_pe_is_code(FsaBytes head, const FsaPe *pe, uint64_t address, uint64_t size);

/* What the header of a mapped image says beside that of the file. */
typedef struct FsaPeHeaders {
  bool is_erased;        /* "MZ" or "PE" is gone from memory, while the file has them */
  bool is_changed;       /* a byte differs that loading does not change */
  bool is_entry_changed; /* the entry point is another one */
} FsaPeHeaders;

/*
 * Compares the first bytes of an image in memory with the first bytes of the file that it was
 * mapped from, as far as both go and headers reach. FSA_E_FORMAT when the file is no PE;
 * FSA_E_UNSUPPORTED when the two cannot be compared: 64-bit Windows rewrites the header of a 32-bit
 * .NET program.
 */
int fsa_pe_headers(FsaBytes memory, FsaBytes file, FsaPeHeaders *ret_headers);

/* ---- the mapped image ------------------------------------------------------------------------ */

/* A run of bytes that loading writes to, from the base: import addresses, cookies. */
typedef struct FsaPeRange {
  uint32_t address, size;
} FsaPeRange;

/* A file as it is mapped at some base. */
typedef struct FsaPeImage {
  FsaSource file;
  FsaPe pe;
  FsaBytes head;        /* its headers, at most FSA_MAX_PE_HEAD bytes */
  FsaBytes relocations; /* the directory's bytes; empty when there are none */
  uint64_t base;
  FsaPeRange *written; /* what loading writes to: ascending, apart from each other */
  size_t written_count, written_room;
} FsaPeImage;

/*
 * Reads what is needed to map `file` at `base`; memory from `arena`. FSA_E_FORMAT when it is no PE,
 * FSA_E_LIMIT when its relocations are too many, or what reading gave.
 */
int fsa_pe_image(FsaSource file, uint64_t base, FsaArena *arena, FsaPeImage *ret_image);

/*
 * `size` bytes at `address` from the base, as they stand in memory after loading: what no section
 * covers is zero, and relocations are applied. FSA_E_IO, FSA_E_ACCESS.
 */
int fsa_pe_mapped(const FsaPeImage *image, uint32_t address, uint8_t *bytes, size_t size);

/* Bytes of memory that are not the file's. */
typedef struct FsaPeChanges {
  uint64_t count;       /* bytes */
  uint64_t runs;        /* of changed bytes side by side */
  uint32_t first, last; /* bytes from the base; meaningless when count is 0 */
} FsaPeChanges;

/*
 * Adds to *changes where `memory`, read at `address` from the base, differs from `expected`, which
 * fsa_pe_mapped() gave for the same place, leaving out what loading writes to. Called for ascending
 * addresses; *changes begins as zeroes.
 */
void fsa_pe_changes(const FsaPeImage *image, uint32_t address, const uint8_t *memory,
                    const uint8_t *expected, size_t size, FsaPeChanges *changes);

#endif
