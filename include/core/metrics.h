/* metrics - what a node has done and does, as Prometheus reads it (text format 0.0.4).
 *
 * Contract: pure. Totals only grow.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* How jobs ended. */
enum metrics_outcome {
	METRICS_OK,      /* the compiler succeeded */
	METRICS_FAILED,  /* it said no, and the client was told so */
	METRICS_REFUSED, /* nothing ran: no room, no such compiler, not allowed */
	METRICS_KILLED,  /* the client did not want it any more */
	METRICS_LIMITED, /* time, memory or output were over */
	METRICS_OUTCOMES
};

struct metrics {
	const char *node, *version;
	unsigned slots, busy, waiting, clients, jail_level, toolchains;
	bool draining;
	uint64_t jobs[METRICS_OUTCOMES];
	uint64_t compile_us;  /* wall time of compilers */
	uint64_t moved_bytes; /* over links to clients, both ways */
};

void metrics_write(const struct metrics *m, FILE *out);
