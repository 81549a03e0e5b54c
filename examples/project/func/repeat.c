#include "func.h"

/* REPEAT(text, times) */
struct value func_repeat(struct args args)
{
	double times = args.v[1].number;
	if (times > 1000)
		return value_fault("too long a text");
	const char *text = value_show(args.arena, args.v[0]);
	struct strbuf b = {0};
	strbuf_puts(&b, "");
	for (int i = 0; i < (int)times; i++)
		strbuf_puts(&b, text);
	struct value v = value_text(arena_copy(args.arena, b.text, b.len));
	strbuf_free(&b);
	return v;
}
