#include "func.h"

static struct value extreme(struct args args, int sign)
{
	struct value best = args.v[0];
	for (size_t i = 1; i < args.n; i++)
		if (value_compare(args.v[i], best) * sign > 0)
			best = args.v[i];
	return best;
}

struct value func_min(struct args args)
{
	return extreme(args, -1);
}

struct value func_max(struct args args)
{
	return extreme(args, 1);
}
