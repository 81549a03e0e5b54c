/* beacon - the datagram with which a node says that it is there.
 *
 * A fixed layout of BEACON_BYTES, big-endian (doc/protocol.md, "Beacons"); the last 16 bytes are a
 * MAC under the node's key over everything before them. The MAC is made and checked by io/key.h.
 *
 * Contract: pure. Nothing but key id and name may be used before the MAC was checked.
 */
#pragma once

#include "core/wire.h"

#include <stdbool.h>

enum { BEACON_MAC_BYTES = 16, BEACON_BYTES = 136 };

struct beacon {
	uint16_t version;
	uint8_t key_id[WIRE_KEY_ID_BYTES];
	uint8_t boot_id[8]; /* random at each start of the node */
	uint64_t sequence;  /* +1 with each beacon of this boot */
	uint16_t tcp_port;
	uint16_t slots, free; /* cores offered, and idle right now */
	uint16_t queued;      /* jobs waiting for a slot */
	uint16_t jail_level;
	bool draining;         /* going away: no new jobs */
	uint8_t toolchains[8]; /* changes when the list of toolchains changes */
	char name[WIRE_NAME_MAX + 1];
};

/* Leaves the MAC zero. */
void beacon_encode(const struct beacon *b, uint8_t out[BEACON_BYTES]);
/* ERR_PROTO for what is no beacon. A beacon of another version decodes to version, key_id and name
 * only, so that it can be shown. */
int beacon_decode(const uint8_t *in, size_t n, struct beacon *ret);
