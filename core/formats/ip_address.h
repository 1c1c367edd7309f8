/* Addresses of the Internet Protocol: as text [RFC 5952], and what they are good for [RFC 6890]. */
#ifndef FSA_FORMATS_IP_ADDRESS_H
#define FSA_FORMATS_IP_ADDRESS_H

#include "base/bytes.h"

/* Bytes that an address as text needs, with the NUL. */
#define FSA_IP_TEXT 46

/*
 * The address in network order (4 or 16 bytes; others give "") as text, NUL-terminated. An IPv4
 * address in an IPv6 one is shown as such ("::ffff:192.0.2.1"). Gives the length.
 */
size_t fsa_ip_text(FsaBytes address, char out[FSA_IP_TEXT]);

/*
 * "unspecified" (any address), "loopback", "link_local", "private" (RFC 1918, unique local),
 * "shared" (RFC 6598: behind a provider's translation), "multicast", "broadcast", "reserved", else
 * "public"; NULL when it is no address. An IPv4 address in an IPv6 one is told by itself. Static
 * storage.
 */
const char *fsa_ip_class(FsaBytes address);

#endif
