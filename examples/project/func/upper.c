#include "func.h"

#include <string.h>

struct value func_upper(struct args args)
{
	const char *text = value_show(args.arena, args.v[0]);
	char *upper = arena_copy(args.arena, text, strlen(text));
	for (char *p = upper; *p; p++)
		*p = ascii_upper(*p);
	return value_text(upper);
}
