#include "func.h"

enum { NAME_MAX_BYTES = 16 };

static const struct func table[] = {
	{"AVERAGE", func_average, 1},
	{"CONCAT", func_concat, 0},
	{"COUNT", func_count, 0},
	{"FIB", func_fib, 1},
	{"GCD", func_gcd, 1},
	{"IF", func_if, 2},
	{"LEN", func_len, 1},
	{"MAX", func_max, 1},
	{"MEDIAN", func_median, 1},
	{"MIN", func_min, 1},
	{"POWER", func_power, 2},
	{"PRIME", func_prime, 1},
	{"REPEAT", func_repeat, 2},
	{"REVERSE", func_reverse, 1},
	{"ROMAN", func_roman, 1},
	{"ROUND", func_round, 1},
	{"SQRT", func_sqrt, 1},
	{"SUM", func_sum, 0},
	{"UPPER", func_upper, 1},
};

const struct func *func_find(const char *name, size_t len)
{
	char word[NAME_MAX_BYTES] = "";
	if (len >= sizeof(word))
		return NULL;
	for (size_t i = 0; i < len; i++)
		word[i] = name[i];
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (ascii_same(table[i].name, word))
			return &table[i];
	return NULL;
}
