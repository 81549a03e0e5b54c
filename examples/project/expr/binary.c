#include "expr.h"

#include <math.h>
#include <string.h>

static struct value join(struct arena *a, struct value left, struct value right)
{
	struct strbuf b = {0};
	strbuf_puts(&b, value_show(a, left));
	strbuf_puts(&b, value_show(a, right));
	struct value joined = value_text(arena_copy(a, b.text, b.len));
	strbuf_free(&b);
	return joined;
}

static struct value arithmetic(char operator, double x, double y)
{
	switch (operator) {
	case '+': return value_number(x + y);
	case '-': return value_number(x - y);
	case '*': return value_number(x * y);
	case '^': return value_number(pow(x, y));
	default: return y == 0 ? value_fault("division by zero") : value_number(x / y);
	}
}

struct value binary(struct arena *a, const char *operator, struct value left, struct value right)
{
	if (left.kind == VALUE_FAULT)
		return left;
	if (right.kind == VALUE_FAULT)
		return right;
	if (*operator== '&')
		return join(a, left, right);
	if (strchr("<=>", *operator)) {
		int order = value_compare(left, right);
		char sign = order < 0 ? '<' : order > 0 ? '>' : '=';
		return value_number(strchr(operator, sign) != NULL);
	}
	if (left.kind == VALUE_TEXT || right.kind == VALUE_TEXT)
		return value_fault("not a number");
	return arithmetic(*operator, left.number, right.number);
}
