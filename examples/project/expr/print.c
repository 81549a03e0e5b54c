#include "expr.h"
#include "func.h"

static void print_children(const struct node *n, const char *between, struct strbuf *out)
{
	strbuf_puts(out, "(");
	for (size_t i = 0; i < n->children; i++) {
		if (i)
			strbuf_puts(out, between);
		print(n->child[i], out);
	}
	strbuf_puts(out, ")");
}

static void print_value(struct value v, struct strbuf *out)
{
	struct arena scratch = {0};
	const char *quote = v.kind == VALUE_TEXT ? "\"" : "";
	strbuf_puts(out, quote);
	strbuf_puts(out, value_show(&scratch, v));
	strbuf_puts(out, quote);
	arena_free(&scratch);
}

void print(const struct node *n, struct strbuf *out)
{
	char ref[16];
	switch (n->kind) {
	case NODE_VALUE: print_value(n->value, out); break;
	case NODE_CELL: strbuf_puts(out, ref_show(n->from, ref)); break;
	case NODE_RANGE:
		strbuf_puts(out, ref_show(n->from, ref));
		strbuf_puts(out, ":");
		strbuf_puts(out, ref_show(n->to, ref));
		break;
	case NODE_CALL:
		strbuf_puts(out, n->func->name);
		print_children(n, ",", out);
		break;
	case NODE_NEGATE:
		strbuf_puts(out, "-");
		print_children(n, "", out);
		break;
	case NODE_BINARY: print_children(n, n->operator, out); break;
	}
}
