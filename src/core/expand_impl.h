/* expand_impl - tokens. For expand*.c only. */
#pragma once

#include "base/vec.h"
#include "core/expand.h"

#include <string.h>

enum expand_kind {
	KIND_NAME,
	KIND_NUMBER,
	KIND_STRING,  /* in plain double quotes */
	KIND_LITERAL, /* any other */
	KIND_HEADER,  /* <…> behind an #include, as clang has it: even as an argument */
	KIND_OTHER,
	KIND_PARAM,   /* in a definition: a parameter */
	KIND_PADDING, /* nothing but a place; white when its parameter is */
	KIND_END,
};

enum {
	TOKEN_WHITE = 1 << 0,     /* blanks stand before it */
	TOKEN_PASTED = 1 << 1,    /* "##" stands behind it */
	TOKEN_PAINTED = 1 << 2,   /* the name of a macro that it was inside of */
	TOKEN_STRINGIFY = 1 << 3, /* "#" stood before it */
};

struct expand_token {
	const char *text;
	size_t n;
	unsigned param; /* KIND_PARAM */
	enum expand_kind kind;
	unsigned flags;
};

typedef VEC(struct expand_token) expand_tokens;

/* Reads one token, which is no blank, from at most n bytes. False: odd. */
bool expand_lex_one(const char *p, size_t n, struct expand_token *ret);
/* Appends all tokens of the text, which may be headers. False: one is odd. */
bool expand_lex(const char *text, bool headers, expand_tokens *ret);

static inline bool expand_is(const struct expand_token *t, const char *text)
{
	return t->kind == KIND_OTHER && strlen(text) == t->n && memcmp(t->text, text, t->n) == 0;
}

struct expand_definition {
	char *text;
	expand_tokens body;
	unsigned params;
	bool is_function, is_variadic, is_odd;
};
