/* Opening evidence by name: what it is, and which tree its files stand in. */
#include "evidence/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/inside.h"
#include "os/os.h"

#define LIVE_PREFIX "live:"

static int open_failed(FsaError *ret_error, int code, const char *name) {
  return fsa_error_set(ret_error, code, "cannot open evidence '%s': %s; %s", name,
                       fsa_error_reason(code), fsa_error_advice(code));
}

/* ---- the live host --------------------------------------------------------------------------- */

/* The volumes of the host: its fixed drives, or the one root where there are no drives. */
static int live_layout(FsaArena *arena, FsaLayout *ret_layout) {
  char letters[FSA_OS_DRIVES];
  size_t count = fsa_os_drives(letters);
  FsaVolume *volumes = fsa_arena_zero(arena, count + 1, sizeof *volumes);
  if (!volumes) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    volumes[i] =
        (FsaVolume){.root = fsa_arena_printf(arena, "%c:", letters[i]), .drive = letters[i]};
    if (!volumes[i].root) return FSA_E_NOMEM;
  }
  if (count == 0) volumes[0].root = "";
  *ret_layout = (FsaLayout){.name = "live", .volumes = volumes, .count = count ? count : 1};
  return FSA_OK;
}

static int open_live(FsaEvidence *evidence, const char *root, FsaError *ret_error) {
  static const FsaVolume whole = {.root = "", .drive = 0};
  int result = *root ? fsa_folder_open(root, &evidence->tree) : fsa_machine_open(&evidence->tree);
  if (result != FSA_OK) return open_failed(ret_error, result, evidence->name);
  result = fsa_os_open(root, &evidence->os);
  if (result == FSA_E_UNSUPPORTED)
    return fsa_error_set(ret_error, result,
                         "cannot examine '%s': this program was built without "
                         "support for live hosts of this system; give a folder with -e",
                         evidence->name);
  evidence->layout = (FsaLayout){.name = "live", .volumes = &whole, .count = 1};
  if (result == FSA_OK && !*root) result = live_layout(&evidence->arena, &evidence->layout);
  if (result != FSA_OK) return open_failed(ret_error, result, evidence->name);
  evidence->kind = FSA_EVIDENCE_LIVE;
  evidence->sources =
      fsa_os_family(evidence->os) == FSA_OS_WINDOWS ? FSA_LIVE_WINDOWS : FSA_LIVE_LINUX;
  return FSA_OK;
}

/* ---- folders and files ----------------------------------------------------------------------- */

static unsigned sources_of(const FsaLayout *layout) {
  if (layout->count == 0)
    return strcmp(layout->name, "case") == 0 ? FSA_CASE_FOLDER : FSA_LOOSE_FILE;
  unsigned sources = 0;
  for (size_t i = 0; i < layout->count; i++)
    sources |= layout->volumes[i].drive ? FSA_WINDOWS_VOLUME : FSA_LINUX_ROOT;
  return sources;
}

static int open_folder(FsaEvidence *evidence, FsaError *ret_error) {
  int result = fsa_folder_open(evidence->name, &evidence->tree);
  if (result == FSA_OK)
    result = fsa_layout_detect(evidence->tree, &evidence->arena, &evidence->layout);
  if (result != FSA_OK) return open_failed(ret_error, result, evidence->name);
  evidence->kind = FSA_EVIDENCE_FOLDER;
  evidence->sources = sources_of(&evidence->layout);
  return FSA_OK;
}

/*
 * Archives and images hold files of their own; taking one for an artefact would answer with
 * silence.
 */
static int check_content(const FsaEvidence *evidence, FsaBytes head, FsaError *ret_error) {
  const FsaContent *content = fsa_content_of(head);
  if (!content) return FSA_OK;
  const char *advice = strcmp(content->kind, "archive") == 0 ? "unpack it"
                       : strcmp(content->kind, "image") == 0 ? "mount it read-only"
                                                             : NULL;
  if (!advice) return FSA_OK;
  return fsa_error_set(ret_error, FSA_E_UNSUPPORTED,
                       "cannot open evidence '%s': this version does not look into %s files (%s); "
                       "%s and give the folder",
                       evidence->name, content->name, content->kind, advice);
}

static int open_file(FsaEvidence *evidence, FsaError *ret_error) {
  uint8_t buffer[FSA_HEAD_BYTES];
  FsaBytes head;
  int result =
      fsa_folder_open_parent(evidence->name, &evidence->arena, &evidence->tree, &evidence->file);
  if (result == FSA_OK) result = fsa_head_read(evidence->tree, evidence->file, buffer, &head);
  if (result != FSA_OK) return open_failed(ret_error, result, evidence->name);
  result = check_content(evidence, head, ret_error);
  if (result != FSA_OK) return result;
  const FsaContent *content = fsa_content_of(head);
  evidence->kind = FSA_EVIDENCE_FILE;
  evidence->sources = FSA_LOOSE_FILE;
  if (content && strcmp(content->kind, "minidump") == 0) evidence->sources |= FSA_MINIDUMP;
  evidence->layout = (FsaLayout){.name = "loose"};
  return FSA_OK;
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Where the evidence stands on this machine; NULL for this machine itself. */
static const char *location_of(const char *name) {
  if (strcmp(name, "live") == 0 || strcmp(name, LIVE_PREFIX) == 0) return NULL;
  return strncmp(name, LIVE_PREFIX, strlen(LIVE_PREFIX)) == 0 ? name + strlen(LIVE_PREFIX) : name;
}

static int open_by_name(FsaEvidence *evidence, const char *name, FsaError *ret_error) {
  evidence->name = fsa_arena_copy(&evidence->arena, name, strlen(name));
  if (!evidence->name) return open_failed(ret_error, FSA_E_NOMEM, name);
  const char *location = location_of(name);
  int result = location ? fsa_os_path_identity(location, &evidence->identity) : FSA_OK;
  if (result != FSA_OK) return open_failed(ret_error, result, name);
  if (strcmp(name, "live") == 0) return open_live(evidence, "", ret_error);
  if (strncmp(name, LIVE_PREFIX, strlen(LIVE_PREFIX)) == 0)
    return open_live(evidence, evidence->name + strlen(LIVE_PREFIX), ret_error);
  FsaNodeKind kind;
  uint64_t size;
  result = fsa_os_path_look(name, &kind, &size);
  if (result != FSA_OK) return open_failed(ret_error, result, name);
  if (kind == FSA_NODE_DIRECTORY) return open_folder(evidence, ret_error);
  if (kind == FSA_NODE_FILE) return open_file(evidence, ret_error);
  return fsa_error_set(ret_error, FSA_E_UNSUPPORTED,
                       "cannot open evidence '%s': it is a device, FIFO or socket, which are never "
                       "read; copy it into a file first",
                       name);
}

int fsa_evidence_open(const char *name, FsaEvidence **ret_evidence, FsaError *ret_error) {
  FsaEvidence *evidence = calloc(1, sizeof *evidence);
  if (!evidence) return open_failed(ret_error, FSA_E_NOMEM, name ? name : "live");
  int result = open_by_name(evidence, name ? name : "live", ret_error);
  if (result != FSA_OK) {
    ret_error->is_evidence = true;
    fsa_evidence_close(evidence);
    return result;
  }
  *ret_evidence = evidence;
  return FSA_OK;
}

void fsa_evidence_close(FsaEvidence *evidence) {
  if (!evidence) return;
  if (evidence->os) fsa_os_close(evidence->os);
  if (evidence->tree) evidence->tree->ops->close(evidence->tree);
  fsa_arena_done(&evidence->arena);
  free(evidence);
}

bool fsa_evidence_is_current(const FsaEvidence *evidence) {
  const char *location = location_of(evidence->name);
  FsaIdentity now, then = evidence->identity;
  if (!location) return true;
  return fsa_os_path_identity(location, &now) == FSA_OK && now.device == then.device &&
         now.inode == then.inode && now.changed == then.changed;
}

const char *fsa_evidence_name(const FsaEvidence *evidence) {
  return evidence->name;
}

FsaEvidenceKind fsa_evidence_kind(const FsaEvidence *evidence) {
  return evidence->kind;
}

unsigned fsa_evidence_sources(const FsaEvidence *evidence) {
  return evidence->sources;
}

FsaOs *fsa_evidence_os(const FsaEvidence *evidence) {
  return evidence->os;
}

const char *fsa_evidence_layout(const FsaEvidence *evidence) {
  return evidence->layout.name;
}
