#include "func.h"

#include <string.h>

/* Characters of UTF-8, that is, bytes that begin one. */
struct value func_len(struct args args)
{
	size_t n = 0;
	for (const char *p = value_show(args.arena, args.v[0]); *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return value_number((double)n);
}
