/* What gcc -fdirectives-only loses or misreads, as seen in a source file.
 *
 * The happy path: the file is lexed in gcc's way as far as literals, comments and the starts of
 * directives go, and nothing of the table below is met. Whatever draws a difference between gcc's
 * full lexer and the short one that it uses for -fdirectives-only (libcpp 11 and 12) is a reason:
 *  - the short lexer carries a literal without an end on to the next lines, also in dead branches
 *  - "\)" in a literal, and "\*" before the end of a comment, confuse it
 *  - a lone carriage return ends a line for it; a backslash, a blank and a line end do not continue
 *  - directives that begin with a digraph or a trigraph are text to it
 *  - pragmas that the preprocessor itself handles leave no trace, or half of one
 * Lines that look like line markers inside comments and raw strings would mislead dtext itself.
 */
#include "core/dtext.h"

#include "dtext_private.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct lexer {
	const char *start, *p, *end;
	bool at_bol;        /* only blanks and comments so far on this logical line */
	bool after_comment; /* one that began on this logical line */
	bool in_directive;  /* read by the full lexer in both modes */
	const char *why;
};

static char peek(const struct lexer *l, size_t i)
{
	return (size_t)(l->end - l->p) > i ? l->p[i] : '\0';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The length of a line end at p + i: 0 for none. */
static size_t line_end(const struct lexer *l, size_t i)
{
	if (peek(l, i) == '\n')
		return 1;
	return peek(l, i) == '\r' && peek(l, i + 1) == '\n' ? 2 : 0;
}

/* p is at a backslash: past a line end behind it, if there is one. */
static bool skip_splice(struct lexer *l)
{
	size_t blanks = 1;
	while (peek(l, blanks) == ' ' || peek(l, blanks) == '\t')
		blanks++;
	size_t n = line_end(l, blanks);
	if (n == 0)
		return false;
	if (blanks > 1)
		l->why = "a backslash and blanks at the end of a line";
	l->p += blanks + n;
	return true;
}

static bool looks_like_marker(const struct lexer *l, const char *p)
{
	if (l->end - p < 4 || p[0] != '#' || p[1] != ' ' || !isdigit((unsigned char)p[2]))
		return false;
	for (p += 2; p < l->end && isdigit((unsigned char)*p);)
		p++;
	return l->end - p >= 2 && p[0] == ' ' && p[1] == '"';
}

/* Does the character at p go together with one on the next line? */
static bool splits_comment(const struct lexer *l)
{
	size_t n = peek(l, 1) == '\\' ? line_end(l, 2) : 0;
	char next = peek(l, 2 + n);
	return n && (next == '/' || (next == '*' && *l->p == '/') || next == '\\');
}

static void check_pragma(struct lexer *l)
{
	static const struct {
		const char *word, *why;
	} rows[] = {
		{"message", "#pragma message is lost by gcc -fdirectives-only"},
		{"redefine_extname", "#pragma redefine_extname is lost by gcc -fdirectives-only"},
		{"pop_macro", "#pragma pop_macro is lost by gcc -fdirectives-only"},
		{"omp", "#pragma omp is lost by gcc -fdirectives-only"},
		{"acc", "#pragma acc is lost by gcc -fdirectives-only"},
		{"poison", "#pragma GCC poison is lost by gcc -fdirectives-only"},
		{"dependency", "#pragma GCC dependency compares file dates"},
	};
	char words[3][20] = {{0}};
	const char *p = l->p + 1;
	for (size_t i = 0; i < 3; i++) {
		while (p < l->end && (*p == ' ' || *p == '\t'))
			p++;
		for (size_t n = 0; p < l->end && is_word(*p); p++)
			if (n + 1 < sizeof words[i])
				words[i][n++] = *p;
	}
	if (strcmp(words[0], "pragma") != 0)
		return;
	const char *word = strcmp(words[1], "GCC") == 0 ? words[2] : words[1];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].word, word) == 0)
			l->why = rows[i].why;
}

static void skip_block_comment(struct lexer *l)
{
	for (l->p += 2; l->p < l->end; l->p++) {
		while (l->p < l->end - 1 && *l->p != '*' && *l->p != '\n')
			l->p++;
		if (*l->p == '\n' && looks_like_marker(l, l->p + 1))
			l->why = "a comment holds what looks like a line marker";
		if (*l->p != '*')
			continue;
		if (l->p[-1] == '\\' && peek(l, 1) == '/')
			l->why = "a backslash before the end of a comment";
		if (splits_comment(l))
			l->why = "a comment's end on two lines";
		if (peek(l, 1) == '/') {
			l->p += 2;
			return;
		}
	}
}

static void skip_line_comment(struct lexer *l)
{
	while (l->p < l->end && *l->p != '\n')
		if (*l->p != '\\' || !skip_splice(l))
			l->p++;
}

/* p is at the quote; is it one of R"delimiter( ? */
static bool starts_raw(const struct lexer *l)
{
	const char *p = l->p;
	if (p == l->start || p[-1] != 'R')
		return false;
	p--;
	if (p > l->start && strchr("uUL8", p[-1]))
		p--;
	if (p > l->start && p[0] == '8' && p[-1] == 'u')
		p--;
	if (p > l->start && is_word(p[-1]))
		return false;
	size_t i = 1;
	while (i < 18 && !strchr(") \\\t\v\f\n(\"", peek(l, i)))
		i++;
	return peek(l, i) == '(';
}

static void skip_raw(struct lexer *l)
{
	size_t n = 0; /* of the delimiter */
	while (peek(l, n + 1) != '(')
		n++;
	const char *delimiter = l->p + 1;
	for (l->p += n + 2; l->p < l->end; l->p++) {
		if (*l->p == '\n' && looks_like_marker(l, l->p + 1))
			l->why = "a raw string holds what looks like a line marker";
		if (*l->p == ')' && peek(l, n + 1) == '"' && memcmp(l->p + 1, delimiter, n) == 0) {
			l->p += n + 2;
			return;
		}
	}
	l->why = "a raw string without an end";
}

/* p is at an apostrophe; is it inside a number, as in 1'000? */
static bool separates_digits(const struct lexer *l)
{
	const char *p = l->p;
	while (p > l->start && (is_word(p[-1]) || p[-1] == '\'' || p[-1] == '.'))
		p--;
	return p < l->p && isdigit((unsigned char)*p) && is_word(peek(l, 1));
}

static void skip_literal(struct lexer *l)
{
	char quote = *l->p++;
	while (l->p < l->end && !line_end(l, 0)) {
		if (*l->p == quote) {
			l->p++;
			return;
		}
		if (*l->p != '\\') {
			l->p++;
		} else if (!skip_splice(l)) {
			if (peek(l, 1) == ')')
				l->why = "\"\\)\" in a literal";
			l->p += peek(l, 1) ? 2 : 1;
		}
	}
	if (!l->in_directive)
		l->why = "a quote without its pair";
}

static void on_slash(struct lexer *l)
{
	if (peek(l, 1) == '*') {
		skip_block_comment(l);
		l->after_comment = true;
	} else if (peek(l, 1) == '/') {
		skip_line_comment(l);
	} else {
		if (splits_comment(l))
			l->why = "a comment's start on two lines";
		l->p++;
		l->at_bol = false;
	}
}

static void on_quote(struct lexer *l)
{
	l->at_bol = false;
	if (*l->p == '\'' && separates_digits(l))
		l->p++;
	else if (*l->p == '"' && starts_raw(l))
		skip_raw(l);
	else
		skip_literal(l);
}

/* Goes over what can mean nothing, as most of a file does. */
static void skip_plain(struct lexer *l)
{
	static const bool matters[256] = {['\n'] = true,
		['\r'] = true,
		['\\'] = true,
		['/'] = true,
		['"'] = true,
		['\''] = true,
		['?'] = true};
	while (l->p < l->end && !matters[(uint8_t)*l->p])
		l->p++;
}

static void on_other(struct lexer *l)
{
	char c = *l->p;
	if (c == '?' && peek(l, 1) == '?' && strchr("=/", peek(l, 2)) && peek(l, 2))
		l->why = "a trigraph";
	if (c == '%' && peek(l, 1) == ':' && l->at_bol)
		l->why = "a directive that begins with a digraph";
	if (c == '#' && l->at_bol) {
		l->in_directive = true;
		if (l->after_comment)
			l->why = "a directive behind a comment";
		check_pragma(l);
	}
	l->at_bol = l->at_bol && (c == ' ' || c == '\t' || c == '\f' || c == '\v');
	l->p++;
	if (!l->at_bol)
		skip_plain(l);
}

static void step(struct lexer *l)
{
	size_t n = line_end(l, 0);
	if (n) {
		l->p += n;
		l->at_bol = true;
		l->after_comment = false;
		l->in_directive = false;
		return;
	}
	switch (*l->p) {
	case '\r': l->why = "a lone carriage return"; break;
	case '\\':
		if (skip_splice(l))
			break;
		on_other(l);
		break;
	case '/': on_slash(l); break;
	case '"':
	case '\'': on_quote(l); break;
	default: on_other(l);
	}
}

const char *dtext_check_source(const char *text, size_t n)
{
	struct lexer l = {.start = text, .p = text, .end = text + n, .at_bol = true};
	while (l.p < l.end && !l.why)
		step(&l);
	return l.why;
}
