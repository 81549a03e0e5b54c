/* spare - does the machine have a core to spare?
 *
 * Contract: pure. Looks come a few times a second, with what /proc/stat says (NULL: it cannot be read).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct spare {
	uint64_t now_ms, idle_ticks; /* of the last look; 0 and 0 before the first */
};

/* Was half a core idle since the last look? false when that is not known. */
bool spare_look(struct spare *s, const char *stat, uint64_t now_ms);
