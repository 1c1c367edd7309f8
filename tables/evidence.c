/* fsa_evidence: what a case folder holds, to be joined with every other table. */
#include "fsa.h"

enum { PATH, KIND, LAYOUT, PLATFORM, HOSTNAME, CONTENT, SIZE, ERROR };

static const FsaColumn columns[] = {
    [PATH] = {"path", FSA_TEXT, FSA_KEY, "What to give another table as its evidence; never NULL."},
    [KIND] = {"kind", FSA_TEXT, FSA_KEY,
              "live, folder, file, archive, image or minidump; never NULL."},
    [LAYOUT] =
        {"layout", FSA_TEXT, FSA_KEY,
         "How the files are arranged: live, volume, kape, velociraptor, cylr, uac, case for a "
         "folder of hosts, or loose for artefacts outside any of them; NULL when it cannot be "
         "opened."},
    [PLATFORM] = {"platform", FSA_TEXT, FSA_KEY,
                  "windows or linux; NULL for loose artefacts and when it cannot be opened."},
    [HOSTNAME] =
        {"hostname", FSA_TEXT, 0,
         "The host's own name for itself, from the running kernel, /etc/hostname or the SYSTEM "
         "hive; NULL when it is unknown."},
    [CONTENT] = {"content", FSA_TEXT, FSA_KEY,
                 "What the first bytes of a file say it is (evtx, regf, prefetch, ...); NULL for "
                 "folders and for files that begin like nothing known."},
    [SIZE] = {"size", FSA_INTEGER, 0, "Size of a file in bytes; NULL for folders."},
    [ERROR] = {"error", FSA_TEXT, 0, "Why it cannot be opened as evidence; NULL when it can."},
};

typedef struct State {
  size_t index;
} State;

static bool admits(const FsaScan *scan, int column, const char *text) {
  return !text || fsa_admits_text(scan, column, text, strlen(text));
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  FsaEvidenceInfo info;
  for (;;) {
    int result = fsa_look_evidence(scan, state->index, &info);
    if (result != FSA_ROW) return result;
    state->index++;
    if (!admits(scan, PATH, info.path) || !admits(scan, KIND, info.kind) ||
        !admits(scan, LAYOUT, info.layout) || !admits(scan, PLATFORM, info.platform) ||
        !admits(scan, CONTENT, info.content))
      continue;
    fsa_row_string(row, PATH, info.path);
    fsa_row_string(row, KIND, info.kind);
    fsa_row_string(row, LAYOUT, info.layout);
    fsa_row_string(row, PLATFORM, info.platform);
    fsa_row_string(row, HOSTNAME, info.hostname);
    fsa_row_string(row, CONTENT, info.content);
    if (info.size >= 0) fsa_row_int(row, SIZE, info.size);
    fsa_row_string(row, ERROR, info.error);
    fsa_row_source(row, info.path, strlen(info.path));
    return FSA_ROW;
  }
}

const FsaTable fsa_table_evidence = {
    .name = "evidence",
    .summary =
        "One row for each host or loose artefact in a case folder, or for the evidence itself "
        "when it is one host.",
    .proves = "Something stands at this path, and it looks like evidence of this kind and layout.",
    .caveat = "Only what stands directly in the folder is listed. A layout is told from folder "
              "names; that a host is listed does not mean that its artefacts were collected: ask "
              "fsa_coverage.",
    .example = "SELECT path, kind, layout, platform, error FROM fsa_evidence",
    .sources = FSA_ANYWHERE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .next = next,
};
