/* What a compile elsewhere would do otherwise, as seen in the text.
 *
 * Ordinary text pays one memchr() for each distinct anchor, a character that every needle of its
 * rows holds and that C text holds rarely. Comments are not told from code: a trap in a comment
 * only keeps a compile local. Assembler directives count in any case of letters, as gas has it.
 */
#include "dtext_private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct trap {
	char anchor;
	unsigned char offset; /* of the anchor in the needle */
	const char *needle;
	const char *why;
	/* Looks at what follows instead: NULL or the reason. */
	const char *(*confirm)(const char *after, const char *end);
};

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

static bool has(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

static bool has_word(const char *p, const char *end, const char *word)
{
	const char *after = p + strlen(word);
	return has(p, end, word) &&
	       (after == end || !(isalnum((unsigned char)*after) || *after == '_'));
}

const char *dtext_pragma_trap(const char *p, const char *end, bool in_system)
{
	static const struct {
		const char *word;
		bool in_gcc, system_may;
		const char *why;
	} rows[] = {
		{"once", false, false, "_Pragma(\"once\") is not seen by the preprocessor alone"},
		{"pop_macro", false, false, "pop_macro is lost by the preprocessor alone"},
		{"dependency", true, false, "#pragma GCC dependency compares file dates"},
		{"pch_preprocess", true, false, "a precompiled header is in use"},
		{"system_header", true, false, "_Pragma(\"GCC system_header\")"},
		{"target", true, true, "#pragma GCC target changes predefined macros"},
		{"optimize", true, true, "#pragma GCC optimize changes predefined macros"},
	};
	p = skip_blanks(p, end);
	bool gcc = has_word(p, end, "GCC");
	if (gcc)
		p = skip_blanks(p + strlen("GCC"), end);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].in_gcc == gcc && has_word(p, end, rows[i].word))
			return in_system && rows[i].system_may ? NULL : rows[i].why;
	return NULL;
}

static const char *confirm_incbin(const char *after, const char *end)
{
	bool longer = after < end && (isalnum((unsigned char)*after) || *after == '_');
	return longer ? NULL : "the assembler's .incbin reads a file";
}

/* gas wants a string behind .include; x.include as a member of a structure is no directive. */
static const char *confirm_include(const char *after, const char *end)
{
	for (;;) {
		const char *p = skip_blanks(after, end);
		if (has(p, end, "\\t"))
			p += 2;
		if (p == after)
			break;
		after = p;
	}
	bool string = after < end && (*after == '"' || *after == '\\');
	return string ? "the assembler's .include reads a file" : NULL;
}

static const char *confirm_pragma(const char *after, const char *end)
{
	const char *p = skip_blanks(after, end);
	if (!has(p, end, "("))
		return NULL;
	p = skip_blanks(p + 1, end);
	return has(p, end, "\"") ? dtext_pragma_trap(p + 1, end, false) : NULL;
}

/* Rows with the same anchor are neighbours. */
static const struct trap traps[] = {
	{'T', 2, "__TIME__", "__TIME__ depends on the clock", NULL},
	{'T', 2, "__TIMESTAMP__", "__TIMESTAMP__ depends on the file's date", NULL},
	{'T', 4, "__DATE__", "__DATE__ depends on the clock", NULL},
	{'.', 0, ".incbin", NULL, confirm_incbin},
	{'.', 0, ".include", NULL, confirm_include},
	{'P', 1, "_Pragma", NULL, confirm_pragma},
};
enum { TRAPS = sizeof traps / sizeof *traps };

static bool matches(const struct trap *t, const char *at, const char *text, const char *end)
{
	size_t n = strlen(t->needle);
	if (at - text < t->offset || (size_t)(end - at) < n - t->offset)
		return false;
	const char *p = at - t->offset;
	return t->anchor == '.' ? strncasecmp(p, t->needle, n) == 0 : memcmp(p, t->needle, n) == 0;
}

static const char *scan(const struct trap *first, size_t n_rows, const char *text, const char *end)
{
	for (const char *p = text; (p = memchr(p, first->anchor, (size_t)(end - p))); p++) {
		for (const struct trap *t = first; t < first + n_rows; t++) {
			if (!matches(t, p, text, end))
				continue;
			const char *after = p - t->offset + strlen(t->needle);
			const char *why = t->confirm ? t->confirm(after, end) : t->why;
			if (why)
				return why;
		}
	}
	return NULL;
}

const char *dtext_find_trap(const char *text, size_t n)
{
	for (size_t i = 0, next; i < TRAPS; i = next) {
		for (next = i + 1; next < TRAPS && traps[next].anchor == traps[i].anchor;)
			next++;
		const char *why = scan(&traps[i], next - i, text, text + n);
		if (why)
			return why;
	}
	return NULL;
}
