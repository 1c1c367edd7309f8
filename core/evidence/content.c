/* What a file is, told from its first bytes; the numbers are the formats' own signatures. */
#include "evidence/inside.h"

typedef struct Signature {
  FsaContent content;
  size_t offset;
  const char *magic;
  size_t size;
} Signature;

static const Signature signatures[] = {
    {{"evtx", "file"}, 0, "ElfFile\0", 8},
    {{"regf", "file"}, 0, "regf", 4},
    {{"prefetch", "file"}, 0, "MAM\x04", 4},
    {{"prefetch", "file"}, 4, "SCCA", 4},
    {{"mft", "file"}, 0, "FILE0\0", 6},
    {{"lnk", "file"}, 0, "L\0\0\0\x01\x14\x02\0", 8},
    {{"journal", "file"}, 0, "LPKSHHRH", 8},
    {{"ese", "file"}, 4, "\xef\xcd\xab\x89", 4},
    {{"sqlite", "file"}, 0, "SQLite format 3\0", 16},
    {{"elf", "file"}, 0, "\177ELF", 4},
    {{"pe", "file"}, 0, "MZ", 2},
    {{"minidump", "minidump"}, 0, "MDMP", 4},
    {{"zip", "archive"}, 0, "PK\x03\x04", 4},
    {{"7z", "archive"}, 0, "7z\xbc\xaf\x27\x1c", 6},
    {{"gzip", "archive"}, 0, "\x1f\x8b\x08", 3},
    {{"tar", "archive"}, 257, "ustar", 5},
    {{"ewf", "image"}, 0, "EVF\x09\x0d\x0a\xff\x00", 8},
    {{"ewf2", "image"}, 0, "EVF2\x0d\x0a\x81\x00", 8},
    {{"vmdk", "image"}, 0, "KDMV", 4},
    {{"vhdx", "image"}, 0, "vhdxfile", 8},
    {{"qcow2", "image"}, 0, "QFI\xfb", 4},
    {{"vhd", "image"}, 0, "conectix", 8},
};

const FsaContent *fsa_content_of(FsaBytes head) {
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
    const Signature *signature = &signatures[i];
    if (fsa_bytes_match(&head, signature->offset, signature->magic, signature->size))
      return &signature->content;
  }
  return NULL;
}

int fsa_head_read(FsaTree *tree, const char *path, uint8_t buffer[FSA_HEAD_BYTES],
                  FsaBytes *ret_head) {
  FsaTreeFile file;
  const char *why;
  int result = tree->ops->open(tree, path, &file, &why);
  if (result != FSA_OK) return result;
  size_t size;
  result = file.source.read(file.source.context, 0, buffer, FSA_HEAD_BYTES, &size);
  file.close(file.source.context);
  if (result == FSA_OK) *ret_head = fsa_bytes(buffer, size);
  return result;
}
