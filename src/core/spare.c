#include "core/spare.h"

#include <stdio.h>

enum { TICK_MS = 10 }; /* USER_HZ is 100 on every machine */

/* The first line sums up all cores: user, nice, system, idle, waiting for a disk (idle, too), ... */
static bool read_idle(const char *stat, uint64_t *ret_ticks)
{
	unsigned long long idle, waits;
	if (!stat || sscanf(stat, "cpu %*u %*u %*u %llu %llu", &idle, &waits) != 2)
		return false;
	*ret_ticks = idle + waits;
	return true;
}

bool spare_look(struct spare *s, const char *stat, uint64_t now_ms)
{
	uint64_t ticks;
	if (!read_idle(stat, &ticks)) {
		*s = (struct spare){0};
		return false;
	}
	struct spare last = *s;
	*s = (struct spare){now_ms, ticks};
	/* the kernel's sum may be a little less than it was */
	if (!last.now_ms || now_ms <= last.now_ms || ticks <= last.idle_ticks)
		return false;
	return (ticks - last.idle_ticks) * TICK_MS * 2 >= now_ms - last.now_ms;
}
