/* Directives: those that name files, those that make others count or not, those that define.
 *
 * Only what is of interest is read here; the lexer goes on in the middle of the line with the rest,
 * which can hold comments and literals as any other.
 */
#include "incscan_impl.h"

#include "base/str.h"

#include <string.h>

enum { WORD_MAX = 23, NO_MORE = -1 };

/* The next character of the logical line, or NO_MORE. */
static int peek(struct incscan_lexer *l)
{
	incscan_pass_splices(l);
	if (l->p == l->end || *l->p == '\n' ||
		(*l->p == '\r' && l->end - l->p > 1 && l->p[1] == '\n'))
		return NO_MORE;
	return (uint8_t)*l->p;
}

int incscan_skip_blanks(struct incscan_lexer *l)
{
	for (;;) {
		int c = peek(l);
		if (c != NO_MORE && incscan_is_blank((char)c))
			l->p++;
		else if (c != '/' || !incscan_skip_comment(l))
			return c;
	}
}

static void add(struct incscan_lexer *l, const char *text, size_t n)
{
	if (buf_append(&l->line, text, n) < 0)
		l->out->trouble = TROUBLE_LONG_LINE;
}

static void add_char(struct incscan_lexer *l, char c)
{
	add(l, &c, 1);
}

/* As a string. */
static const char *close_line(struct incscan_lexer *l)
{
	if (buf_append(&l->line, "", 1) < 0) {
		l->out->trouble = TROUBLE_LONG_LINE;
		return "";
	}
	return (const char *)l->line.data;
}

const char *incscan_take_word(struct incscan_lexer *l)
{
	buf_clear(&l->line);
	for (int c; (c = peek(l)) != NO_MORE && incscan_is_word((char)c);) {
		const char *from = l->p;
		while (l->p < l->end && incscan_is_word(*l->p))
			l->p++;
		add(l, from, (size_t)(l->p - from));
	}
	return close_line(l);
}

static void add_literal(struct incscan_lexer *l)
{
	const char *from = l->p;
	incscan_skip_literal(l);
	while (from < l->p) {
		const char *next = incscan_skip_splices(from, l->p);
		if (next == from)
			add_char(l, *next++);
		from = next;
	}
}

/* What take_rest() need not look at. */
static bool is_plain(char c)
{
	return incscan_is_word(c) || (c > '\'' && c < '/') || c == ' ' || c == '=' || c == '&';
}

const char *incscan_take_rest(struct incscan_lexer *l)
{
	for (int c; (c = peek(l)) != NO_MORE;) {
		const char *from = l->p;
		while (l->p < l->end && is_plain(*l->p))
			l->p++;
		if (l->p > from) {
			add(l, from, (size_t)(l->p - from));
		} else if (c == '/' && incscan_skip_comment(l)) {
			add_char(l, ' ');
		} else if (c == '"' || c == '\'') {
			add_literal(l);
		} else {
			add_char(l, c ? (char)c : ' ');
			l->p++;
		}
	}
	while (l->line.len && incscan_is_blank((char)l->line.data[l->line.len - 1]))
		l->line.len--;
	return close_line(l);
}

/* How long the word at text is. */
size_t incscan_word_length(const char *text)
{
	size_t n = 0;
	while (incscan_is_word(text[n]))
		n++;
	return n;
}

static bool is_one_word(const char *text)
{
	size_t n = incscan_word_length(text);
	return n > 0 && text[n] == '\0' && !(text[0] >= '0' && text[0] <= '9');
}

/* The macros of the groups around, each followed by a blank; malloc'd. */
static char *list_guards(const struct incscan_lexer *l)
{
	char *list = xstrdup("");
	for (unsigned i = 0; i < l->depth; i++) {
		const struct incscan_group *g = &l->groups[i];
		/* those with an underscore may be the compiler's own */
		if (!g->guard || *g->guard == '_')
			continue;
		char *longer = xasprintf("%s%.*s ", list, (int)g->guard_len, g->guard);
		free(list);
		list = longer;
	}
	return list;
}

void incscan_add_item(struct incscan_lexer *l, struct incscan_item item)
{
	_cleanup_free_ char *guards = list_guards(l);
	item.more = guards;
	if (item.kind == INCSCAN_INCLUDE_NEXT || item.kind == INCSCAN_HAS_INCLUDE_NEXT)
		l->out->flags |= INCSCAN_USES_NEXT;
	l->unguarded |= !l->in_guard;
	incscan_out_add(l->out, &item);
}

void incscan_add_computed(struct incscan_lexer *l, enum incscan_kind kind, const char *text)
{
	incscan_add_item(l, (struct incscan_item){.kind = kind,
				    .form = is_one_word(text) ? INCSCAN_MACRO : INCSCAN_OTHER,
				    .name = text});
}

/* A name in quotes or brackets, or what a macro will make into one. Backslashes are part of a name. */
static void take_name(struct incscan_lexer *l, enum incscan_kind kind)
{
	int c = incscan_skip_blanks(l);
	buf_clear(&l->line);
	if (c != '"' && c != '<') {
		if (c != NO_MORE)
			incscan_add_computed(l, kind, incscan_take_rest(l));
		return;
	}
	int close = c == '"' ? '"' : '>';
	const char *open = l->p++;
	for (; (c = peek(l)) != NO_MORE && c != close; l->p++)
		add_char(l, (char)c);
	if (c == close) {
		l->p++;
		incscan_add_item(l, (struct incscan_item){.kind = kind,
					    .form = close == '"' ? INCSCAN_QUOTED : INCSCAN_ANGLED,
					    .name = close_line(l)});
	} else if (close == '>') { /* tokens that a macro may complete */
		l->p = open;
		buf_clear(&l->line);
		incscan_add_computed(l, kind, incscan_take_rest(l));
	}
}

static void on_include(struct incscan_lexer *l)
{
	take_name(l, INCSCAN_INCLUDE);
}

static void on_include_next(struct incscan_lexer *l)
{
	take_name(l, INCSCAN_INCLUDE_NEXT);
}

static void on_embed(struct incscan_lexer *l)
{
	take_name(l, INCSCAN_EMBED);
}

/* Is it the guard's own definition, as its group's first directive? If not, there is none. */
static void check_guard(struct incscan_lexer *l, const char *name)
{
	if (l->in_guard && l->directives == 2 &&
		!(name && strlen(name) == l->guard_len &&
			memcmp(name, l->guard, l->guard_len) == 0))
		l->in_guard = false;
}

/* A definition whose value is all a name in quotes or brackets, or all a macro. */
static bool add_simple(struct incscan_lexer *l, const char *name, const char *value)
{
	size_t n = strlen(value);
	bool string = n > 2 && value[0] == '"' && strcspn(value + 1, "\"\\") == n - 2;
	bool angled = n > 2 && value[0] == '<' && strcspn(value + 1, ">") == n - 2;
	if (!string && !angled && !is_one_word(value))
		return false;
	_cleanup_free_ char *bare = string || angled ? xstrndup(value + 1, n - 2) : xstrdup(value);
	incscan_out_add(l->out, &(struct incscan_item){.kind = INCSCAN_DEFINE,
					.form = string   ? INCSCAN_QUOTED
						: angled ? INCSCAN_ANGLED
							 : INCSCAN_MACRO,
					.name = name,
					.more = bare});
	return true;
}

/* Is the line only reached when the macro is defined? */
static bool hangs_on(const struct incscan_lexer *l, const char *name)
{
	size_t n = strlen(name);
	for (unsigned i = 0; i < l->depth; i++) {
		const struct incscan_group *g = &l->groups[i];
		if (g->guard && g->guard_len == n && memcmp(g->guard, name, n) == 0)
			return true;
	}
	return false;
}

/* p is behind the name of the macro that is wanted. */
static void keep_definition(struct incscan_lexer *l)
{
	bool like_function = peek(l) == '(';
	if (!like_function)
		incscan_skip_blanks(l);
	buf_clear(&l->line);
	const char *rest = incscan_take_rest(l);
	strv_pushf(l->out->definitions, "%s%s", like_function ? "" : " ", rest);
}

static void on_define(struct incscan_lexer *l)
{
	incscan_skip_blanks(l);
	const char *word = incscan_take_word(l);
	check_guard(l, word);
	if (l->out->wanted) {
		if (strcmp(word, l->out->wanted) == 0)
			keep_definition(l);
		return;
	}
	uint32_t hash = incscan_hash(word, strlen(word));
	bool again = hangs_on(l, word);
	int c = peek(l);
	bool like_function = c == '(';
	if (!like_function)
		c = incscan_skip_blanks(l);
	bool may_name = !like_function &&
			(c == '"' || c == '<' || (c != NO_MORE && incscan_is_word((char)c)));
	bool simple = false;
	if (may_name || l->words->asks) {
		_cleanup_free_ char *name = xstrdup(word);
		buf_clear(&l->line);
		const char *value = incscan_take_rest(l);
		simple = may_name && add_simple(l, name, value);
		if (l->words->asks)
			incscan_find_questions(l, value, true);
	}
	if (again)
		vec_push(&l->out->redefines, hash);
	else if (simple)
		vec_push(&l->out->simple_defines, hash);
	else
		vec_push(&l->out->defines, hash);
}

static void on_undef(struct incscan_lexer *l)
{
	incscan_skip_blanks(l);
	const char *word = incscan_take_word(l);
	vec_push(&l->out->undefines, incscan_hash(word, strlen(word)));
}

static void on_pop_macro(struct incscan_lexer *l)
{
	buf_clear(&l->line);
	const char *rest = incscan_take_rest(l), *open = strchr(rest, '"');
	const char *close = open ? strchr(open + 1, '"') : NULL;
	if (close)
		vec_push(&l->out->undefines, incscan_hash(open + 1, (size_t)(close - open) - 1));
}

static void on_pragma(struct incscan_lexer *l)
{
	incscan_skip_blanks(l);
	const char *word = incscan_take_word(l);
	if (strcmp(word, "once") == 0 && l->depth == 0)
		l->out->flags |= INCSCAN_ONCE;
	if (strcmp(word, "pop_macro") == 0)
		on_pop_macro(l);
	if (strcmp(word, "GCC") != 0)
		return;
	incscan_skip_blanks(l);
	word = incscan_take_word(l);
	if (strcmp(word, "pch_preprocess") == 0)
		l->out->flags |= INCSCAN_PCH;
	if (strcmp(word, "dependency") == 0) {
		l->out->flags |= INCSCAN_FILE_DATES;
		take_name(l, INCSCAN_EMBED);
	}
}

static const struct directive {
	const char *name;
	void (*take)(struct incscan_lexer *l);
	bool groups; /* also when its surroundings are dead */
} directives[] = {
	{"define", on_define, false},
	{"elif", incscan_on_elif, true},
	{"elifdef", incscan_on_elifdef, true},
	{"elifndef", incscan_on_else, true},
	{"else", incscan_on_else, true},
	{"embed", on_embed, false},
	{"endif", incscan_on_endif, true},
	{"if", incscan_on_if, true},
	{"ifdef", incscan_on_ifdef, true},
	{"ifndef", incscan_on_ifndef, true},
	{"import", on_include, false},
	{"include", on_include, false},
	{"include_next", on_include_next, false},
	{"pragma", on_pragma, false},
	{"undef", on_undef, false},
};

void incscan_directive(struct incscan_lexer *l)
{
	incscan_skip_blanks(l);
	const char *word = incscan_take_word(l);
	const struct directive *d = NULL;
	for (size_t i = 0; i < sizeof directives / sizeof *directives && !d; i++)
		if (directives[i].name[0] == word[0] && strcmp(directives[i].name, word) == 0)
			d = &directives[i];
	bool dead = l->depth > 0 && l->groups[l->depth - 1].dead;
	l->directives++;
	if (!d || d->take != on_define)
		check_guard(l, NULL);
	if (d && (d->groups || !dead))
		d->take(l);
}
