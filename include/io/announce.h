/* announce - sends a node's beacons.
 *
 * Targets: broadcast of every interface that has it, and the multicast groups on every interface
 * that is up, re-read at each beacon so that cables may be plugged; confined to the interfaces
 * named, if any; and every explicit address. lo takes part when it is named or when nothing else is
 * up; having no broadcast flag, it gets the broadcast address of its network. Every 500 ms +- 20 %,
 * at once on a change of the free slots (at most 20 a second), three times with the draining mark
 * when the node goes. With two keys, each of them is two beacons: the old key's, then the current
 * one's, so that a listener that has both takes the latter for the news.
 *
 * Contract: best effort; a send that fails is not an error. announce_close() frees after the
 * sockets are closed, calling on_closed last.
 */
#pragma once

#include "base/str.h"
#include "core/beacon.h"
#include "io/keyring.h"

#include <uv.h>

struct announce;

struct announce_conf {
	uv_loop_t *loop;
	const struct keyring *keys;    /* the node's; borrowed */
	const struct strv *interfaces; /* empty: all */
	const struct strv *addresses;  /* ADDR[:PORT], besides */
	bool automatic;                /* broadcast and multicast at all */
	int port;                      /* where beacons are sent to */
};

int announce_start(
	const struct announce_conf *conf, const struct beacon *first, struct announce **ret);
/* New contents; sequence and key id are announce's own. */
void announce_update(struct announce *a, const struct beacon *b);
/* Says goodbye, then closes. */
void announce_close(struct announce *a, void (*on_closed)(void *ctx), void *ctx);
