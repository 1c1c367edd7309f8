/* fsa_evidence: what a case folder holds. */
#include "engine/engine.h"

/* Makes the list at the first call; it lives in the subject's arena. */
static int list_case(FsaScan *scan) {
  if (scan->case_list) return FSA_OK;
  FsaError error = {0};
  int result = fsa_case_list(fsa_evidence_name(fsa_scan_evidence(scan)), &scan->arena,
                             &scan->case_list, &scan->case_count, &error);
  if (result == FSA_OK) return FSA_OK;
  return fsa_problem(scan, result, FSA_NO_OFFSET, "%s", error.message);
}

int fsa_look_evidence(FsaScan *scan, size_t index, FsaEvidenceInfo *ret_info) {
  int result = list_case(scan);
  if (result != FSA_OK) return result;
  if (index >= scan->case_count) return FSA_OK;
  *ret_info = scan->case_list[index];
  return FSA_ROW;
}
