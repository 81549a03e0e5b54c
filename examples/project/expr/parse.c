/* Precedence climbing over one token of look-ahead. The first thing that is wrong is kept in why
 * and everything after it is void. */
#include "expr.h"
#include "func.h"

#include <string.h>

struct parser {
	struct arena *arena;
	const char *at;
	struct token token;
	const char *why;
	int depth;
};

static const struct level {
	const char *operators[7];
	bool right; /* associative */
} levels[] = {
	{{"=", "<>", "<", "<=", ">", ">="}, false},
	{{"&"}, false},
	{{"+", "-"}, false},
	{{"*", "/"}, false},
	{{"^"}, true},
};
enum { LEVELS = sizeof(levels) / sizeof(*levels), DEPTH_MAX = 100 };

static struct node *parse_level(struct parser *p, size_t level);

static struct node *fail(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return node_new(p->arena, NODE_VALUE);
}

static void next(struct parser *p)
{
	p->token = lex(&p->at);
}

static void expect(struct parser *p, const char *operator, const char * why)
{
	if (!token_is(&p->token, operator))
		fail(p, why);
	next(p);
}

static struct node *parse_call(struct parser *p, struct token name)
{
	struct node *n = node_new(p->arena, NODE_CALL);
	n->func = func_find(name.start, name.len);
	next(p);
	while (!p->why && !token_is(&p->token, ")")) {
		node_adopt(p->arena, n, parse_level(p, 0));
		if (!token_is(&p->token, ","))
			break;
		next(p);
	}
	expect(p, ")", "missing )");
	return n->func ? n : fail(p, "no such function");
}

static struct node *parse_cell(struct parser *p, struct token name)
{
	struct node *n = node_new(p->arena, NODE_CELL);
	if (!ref_parse(name.start, name.len, &n->from))
		return fail(p, "no such name");
	if (!token_is(&p->token, ":"))
		return n;
	next(p);
	n->kind = NODE_RANGE;
	if (p->token.kind != TOKEN_NAME || !ref_parse(p->token.start, p->token.len, &n->to))
		return fail(p, "bad range");
	next(p);
	return n;
}

static struct node *parse_atom(struct parser *p)
{
	struct token t = p->token;
	struct node *n = node_new(p->arena, NODE_VALUE);
	next(p);
	switch (t.kind) {
	case TOKEN_NUMBER: n->value = value_number(t.number); return n;
	case TOKEN_TEXT:
		n->value = value_text(arena_copy(p->arena, t.start + 1, t.len - 2));
		return n;
	case TOKEN_NAME: return token_is(&p->token, "(") ? parse_call(p, t) : parse_cell(p, t);
	case TOKEN_OPERATOR:
	case TOKEN_END:
	case TOKEN_BAD: break;
	}
	if (token_is(&t, "-")) {
		n->kind = NODE_NEGATE;
		node_adopt(p->arena, n, parse_level(p, LEVELS - 1));
		return n;
	}
	if (!token_is(&t, "("))
		return fail(p, "not a formula");
	n = parse_level(p, 0);
	expect(p, ")", "missing )");
	return n;
}

static const char *operator_here(const struct parser *p, const struct level *level)
{
	for (const char *const *o = level->operators; *o; o++)
		if (token_is(&p->token, *o))
			return *o;
	return NULL;
}

static struct node *parse_level(struct parser *p, size_t level)
{
	if (p->depth > DEPTH_MAX)
		return fail(p, "too deep");
	if (level == LEVELS)
		return parse_atom(p);
	p->depth++;
	struct node *left = parse_level(p, level + 1);
	const char *operator;
	while (!p->why && (operator= operator_here(p, &levels[level]))) {
		struct node *n = node_new(p->arena, NODE_BINARY);
		strcpy(n->operator, operator);
		next(p);
		node_adopt(p->arena, n, left);
		node_adopt(p->arena, n, parse_level(p, levels[level].right ? level : level + 1));
		left = n;
	}
	p->depth--;
	return left;
}

struct node *parse(struct arena *a, const char *text, const char **ret_why)
{
	struct parser p = {.arena = a, .at = text};
	next(&p);
	struct node *n = parse_level(&p, 0);
	if (p.token.kind != TOKEN_END)
		fail(&p, "text after the formula");
	*ret_why = p.why;
	return p.why ? NULL : n;
}
