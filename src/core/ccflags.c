/* Look-ups in the sorted table.
 *
 * Everything that is a prefix of an option sorts before it, and the longer prefix later. So the row
 * wanted is the first that matches when one walks back from the option's place, and rows whose first
 * two characters differ end the walk.
 */
#include "ccflags_table.h"

#include <string.h>

static bool has_joined_value(const struct ccflag *row)
{
	return row->form == CCFLAG_JOINED || row->form == CCFLAG_EITHER;
}

static bool matches(const struct ccflag *row, const char *arg)
{
	if (has_joined_value(row))
		return strncmp(arg, row->spelling, strlen(row->spelling)) == 0;
	return strcmp(arg, row->spelling) == 0;
}

/* The number of rows that do not sort behind arg. */
static size_t count_until(const char *arg)
{
	size_t low = 0, high = ccflags_table_len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(ccflags_table[middle].spelling, arg) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct ccflag *find_longest(const char *arg)
{
	for (size_t i = count_until(arg); i > 0; i--) {
		const struct ccflag *row = &ccflags_table[i - 1];
		if (strncmp(row->spelling, arg, 2) != 0)
			break;
		if (matches(row, arg))
			return row;
	}
	return NULL;
}

/* The switch -fX for -fno-X. */
static const struct ccflag *find_switch(const char *arg)
{
	char positive[64];
	size_t n = strlen(arg);
	if (n < 5 || n > sizeof positive || memcmp(arg + 2, "no-", 3) != 0)
		return NULL;
	memcpy(positive, arg, 2);
	memcpy(positive + 2, arg + 5, n - 4);

	const struct ccflag *row = find_longest(positive);
	return row && row->form == CCFLAG_SWITCH ? row : NULL;
}

const struct ccflag *ccflags_find(const char *arg, size_t *ret_words)
{
	*ret_words = 1;
	if (arg[0] != '-' || arg[1] == '\0')
		return NULL;
	const struct ccflag *row = find_longest(arg);
	if (!row)
		return find_switch(arg);
	bool bare = strcmp(arg, row->spelling) == 0;
	if (row->form == CCFLAG_SEPARATE || (row->form == CCFLAG_EITHER && bare))
		*ret_words = 2;
	return row;
}

static bool consists_of(const char *value, const char *chars)
{
	return value[strspn(value, chars)] == '\0';
}

/* NAME[=TEXT] with more of them behind ",-D" or ",-U". A comma inside a definition would start
 * another option for the preprocessor. */
static bool is_macro_list(const char *value)
{
	for (;;) {
		size_t n = strcspn(value, ",");
		if (n == 0)
			return false;
		value += n;
		if (*value == '\0')
			return true;
		if (strncmp(value, ",-D", 3) != 0 && strncmp(value, ",-U", 3) != 0)
			return false;
		value += 3;
	}
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_harmless(enum ccflag_value kind, const char *value)
{
	switch (kind) {
	case CCFLAG_VALUE_NONE: return *value == '\0';
	case CCFLAG_VALUE_NUMBER: return consists_of(value, DIGITS "abcdefABCDEFx");
	case CCFLAG_VALUE_WORD: return consists_of(value, LETTERS DIGITS "_.:=+-");
	case CCFLAG_VALUE_LIST: return consists_of(value, LETTERS DIGITS "_.:=+-,");
	case CCFLAG_VALUE_MACROS: return is_macro_list(value);
	case CCFLAG_VALUE_TEXT: return *value != '\0';
	}
	return false;
}

bool ccflags_node_allows(const char *arg)
{
	size_t words;
	const struct ccflag *row = ccflags_find(arg, &words);
	if (!row || row->use != CCFLAG_BOTH || words != 1)
		return false;
	return !has_joined_value(row) || is_harmless(row->value, arg + strlen(row->spelling));
}

const struct ccflag *ccflags_row(size_t i)
{
	return i < ccflags_table_len ? &ccflags_table[i] : NULL;
}
