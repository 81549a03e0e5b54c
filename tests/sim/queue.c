/* What happens next, and chance: the same for the same seed, on every machine. */
#include "base/str.h"
#include "sim.h"

#include <math.h>

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq < b->seq;
}

void sim_push(struct sim *w, uint64_t in_us, struct sim_event ev)
{
	struct sim_queue *q = &w->queue;
	if (q->n == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 1024;
		q->v = xrealloc(q->v, q->cap * sizeof *q->v);
	}
	ev.at_us = w->now_us + in_us;
	ev.seq = q->seq++;
	size_t i = q->n++;
	while (i && before(&ev, &q->v[(i - 1) / 2])) {
		q->v[i] = q->v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	q->v[i] = ev;
}

bool sim_pop(struct sim *w, struct sim_event *ret)
{
	struct sim_queue *q = &w->queue;
	if (!q->n)
		return false;
	*ret = q->v[0];
	struct sim_event last = q->v[--q->n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < q->n; i = child) {
		if (child + 1 < q->n && before(&q->v[child + 1], &q->v[child]))
			child++;
		if (!before(&q->v[child], &last))
			break;
		q->v[i] = q->v[child];
	}
	q->v[i] = last;
	return true;
}

/* splitmix64 */
double sim_draw(struct sim *w)
{
	uint64_t z = w->rng += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (double)((z ^ (z >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

bool sim_chance(struct sim *w, unsigned permille)
{
	return permille && sim_draw(w) * 1000 < permille;
}

uint64_t sim_interval(struct sim *w, double mean_us)
{
	return (uint64_t)(-log(1 - sim_draw(w)) * mean_us);
}
