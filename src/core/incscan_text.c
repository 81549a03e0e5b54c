/* Lexes a text as far as it takes to know where directives begin.
 *
 * The happy path: plain code is passed over, for nothing in it matters but "# % ? / \ and quotes. At a
 * '#' it is looked back, over blanks, whether the line begins there; comments, literals and directives
 * leave a mark behind that says what stands before it. Lines that are continued are one line.
 *
 * Nothing fails: a literal without an end reaches to the end of its line, a comment or raw string
 * without one to that of the file, as for gcc.
 */
#include "incscan_impl.h"

#include <endian.h>
#include <string.h>

enum { DELIMITER_MAX = 16, NUMBER_MAX = 128 };

/* The length of a line end at p: 0 for none. */
static size_t line_end(const char *p, const char *end)
{
	if (p < end && *p == '\n')
		return 1;
	return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* Behind the splice whose backslash is at p, or p. gcc lets blanks stand before the line's end. */
static const char *skip_splice(const char *p, const char *end)
{
	const char *q = p + 1;
	while (q < end && !line_end(q, end) && incscan_is_blank(*q))
		q++;
	size_t n = line_end(q, end);
	return n ? q + n : p;
}

const char *incscan_skip_splices(const char *p, const char *end)
{
	while (p < end && *p == '\\') {
		const char *next = skip_splice(p, end);
		if (next == p)
			break;
		p = next;
	}
	return p;
}

void incscan_pass_splices(struct incscan_lexer *l)
{
	if (l->p == l->end || *l->p != '\\')
		return;
	const char *p = l->p;
	l->p = incscan_skip_splices(p, l->end);
	l->splits |= l->p > p && p > l->start && incscan_is_word(p[-1]) && l->p < l->end &&
		     incscan_is_word(*l->p);
}

/* p is behind a line end: before the splice that it belongs to, or p. */
static const char *before_splices(const char *p, const char *start)
{
	while (p > start && p[-1] == '\n') {
		const char *q = p - 1;
		while (q > start && incscan_is_blank(q[-1]))
			q--;
		if (q == start || q[-1] != '\\')
			break;
		p = q - 1;
	}
	return p;
}

/* Is nothing but blanks and comments before p on its logical line? */
static bool is_at_bol(const struct incscan_lexer *l, const char *p)
{
	while (p > l->mark && incscan_is_blank(p[-1]))
		p--;
	return p == l->mark ? l->mark_bol : p[-1] == '\n';
}

static void set_mark(struct incscan_lexer *l, bool bol)
{
	l->mark = l->p;
	l->mark_bol = bol;
}

static void skip_block_comment(struct incscan_lexer *l, const char *inside)
{
	for (const char *q = inside; (q = memchr(q, '/', (size_t)(l->end - q))); q++) {
		const char *before = q[-1] == '\n' ? before_splices(q, inside) : q;
		if (before > inside && before[-1] == '*') {
			l->p = q + 1;
			return;
		}
	}
	l->p = l->end;
}

/* Would what follows two slashes begin a comment that outlasts the line? */
static bool opens_comment(const char *p, const char *eol)
{
	const char *open = NULL;
	for (const char *q = p; (q = memchr(q, '/', (size_t)(eol - q))); q++)
		if (q + 1 < eol && (q[1] == '*' || q[1] == '\\'))
			open = q;
	return open && (eol - open < 4 || !memmem(open + 2, (size_t)(eol - open) - 2, "*/", 2));
}

/* To the line end that is no splice. */
static void skip_line_comment(struct incscan_lexer *l, const char *second_slash)
{
	const char *q = second_slash;
	for (;; q++) {
		q = memchr(q, '\n', (size_t)(l->end - q));
		if (!q)
			q = l->end;
		if (q == l->end || before_splices(q + 1, second_slash) == q + 1)
			break;
	}
	if (opens_comment(second_slash, q))
		l->matters |= DIALECT_NO_SLASHES;
	l->p = q;
}

bool incscan_skip_comment(struct incscan_lexer *l)
{
	const char *next = incscan_skip_splices(l->p + 1, l->end);
	if (next == l->end)
		return false;
	if (*next == '*')
		skip_block_comment(l, next + 1);
	else if (*next == '/' && !(l->dialect & DIALECT_NO_SLASHES))
		skip_line_comment(l, next);
	else
		return false;
	return true;
}

/* The character before p, splices aside; moves p there. '\0' at the start. */
static char step_back(const struct incscan_lexer *l, const char **p)
{
	*p = before_splices(*p, l->start);
	return *p == l->start ? '\0' : *--*p;
}

/* p is at the quote: the length of the delimiter in R"delimiter(, or -1. */
static int raw_delimiter(const struct incscan_lexer *l)
{
	const char *p = l->p;
	if (step_back(l, &p) != 'R')
		return -1;
	char c = step_back(l, &p);
	if (c == '8')
		c = step_back(l, &p) == 'u' ? 'u' : '8';
	if (c == 'u' || c == 'U' || c == 'L')
		c = step_back(l, &p);
	if (incscan_is_word(c))
		return -1;
	for (int n = 0; n <= DELIMITER_MAX && l->end - l->p > n + 1; n++) {
		c = l->p[1 + n];
		if (c == '(')
			return n;
		if (strchr(") \\\t\v\f\n\"", c))
			return -1;
	}
	return -1;
}

static void skip_raw(struct incscan_lexer *l, size_t delimiter_len)
{
	const char *delimiter = l->p + 1;
	for (const char *q = delimiter + delimiter_len; q < l->end; q++) {
		q = memchr(q, ')', (size_t)(l->end - q));
		if (!q)
			break;
		if ((size_t)(l->end - q) < delimiter_len + 2 || q[1 + delimiter_len] != '"' ||
			memcmp(q + 1, delimiter, delimiter_len) != 0)
			continue;
		l->p = q + delimiter_len + 2;
		return;
	}
	l->p = l->end;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* p is at an apostrophe: may it be inside a number, as in 1'000? */
static bool separates_digits(const struct incscan_lexer *l)
{
	const char *p = l->p, *start = l->p - l->start > NUMBER_MAX ? l->p - NUMBER_MAX : l->start;
	bool number = false;
	while (p > start && (incscan_is_word(p[-1]) || p[-1] == '\'' || p[-1] == '.')) {
		p--;
		number |= *p == '.' && is_digit(p[1]);
	}
	number |= is_digit(*p) || (p == start && start > l->start);
	return number && l->end - l->p > 1 && incscan_is_word(l->p[1]);
}

void incscan_skip_literal(struct incscan_lexer *l)
{
	char quote = *l->p;
	int delimiter = quote == '"' ? raw_delimiter(l) : -1;
	if (delimiter >= 0) {
		l->matters |= DIALECT_RAW;
		if (l->dialect & DIALECT_RAW) {
			skip_raw(l, (size_t)delimiter);
			return;
		}
	}
	bool separates = quote == '\'' && separates_digits(l);
	if (separates)
		l->matters |= DIALECT_SEPARATORS;
	l->p++;
	if (separates && (l->dialect & DIALECT_SEPARATORS))
		return;
	while (l->p < l->end && *l->p != '\n') {
		if (*l->p != '\\') {
			if (*l->p++ == quote)
				return;
			continue;
		}
		const char *p = l->p;
		incscan_pass_splices(l);
		if (l->p == p) { /* an escape, of a character that may be behind splices */
			l->p = incscan_skip_splices(p + 1, l->end);
			l->p += l->p < l->end && *l->p != '\n';
		}
	}
}

static void on_hash(struct incscan_lexer *l, size_t n)
{
	bool bol = is_at_bol(l, l->p);
	l->p += n;
	if (!bol)
		return;
	incscan_directive(l);
	set_mark(l, false);
}

static void on_slash(struct incscan_lexer *l)
{
	bool bol = is_at_bol(l, l->p);
	if (incscan_skip_comment(l))
		set_mark(l, bol);
	else
		l->p++;
}

static void on_backslash(struct incscan_lexer *l)
{
	const char *p = l->p;
	bool bol = is_at_bol(l, p);
	incscan_pass_splices(l);
	if (l->p == p)
		l->p++;
	else
		set_mark(l, bol);
}

static void on_percent(struct incscan_lexer *l)
{
	const char *next = incscan_skip_splices(l->p + 1, l->end);
	if (next < l->end && *next == ':')
		on_hash(l, (size_t)(next + 1 - l->p));
	else
		l->p++;
}

/* The trigraphs themselves are replaced in a copy of the text. */
static void on_question(struct incscan_lexer *l)
{
	if (l->end - l->p >= 3 && l->p[1] == '?' && (l->p[2] == '=' || l->p[2] == '/'))
		l->matters |= DIALECT_TRIGRAPHS;
	l->p++;
}

/* Of the 8 bytes of x, a bit in those where x is c, with the bits of also set or not; those behind the
 * first such byte mean nothing. */
static uint64_t find_byte(uint64_t x, uint8_t c, uint8_t also)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t y = (x | ones * also) ^ ones * (c | also);
	return (y - ones) & ~y & tops;
}

/* The next of " # % ' / ? \ */
static const char *find_special(const char *p, const char *end)
{
	static const bool special[256] = {['"'] = true,
		['#'] = true,
		['%'] = true,
		['\''] = true,
		['/'] = true,
		['?'] = true,
		['\\'] = true};
	for (; end - p >= (ptrdiff_t)sizeof(uint64_t); p += sizeof(uint64_t)) {
		uint64_t x;
		memcpy(&x, p, sizeof x);
		x = le64toh(x);
		uint64_t found = find_byte(x, '"', '"' ^ '#') | find_byte(x, '%', '%' ^ '\'') |
				 find_byte(x, '/', '/' ^ '?') | find_byte(x, '\\', 0);
		if (found)
			return p + __builtin_ctzll(found) / 8;
	}
	while (p < end && !special[(uint8_t)*p])
		p++;
	return p;
}

/* Is one of the lines that may be a module's in the plain code from l->p to next? */
static void check_modules(struct incscan_lexer *l, const char *next)
{
	const struct incscan_words *w = l->words;
	for (; l->module < w->modules && l->start + w->module_at[l->module] < next; l->module++) {
		const char *p = l->start + w->module_at[l->module];
		if (p >= l->p && is_at_bol(l, p))
			l->out->flags |= INCSCAN_MODULES;
	}
}

void incscan_lex(struct incscan_lexer *l)
{
	while (l->p < l->end) {
		const char *next = find_special(l->p, l->end);
		check_modules(l, next);
		l->p = next;
		if (next == l->end)
			break;
		switch (*next) {
		case '#': on_hash(l, 1); break;
		case '/': on_slash(l); break;
		case '\\': on_backslash(l); break;
		case '%': on_percent(l); break;
		case '?': on_question(l); break;
		default: incscan_skip_literal(l); set_mark(l, false);
		}
	}
}
