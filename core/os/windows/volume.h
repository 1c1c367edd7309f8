/* A file that nobody may open, read from the clusters of its volume. */
#ifndef FSA_OS_WINDOWS_VOLUME_H
#define FSA_OS_WINDOWS_VOLUME_H

#include "os/windows/nt.h"
#include "base/bytes.h"

typedef struct WindowsClusters WindowsClusters;

/*
 * Finds the clusters of `file`, which needs to be open to look at only, and opens its volume, which
 * asks for an administrator. On failure *ret_why says in words what stood in the way. Closed by the
 * caller.
 */
int windows_clusters_open(HANDLE file, WindowsClusters **ret_clusters, const char **ret_why);
void windows_clusters_close(WindowsClusters *clusters); /* accepts NULL */

/* As FsaSource.read; `context` is a WindowsClusters. */
int windows_clusters_read(void *context, uint64_t offset, void *buffer, size_t size,
                          size_t *ret_size);

#endif
