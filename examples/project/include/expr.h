/* expr - formulas: "=A1+SUM(B1:B9)*2" to a tree, and a tree to a value. */
#pragma once

#include "value.h"

struct ref {
	int column, row; /* from 0 */
};

enum token_kind {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_TEXT,
	TOKEN_NAME,
	TOKEN_OPERATOR,
	TOKEN_BAD,
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t len;
	double number;
};
struct token lex(const char **at);
bool token_is(const struct token *t, const char *operator);

enum node_kind { NODE_VALUE, NODE_CELL, NODE_RANGE, NODE_CALL, NODE_NEGATE, NODE_BINARY };

struct node {
	enum node_kind kind;
	struct value value;      /* NODE_VALUE */
	struct ref from, to;     /* NODE_CELL (from), NODE_RANGE */
	const struct func *func; /* NODE_CALL */
	char operator[3];        /* NODE_BINARY */
	struct node **child;
	size_t children;
};
struct node *node_new(struct arena *a, enum node_kind kind);
void node_adopt(struct arena *a, struct node *parent, struct node *child);

/* NULL and *ret_why for what is no formula. */
struct node *parse(struct arena *a, const char *text, const char **ret_why);
/* Computes what does not depend on cells. */
struct node *fold(struct arena *a, struct node *n);
void print(const struct node *n, struct strbuf *out);

struct scope {
	struct arena *arena;
	struct value (*look)(void *ctx, struct ref at);
	void *ctx;
};
struct value eval(const struct scope *s, const struct node *n);
struct value binary(struct arena *a, const char *operator, struct value left, struct value right);

bool ref_parse(const char *s, size_t n, struct ref *ret); /* "B12" */
const char *ref_show(struct ref r, char out[16]);
