/* discover - hears beacons.
 *
 * Binds the UDP port (shared with other farmmakes on this machine), joins the multicast groups, and
 * reports each beacon whose MAC is right. Beacons of another key or version are reported once per
 * sender, with the reason, so that people can be told; not those of a node that also speaks with a key of
 * ours, as all do for a while when a farm changes its key. At most 2000 datagrams a second are looked
 * at. Nothing is ever answered.
 *
 * Contract: callbacks from the loop only. discover_close() calls on_closed last, then frees.
 */
#pragma once

#include "base/str.h"
#include "core/beacon.h"
#include "io/keyring.h"

#include <uv.h>

struct discover;

struct discover_conf {
	uv_loop_t *loop;
	const struct keyring *keys;    /* the farm's; borrowed */
	const struct strv *interfaces; /* empty: all; else only what came in there */
	int port;
	/* from: where the node accepts connections.
	 * err: 0, ERR_KEY or ERR_VERSION (then only version, key_id and name of b mean anything) */
	void (*on_beacon)(void *ctx, const struct beacon *b, const struct sockaddr *from, int err);
	void *ctx;
};

int discover_start(const struct discover_conf *conf, struct discover **ret);
void discover_close(struct discover *d, void (*on_closed)(void *ctx), void *ctx);
