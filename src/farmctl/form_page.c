/* The page is ready but for the report. Nothing in that may end the script in which it lies, so it has no "<". */
#include "forms.h"
#include "page.h"

#include <assert.h>
#include <string.h>

static const char mark[] = ">REPORT<";

void form_page(const char *text, FILE *out)
{
	const char *at = strstr(page_html, mark);
	assert(at);
	fwrite(page_html, 1, (size_t)(at + 1 - page_html), out);
	for (size_t n; *text; text += n) {
		n = strcspn(text, "<");
		fwrite(text, 1, n, out);
		if (text[n] == '<') {
			fputs("\\u003c", out);
			n++;
		}
	}
	fputs(at + sizeof mark - 2, out);
}
