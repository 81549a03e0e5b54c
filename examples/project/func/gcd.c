#include "func.h"

#include <math.h>

struct value func_gcd(struct args args)
{
	double a = 0;
	for (size_t i = 0; i < args.n; i++) {
		double b = fabs(trunc(args.v[i].number));
		while (b > 0) {
			double rest = fmod(a, b);
			a = b, b = rest;
		}
	}
	return value_number(a);
}
