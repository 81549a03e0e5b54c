#include "func.h"

#include <math.h>

struct value func_sqrt(struct args args)
{
	double x = args.v[0].number;
	return x < 0 ? value_fault("root of a negative number") : value_number(sqrt(x));
}
