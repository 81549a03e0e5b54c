/* intake - how the text of one job comes in from its farmcc.
 *
 * Contract: in order and complete, in DATA and blocks; what farmcc must not send is ERR_STATE.
 * Ownership: the text goes into the chunks that the intake is given.
 */
#pragma once

#include "texts.h"

struct intake {
	struct texts *texts;
	struct chunks *to;
	struct msg block;   /* CC_BLOCK: its DATA are coming */
	struct buf markers; /* that block's */
	size_t start;       /* of the block, in to */
	uint64_t left;      /* bytes of it that are still to come; 0: no block is coming */
};

void intake_init(struct intake *in, struct texts *texts, struct chunks *to);
void intake_fini(struct intake *in);
/* DATA, CC_BLOCK or CC_KNOWN. ERR_STATE for what cannot be, chunks_add()'s errors. */
int intake_add(struct intake *in, const struct msg *m);
