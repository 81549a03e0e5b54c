/* heavy - which of the steps that need much memory, large links, may run now.
 *
 * A step may run when none does, or when what it needs is available besides what those that began
 * lately may still take: older ones show in what is available. One that has waited for a minute may
 * run in any case. So a step waits only where two would swap, one always runs, and nothing that is
 * said wrong or never ends stops a build. First come, first served.
 *
 * Contract: pure. A step's number is used once at a time.
 */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct heavy_step {
	uint32_t number;
	bool running;
	uint64_t need_kib;
	uint64_t since_ms; /* waiting, or running */
};

struct heavy { /* a vec, in the order in which they asked */
	struct heavy_step *v;
	size_t n, cap;
};

void heavy_ask(struct heavy *h, uint32_t number, uint64_t need_kib, uint64_t now_ms);
/* It has ended, or nobody waits for it any more. */
void heavy_end(struct heavy *h, uint32_t number);
/* The next one that may run, which then runs; false when there is none. Due after each of the above,
 * and a few times a second. available_kib: UINT64_MAX when it is not known. */
bool heavy_next(struct heavy *h, uint64_t available_kib, uint64_t now_ms, uint32_t *ret_number);
