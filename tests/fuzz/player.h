/* player - plays farmcc towards farmmake: a text of its own, which goes where it is asked for, and an object
 * that has to be what a compiler makes of that text.
 *
 * Ownership: text and object are the caller's to free.
 */
#pragma once

#include "base/buf.h"
#include "core/lz.h"
#include "farm.h"

struct cc {
	struct conn *conn; /* NULL: over */
	uint8_t *text;
	size_t text_n;
	struct buf object;
	uint64_t object_bytes; /* that CC_RESULT announced */
	bool delivered;
};

/* What all of them share. */
struct player {
	struct farm *farm;
	struct lz *lz;
	char *toolchain; /* as farmprobe would print it */
	/* Somebody spoke in this client's name: what nodes compile may not be its texts. */
	bool tainted;
};
extern struct player player;

void player_begin(struct cc *cc, uint8_t kind, unsigned number);
/* Everything that it and farmmake have to say to each other now. */
void player_pump(struct cc *cc);
