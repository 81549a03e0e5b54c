#include "func.h"

#include <string.h>

/* By bytes: good enough for palindromes. */
struct value func_reverse(struct args args)
{
	const char *text = value_show(args.arena, args.v[0]);
	size_t n = strlen(text);
	char *reverse = arena_copy(args.arena, text, n);
	for (size_t i = 0; i < n; i++)
		reverse[i] = text[n - 1 - i];
	return value_text(reverse);
}
