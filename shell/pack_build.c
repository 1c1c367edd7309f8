/* fsa pack build: every form of the packs, for each program that reads them. */
#include <string.h>

#include "commands.h"
#include "os/folder.h"
#include "pack.h"
#include "pack_output.h"
#include "terminal.h"

int fsa_pack_build(const FsaPack *pack, struct sqlite3 *db, const char *folder) {
  const int error = fsa_folder_make(folder);
  if (error) {
    fsa_terminal_complain("cannot make the folder %s: %s", folder, strerror(error));
    return FSA_EXIT_SQL;
  }
  int result = fsa_pack_build_osquery(pack, folder);
  if (result == FSA_EXIT_OK) result = fsa_pack_build_fleet(pack, folder);
  if (result == FSA_EXIT_OK) result = fsa_pack_build_pages(pack, folder);
  return result == FSA_EXIT_OK ? fsa_pack_build_meta(pack, db, folder) : result;
}
