#include "func.h"

#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
	return value_compare(*(const struct value *)a, *(const struct value *)b);
}

struct value func_median(struct args args)
{
	struct value *sorted = arena_take(args.arena, args.n * sizeof(*sorted));
	memcpy(sorted, args.v, args.n * sizeof(*sorted));
	qsort(sorted, args.n, sizeof(*sorted), by_size);
	double low = sorted[(args.n - 1) / 2].number, high = sorted[args.n / 2].number;
	return value_number((low + high) / 2);
}
