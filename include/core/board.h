/* board - what a node's board shows of the load: how bright its light is, and how fast its cores may run.
 *
 * Contract: pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The highest number of cores in use of late: a rise shows at once, a fall when it has lasted BOARD_FALL_MS, so
 * that nothing is turned down between two jobs. */
enum { BOARD_FALL_MS = 2000 };

struct board_level {
	unsigned shown, next; /* next: most that was seen since the fall began */
	uint64_t fell_ms;     /* 0: it has not */
};

/* Returns what is to be shown now; shown != used: look again later. */
unsigned board_settle(struct board_level *l, unsigned used, uint64_t now_ms);

/* 0 only when no core is used; max when all are. */
unsigned board_brightness(unsigned used, unsigned slots, unsigned max);
/* min when none is used; max when all are. */
uint64_t board_ceiling_khz(unsigned used, unsigned slots, uint64_t min_khz, uint64_t max_khz);

/* list: a LED's "trigger", as in "none [heartbeat] activity". */
bool board_has_trigger(const char *list, const char *name);
/* Copies the one in brackets, cut; "" when there is none. Returns out. */
const char *board_current_trigger(const char *list, char out[static 64]);
