/* A binary heap of nodes, each of which knows its place in it. */
#include "sched_impl.h"

#include "base/str.h"

/* Ties by number, so that the same events always give the same plan. */
static bool before(const struct sched_node *a, const struct sched_node *b)
{
	return a->ready_us < b->ready_us || (!(b->ready_us < a->ready_us) && a->id < b->id);
}

static void set(struct sched_heap *h, uint32_t i, struct sched_node *n)
{
	h->v[i] = n;
	n->heap_pos = i;
}

static void sift_up(struct sched_heap *h, uint32_t i, struct sched_node *n)
{
	for (; i && before(n, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		set(h, i, h->v[(i - 1) / 2]);
	set(h, i, n);
}

static void sift_down(struct sched_heap *h, uint32_t i, struct sched_node *n)
{
	for (uint32_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
			child++;
		if (!before(h->v[child], n))
			break;
		set(h, i, h->v[child]);
	}
	set(h, i, n);
}

void sched_heap_move(struct sched_node *n)
{
	struct sched_heap *h = n->heap;
	uint32_t i = n->heap_pos;
	if (i && before(n, h->v[(i - 1) / 2]))
		sift_up(h, i, n);
	else
		sift_down(h, i, n);
}

void sched_heap_add(struct sched_heap *h, struct sched_node *n)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 8;
		h->v = xrealloc(h->v, h->cap * sizeof(struct sched_node *));
	}
	n->heap = h;
	sift_up(h, h->n++, n);
}

void sched_heap_remove(struct sched_node *n)
{
	struct sched_heap *h = n->heap;
	struct sched_node *last = h->v[--h->n];
	n->heap = NULL;
	if (last == n)
		return;
	set(h, n->heap_pos, last);
	sched_heap_move(last);
}

struct sched_node *sched_heap_first(const struct sched_heap *h, const struct sched_node *except)
{
	if (h->n == 0)
		return NULL;
	if (h->v[0] != except)
		return h->v[0];
	if (h->n > 2)
		return before(h->v[2], h->v[1]) ? h->v[2] : h->v[1];
	return h->n == 2 ? h->v[1] : NULL;
}
