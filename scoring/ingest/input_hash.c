/* The SHA-256 of a log as it lies there. See input_hash.h. */
#include "ingest/input_hash.h"

#include <glib.h>
#include <stdio.h>

#include "os/folder.h"
#include "os/stream.h"

#define CHUNK (256u << 10)

struct FsaInputHash {
  FsaStream stream;
  GThread *thread;
  GMutex lock;
  GCond changed;
  int64_t read; /* bytes that the reader has read; `lock`, as is `is_last` */
  bool is_last;
  FsaSha256 hash;
  int64_t hashed;
  unsigned char chunk[CHUNK];
};

/* Bytes that may be hashed now; 0 = none are left. */
static int64_t wait_for_bytes(FsaInputHash *hash) {
  g_mutex_lock(&hash->lock);
  while (hash->read <= hash->hashed && !hash->is_last) g_cond_wait(&hash->changed, &hash->lock);
  int64_t bytes = hash->read - hash->hashed;
  g_mutex_unlock(&hash->lock);
  return bytes > 0 ? bytes : 0;
}

static gpointer follow(gpointer data) {
  FsaInputHash *hash = data;
  int64_t bytes;
  while ((bytes = wait_for_bytes(hash)) > 0) {
    size_t got = 0, wanted = bytes < CHUNK ? (size_t)bytes : CHUNK;
    if (fsa_stream_read(&hash->stream, hash->chunk, wanted, &got) || !got) break;
    fsa_sha256_add(&hash->hash, hash->chunk, got);
    hash->hashed += (int64_t)got;
  }
  return NULL;
}

FsaInputHash *fsa_input_hash_begin(const char *path) {
  FsaPathKind kind;
  FsaStream stream;
  if (fsa_path_kind(path, &kind) != 0 || kind != FSA_PATH_FILE) return NULL;
  if (fsa_stream_open(path, &stream)) return NULL;
  FsaInputHash *hash = g_new0(FsaInputHash, 1);
  hash->stream = stream;
  g_mutex_init(&hash->lock);
  g_cond_init(&hash->changed);
  fsa_sha256_start(&hash->hash);
  hash->thread = g_thread_new("hash", follow, hash);
  return hash;
}

static void tell(FsaInputHash *hash, int64_t bytes, bool is_last) {
  g_mutex_lock(&hash->lock);
  if (bytes > hash->read) hash->read = bytes;
  hash->is_last = is_last;
  g_cond_signal(&hash->changed);
  g_mutex_unlock(&hash->lock);
}

void fsa_input_hash_follow(FsaInputHash *hash, int64_t bytes) {
  if (hash) tell(hash, bytes, false);
}

bool fsa_input_hash_end(FsaInputHash *hash, char ret_text[FSA_SHA256_TEXT]) {
  if (!hash) return false;
  tell(hash, 0, true);
  g_thread_join(hash->thread);
  bool is_whole = hash->hashed == hash->read;
  uint8_t digest[FSA_SHA256_SIZE];
  fsa_sha256_end(&hash->hash, digest);
  for (size_t i = 0; i < sizeof digest; i++) snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
  fsa_stream_close(&hash->stream);
  g_mutex_clear(&hash->lock);
  g_cond_clear(&hash->changed);
  g_free(hash);
  return is_whole;
}
