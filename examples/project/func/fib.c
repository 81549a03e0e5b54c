#include "func.h"

struct value func_fib(struct args args)
{
	double a = 0, b = 1;
	for (double i = 0; i < args.v[0].number && i < 1000; i++) {
		double sum = a + b;
		a = b, b = sum;
	}
	return value_number(a);
}
