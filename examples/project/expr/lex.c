#include "expr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const operators[] = {
	"<=",
	">=",
	"<>",
	"+",
	"-",
	"*",
	"/",
	"^",
	"&",
	"=",
	"<",
	">",
	"(",
	")",
	",",
	":",
};

bool token_is(const struct token *t, const char *operator)
{
	return t->kind == TOKEN_OPERATOR && t->len == strlen(operator) &&
	       memcmp(t->start, operator, t->len) == 0;
}

static struct token read_number(const char *at)
{
	char *end;
	struct token t = {.kind = TOKEN_NUMBER, .start = at, .number = strtod(at, &end)};
	t.len = (size_t)(end - at);
	return t;
}

/* The quotes are part of the token's length, but not of what start points to. */
static struct token read_text(const char *at)
{
	const char *end = strchr(at + 1, '"');
	if (!end)
		return (struct token){.kind = TOKEN_BAD, .start = at, .len = strlen(at)};
	return (struct token){.kind = TOKEN_TEXT, .start = at, .len = (size_t)(end + 1 - at)};
}

static struct token read_name(const char *at)
{
	struct token t = {.kind = TOKEN_NAME, .start = at};
	while (isalnum((unsigned char)at[t.len]))
		t.len++;
	return t;
}

static struct token read_operator(const char *at)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		size_t n = strlen(operators[i]);
		if (strncmp(at, operators[i], n) == 0)
			return (struct token){.kind = TOKEN_OPERATOR, .start = at, .len = n};
	}
	return (struct token){.kind = TOKEN_BAD, .start = at, .len = 1};
}

struct token lex(const char **at)
{
	while (isspace((unsigned char)**at))
		++*at;
	unsigned char c = (unsigned char)**at;
	struct token t = {.kind = TOKEN_END, .start = *at};
	if (isdigit(c) || c == '.')
		t = read_number(*at);
	else if (isalpha(c))
		t = read_name(*at);
	else if (c == '"')
		t = read_text(*at);
	else if (c)
		t = read_operator(*at);
	*at += t.len;
	return t;
}
