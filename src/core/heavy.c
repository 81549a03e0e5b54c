#include "core/heavy.h"

#include <string.h>

enum {
	YOUNG_MS = 10 * 1000, /* so long its memory may not be taken yet */
	WAIT_MS_MAX = 60 * 1000,
};

void heavy_ask(struct heavy *h, uint32_t number, uint64_t need_kib, uint64_t now_ms)
{
	vec_push(h, (struct heavy_step){number, false, need_kib, now_ms});
}

void heavy_end(struct heavy *h, uint32_t number)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].number != number)
			continue;
		h->n--;
		memmove(&h->v[i], &h->v[i + 1], (h->n - i) * sizeof *h->v);
		return;
	}
}

static struct heavy_step *first_waiting(struct heavy *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (!h->v[i].running)
			return &h->v[i];
	return NULL;
}

bool heavy_next(struct heavy *h, uint64_t available_kib, uint64_t now_ms, uint32_t *ret_number)
{
	struct heavy_step *s = first_waiting(h);
	if (!s)
		return false;
	bool alone = true;
	uint64_t taken_kib = 0;
	for (size_t i = 0; i < h->n; i++) {
		const struct heavy_step *r = &h->v[i];
		alone = alone && !r->running;
		if (r->running && now_ms < r->since_ms + YOUNG_MS)
			taken_kib += r->need_kib;
	}
	bool fits = available_kib > taken_kib && available_kib - taken_kib >= s->need_kib;
	if (!alone && !fits && now_ms < s->since_ms + WAIT_MS_MAX)
		return false;
	s->running = true;
	s->since_ms = now_ms;
	*ret_number = s->number;
	return true;
}
