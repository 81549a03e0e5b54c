#include "value.h"

#include <string.h>

const char *value_show(struct arena *a, struct value v)
{
	char number[32];
	switch (v.kind) {
	case VALUE_EMPTY: return "";
	case VALUE_NUMBER:
		number_show(v.number, number);
		return arena_copy(a, number, strlen(number));
	case VALUE_TEXT: return v.text;
	case VALUE_FAULT: break;
	}
	struct strbuf b = {0};
	strbuf_puts(&b, "#");
	strbuf_puts(&b, v.text);
	const char *shown = arena_copy(a, b.text, b.len);
	strbuf_free(&b);
	return shown;
}
