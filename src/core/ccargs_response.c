/* Response files, word for word as libiberty's buildargv() reads them: a backslash takes the next
 * character as it is, inside quotes of either kind, too; quotes may begin and end within a word. */
#include "core/ccargs.h"

#include <string.h>

#define BLANKS " \t\n\v\f\r"

/* Copies the first word of text to out, without its quotes; returns where it ends. */
static const char *unquote(const char *text, char *out)
{
	char quote = '\0';
	for (; *text && (quote || !strchr(BLANKS, *text)); text++) {
		if (*text == '\\') {
			if (*++text == '\0')
				break;
			*out++ = *text;
		} else if (quote ? *text == quote : *text == '\'' || *text == '"') {
			quote = quote ? '\0' : *text;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
	return text;
}

void ccargs_split_response(const char *text, struct strv *ret)
{
	_cleanup_free_ char *word = xmalloc(strlen(text) + 1);
	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		text = unquote(text, word);
		strv_push(ret, word);
	}
}
