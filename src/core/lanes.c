#include "core/lanes.h"

#include "base/str.h"

#include <assert.h>
#include <stdlib.h>

static int by_begin(const void *a, const void *b)
{
	const struct lanes_span *x = a, *y = b;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return (x->what > y->what) - (x->what < y->what);
}

static size_t choose(const double *free_at, size_t n, double t)
{
	size_t best = 0;
	for (size_t i = 0; i < n; i++) {
		if (free_at[i] <= t)
			return i;
		if (free_at[i] < free_at[best])
			best = i;
	}
	return best;
}

void lanes_assign(struct lanes_span *spans, size_t n, size_t lanes)
{
	if (n == 0)
		return;
	assert(lanes > 0);
	qsort(spans, n, sizeof *spans, by_begin);
	_cleanup_free_ double *free_at = xcalloc(lanes, sizeof *free_at);
	for (size_t i = 0; i < n; i++) {
		struct lanes_span *s = &spans[i];
		s->lane = choose(free_at, lanes, s->begin);
		if (s->begin < free_at[s->lane])
			s->begin = free_at[s->lane];
		if (s->end > s->begin)
			free_at[s->lane] = s->end;
	}
}
