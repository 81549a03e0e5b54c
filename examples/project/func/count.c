#include "func.h"

/* Of numbers. */
struct value func_count(struct args args)
{
	size_t count = 0;
	for (size_t i = 0; i < args.n; i++)
		count += args.v[i].kind == VALUE_NUMBER;
	return value_number((double)count);
}
