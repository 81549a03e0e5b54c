#include "util.h"

#include <stdlib.h>
#include <string.h>

void strbuf_add(struct strbuf *b, const char *s, size_t n)
{
	if (b->size - b->len <= n) {
		b->size = (b->len + n + 1) * 2;
		b->text = realloc(b->text, b->size);
		if (!b->text)
			abort();
	}
	memcpy(b->text + b->len, s, n);
	b->len += n;
	b->text[b->len] = 0;
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_free(struct strbuf *b)
{
	free(b->text);
	*b = (struct strbuf){0};
}
