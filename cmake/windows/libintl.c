/* See libintl.h: nothing is translated, nothing is remembered. */
#include <libintl.h>

static char *same(const char *text) {
  return (char *)text;
}

char *gettext(const char *text) {
  return same(text);
}

char *dgettext(const char *domain, const char *text) {
  (void)domain;
  return same(text);
}

char *dcgettext(const char *domain, const char *text, int category) {
  (void)domain, (void)category;
  return same(text);
}

char *ngettext(const char *one, const char *many, unsigned count) {
  return same(count == 1 ? one : many);
}

char *dngettext(const char *domain, const char *one, const char *many, unsigned count) {
  (void)domain;
  return ngettext(one, many, count);
}

char *dcngettext(const char *domain, const char *one, const char *many, unsigned count,
                 int category) {
  (void)domain, (void)category;
  return ngettext(one, many, count);
}

char *textdomain(const char *domain) {
  return same(domain);
}

char *bindtextdomain(const char *domain, const char *folder) {
  (void)domain;
  return same(folder);
}

char *bind_textdomain_codeset(const char *domain, const char *codeset) {
  (void)domain;
  return same(codeset);
}
