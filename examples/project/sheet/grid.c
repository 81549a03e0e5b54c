#include "sheet.h"

#include <string.h>

struct cell *grid_cell(struct sheet *s, struct ref at)
{
	char name[16];
	return map_get(&s->cells, ref_show(at, name));
}

/* A text that begins with '=' is a formula; one that reads as a number is one. */
static void fill(struct sheet *s, struct cell *c, const char *text)
{
	const char *why = NULL;
	double number;
	if (*text == '=') {
		c->formula = parse(&s->arena, text + 1, &why);
		if (c->formula) {
			c->formula = fold(&s->arena, c->formula);
			return;
		}
		c->value = value_fault(why);
	} else if (number_parse(text, &number)) {
		c->value = value_number(number);
	} else {
		c->value = value_text(arena_copy(&s->arena, text, strlen(text)));
	}
	c->state = CELL_DONE;
}

void grid_put(struct sheet *s, struct ref at, const char *text)
{
	char name[16];
	struct cell *c = arena_take(&s->arena, sizeof(*c));
	ref_show(at, name);
	map_put(&s->cells, arena_copy(&s->arena, name, strlen(name)), c);
	fill(s, c, text);
	if (at.column >= s->columns)
		s->columns = at.column + 1;
	if (at.row >= s->rows)
		s->rows = at.row + 1;
}

void grid_free(struct sheet *s)
{
	map_free(&s->cells);
	arena_free(&s->arena);
}
