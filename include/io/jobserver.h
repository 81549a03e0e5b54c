/* jobserver - owns make's token pool, so that it can be made larger and smaller while make runs.
 *
 * Two mechanisms behind one contract. Up to make 4.3: two pipes; make takes tokens from A and gives
 * them back to B, so every token passes through here. From 4.4, and for other clients that want a
 * fifo: one fifo and a collector that waits in it for what is owed. doc/jobserver.md has the details.
 *
 * Nested in another make's jobserver: tokens for local work come from there, on demand, and every
 * one goes back; lent ones are ours.
 *
 * Contract: lend, owe and on_repaid follow core/tokens.h. on_repaid is called from the loop, never
 * from inside lend or owe, except for debts that jobserver_lend() settles itself: it returns those.
 * A make without a jobserver (MAKE_NONE) has no pool: nothing is lent and nothing owed. The handles
 * never keep the loop running.
 */
#pragma once

#include "core/makeflags.h"
#include "core/tokens.h"

#include <uv.h>

struct jobserver;

struct jobserver_conf {
	uv_loop_t *loop;
	enum make_style style;
	unsigned local_slots;
	unsigned width;  /* the N that MAKEFLAGS shows */
	const char *dir; /* private directory for the fifo, or for links to the pipes */
	const struct make_auth *outer; /* an inherited jobserver, or NULL */
	void (*on_repaid)(void *ctx, unsigned n);
	void *ctx;
};

/* -errno. An outer jobserver that turns out to be unusable is ERR_STATE: start again without. */
int jobserver_create(const struct jobserver_conf *conf, struct jobserver **ret);
/* The two descriptors that make must inherit, under the numbers that MAKEFLAGS names: *ret_child_r,
 * *ret_child_w; -1 when none. */
void jobserver_fds(
	const struct jobserver *js, int *ret_r, int *ret_w, int *ret_child_r, int *ret_child_w);
/* MAKEFLAGS for make; malloc'd. user: the value in the environment, or NULL. */
char *jobserver_makeflags(const struct jobserver *js, const char *user);
/* Returns how many debts were settled at once. */
unsigned jobserver_lend(struct jobserver *js, unsigned n);
void jobserver_owe(struct jobserver *js, unsigned n);
const struct tokens *jobserver_ledger(const struct jobserver *js);
/* make and all its children have ended: how many tokens are missing (0: all accounted for). */
unsigned jobserver_settle(struct jobserver *js);
/* Gives outer tokens back, removes the fifo or the links, closes everything; on_closed last. */
void jobserver_close(struct jobserver *js, void (*on_closed)(void *ctx), void *ctx);

/* Runs "make -f -" once (blocking, 5 s at most) and says what it is. ret_version holds 32 bytes. */
int jobserver_probe_make(const char *program, enum make_style *ret_style, char *ret_version);
