/*
 * What a case folder holds.
 *
 * Everything directly below it is listed, also what nobody can open: an entry that is left out
 * would be a host that nobody misses.
 */
#include <string.h>

#include "evidence/inside.h"
#include "evidence/path.h"

static const char *platform_of(const FsaEvidence *evidence) {
  unsigned sources = evidence->sources;
  if (sources & (FSA_WINDOWS_VOLUME | FSA_LIVE_WINDOWS)) return "windows";
  return sources & (FSA_LINUX_ROOT | FSA_LIVE_LINUX) ? "linux" : NULL;
}

static const char *kind_name(FsaEvidenceKind kind) {
  switch (kind) {
  case FSA_EVIDENCE_LIVE: return "live";
  case FSA_EVIDENCE_FOLDER: return "folder";
  case FSA_EVIDENCE_FILE:
  default: return "file";
  }
}

/* Adds what the file's first bytes say. */
static void describe_file(const FsaEvidence *evidence, FsaEvidenceInfo *info) {
  uint8_t buffer[FSA_HEAD_BYTES];
  FsaBytes head;
  if (fsa_head_read(evidence->tree, evidence->file, buffer, &head) != FSA_OK) return;
  const FsaContent *content = fsa_content_of(head);
  if (!content) return;
  info->content = content->name;
  info->kind = content->kind;
}

/* An archive or image: known, but closed to us. */
static void describe_closed(const char *path, FsaArena *arena, FsaEvidenceInfo *info) {
  FsaTree *tree;
  const char *name;
  uint8_t buffer[FSA_HEAD_BYTES];
  FsaBytes head;
  if (fsa_folder_open_parent(path, arena, &tree, &name) != FSA_OK) return;
  const FsaContent *content =
      fsa_head_read(tree, name, buffer, &head) == FSA_OK ? fsa_content_of(head) : NULL;
  if (content) {
    info->content = content->name;
    info->kind = content->kind;
  }
  tree->ops->close(tree);
}

/* The facts of one piece of evidence, which is opened for it. */
static int describe(const char *path, FsaNodeKind kind, FsaArena *arena,
                    FsaEvidenceInfo *ret_info) {
  FsaEvidenceInfo info = {.path = path, .size = -1};
  FsaEvidence *evidence;
  FsaError error;
  FsaNodeKind stands;
  uint64_t size;
  info.kind = kind == FSA_NODE_DIRECTORY ? "folder" : "file";
  if (kind == FSA_NODE_FILE && fsa_os_path_look(path, &stands, &size) == FSA_OK &&
      stands == FSA_NODE_FILE)
    info.size = (int64_t)size;
  if (fsa_evidence_open(path, &evidence, &error) == FSA_OK) {
    info.kind = kind_name(evidence->kind);
    info.layout = evidence->layout.name;
    info.platform = platform_of(evidence);
    info.hostname = fsa_evidence_hostname(evidence, arena);
    if (evidence->file) describe_file(evidence, &info);
    fsa_evidence_close(evidence);
  } else {
    if (kind == FSA_NODE_FILE) describe_closed(path, arena, &info);
    info.error = fsa_arena_copy(arena, error.message, strlen(error.message));
    if (!info.error) return FSA_E_NOMEM;
  }
  *ret_info = info;
  return FSA_OK;
}

/* An entry that is no evidence by its kind: named, never opened. */
static FsaEvidenceInfo refused(const char *path, FsaNodeKind kind) {
  return (FsaEvidenceInfo){
      .path = path,
      .kind = "file",
      .size = -1,
      .error = kind == FSA_NODE_LINK
                   ? "a symbolic link, which may lead out of the case: give its target as evidence"
                   : "a device, FIFO or socket, which are never read",
  };
}

static int list_folder(const FsaEvidence *folder, FsaArena *arena, const FsaListing *listing,
                       const FsaEvidenceInfo **ret_list, size_t *ret_count) {
  FsaEvidenceInfo *list = fsa_arena_zero(arena, listing->count, sizeof *list);
  if (!list) return FSA_E_NOMEM;
  size_t end = strlen(folder->name);
  char separator[] = {fsa_os_separator_of(folder->name), '\0'};
  if (end && fsa_os_is_separator(folder->name[end - 1])) separator[0] = '\0';
  for (size_t i = 0; i < listing->count; i++) {
    const FsaNode *node = &listing->nodes[i];
    const char *path = fsa_arena_printf(arena, "%s%s%s", folder->name, separator, node->name);
    if (!path) return FSA_E_NOMEM;
    bool is_opened = node->kind == FSA_NODE_DIRECTORY || node->kind == FSA_NODE_FILE;
    int result = FSA_OK;
    if (is_opened)
      result = describe(path, node->kind, arena, &list[i]);
    else
      list[i] = refused(path, node->kind);
    if (result != FSA_OK) return result;
  }
  *ret_list = list;
  *ret_count = listing->count;
  return FSA_OK;
}

static int list_itself(const FsaEvidence *evidence, FsaArena *arena,
                       const FsaEvidenceInfo **ret_list, size_t *ret_count) {
  FsaEvidenceInfo *info = fsa_arena_zero(arena, 1, sizeof *info);
  const char *path = fsa_arena_copy(arena, evidence->name, strlen(evidence->name));
  if (!info || !path) return FSA_E_NOMEM;
  *info = (FsaEvidenceInfo){.path = path,
                            .kind = kind_name(evidence->kind),
                            .layout = evidence->layout.name,
                            .platform = platform_of(evidence),
                            .hostname = fsa_evidence_hostname(evidence, arena),
                            .size = -1};
  if (evidence->file) {
    FsaNodeKind kind;
    uint64_t size;
    if (fsa_os_path_look(path, &kind, &size) == FSA_OK) info->size = (int64_t)size;
    describe_file(evidence, info);
  }
  *ret_list = info;
  *ret_count = 1;
  return FSA_OK;
}

int fsa_case_list(const char *name, FsaArena *arena, const FsaEvidenceInfo **ret_list,
                  size_t *ret_count, FsaError *ret_error) {
  FsaEvidence *evidence;
  int result = fsa_evidence_open(name, &evidence, ret_error);
  if (result != FSA_OK) return result;
  bool is_case = evidence->kind == FSA_EVIDENCE_FOLDER && evidence->layout.count == 0;
  if (is_case) {
    FsaListing listing;
    result = evidence->tree->ops->list(evidence->tree, "", arena, &listing);
    if (result == FSA_OK) result = list_folder(evidence, arena, &listing, ret_list, ret_count);
  } else {
    result = list_itself(evidence, arena, ret_list, ret_count);
  }
  if (result != FSA_OK)
    fsa_error_set(ret_error, result, "cannot list the evidence in '%s': %s; %s", evidence->name,
                  fsa_error_reason(result), fsa_error_advice(result));
  fsa_evidence_close(evidence);
  return result;
}

int fsa_case_admit(const char *name, FsaError *ret_error) {
  if (!fsa_os_path_is_link(name)) return FSA_OK;
  return fsa_error_set(
      ret_error, FSA_E_UNSUPPORTED,
      "'%s' is a symbolic link, which may lead out of its case; name its target as "
      "evidence",
      name);
}
