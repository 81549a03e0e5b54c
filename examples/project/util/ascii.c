#include "util.h"

char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool ascii_same(const char *a, const char *b)
{
	while (*a && ascii_upper(*a) == ascii_upper(*b))
		a++, b++;
	return !*a && !*b;
}
