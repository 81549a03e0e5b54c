/* progress - tells a client that is slow from one that only holds on to what others could use.
 *
 * While a client has a text under way, or results to take, PROGRESS_BYTES have to move in each
 * PROGRESS_MS, in either direction.
 *
 * Contract: pure; progress_stalled() is called several times in each PROGRESS_MS.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_MS = 10 * 1000, PROGRESS_BYTES = 4096 };

/* All zero at first. */
struct progress {
	bool watching;
	uint64_t since_ms, from_bytes; /* the window began so */
};

/* moved_bytes: all that was ever moved. due: it is this client's turn to do something. */
bool progress_stalled(struct progress *p, bool due, uint64_t moved_bytes, uint64_t now_ms);
