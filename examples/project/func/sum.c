#include "func.h"

struct value func_sum(struct args args)
{
	double sum = 0;
	for (size_t i = 0; i < args.n; i++)
		sum += args.v[i].number;
	return value_number(sum);
}
