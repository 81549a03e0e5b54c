/* guard - keeps the build from eating the memory of the machine that it runs on.
 *
 * A token that is lent lets make start one recipe more, and what that will need nobody knows. So
 * while memory is short none is lent: what would be is held back, and a job that comes back gives up
 * one that was held back before it waits for one to return. Then make runs as many recipes as it
 * would without a farm, less those whose jobs are away, and never fewer than that: nothing waits for
 * memory, so nothing can wait for ever.
 *
 * Memory is short when less than a sixteenth of it (at most 1 GiB) is available, or when processes
 * spent a tenth of the time waiting for memory. It is so no more when twice that is available and
 * nearly nobody has waited for some seconds.
 *
 * Contract: pure. Samples come a few times a second; without any, memory is never short.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guard_sample {
	uint64_t now_ms;
	uint64_t total_kib, available_kib;
	bool has_stall;
	uint64_t stall_us; /* processes have waited for memory, ever */
};

struct guard {
	bool is_short;
	unsigned held; /* tokens that are held back */
	struct guard_sample last;
	uint64_t strained_ms; /* when it was last not well */
};

/* Reads /proc/meminfo and /proc/pressure/memory (NULL: there is none). False, and *ret untouched,
 * when the first is not what it should be. The time is left to the caller. */
bool guard_parse(const char *meminfo, const char *pressure, struct guard_sample *ret);

/* How many tokens that were held back are to be lent now. */
unsigned guard_look(struct guard *g, const struct guard_sample *s);
/* n jobs left: how many tokens may be lent for them. owed: debts that a departure repays, which adds
 * no token. */
unsigned guard_lend(struct guard *g, unsigned n, unsigned owed);
/* n jobs are back: for how many a token has to come back. The others' were never lent. */
unsigned guard_owe(struct guard *g, unsigned n);
