#include "expr.h"
#include "func.h"

enum { ARGS_MAX = 4096 };

struct gather {
	struct value *v;
	size_t n;
	struct value fault; /* the first that was met */
};

static void add(struct gather *g, struct value v)
{
	if (v.kind == VALUE_FAULT && g->fault.kind != VALUE_FAULT)
		g->fault = v;
	else if (g->n == ARGS_MAX)
		g->fault = value_fault("too many arguments");
	else
		g->v[g->n++] = v;
}

static void add_range(const struct scope *s, const struct node *range, struct gather *g)
{
	for (int row = range->from.row; row <= range->to.row; row++)
		for (int column = range->from.column; column <= range->to.column; column++)
			add(g, s->look(s->ctx, (struct ref){column, row}));
}

static struct value eval_call(const struct scope *s, const struct node *n)
{
	struct gather g = {.v = arena_take(s->arena, ARGS_MAX * sizeof(struct value))};
	for (size_t i = 0; i < n->children; i++) {
		if (n->child[i]->kind == NODE_RANGE)
			add_range(s, n->child[i], &g);
		else
			add(&g, eval(s, n->child[i]));
	}
	if (g.fault.kind == VALUE_FAULT)
		return g.fault;
	if (g.n < n->func->least)
		return value_fault("missing argument");
	return n->func->call((struct args){.arena = s->arena, .v = g.v, .n = g.n});
}

struct value eval(const struct scope *s, const struct node *n)
{
	switch (n->kind) {
	case NODE_VALUE: return n->value;
	case NODE_CELL: return s->look(s->ctx, n->from);
	case NODE_RANGE: return value_fault("a range is no value");
	case NODE_CALL: return eval_call(s, n);
	case NODE_NEGATE: return binary(s->arena, "-", value_number(0), eval(s, n->child[0]));
	case NODE_BINARY:
		return binary(s->arena, n->operator, eval(s, n->child[0]), eval(s, n->child[1]));
	}
	return value_empty();
}
