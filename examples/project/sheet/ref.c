#include "expr.h"

#include <ctype.h>
#include <stdio.h>

enum { COLUMNS_MAX = 26, ROWS_MAX = 9999 };

bool ref_parse(const char *s, size_t n, struct ref *ret)
{
	if (n < 2 || n > 5 || !isalpha((unsigned char)s[0]))
		return false;
	int row = 0;
	for (size_t i = 1; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
		row = row * 10 + (s[i] - '0');
	}
	if (row < 1)
		return false;
	*ret = (struct ref){.column = ascii_upper(s[0]) - 'A', .row = row - 1};
	return true;
}

const char *ref_show(struct ref r, char out[16])
{
	int column = r.column % COLUMNS_MAX, row = r.row % ROWS_MAX;
	snprintf(out, 16, "%c%d", 'A' + column, row + 1);
	return out;
}
