/* What a compile elsewhere would do otherwise, as seen in the text.
 *
 * Blocks of text are passed over when nothing in them looks like the start of a needle, which is most
 * of them. Comments are not told from code: a trap in a comment only keeps a compile local. Assembler
 * directives count in any case of letters, as gas has it.
 */
#include "core/dtext.h"

#include "dtext_private.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { BLOCK_BYTES = 512, SHORTEST = 7 /* bytes of a needle */ };

struct trap {
	const char *needle;
	enum dtext_trap kind;
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

static const struct trap traps[] = {
	{"__TIME__", DTEXT_TRAP_TIME, "__TIME__ depends on the clock", NULL},
	{"__TIMESTAMP__", DTEXT_TRAP_TIMESTAMP, "__TIMESTAMP__ depends on the file's date", NULL},
	{"__DATE__", DTEXT_TRAP_DATE, "__DATE__ depends on the clock", NULL},
	{".incbin", DTEXT_TRAP_INCBIN, NULL, confirm_incbin},
	{".include", DTEXT_TRAP_INCLUDE, NULL, confirm_include},
	{"_Pragma", DTEXT_TRAP_PRAGMA, NULL, confirm_pragma},
};

/* NULL or why; *ret_trap: which. */
static const char *look_at(const char *p, const char *end, const struct trap **ret_trap)
{
	for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
		const struct trap *t = &traps[i];
		size_t n = strlen(t->needle);
		if ((size_t)(end - p) < n || strncasecmp(p, t->needle, n) != 0 ||
			(*p == '_' && memcmp(p, t->needle, n) != 0))
			continue;
		const char *why = t->confirm ? t->confirm(p + n, end) : t->why;
		if (!why)
			continue;
		*ret_trap = t;
		return why;
	}
	return NULL;
}

/* Could a needle begin at p? Enough of it is compared to tell __TIME__ from __THROW. */
static bool may_begin(const char *p)
{
	return ((p[0] == '_') & (p[1] == '_') &
		       (((p[2] == 'T') & (p[3] == 'I')) | ((p[2] == 'D') & (p[3] == 'A')))) |
	       ((p[0] == '_') & (p[1] == 'P') & (p[2] == 'r')) |
	       ((p[0] == '.') & ((p[1] | 32) == 'i') & ((p[2] | 32) == 'n') & ((p[3] | 32) == 'c'));
}

/* Without a branch and of a constant size: the compiler makes vector code of it. */
static bool block_may_hold(const char *p)
{
	uint8_t any = 0;
	for (int i = 0; i < BLOCK_BYTES; i++)
		any |= may_begin(p + i);
	return any;
}

/* The first trap at or behind *at, which becomes the place behind its start; NULL when there is none. */
static const struct trap *next_trap(const char **at, const char *end, const char **ret_why)
{
	const struct trap *trap = NULL;
	for (const char *p = *at, *next; end - p >= SHORTEST; p = next) {
		bool whole = end - p >= BLOCK_BYTES + SHORTEST;
		next = whole ? p + BLOCK_BYTES : end - SHORTEST + 1;
		if (whole && !block_may_hold(p))
			continue;
		for (; p < next; p++) {
			const char *why = may_begin(p) ? look_at(p, end, &trap) : NULL;
			if (!why)
				continue;
			*ret_why = why;
			*at = p + 1;
			return trap;
		}
	}
	return NULL;
}

const char *dtext_find_trap(const char *text, size_t n)
{
	const char *why = NULL;
	next_trap(&text, text + n, &why);
	return why;
}

unsigned dtext_traps(const char *text, size_t n)
{
	const char *end = text + n, *why;
	unsigned kinds = 0;
	for (const struct trap *t; (t = next_trap(&text, end, &why));)
		kinds |= t->kind;
	return kinds;
}
