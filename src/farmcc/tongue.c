/* gcc has its messages translated by the locale of LC_MESSAGES, unless that is C, and takes curly quotes
 * where LC_CTYPE has them and no translation has others. For a terminal it makes colours, links and lines
 * of its width.
 */
#include "tongue.h"

#include "base/str.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *locale_of(const char *category)
{
	const char *const names[] = {"LC_ALL", category, "LANG"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		if (value && value[0])
			return value;
	}
	return "C";
}

static bool is_plain(const char *locale)
{
	return strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0;
}

/* English is what is written in the programs. */
static bool is_translated(void)
{
	const char *locale = setlocale(LC_MESSAGES, "");
	const char *language = getenv("LANGUAGE");
	if (!locale || is_plain(locale))
		return false;
	if (language && language[0])
		return true;
	return strncmp(locale, "C.", 2) != 0 && strncmp(locale, "en_US", 5) != 0;
}

enum messages tongue_here(void)
{
	if (isatty(STDERR_FILENO))
		return MESSAGES_HERE;
	if (is_plain(locale_of("LC_CTYPE")) && is_plain(locale_of("LC_MESSAGES")))
		return MESSAGES_ASCII;
	if (is_translated())
		return MESSAGES_HERE;
	bool utf8 = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	return utf8 ? MESSAGES_UTF8 : MESSAGES_ASCII;
}
