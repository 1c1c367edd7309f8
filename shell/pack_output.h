/* What the files have in common that `fsa pack build` writes, one function for each reader. */
#ifndef FSA_SHELL_PACK_OUTPUT_H
#define FSA_SHELL_PACK_OUTPUT_H

#include "base/buffer.h"
#include "pack.h"

#define FSA_MAX_BUILT (64u << 20) /* bytes of one built file */

/* Members of a JSON object behind others: `, "name": "value"`, `, "name": ["value", ...]`. */
void fsa_pack_put_string(FsaBuffer *out, const char *name, const char *value);
void fsa_pack_put_list(FsaBuffer *out, const char *name, const char *const *values);

/* What an analyst reads in a fleet manager: what the query is for and how far to trust it. */
void fsa_pack_put_description(FsaBuffer *out, const FsaPackQuery *query);

/* Writes the text as folder/name and empties it; makes the folder. An exit code; errors are told.
 */
int fsa_pack_write(FsaBuffer *text, const char *folder, const char *name);

/* Each writes the files of one reader below `folder`. An exit code; errors are told. */
int fsa_pack_build_osquery(const FsaPack *pack, const char *folder);
int fsa_pack_build_fleet(const FsaPack *pack, const char *folder);
int fsa_pack_build_pages(const FsaPack *pack, const char *folder);
int fsa_pack_build_meta(const FsaPack *pack, struct sqlite3 *db, const char *folder);

#endif
