/* sheet - a grid of cells read from CSV, computed in whatever order the formulas need. */
#pragma once

#include "expr.h"

#include <stdio.h>

enum cell_state { CELL_WAITING, CELL_BUSY, CELL_DONE };

struct cell {
	struct node *formula; /* NULL for a constant */
	struct value value;
	enum cell_state state;
};

struct sheet {
	struct arena arena;
	struct map cells; /* by name: "B12" */
	int columns, rows;
	unsigned evaluations;
};

struct cell *grid_cell(struct sheet *s, struct ref at); /* NULL when nothing is there */
void grid_put(struct sheet *s, struct ref at, const char *text);
void grid_free(struct sheet *s);

void csv_read(struct sheet *s, const char *text);
void recalc(struct sheet *s);
void render(struct sheet *s, FILE *out);
void stats(struct sheet *s, FILE *out);
