/*
 * Artefact keys: what prevalence counts. A key is the values of a query's key columns with what
 * differs from host to host by nature taken out, so that the same thing has the same key
 * everywhere:
 *
 *   GUID                          {G}      8-4-4-4-12 hex digits, with or without braces
 *   account or logon SID          {S}      S-1-5-21-..., S-1-5-5-..., S-1-12-1-...; well-known
 *                                          ones stay
 *   8 or more hex digits          {H}      a whole word of them, with at least one decimal digit
 *   3 or more digits              {N}      inside a longer text
 *   user profile                  %USER%   C:\Users\NAME, \Documents and Settings\NAME, /home/NAME
 *   Windows path                  lower case (ASCII); Linux paths keep their case, it is part of
 *                                          the name
 *
 * A value that is a decimal number and nothing else stays: an event id or a port is what the row is
 * about. Numbers that differ from host to host by nature, such as pids, are no key columns.
 * Public, Default and All Users stay: that no person owns them is a fact about the thing. Columns
 * that hold a hash (md5, sha1, sha256, ...hash) are only lowered. The raw values stay in the row.
 */
#ifndef FSA_SCORING_KEY_H
#define FSA_SCORING_KEY_H

#include "base/buffer.h"
#include "base/text.h"

#define FSA_MAX_KEY_BYTES 2048   /* of a normalised key; a longer one is cut and ends in its hash */
#define FSA_KEY_SEPARATOR '\x1f' /* between the columns of a key; no value can hold it */

/* Appends one value, normalised. `column` is its name, which tells hashes. NULL or empty adds
 * nothing. */
void fsa_key_put(FsaBuffer *out, FsaText column, FsaText value);

#endif
