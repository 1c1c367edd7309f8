/* What does not depend on who does the asking. See http.h; URLs are RFC 3986. */
#include "net/http.h"

#include <string.h>

void fsa_http_escape(FsaBuffer *out, FsaText text) {
  static const char hex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    char lower = (char)(c | 0x20);
    bool is_plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '.' || c == '_' || c == '~';
    if (is_plain)
      fsa_buffer_putc(out, (char)c);
    else
      fsa_buffer_put(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
  }
}

bool fsa_http_is_loopback(const char *url) {
  static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
  const char *host = strstr(url, "://");
  if (!host) return false;
  host += 3;
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    size_t size = strlen(hosts[i]);
    if (strncmp(host, hosts[i], size) == 0 && (!host[size] || strchr(":/?#", host[size])))
      return true;
  }
  return false;
}
