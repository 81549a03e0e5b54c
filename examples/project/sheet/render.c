#include "sheet.h"

#include <string.h>

static const char *shown(struct sheet *s, int column, int row)
{
	struct cell *c = grid_cell(s, (struct ref){column, row});
	return c ? value_show(&s->arena, c->value) : "";
}

static int width(struct sheet *s, int column)
{
	size_t widest = 0;
	for (int row = 0; row < s->rows; row++) {
		size_t n = strlen(shown(s, column, row));
		widest = n > widest ? n : widest;
	}
	return (int)widest;
}

static void put(struct sheet *s, struct ref at, int wide, FILE *out)
{
	struct cell *c = grid_cell(s, at);
	bool number = c && c->value.kind == VALUE_NUMBER;
	fprintf(out, number ? " %*s |" : " %-*s |", wide, shown(s, at.column, at.row));
}

void render(struct sheet *s, FILE *out)
{
	int *widths = arena_take(&s->arena, (size_t)s->columns * sizeof(*widths));
	for (int column = 0; column < s->columns; column++)
		widths[column] = width(s, column);
	for (int row = 0; row < s->rows; row++) {
		fputc('|', out);
		for (int column = 0; column < s->columns; column++)
			put(s, (struct ref){column, row}, widths[column], out);
		fputc('\n', out);
	}
}
