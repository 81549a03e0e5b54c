/* Depth first: a cell is computed when somebody first looks at it; one that is looked at while it is
 * being computed depends on itself. */
#include "sheet.h"

static struct value look(void *ctx, struct ref at)
{
	struct sheet *s = ctx;
	struct cell *c = grid_cell(s, at);
	if (!c)
		return value_empty();
	if (c->state == CELL_BUSY)
		return value_fault("depends on itself");
	if (c->state == CELL_WAITING) {
		struct scope scope = {.arena = &s->arena, .look = look, .ctx = s};
		c->state = CELL_BUSY;
		c->value = eval(&scope, c->formula);
		c->state = CELL_DONE;
		s->evaluations++;
	}
	return c->value;
}

void recalc(struct sheet *s)
{
	for (int row = 0; row < s->rows; row++)
		for (int column = 0; column < s->columns; column++)
			look(s, (struct ref){column, row});
}
