/* Look-ups in the sorted table.
 *
 * The row wanted is the longest that is the option, or the part before its value. The row at the
 * option's place in the order is that one, or else shows how many bytes it can share with the option
 * at most: then the same for those.
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

/* The last row that does not sort behind the first n bytes of arg, or NULL. */
static const struct ccflag *find_place(const char *arg, size_t n)
{
	size_t low = 0, high = ccflags_table_len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *spelling = ccflags_table[middle].spelling;
		int order = strncmp(spelling, arg, n);
		if (order < 0 || (order == 0 && spelling[n] == '\0'))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &ccflags_table[low - 1] : NULL;
}

static size_t count_common(const char *a, const char *b)
{
	size_t n = 0;
	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

static const struct ccflag *find_longest(const char *arg)
{
	size_t n = strlen(arg);
	while (n > 0) {
		const struct ccflag *row = find_place(arg, n);
		if (!row || matches(row, arg))
			return row;
		size_t common = count_common(row->spelling, arg);
		n = row->spelling[common] ? common : common - 1;
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

/* What the kernel asks of KASAN, KMSAN and KCSAN where gcc has --param. LLVM has a thousand others, some of which write
 * files or load code. */
static bool is_llvm_option(const char *value)
{
	static const char *const families[] = {
		"-asan-", "-hwasan-", "-msan-", "-sanitizer-coverage-", "-tsan-"};
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		size_t n = strlen(families[i]);
		if (strncmp(value, families[i], n) == 0)
			return value[n] && consists_of(value + n, LETTERS DIGITS "_.=-");
	}
	return false;
}

static bool is_harmless(enum ccflag_value kind, const char *value)
{
	switch (kind) {
	case CCFLAG_VALUE_NONE: return *value == '\0';
	case CCFLAG_VALUE_NUMBER: return consists_of(value, DIGITS "abcdefABCDEFx");
	case CCFLAG_VALUE_WORD: return consists_of(value, LETTERS DIGITS "_.:=+-");
	case CCFLAG_VALUE_LIST: return consists_of(value, LETTERS DIGITS "_.:=+-,");
	case CCFLAG_VALUE_MACROS: return is_macro_list(value);
	case CCFLAG_VALUE_TEXT: return *value != '\0';
	case CCFLAG_VALUE_LLVM: return is_llvm_option(value);
	}
	return false;
}

bool ccflags_node_allows(const char *arg)
{
	size_t words;
	const struct ccflag *row = ccflags_find(arg, &words);
	if (!row || (row->use != CCFLAG_BOTH && row->use != CCFLAG_NATIVE) || words != 1)
		return false;
	return !has_joined_value(row) || is_harmless(row->value, arg + strlen(row->spelling));
}

/* Values are names in the view, or targets of rules: text. A node says itself where the file goes. */
static bool is_for_view(const char *arg)
{
	static const char *const joined[] = {"-I", "-MQ", "-MT", "-Wp,-MQ,", "-Wp,-MT,",
		"-idirafter", "-imacros", "-include", "-iquote", "-isystem"};
	for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
		size_t n = strlen(joined[i]);
		if (strncmp(arg, joined[i], n) != 0 || !arg[n])
			continue;
		return joined[i][1] == 'W' ? !strchr(arg + n, ',') : strcmp(arg, "-I-") != 0;
	}
	return strcmp(arg, "-MP") == 0 || strcmp(arg, "-Wp,-MP") == 0;
}

bool ccflags_view_allows(const char *arg)
{
	size_t words;
	const struct ccflag *row = ccflags_find(arg, &words);
	if (!row || row->use != CCFLAG_SOURCE || row->form == CCFLAG_EITHER)
		return is_for_view(arg);
	return !has_joined_value(row) || is_harmless(row->value, arg + strlen(row->spelling));
}

const char *ccflags_native(const struct strv *flags)
{
	for (size_t i = 0; i < flags->n; i++) {
		size_t words;
		const struct ccflag *row = ccflags_find(flags->v[i], &words);
		if (row && row->use == CCFLAG_NATIVE)
			return flags->v[i];
	}
	return NULL;
}

const struct ccflag *ccflags_row(size_t i)
{
	return i < ccflags_table_len ? &ccflags_table[i] : NULL;
}

bool ccflags_records_command(const char *flag)
{
	return strcmp(flag, "-frecord-gcc-switches") == 0 ||
	       strcmp(flag, "-grecord-gcc-switches") == 0;
}
