#include "core/guard.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
	LOW_PART = 16, /* of all memory, */
	LOW_KIB_MAX = 1024 * 1024,
	LOW_TO_WELL = 2, /* times as much has to be available afterwards */
	STALL_SHORT_PERCENT = 10,
	STALL_WELL_PERCENT = 1,
	WELL_MS = 3000,
	SAMPLE_MS_MIN = 100, /* below this a share of time says nothing */
};

static bool find_kib(const char *meminfo, const char *name, uint64_t *ret)
{
	const char *line = strstr(meminfo, name);
	return line && sscanf(line + strlen(name), "%" SCNu64, ret) == 1;
}

bool guard_parse(const char *meminfo, const char *pressure, struct guard_sample *ret)
{
	struct guard_sample s = {.now_ms = ret->now_ms};
	if (!find_kib(meminfo, "MemTotal:", &s.total_kib) ||
		!find_kib(meminfo, "MemAvailable:", &s.available_kib) || s.total_kib == 0)
		return false;
	s.has_stall =
		pressure && sscanf(pressure, "some avg10=%*f avg60=%*f avg300=%*f total=%" SCNu64,
				    &s.stall_us) == 1;
	*ret = s;
	return true;
}

static uint64_t low_kib(const struct guard_sample *s)
{
	uint64_t part = s->total_kib / LOW_PART;
	return part < LOW_KIB_MAX ? part : LOW_KIB_MAX;
}

/* Of the time since the last sample. */
static unsigned stall_percent(const struct guard_sample *last, const struct guard_sample *s)
{
	if (!last->has_stall || !s->has_stall || s->stall_us < last->stall_us)
		return 0;
	return (unsigned)((s->stall_us - last->stall_us) / ((s->now_ms - last->now_ms) * 10));
}

unsigned guard_look(struct guard *g, const struct guard_sample *s)
{
	bool first = g->last.total_kib == 0;
	if (!first && s->now_ms < g->last.now_ms + SAMPLE_MS_MIN)
		return 0;
	unsigned stall = first ? 0 : stall_percent(&g->last, s);
	g->last = *s;
	if (s->available_kib < low_kib(s) || stall >= STALL_SHORT_PERCENT)
		g->is_short = true;
	if (s->available_kib < LOW_TO_WELL * low_kib(s) || stall >= STALL_WELL_PERCENT)
		g->strained_ms = s->now_ms;
	else if (s->now_ms >= g->strained_ms + WELL_MS)
		g->is_short = false;
	if (g->is_short)
		return 0;
	unsigned held = g->held;
	g->held = 0;
	return held;
}

unsigned guard_lend(struct guard *g, unsigned n, unsigned owed)
{
	if (!g->is_short)
		return n;
	unsigned lent = n < owed ? n : owed;
	g->held += n - lent;
	return lent;
}

unsigned guard_owe(struct guard *g, unsigned n)
{
	unsigned given = n < g->held ? n : g->held;
	g->held -= given;
	return n - given;
}
