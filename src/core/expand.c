/* Expands one line, as gcc's preprocessor does inside a directive, and as clang's.
 *
 * Tokens are read from a stack of frames: the line, and the expansions of the macros that are open. A frame
 * that has been read is dropped, and its macro may be expanded again; so a call whose arguments reach
 * beyond the macro that its name comes from is what it is for gcc.
 *
 * They differ in the blanks before an expansion, an argument and a '>', in brackets as an argument, and in the
 * quotes of strings in strings. Where that may be seen, the line is read once more, in clang's way.
 */
#include "expand_impl.h"

#include <string.h>

enum {
	DEPTH_MAX = 100,    /* of calls in arguments of calls */
	BYTES_PER_STEP = 64 /* of a text that is made */
};

struct frame {
	const char *name; /* of the macro; NULL: none */
	size_t name_n;
	const struct expand_token *v;
	size_t at, n;
};

struct argument {
	expand_tokens raw, expanded;
	bool is_expanded;
	bool is_missing; /* a comma before it goes, too */
};

struct expander {
	const struct expand_world *world;
	VEC(struct frame) frames;
	size_t floor;        /* those below are not read now */
	unsigned collecting; /* arguments: nothing is expanded */
	unsigned depth;
	bool is_clang, differs;
	bool stopped; /* nothing more is read */
	enum expand_result result;
	VEC(char *) texts; /* of tokens that were made */
	VEC(struct expand_token *) lists;
};

static const struct expand_definition unknown;
const struct expand_definition *const expand_unknown = &unknown;

static void stop(struct expander *x, enum expand_result result)
{
	if (!x->stopped)
		x->result = result;
	x->stopped = true;
}

/* False, and it stops, when so many steps are not left. */
static bool spend(struct expander *x, size_t steps)
{
	if (steps > *x->world->steps)
		stop(x, EXPAND_LONG);
	else
		*x->world->steps -= (unsigned)steps;
	return !x->stopped;
}

static bool is_same(const char *a, size_t a_n, const struct expand_token *t)
{
	return a && a_n == t->n && memcmp(a, t->text, a_n) == 0;
}

/* The tokens are kept by the caller. */
static void push(
	struct expander *x, const struct expand_token *name, const struct expand_token *v, size_t n)
{
	struct frame f = {.v = v, .n = n};
	if (name) {
		f.name = name->text;
		f.name_n = name->n;
	}
	vec_push(&x->frames, f);
}

/* The same, taking the tokens over. */
static void push_made(struct expander *x, const struct expand_token *name, expand_tokens *made)
{
	vec_push(&x->lists, made->v);
	push(x, name, made->v, made->n);
}

static void push_one(struct expander *x, struct expand_token t)
{
	expand_tokens one = {0};
	vec_push(&one, t);
	push_made(x, NULL, &one);
}

/* A token with this text, of n bytes, which it takes over. */
static struct expand_token made_token(
	struct expander *x, char *text, size_t n, enum expand_kind kind)
{
	vec_push(&x->texts, text);
	return (struct expand_token){.text = text, .n = n, .kind = kind};
}

static bool is_open(const struct expander *x, const struct expand_token *name)
{
	for (size_t i = 0; i < x->frames.n; i++)
		if (is_same(x->frames.v[i].name, x->frames.v[i].name_n, name))
			return true;
	return false;
}

/* Both as one token, if they are one. */
static bool paste(struct expander *x, struct expand_token *left, const struct expand_token *right)
{
	size_t left_n = left->kind == KIND_PADDING ? 0 : left->n, n = left_n + right->n;
	if (!spend(x, n / BYTES_PER_STEP))
		return false;
	char *text = xmalloc(n + 1);
	memcpy(text, left->text, left_n);
	memcpy(text + left_n, right->text, right->n);
	text[n] = '\0';
	struct expand_token t = made_token(x, text, n, KIND_OTHER), read;
	if (n == 0 || !expand_lex_one(text, n, &read) || read.n != n)
		return false;
	t.kind = read.kind;
	t.flags = left->flags & TOKEN_WHITE;
	*left = t;
	return true;
}

/* What "##" makes of the token that was read and those behind it, for the next to read. */
static void paste_all(struct expander *x, struct expand_token left)
{
	struct frame *f = &x->frames.v[x->frames.n - 1];
	bool more = true;
	while (more && f->at < f->n) {
		const struct expand_token *right = &f->v[f->at++];
		more = right->flags & TOKEN_PASTED;
		if (right->kind != KIND_PADDING && !paste(x, &left, right)) {
			f->at--;
			break;
		}
	}
	left.flags &= ~(unsigned)TOKEN_PASTED;
	push_one(x, left);
}

static bool enter(
	struct expander *x, const struct expand_token *name, const struct expand_definition *d);

/* The next token, its macros expanded. */
static struct expand_token next(struct expander *x)
{
	while (!x->stopped) {
		struct frame *f = &x->frames.v[x->frames.n - 1];
		if (f->at == f->n) {
			if (x->frames.n == x->floor)
				break;
			x->frames.n--;
			continue;
		}
		struct expand_token t = f->v[f->at++];
		if (!spend(x, 1))
			break;
		if (t.flags & TOKEN_PASTED) {
			paste_all(x, t);
			continue;
		}
		if (t.kind != KIND_NAME || (t.flags & TOKEN_PAINTED))
			return t;
		if (is_open(x, &t)) {
			t.flags |= TOKEN_PAINTED;
			return t;
		}
		if (x->collecting)
			return t;
		const struct expand_definition *d = x->world->define(x->world->ctx, t.text, t.n);
		if (!d || !enter(x, &t, d))
			return t;
	}
	return (struct expand_token){.text = "", .kind = KIND_END};
}

/* Is the next token the parenthesis of a call? Reads it then. */
static bool is_called(struct expander *x)
{
	struct expand_token t, padding = {.kind = KIND_END};
	while ((t = next(x)).kind == KIND_PADDING)
		if (padding.kind == KIND_END)
			padding = t;
	if (expand_is(&t, "("))
		return true;
	if (t.kind == KIND_END)
		return false;
	x->frames.v[x->frames.n - 1].at--;
	if (padding.kind == KIND_PADDING)
		push_one(x, padding);
	return false;
}

/* Reads one argument; returns the token behind it. */
static struct expand_token read_argument(struct expander *x, bool takes_commas, expand_tokens *ret)
{
	struct expand_token t;
	for (unsigned depth = 0; (t = next(x)).kind != KIND_END; vec_push(ret, t)) {
		if (t.kind == KIND_PADDING && ret->n == 0)
			continue;
		if (depth == 0 && (expand_is(&t, ")") || (expand_is(&t, ",") && !takes_commas)))
			break;
		depth += expand_is(&t, "(");
		depth -= expand_is(&t, ")");
	}
	while (ret->n > 0 && ret->v[ret->n - 1].kind == KIND_PADDING)
		ret->n--;
	return t;
}

/* False when there are not as many as the macro has parameters: then no compiler goes on. */
static bool read_arguments(
	struct expander *x, const struct expand_definition *d, struct argument *args)
{
	unsigned n = 0;
	struct expand_token t;
	bool filled = true;
	do {
		struct argument spare = {0}, *arg = n < d->params ? &args[n] : &spare;
		t = read_argument(x, d->is_variadic && n + 1 == d->params, &arg->raw);
		filled = arg->raw.n > 0;
		vec_fini(&spare.raw);
		n++;
	} while (expand_is(&t, ","));
	if (n == 1 && d->params == 0 && !filled)
		n = 0;
	if (d->is_variadic && n + 1 == d->params)
		args[n++].is_missing = true;
	return t.kind != KIND_END && n == d->params;
}

static void expand_argument(struct expander *x, struct argument *arg)
{
	if (arg->is_expanded)
		return;
	arg->is_expanded = true;
	if (++x->depth > DEPTH_MAX)
		stop(x, EXPAND_LONG);
	size_t floor = x->floor;
	push(x, NULL, arg->raw.v, arg->raw.n);
	x->floor = x->frames.n;
	for (struct expand_token t; (t = next(x)).kind != KIND_END;)
		vec_push(&arg->expanded, t);
	x->frames.n = x->floor - 1;
	x->floor = floor;
	x->depth--;
}

static bool begins_white(
	struct expander *x, const struct expand_token *t, const struct expand_token *padding)
{
	bool own = t->flags & TOKEN_WHITE;
	bool by_place = padding ? padding->flags & TOKEN_WHITE : own;
	x->differs |= own != by_place;
	return x->is_clang ? own || by_place : by_place;
}

/* Inside of a string, whose backslashes clang takes away again from a name. */
static char *spell(struct expander *x, const struct expand_token *t, char *to)
{
	bool literal = t->kind == KIND_STRING || t->kind == KIND_LITERAL;
	x->differs |= literal;
	for (size_t k = 0; k < t->n; k++) {
		if (literal && !x->is_clang && (t->text[k] == '"' || t->text[k] == '\\'))
			*to++ = '\\';
		*to++ = t->text[k];
	}
	return to;
}

static struct expand_token stringify(struct expander *x, const expand_tokens *raw)
{
	size_t room = 3;
	for (size_t i = 0; i < raw->n; i++)
		room += 2 * raw->v[i].n + 1;
	if (!spend(x, room / BYTES_PER_STEP))
		return (struct expand_token){.text = "", .kind = KIND_PADDING};
	char *text = xmalloc(room), *to = text;
	const struct expand_token *padding = NULL;
	*to++ = '"';
	for (size_t i = 0; i < raw->n; i++) {
		const struct expand_token *t = &raw->v[i];
		if (t->kind == KIND_PADDING) {
			if (!padding || (x->is_clang && (t->flags & TOKEN_WHITE)))
				padding = t;
			continue;
		}
		if (to > text + 1 && begins_white(x, t, padding))
			*to++ = ' ';
		padding = NULL;
		to = spell(x, t, to);
	}
	*to++ = '"';
	return made_token(x, text, (size_t)(to - text), KIND_STRING);
}

struct body {
	const struct expand_definition *d;
	struct argument *args;
	expand_tokens out;
};

static void set_pasted(struct expand_token *t, const struct expand_token *from)
{
	t->flags = (t->flags & ~(unsigned)TOKEN_PASTED) | (from->flags & TOKEN_PASTED);
}

/* A parameter behind "##": what becomes of the token before that. Whether the comma before the only argument
 * stays, when that is empty, is a matter of -std. */
static void join_before(struct expander *x, struct body *b, const struct expand_token *param)
{
	const struct argument *arg = &b->args[param->param];
	struct expand_token *last = b->out.n ? &b->out.v[b->out.n - 1] : NULL;
	if (!last)
		return;
	bool comma = expand_is(last, ",") && b->d->is_variadic && param->param + 1 == b->d->params;
	if (comma && b->d->params == 1 && arg->raw.n == 0)
		stop(x, EXPAND_ODD);
	else if (comma && arg->is_missing)
		b->out.n--;
	else if (comma || arg->raw.n == 0)
		set_pasted(last, param);
}

/* Puts the argument in the parameter's place. */
static void insert(
	struct expander *x, struct body *b, const struct expand_token *param, bool behind_paste)
{
	struct argument *arg = &b->args[param->param];
	expand_tokens one = {0}, *from = &arg->expanded;
	if (param->flags & TOKEN_STRINGIFY) {
		vec_push(&one, stringify(x, &arg->raw));
		from = &one;
	} else if (behind_paste || (param->flags & TOKEN_PASTED)) {
		from = &arg->raw;
	} else {
		expand_argument(x, arg);
	}
	if (behind_paste)
		join_before(x, b, param);
	else if (param != b->d->body.v)
		vec_push(&b->out, (struct expand_token){.text = "",
					  .kind = KIND_PADDING,
					  .flags = param->flags & TOKEN_WHITE});
	size_t before = b->out.n;
	for (size_t i = 0; i < from->n && spend(x, 1); i++)
		vec_push(&b->out, from->v[i]);
	bool some = b->out.n > before;
	if (some && (param->flags & TOKEN_PASTED))
		b->out.v[b->out.n - 1].flags |= TOKEN_PASTED;
	if (some && !behind_paste) {
		struct expand_token *t = &b->out.v[before];
		x->differs |= (t->flags ^ param->flags) & TOKEN_WHITE;
		if (x->is_clang)
			t->flags =
				(t->flags & ~(unsigned)TOKEN_WHITE) | (param->flags & TOKEN_WHITE);
	}
	vec_fini(&one);
}

/* The body with its arguments. */
static void fill_in(struct expander *x, struct body *b)
{
	const struct expand_token *v = b->d->body.v;
	for (size_t i = 0; i < b->d->body.n; i++) {
		bool behind_paste = i > 0 && (v[i - 1].flags & TOKEN_PASTED);
		if (v[i].kind == KIND_PARAM)
			insert(x, b, &v[i], behind_paste);
		else
			vec_push(&b->out, v[i]);
	}
}

/* Goes on in the macro's expansion; false when it is not called. */
static bool call(struct expander *x, const struct expand_definition *d, expand_tokens *ret)
{
	x->collecting++;
	bool called = is_called(x);
	struct body b = {.d = d, .args = xcalloc(d->params + 1, sizeof *b.args)};
	if (called && !read_arguments(x, d, b.args))
		stop(x, EXPAND_DONE);
	x->collecting--;
	if (called && !x->stopped)
		fill_in(x, &b);
	for (unsigned i = 0; i < d->params; i++) {
		vec_fini(&b.args[i].raw);
		vec_fini(&b.args[i].expanded);
	}
	free(b.args);
	*ret = b.out;
	return called;
}

static bool enter(
	struct expander *x, const struct expand_token *name, const struct expand_definition *d)
{
	if (d == expand_unknown || d->is_odd) {
		stop(x, d == expand_unknown ? EXPAND_UNKNOWN : EXPAND_ODD);
		return true;
	}
	expand_tokens body = {0};
	if (!d->is_function)
		for (size_t i = 0; i < d->body.n; i++)
			vec_push(&body, d->body.v[i]);
	else if (!call(x, d, &body))
		return false;
	if (name->flags & TOKEN_WHITE && body.n > 0) {
		x->differs = true;
		if (x->is_clang)
			body.v[0].flags |= TOKEN_WHITE;
	}
	push_made(x, name, &body);
	return true;
}

/* For clang the blank before an argument without tokens stands before what follows. */
static struct expand_token next_visible(struct expander *x)
{
	struct expand_token t;
	unsigned white = 0;
	while ((t = next(x)).kind == KIND_PADDING)
		white |= t.flags & TOKEN_WHITE;
	x->differs |= white;
	if (x->is_clang)
		t.flags |= white;
	return t;
}

static char *longer(char *name, bool white, const struct expand_token *t)
{
	char *all = xasprintf("%s%s%.*s", name, white ? " " : "", (int)t->n, t->text);
	free(name);
	return all;
}

/* The name that the tokens make, behind '"' or '<'; NULL for none. For clang a blank before the '>' counts. */
static char *read_name(struct expander *x)
{
	static const struct expand_token none = {.text = ""};
	struct expand_token t = next_visible(x);
	if ((t.kind == KIND_STRING || t.kind == KIND_HEADER) && t.n > 2)
		return xstrndup(t.text, t.n - 1);
	if (!expand_is(&t, "<"))
		return NULL;
	char *name = xstrdup("<");
	for (t = next_visible(x); t.kind != KIND_END && !expand_is(&t, ">"); t = next_visible(x))
		name = longer(name, t.flags & TOKEN_WHITE, &t);
	x->differs |= t.flags & TOKEN_WHITE;
	if (x->is_clang)
		name = longer(name, t.flags & TOKEN_WHITE, &none);
	if (name[1])
		return name;
	free(name);
	return NULL;
}

static void fini(struct expander *x)
{
	for (size_t i = 0; i < x->texts.n; i++)
		free(x->texts.v[i]);
	for (size_t i = 0; i < x->lists.n; i++)
		free(x->lists.v[i]);
	vec_fini(&x->texts);
	vec_fini(&x->lists);
	vec_fini(&x->frames);
}

/* *ret_differs: the other way may make another name. */
static enum expand_result expand_as(const struct expand_world *w, const char *line, bool is_clang,
	struct strv *ret, bool *ret_differs)
{
	struct expander x = {.world = w, .is_clang = is_clang, .differs = strchr(line, '<')};
	expand_tokens tokens = {0};
	if (!expand_lex(line, is_clang, &tokens))
		stop(&x, EXPAND_ODD);
	push_made(&x, NULL, &tokens);
	x.floor = 1;
	_cleanup_free_ char *name = spend(&x, tokens.n) ? read_name(&x) : NULL;
	if (!x.stopped && name)
		strv_push(ret, name);
	*ret_differs = x.differs;
	fini(&x);
	return x.result;
}

enum expand_result expand_names(const struct expand_world *w, const char *line, struct strv *ret)
{
	bool differs;
	enum expand_result result = expand_as(w, line, false, ret, &differs);
	if (result == EXPAND_DONE && differs)
		result = expand_as(w, line, true, ret, &differs);
	return result;
}
