/* tokens - the ledger of a token pool that can grow and shrink while make runs.
 *
 * base tokens are make's for local work (local slots - 1: make's implicit one is never in a pool).
 * lend() says how many to write into the pool when jobs leave this machine; owe() how many must
 * come back when jobs return; returned() decides for each token that make gives back whether it
 * goes round again or repays a debt. Debts cancel: a departure while a token is owed repays it
 * instead of adding one.
 *
 * Invariant: base + lent = in the pool + held by make + kept; owed <= lent.
 *
 * Contract: pure; the pool itself is io/jobserver.h.
 */
#pragma once

#include <stdint.h>

struct tokens {
	uint32_t base; /* nested: what the outer jobserver gave so far */
	uint32_t lent; /* now in circulation beyond base */
	uint32_t owed; /* to be kept as they come back */
	uint32_t lent_peak;
	uint64_t returned; /* ever seen coming back */
	uint64_t surplus;  /* given back without having been taken; dropped */
};

void tokens_init(struct tokens *t, uint32_t base);
/* n jobs left: how many tokens to write into the pool. *ret_repaid (may be NULL): debts settled by
 * not writing. */
uint32_t tokens_lend(struct tokens *t, uint32_t n, uint32_t *ret_repaid);
/* n jobs are back: that many tokens will be kept. */
void tokens_owe(struct tokens *t, uint32_t n);
/* make gave n back: how many of them go into the pool again. The rest repaid debts. */
uint32_t tokens_returned(struct tokens *t, uint32_t n);
/* n came back while in_pool lay untaken: how many of them can be ours. The others are surplus. */
uint32_t tokens_clamp(struct tokens *t, uint32_t n, uint32_t in_pool);
