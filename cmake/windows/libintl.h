/*
 * The part of gettext that GLib calls, for systems without it: every text is its own translation.
 */
#ifndef FSA_LIBINTL_H
#define FSA_LIBINTL_H

#include <locale.h>

/* a category that msvcrt has not; the number is GNU libintl's */
#ifndef LC_MESSAGES
#define LC_MESSAGES 1729
#endif

/* without the attribute a translated format is an error under -Werror=format-nonliteral */
char *gettext(const char *text) __attribute__((format_arg(1)));
char *dgettext(const char *domain, const char *text) __attribute__((format_arg(2)));
char *dcgettext(const char *domain, const char *text, int category) __attribute__((format_arg(2)));
char *ngettext(const char *one, const char *many, unsigned count)
    __attribute__((format_arg(1), format_arg(2)));
char *dngettext(const char *domain, const char *one, const char *many, unsigned count)
    __attribute__((format_arg(2), format_arg(3)));
char *dcngettext(const char *domain, const char *one, const char *many, unsigned count,
                 int category) __attribute__((format_arg(2), format_arg(3)));
char *textdomain(const char *domain);
char *bindtextdomain(const char *domain, const char *folder);
char *bind_textdomain_codeset(const char *domain, const char *codeset);

#endif
