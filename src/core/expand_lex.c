/* Tokens, and definitions made of them.
 *
 * What dialects read differently is odd, and what they all refuse is too: neither is met in practice.
 */
#include "expand_impl.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '$' || (uint8_t)c >= 0x80;
}

static size_t word_length(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && is_word(p[i]))
		i++;
	return i;
}

/* The literal whose quote is at p; 0: it has no end, or something behind it that may be its suffix. */
static size_t literal_length(const char *p, size_t n)
{
	size_t i = 1;
	while (i < n && p[i] != p[0])
		i += p[i] == '\\' ? 2 : 1;
	return i >= n || (i + 1 < n && is_word(p[i + 1])) ? 0 : i + 1;
}

static bool lex_word(const char *p, size_t n, struct expand_token *ret)
{
	size_t length = word_length(p, n);
	if (length == n || (p[length] != '"' && p[length] != '\'')) {
		*ret = (struct expand_token){.text = p, .n = length, .kind = KIND_NAME};
		return !memchr(p, '$', length); /* no letter in assembly */
	}
	/* u"" and R"" are two tokens in some dialects */
	size_t quoted = length == 1 && *p == 'L' ? literal_length(p + 1, n - 1) : 0;
	*ret = (struct expand_token){.text = p, .n = quoted + 1, .kind = KIND_LITERAL};
	return quoted > 0;
}

static bool lex_number(const char *p, size_t n, struct expand_token *ret)
{
	size_t i = 1;
	for (; i < n && (is_word(p[i]) || p[i] == '.'); i++) {
		if (i + 1 == n || (p[i + 1] != '+' && p[i + 1] != '-'))
			continue;
		if ((p[i] | 32) == 'p')
			return false;
		i += (p[i] | 32) == 'e';
	}
	*ret = (struct expand_token){.text = p, .n = i, .kind = KIND_NUMBER};
	return i == n || p[i] != '\'';
}

static size_t punctuator_length(const char *p, size_t n)
{
	static const char *const all[] = {"<<=", ">>=", "<=>", "->*", "...", "->", "++", "--", "<<",
		">>", "<=", ">=", "==", "!=", "&&", "||",
		"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##", "::", ".*"};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		size_t length = strlen(all[i]);
		if (length <= n && memcmp(p, all[i], length) == 0)
			return length;
	}
	return 1;
}

static bool lex_punctuator(const char *p, size_t n, struct expand_token *ret)
{
	/* digraphs, comments, and names that are spelled with a backslash */
	static const char *const odd[] = {
		"<:", ":>", "<%", "%>", "%:", "//", "/*", "\\u", "\\U", "\\N"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (n >= 2 && memcmp(p, odd[i], 2) == 0)
			return false;
	*ret = (struct expand_token){.text = p, .n = punctuator_length(p, n), .kind = KIND_OTHER};
	return true;
}

bool expand_lex_one(const char *p, size_t n, struct expand_token *ret)
{
	if (is_digit(*p) || (*p == '.' && n > 1 && is_digit(p[1])))
		return lex_number(p, n, ret);
	if (is_word(*p))
		return lex_word(p, n, ret);
	if (*p != '"' && *p != '\'')
		return lex_punctuator(p, n, ret);
	size_t length = literal_length(p, n);
	*ret = (struct expand_token){
		.text = p, .n = length, .kind = *p == '"' ? KIND_STRING : KIND_LITERAL};
	return length > 0;
}

static bool lex_header(const char *text, struct expand_token *ret)
{
	const char *end = *text == '<' ? strchr(text, '>') : NULL;
	if (end)
		*ret = (struct expand_token){
			.text = text, .n = (size_t)(end + 1 - text), .kind = KIND_HEADER};
	return end;
}

bool expand_lex(const char *text, bool headers, expand_tokens *ret)
{
	size_t left = strlen(text);
	for (unsigned flags = 0; left > 0;) {
		if (is_blank(*text)) {
			flags = TOKEN_WHITE;
			text++;
			left--;
			continue;
		}
		struct expand_token t;
		if (!(headers && lex_header(text, &t)) && !expand_lex_one(text, left, &t))
			return false;
		t.flags = flags;
		vec_push(ret, t);
		text += t.n;
		left -= t.n;
		flags = 0;
	}
	return true;
}

static bool is_name(const struct expand_token *t, const char *name, size_t n)
{
	return t->kind == KIND_NAME && t->n == n && memcmp(t->text, name, n) == 0;
}

/* A list of parameters, of which the last may be variadic. Moves *at behind it. False: it is none. */
static bool read_params(
	struct expand_definition *d, const expand_tokens *all, size_t *at, expand_tokens *ret)
{
	static const struct expand_token rest = {.text = "__VA_ARGS__", .n = 11, .kind = KIND_NAME};
	size_t i = 1;
	if (i < all->n && expand_is(&all->v[i], ")")) {
		*at = i + 1;
		return true;
	}
	for (; i < all->n; i++) {
		bool named = all->v[i].kind == KIND_NAME;
		if (named)
			vec_push(ret, all->v[i++]);
		if (i < all->n && expand_is(&all->v[i], "...")) {
			d->is_variadic = true;
			i++;
			if (!named)
				vec_push(ret, rest);
		} else if (!named) {
			return false;
		}
		if (i == all->n || d->is_variadic || !expand_is(&all->v[i], ","))
			break;
	}
	if (i >= all->n || !expand_is(&all->v[i], ")"))
		return false;
	*at = i + 1;
	return true;
}

/* The token as the body has it. */
static struct expand_token as_param(struct expand_token t, const expand_tokens *params)
{
	for (size_t i = 0; i < params->n; i++)
		if (is_name(&t, params->v[i].text, params->v[i].n)) {
			t.kind = KIND_PARAM;
			t.param = (unsigned)i;
		}
	return t;
}

/* Takes the operators out of the body; false when one has no operand, or is not known here. */
static bool read_body(struct expand_definition *d, const expand_tokens *all, size_t at,
	const expand_tokens *params)
{
	bool hash = false;
	for (size_t first = at; at < all->n; at++) {
		struct expand_token t = as_param(all->v[at], params);
		if (is_name(&t, "__VA_OPT__", 10))
			return false;
		if (expand_is(&t, "##")) {
			if (hash || d->body.n == 0 || at + 1 == all->n ||
				expand_is(&all->v[at + 1], "##"))
				return false;
			d->body.v[d->body.n - 1].flags |= TOKEN_PASTED;
			continue;
		}
		t.flags &= at == first ? 0u : ~0u;
		if (hash && t.kind == KIND_PARAM) {
			t.flags = TOKEN_STRINGIFY | (d->body.v[--d->body.n].flags & TOKEN_WHITE);
		}
		hash = d->is_function && expand_is(&t, "#");
		vec_push(&d->body, t);
	}
	return true;
}

struct expand_definition *expand_definition_create(const char *text)
{
	struct expand_definition *d = xcalloc(1, sizeof *d);
	expand_tokens all = {0}, params = {0};
	size_t at = 0;
	d->text = xstrdup(text);
	d->is_function = *text == '(';
	d->is_odd = !expand_lex(d->text, false, &all) ||
		    (d->is_function && !read_params(d, &all, &at, &params)) ||
		    !read_body(d, &all, at, &params);
	d->params = (unsigned)params.n;
	vec_fini(&all);
	vec_fini(&params);
	return d;
}

void expand_definition_destroy(struct expand_definition *d)
{
	if (!d)
		return;
	free(d->text);
	vec_fini(&d->body);
	free(d);
}

const char *expand_definition_text(const struct expand_definition *d)
{
	return d->text;
}
