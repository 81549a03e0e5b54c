/* Water is poured on a floor of uneven heights, up to a level that is found by bisection: first
 * below ceilings, the wants; when all of these are reached, over them. */
#include "core/share.h"

#include <stdbool.h>
#include <stdint.h>

/* At most what is wanted, or, over the wants, at least that. */
static unsigned fill(const struct share *s, unsigned least, unsigned level, bool over)
{
	unsigned want = s->want > least ? s->want : least;
	return over == (level > want) ? level : want;
}

static uint64_t sum(const struct share *v, size_t n, unsigned least, unsigned level, bool over)
{
	uint64_t all = 0;
	for (size_t i = 0; i < n; i++)
		all += fill(&v[i], least, level, over);
	return all;
}

/* The highest level at which no more than the total is handed out. */
static unsigned find_level(
	unsigned total, unsigned least, const struct share *v, size_t n, bool over)
{
	unsigned low = 0, high = total;
	while (low < high) {
		unsigned middle = low + (high - low + 1) / 2;
		if (sum(v, n, least, middle, over) <= total)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

void share_divide(unsigned total, unsigned least, struct share *v, size_t n)
{
	bool over = sum(v, n, least, SHARE_ALL, false) <= total;
	unsigned level = find_level(total, least, v, n, over);
	uint64_t used = sum(v, n, least, level, over);
	for (size_t i = 0; i < n; i++) {
		v[i].got = fill(&v[i], least, level, over);
		bool more = v[i].got < fill(&v[i], least, level + 1, over);
		if (more && used < total)
			v[i].got++, used++;
		if (v[i].got < least)
			v[i].got = least;
	}
}
