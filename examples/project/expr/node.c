#include "expr.h"

#include <string.h>

struct node *node_new(struct arena *a, enum node_kind kind)
{
	struct node *n = arena_take(a, sizeof(*n));
	n->kind = kind;
	return n;
}

/* The vector doubles at each power of two; what it outgrows stays in the arena. */
void node_adopt(struct arena *a, struct node *parent, struct node *child)
{
	size_t n = parent->children;
	if ((n & (n - 1)) == 0) {
		struct node **more = arena_take(a, (n ? n * 2 : 1) * sizeof(struct node *));
		if (n)
			memcpy(more, parent->child, n * sizeof(struct node *));
		parent->child = more;
	}
	parent->child[parent->children++] = child;
}
