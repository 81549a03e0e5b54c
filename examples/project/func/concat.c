#include "func.h"

struct value func_concat(struct args args)
{
	struct strbuf b = {0};
	strbuf_puts(&b, "");
	for (size_t i = 0; i < args.n; i++)
		strbuf_puts(&b, value_show(args.arena, args.v[i]));
	struct value v = value_text(arena_copy(args.arena, b.text, b.len));
	strbuf_free(&b);
	return v;
}
