/* func - the functions that a formula may call. Ranges arrive flattened, faults never arrive. */
#pragma once

#include "value.h"

struct args {
	struct arena *arena;
	const struct value *v;
	size_t n;
};

struct func {
	const char *name;
	struct value (*call)(struct args args);
	size_t least; /* arguments */
};

const struct func *func_find(const char *name, size_t len);

struct value func_average(struct args args);
struct value func_concat(struct args args);
struct value func_count(struct args args);
struct value func_fib(struct args args);
struct value func_gcd(struct args args);
struct value func_if(struct args args);
struct value func_len(struct args args);
struct value func_max(struct args args);
struct value func_median(struct args args);
struct value func_min(struct args args);
struct value func_power(struct args args);
struct value func_prime(struct args args);
struct value func_repeat(struct args args);
struct value func_reverse(struct args args);
struct value func_roman(struct args args);
struct value func_round(struct args args);
struct value func_sqrt(struct args args);
struct value func_sum(struct args args);
struct value func_upper(struct args args);
