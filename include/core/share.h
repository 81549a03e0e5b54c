/* share - divides what is scarce among those who want it, max-min fairly.
 *
 * Nobody gets more than he wants while somebody else wants more than he gets, and nobody can get
 * more without another who has no more getting less. What nobody wants is handed out as well, to
 * those who have least, so that whoever begins to want more need not ask first.
 *
 * Contract: pure. The shares are whole numbers and add up to the total, unless the least that
 * everybody gets is more than that. What cannot be divided goes to those who come first.
 */
#pragma once

#include <stddef.h>

enum { SHARE_ALL = ~0u >> 1 }; /* wants as much as there is */

struct share {
	unsigned want;
	unsigned got; /* the answer */
};

void share_divide(unsigned total, unsigned least, struct share *v, size_t n);
