#include "func.h"

#include <math.h>

struct value func_power(struct args args)
{
	return value_number(pow(args.v[0].number, args.v[1].number));
}
