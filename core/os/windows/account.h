/* The names of accounts that the host remembers. */
#ifndef FSA_OS_WINDOWS_ACCOUNT_H
#define FSA_OS_WINDOWS_ACCOUNT_H

#include "os/windows/host.h"

/* Gives them back; for fsa_os_close(). */
void windows_forget_accounts(FsaOs *os);

#endif
