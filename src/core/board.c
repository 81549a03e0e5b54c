#include "core/board.h"

#include <stdio.h>
#include <string.h>

unsigned board_settle(struct board_level *l, unsigned used, uint64_t now_ms)
{
	if (used >= l->shown) {
		*l = (struct board_level){.shown = used};
		return used;
	}
	if (!l->fell_ms) {
		l->fell_ms = now_ms ? now_ms : 1;
		l->next = used;
	}
	if (used > l->next)
		l->next = used;
	if (now_ms >= l->fell_ms + BOARD_FALL_MS)
		*l = (struct board_level){.shown = l->next};
	return l->shown;
}

unsigned board_brightness(unsigned used, unsigned slots, unsigned max)
{
	if (used >= slots)
		return used ? max : 0;
	return (unsigned)(((uint64_t)used * max + slots - 1) / slots);
}

uint64_t board_ceiling_khz(unsigned used, unsigned slots, uint64_t min_khz, uint64_t max_khz)
{
	if (used == 0 || max_khz <= min_khz)
		return min_khz;
	if (used >= slots)
		return max_khz;
	return min_khz + (max_khz - min_khz) * used / slots;
}

bool board_has_trigger(const char *list, const char *name)
{
	for (size_t n; *list; list += n) {
		list += strspn(list, " []\n");
		n = strcspn(list, " []\n");
		if (n && n == strlen(name) && strncmp(list, name, n) == 0)
			return true;
	}
	return false;
}

const char *board_current_trigger(const char *list, char out[static 64])
{
	const char *begin = strchr(list, '[');
	int n = begin ? (int)strcspn(begin + 1, "]\n") : 0;
	snprintf(out, 64, "%.*s", n, begin ? begin + 1 : "");
	return out;
}
