/* Spans laid on cores, and things on the chain that the build's time hangs on. */
#include "usage_impl.h"

#include "base/str.h"
#include "core/lanes.h"

#include <math.h>
#include <string.h>

static const struct usage_place *place_of(const struct usage *u, int place)
{
	return place == USAGE_HERE ? &u->here : &u->nodes.v[place];
}

unsigned usage_slots(const struct usage *u, int place, const struct usage_frame *f)
{
	return place == USAGE_HERE ? f->local_slots : place_of(u, place)->slots;
}

void usage_lanes(const struct usage *u, int place, const struct usage_frame *f, double *ret_busy_s)
{
	const struct usage_place *p = place_of(u, place);
	size_t lanes = usage_slots(u, place, f), n = lanes ? p->spans.n : 0;
	_cleanup_free_ struct lanes_span *spans = xcalloc(n, sizeof *spans);
	memset(ret_busy_s, 0, lanes * sizeof *ret_busy_s);
	for (size_t i = 0; i < n; i++)
		spans[i] = (struct lanes_span){
			p->spans.v[i].begin, usage_end(p->spans.v[i].end, f->wall_s), 0, i};
	lanes_assign(spans, n, lanes);
	for (size_t i = 0; i < n; i++)
		if (spans[i].end > spans[i].begin)
			ret_busy_s[spans[i].lane] += spans[i].end - spans[i].begin;
}

static int by_end(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
	return (x->end > y->end) - (x->end < y->end);
}

size_t usage_chain(const struct usage *u, struct usage_link *ret, size_t room)
{
	size_t n = 0, left = 0;
	_cleanup_free_ const struct item **items = xcalloc(u->items.n, sizeof *items);
	for (size_t i = 0; i < u->items.n; i++)
		if (u->items.v[i].begin >= 0 && u->items.v[i].end >= 0)
			items[left++] = &u->items.v[i];
	qsort(items, left, sizeof *items, by_end);
	for (double until = INFINITY; left && n < room; left--) {
		const struct item *it = items[left - 1];
		if (it->end > until)
			continue;
		ret[n++] = (struct usage_link){it->name, it->begin, it->end, it->is_step};
		until = it->begin;
	}
	return n;
}
