/* What a case says of an answer's rows: marks and lines to text. The first byte parts them. */
#include "case/row_code.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char rows[] = "path\tpid\tx\nC:\\\\a\t4\t\n\t\t\n/bin/x\t12\tyes\nC:\\\\a\t5\t\n";
  FsaRowDictionary *dictionary;
  if (size < 3) return 0;
  if (fsa_row_dictionary_new(NULL, (FsaText){rows, sizeof rows - 1}, &dictionary) != FSA_OK)
    abort();
  size_t text_size = data[1] | (size_t)data[2] << 8, marks = data[0];
  if (marks > size - 3) marks = size - 3;
  const char *at = (const char *)data + 3;
  FsaBuffer out = fsa_buffer(1u << 20);
  int result = fsa_row_code_text(dictionary, (FsaText){at, marks},
                                 (FsaText){at + marks, size - 3 - marks}, text_size, &out);
  if (out.size != (result == FSA_OK ? text_size : 0)) abort();
  fsa_buffer_done(&out);
  fsa_row_dictionary_unref(dictionary);
  return 0;
}
