/* lanes - spans of time laid on numbered lanes, of which each holds one at a time: whatever begins takes the
 * first lane that is free. Where none is, it takes the one that is free soonest, and is cut at its beginning.
 *
 * Contract: pure.
 */
#pragma once

#include <stddef.h>

struct lanes_span {
	double begin, end; /* cut by lanes_assign(); end <= begin: nothing is left of it */
	size_t lane;
	size_t what; /* the caller's */
};

/* Sorts them by their beginnings, and gives each its lane. lanes > 0 unless n is 0. */
void lanes_assign(struct lanes_span *spans, size_t n, size_t lanes);
