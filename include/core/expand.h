/* expand - the names that macros make of what stands behind an #include.
 *
 * It expands as a preprocessor does: arguments first, "#" and "##", no macro inside itself, calls whose
 * parentheses come from elsewhere. Where gcc and clang put blanks at different places, there are two
 * names. Which definition a macro has is asked for.
 *
 * Contract: pure. What it does not read for certain (digraphs, __VA_OPT__, raw strings, …) is EXPAND_ODD.
 * A line that no compiler takes names nothing.
 *
 * Ownership: a definition is the caller's, who keeps it while a line is expanded.
 */
#pragma once

#include "base/str.h"

struct expand_definition;

/* text is what stands behind the macro's name, comments being blanks: "(x) #x", " value". Never NULL. */
struct expand_definition *expand_definition_create(const char *text);
void expand_definition_destroy(struct expand_definition *d);
const char *expand_definition_text(const struct expand_definition *d);

/* An answer: nobody knows what the name is. */
extern const struct expand_definition *const expand_unknown;

enum expand_result {
	EXPAND_DONE,
	EXPAND_UNKNOWN, /* a macro was needed that nobody knows */
	EXPAND_ODD,
	EXPAND_LONG, /* more steps than *steps */
};

struct expand_world {
	/* The definition that the name has; NULL: it is no macro. For one line, always the same. */
	const struct expand_definition *(*define)(void *ctx, const char *name, size_t n);
	void *ctx;
	unsigned *steps; /* tokens that may be read; counted down */
};

/* Adds the names to ret, each behind a '"' or a '<': at most two, and none if a compiler takes the line for
 * an error. */
enum expand_result expand_names(const struct expand_world *w, const char *line, struct strv *ret);
