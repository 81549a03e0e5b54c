#include "util.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool number_parse(const char *s, double *ret)
{
	char *end;
	double number = strtod(s, &end);
	if (end == s || *end || !isfinite(number))
		return false;
	*ret = number;
	return true;
}

/* As few digits as will do: 3, 2.5, 0.333333. */
const char *number_show(double number, char out[32])
{
	snprintf(out, 32, "%.6g", number == 0 ? 0.0 : number);
	return out;
}
