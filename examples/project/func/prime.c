#include "func.h"

/* The nth prime, by Eratosthenes. */
struct value func_prime(struct args args)
{
	enum { LIMIT = 20000 };
	bool *composite = arena_take(args.arena, LIMIT);
	double left = args.v[0].number;
	for (unsigned n = 2; n < LIMIT; n++) {
		if (composite[n])
			continue;
		if (--left < 1)
			return value_number(n);
		for (unsigned multiple = n * n; multiple < LIMIT; multiple += n)
			composite[multiple] = true;
	}
	return value_fault("too large a prime");
}
