/* Conditionals: which branches are certain not to be compiled, what those that may be hang on, and which
 * files a condition asks for.
 */
#include "incscan_impl.h"

#include "base/str.h"

#include <string.h>

/* What is asked for by the operator that text stands behind: ("x.h"), (<x.h>), (MACRO). */
static void add_question(struct incscan_lexer *l, enum incscan_kind kind, const char *text)
{
	text += strspn(text, " \t\f\v");
	if (*text == '(')
		text += 1 + strspn(text + 1, " \t\f\v");
	char close = *text == '"' ? '"' : '>';
	const char *end = *text == '"' || *text == '<' ? strchr(text + 1, close) : NULL;
	if (end) {
		_cleanup_free_ char *name = xstrndup(text + 1, (size_t)(end - text) - 1);
		incscan_add_item(l, (struct incscan_item){.kind = kind,
					    .form = close == '"' ? INCSCAN_QUOTED : INCSCAN_ANGLED,
					    .name = name});
		return;
	}
	size_t n = incscan_word_length(text);
	bool macro = n > 0 && text[n + strspn(text + n, " \t")] == ')';
	_cleanup_free_ char *name = xstrndup(text, macro ? n : strlen(text));
	incscan_add_computed(l, kind, name);
}

/* The same in a definition, where the name may be a parameter, and quotes mean the directory of the file
 * that uses the macro. */
static void add_defined_question(
	struct incscan_lexer *l, enum incscan_kind kind, const char *word, size_t n)
{
	const char *text = word + n + strspn(word + n, " \t\f\v");
	text += *text == '(';
	text += strspn(text, " \t\f\v");
	if (kind == INCSCAN_HAS_INCLUDE && *text == '<' && strchr(text, '>'))
		add_question(l, kind, text);
	else
		incscan_add_item(l,
			(struct incscan_item){.kind = kind, .form = INCSCAN_OTHER, .name = word});
}

static size_t literal_length(const char *text)
{
	const char *p = text + 1;
	while (*p && *p != '"')
		p += *p == '\\' && p[1] ? 2 : 1;
	return (size_t)(p - text) + (*p == '"');
}

void incscan_find_questions(struct incscan_lexer *l, const char *text, bool in_definition)
{
	static const struct {
		const char *word;
		enum incscan_kind kind;
	} rows[] = {
		{"__has_include", INCSCAN_HAS_INCLUDE},
		{"__has_include__", INCSCAN_HAS_INCLUDE},
		{"__has_include_next", INCSCAN_HAS_INCLUDE_NEXT},
		{"__has_include_next__", INCSCAN_HAS_INCLUDE_NEXT},
		{"__has_embed", INCSCAN_EMBED},
	};
	bool defined = false; /* the word before, which asks for the operator's own name */
	for (size_t n; *text; text += n) {
		n = incscan_word_length(text);
		if (n == 0) {
			defined = defined && strchr(" \t(", *text);
			n = *text == '"' ? literal_length(text) : 1;
			continue;
		}
		for (size_t i = 0; i < sizeof rows / sizeof *rows && !defined; i++) {
			if (strlen(rows[i].word) != n || memcmp(text, rows[i].word, n) != 0)
				continue;
			if (in_definition)
				add_defined_question(l, rows[i].kind, text, n);
			else
				add_question(l, rows[i].kind, text + n);
		}
		defined = n == 7 && memcmp(text, "defined", n) == 0;
	}
}

static struct incscan_group *push_group(struct incscan_lexer *l)
{
	if (l->depth == INCSCAN_DEPTH_MAX) {
		l->out->trouble = TROUBLE_DEEP;
		l->depth--;
	}
	bool dead = l->depth > 0 && l->groups[l->depth - 1].dead;
	struct incscan_group *g = &l->groups[l->depth++];
	*g = (struct incscan_group){.dead = dead, .parent_dead = dead};
	return g;
}

/* The text must have the macro's name as it stands: a guard is kept as a place in it. */
static void set_guard(struct incscan_group *g, const char *p, const char *end)
{
	const char *q = p;
	while (q < end && incscan_is_word(*q))
		q++;
	bool whole = q > p && (q == end || *q != '\\') && !(*p >= '0' && *p <= '9');
	for (const char *c = p; c < q; c++)
		whole = whole && (uint8_t)*c < 0x80; /* it has other spellings */
	g->guard = whole ? p : NULL;
	g->guard_len = whole ? (size_t)(q - p) : 0;
}

/* "defined(X)", "defined X", "X", and each with "&& …" behind it, are 0 without the macro. */
static void find_guard(
	struct incscan_group *g, const char *condition, const char *from, const char *end)
{
	if (strpbrk(condition, "|?,") || strstr(condition, "or") || strcmp(condition, "true") == 0)
		return;
	const char *p = condition;
	size_t n = incscan_word_length(p);
	if (n == 7 && memcmp(p, "defined", n) == 0) {
		p += n + strspn(p + n, " \t(");
		n = incscan_word_length(p);
	}
	const char *rest = p + n + strspn(p + n, " \t)");
	if (n == 0 || (*rest && strncmp(rest, "&&", 2) != 0))
		return;
	struct incscan_group found = {0};
	for (const char *q = from; (q = memmem(q, (size_t)(end - q), p, n)); q++) {
		set_guard(&found, q, end);
		if (!incscan_is_word(q[-1]) && found.guard_len == n) {
			g->guard = found.guard;
			g->guard_len = n;
			return;
		}
	}
}

/* p is behind #if or #elif. */
static void take_condition(struct incscan_lexer *l, struct incscan_group *g)
{
	incscan_skip_blanks(l);
	const char *from = l->p;
	buf_clear(&l->line);
	const char *condition = incscan_take_rest(l);
	if (l->words->asks)
		incscan_find_questions(l, condition, false);
	if (strcmp(condition, "0") == 0)
		g->dead = true;
	else if (strcmp(condition, "1") == 0)
		g->closed = true;
	else
		find_guard(g, condition, from, l->p);
}

/* "#ifndef X" as a file's first directive may guard all of it. */
static void begin_guard(struct incscan_lexer *l, const char *p)
{
	struct incscan_group g = {0};
	set_guard(&g, p, l->end);
	l->guard = g.guard;
	l->guard_len = g.guard_len;
	l->in_guard = g.guard != NULL;
}

/* X in "!defined(X)" and "!defined X", when that is all that p has; or NULL. */
static const char *find_undefined(const char *p, const char *end)
{
	static const char *const before[] = {"!", "defined", "("};
	if (memchr(p, '|', (size_t)(end - p)) || memchr(p, '&', (size_t)(end - p)))
		return NULL;
	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		size_t n = strlen(before[i]);
		bool has = (size_t)(end - p) > n && memcmp(p, before[i], n) == 0;
		if (!has && i < 2)
			return NULL;
		p += has ? n : 0;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
	}
	return p;
}

void incscan_on_if(struct incscan_lexer *l)
{
	bool first = l->depth == 0 && l->directives == 1;
	struct incscan_group *g = push_group(l);
	if (g->dead)
		return;
	incscan_skip_blanks(l);
	const char *from = l->p;
	take_condition(l, g);
	const char *guard = first ? find_undefined(from, l->p) : NULL;
	if (guard)
		begin_guard(l, guard);
}

void incscan_on_ifdef(struct incscan_lexer *l)
{
	struct incscan_group *g = push_group(l);
	incscan_skip_blanks(l);
	set_guard(g, l->p, l->end);
}

void incscan_on_ifndef(struct incscan_lexer *l)
{
	bool first = l->depth == 0 && l->directives == 1;
	push_group(l);
	incscan_skip_blanks(l);
	if (first)
		begin_guard(l, l->p);
}

/* The next branch of the innermost group; NULL when it cannot be live. */
static struct incscan_group *next_branch(struct incscan_lexer *l)
{
	if (l->depth == 0)
		return NULL;
	struct incscan_group *g = &l->groups[l->depth - 1];
	if (l->depth == 1)
		l->in_guard = false;
	g->guard = NULL;
	g->dead = g->parent_dead || g->closed;
	return g->dead ? NULL : g;
}

void incscan_on_elif(struct incscan_lexer *l)
{
	struct incscan_group *g = next_branch(l);
	if (g)
		take_condition(l, g);
}

void incscan_on_elifdef(struct incscan_lexer *l)
{
	struct incscan_group *g = next_branch(l);
	incscan_skip_blanks(l);
	if (g)
		set_guard(g, l->p, l->end);
}

void incscan_on_else(struct incscan_lexer *l)
{
	next_branch(l);
}

void incscan_on_endif(struct incscan_lexer *l)
{
	if (l->depth > 0)
		l->depth--;
	if (l->depth == 0)
		l->in_guard = false;
}
