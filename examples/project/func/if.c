#include "func.h"

/* IF(condition, then, else) */
struct value func_if(struct args args)
{
	if (value_truth(args.v[0]))
		return args.v[1];
	return args.n > 2 ? args.v[2] : value_empty();
}
