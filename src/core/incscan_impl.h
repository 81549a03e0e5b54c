/* incscan_impl - what the parts of incscan share. For incscan*.c only.
 *
 * incscan_words.c finds words that are looked at closer, incscan_text.c follows comments and literals
 * and finds where directives begin, incscan_line.c reads those, incscan_out.c keeps what they name.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/incscan.h"

/* How a text is read. What makes no difference to it is not tried. */
enum {
	DIALECT_RAW = 1 << 0,        /* R"(…)" is a raw string */
	DIALECT_TRIGRAPHS = 1 << 1,  /* ??= and ??/ are # and \ */
	DIALECT_SEPARATORS = 1 << 2, /* 1'000 is a number */
	DIALECT_NO_SLASHES = 1 << 3, /* two slashes begin no comment */
	DIALECT_USUAL = DIALECT_RAW | DIALECT_SEPARATORS,
	DIALECT_COUNT = 1 << 4,
};

enum incscan_trouble {
	TROUBLE_NONE,
	TROUBLE_RETURN,
	TROUBLE_LONG_LINE,
	TROUBLE_LONG_NAME,
	TROUBLE_DEEP,
	TROUBLE_MANY,
	TROUBLE_SIZE,
	TROUBLE_COUNT,
};

/* What has been found so far, whatever the dialect. */
struct incscan_out {
	struct buf items;
	unsigned item_count;
	VEC(uint32_t) defines; /* of values that are no names; sorted at the end */
	VEC(uint32_t) simple_defines;
	VEC(uint32_t) redefines; /* where the macro has to be defined already */
	VEC(uint32_t) undefines;
	unsigned flags;
	uint32_t guard;
	enum incscan_trouble trouble;
	const char *wanted; /* a macro whose definitions are kept whole, or NULL */
	struct strv *definitions;
};

void incscan_out_add(struct incscan_out *o, const struct incscan_item *item);
/* The scan; *o is empty afterwards. */
struct incscan *incscan_out_finish(struct incscan_out *o);

enum { INCSCAN_CANDIDATES = 64 };

/* What a look at the whole text says before it is lexed. */
struct incscan_words {
	bool asks; /* "__has_" of a file may be somewhere */
	bool lone_return;
	/* Lines that would be a module's if they are code, by offset, in order. */
	unsigned modules;
	size_t module_at[INCSCAN_CANDIDATES];
};
void incscan_words_find(const char *text, size_t n, struct incscan_words *ret);

enum { INCSCAN_DEPTH_MAX = 256 };

struct incscan_lexer {
	const char *start, *p, *end;
	const char *mark; /* where a comment, a literal or a directive ended last, and */
	bool mark_bol;    /* nothing but blanks and comments was on that line before it */
	unsigned dialect;
	unsigned matters; /* bits of dialects that would read this text differently */
	bool splits;      /* a backslash and a line end inside a word, outside comments */
	const struct incscan_words *words;
	unsigned module; /* the next one of words->module_at */
	struct incscan_out *out;
	struct buf line; /* a directive's words */

	struct incscan_group {
		bool dead;   /* this branch is not compiled */
		bool closed; /* nor is any that follows */
		bool parent_dead;
		const char *guard; /* a macro without which this branch is not compiled */
		size_t guard_len;
	} groups[INCSCAN_DEPTH_MAX];
	unsigned depth;
	unsigned directives; /* so far */
	bool in_guard;       /* of the whole file: the outermost group, its first branch */
	bool unguarded;      /* something was named outside */
	const char *guard;
	size_t guard_len;
};

void incscan_lex(struct incscan_lexer *l);
/* p is behind the '#' of a directive: over its name and what of it is of interest. */
void incscan_directive(struct incscan_lexer *l);

/* p, or what is behind the backslashes and line ends there. */
const char *incscan_skip_splices(const char *p, const char *end);
/* The same at l->p, which is not in a comment. */
void incscan_pass_splices(struct incscan_lexer *l);
/* Goes over a comment at p; false when there is none. */
bool incscan_skip_comment(struct incscan_lexer *l);
/* p is at a quote: over the literal, or over the quote when it separates digits. */
void incscan_skip_literal(struct incscan_lexer *l);

/* Over blanks and comments: the next character of the logical line, or -1 at its end. */
int incscan_skip_blanks(struct incscan_lexer *l);
/* The word at p; in l->line, as what follows. */
const char *incscan_take_word(struct incscan_lexer *l);
/* Adds the rest of the logical line to l->line, comments as blanks; all of it as a string. */
const char *incscan_take_rest(struct incscan_lexer *l);
size_t incscan_word_length(const char *text);
void incscan_add_item(struct incscan_lexer *l, struct incscan_item item);
/* A name that text stands for. */
void incscan_add_computed(struct incscan_lexer *l, enum incscan_kind kind, const char *text);
/* The operators in a condition or a definition that ask for files. In a definition the name may be a
 * parameter: nothing is known about it. */
void incscan_find_questions(struct incscan_lexer *l, const char *text, bool in_definition);

void incscan_on_if(struct incscan_lexer *l);
void incscan_on_ifdef(struct incscan_lexer *l);
void incscan_on_ifndef(struct incscan_lexer *l);
void incscan_on_elif(struct incscan_lexer *l);
void incscan_on_elifdef(struct incscan_lexer *l);
void incscan_on_else(struct incscan_lexer *l);
void incscan_on_endif(struct incscan_lexer *l);

static inline bool incscan_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r' || c == '\0';
}

/* '$' and bytes above ASCII are letters to gcc. */
static inline bool incscan_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}
