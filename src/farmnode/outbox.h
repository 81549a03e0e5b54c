/* outbox - the results that one client is still to get, sent block by block as the link takes them.
 *
 * Contract: results go out whole, one job after the other in the order in which they ended, as DATA
 * frames and a RESULT. The session calls outbox_step() while the link has room.
 *
 * Ownership: slots stay the server's; a slot that is destroyed leaves the outbox by itself.
 */
#pragma once

#include "io/conn.h"
#include "core/lz.h"
#include "slot.h"

struct outbox {
	struct list slots;
};

/* The tools of a sender; one set serves all outboxes of a loop. */
struct outbox_tools {
	struct lz *lz;
	uint8_t raw[LZ_BLOCK_BYTES], packed[LZ_PACKED_MAX];
	struct buf frame;
};

void outbox_tools_init(struct outbox_tools *t);
void outbox_tools_fini(struct outbox_tools *t);

void outbox_init(struct outbox *o);
void outbox_add(struct outbox *o, struct slot *s);
bool outbox_is_empty(const struct outbox *o);

/* Sends one frame of a box that is not empty. *ret_sent is the slot whose RESULT that was, which has
 * left the box, else NULL. A failure is the link's, or one of reading results. */
int outbox_step(
	struct outbox *o, struct conn *link, struct outbox_tools *t, struct slot **ret_sent);
