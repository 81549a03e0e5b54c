#include "progress.h"

bool progress_stalled(struct progress *p, bool due, uint64_t moved_bytes, uint64_t now_ms)
{
	bool was_watching = p->watching;
	p->watching = due;
	if (due && was_watching && now_ms - p->since_ms < PROGRESS_MS)
		return false;
	bool moved = moved_bytes - p->from_bytes >= PROGRESS_BYTES;
	p->since_ms = now_ms;
	p->from_bytes = moved_bytes;
	return due && was_watching && !moved;
}
