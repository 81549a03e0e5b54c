#include "func.h"

#include <math.h>

/* ROUND(number; digits behind the point) */
struct value func_round(struct args args)
{
	double scale = args.n > 1 ? pow(10, args.v[1].number) : 1;
	return value_number(round(args.v[0].number * scale) / scale);
}
