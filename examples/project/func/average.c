#include "func.h"

struct value func_average(struct args args)
{
	double count = func_count(args).number;
	if (count == 0)
		return value_fault("nothing to average");
	return value_number(func_sum(args).number / count);
}
