#include "sheet.h"

void stats(struct sheet *s, FILE *out)
{
	unsigned faults = 0;
	for (size_t i = 0; i < s->cells.size; i++) {
		const struct cell *c = s->cells.slots[i].value;
		faults += c && c->value.kind == VALUE_FAULT;
	}
	fprintf(out, "%zu cells, %u computed, %u faults\n", s->cells.used, s->evaluations, faults);
}
