/* chunks - the blocks of one stream of a job, as they came in, to be sent on as they are.
 *
 * Contract: bounded by max_bytes of packed data. A cursor is an offset, 0 at the start.
 * Ownership: the chunks own copies; a message from chunks_next borrows from them.
 */
#pragma once

#include "core/msg.h"

struct chunks {
	struct buf buf; /* each: u8 stream, u8 packing, u32 raw bytes, u32 n, n bytes */
	uint64_t raw_bytes;
};

void chunks_init(struct chunks *c, size_t max_bytes);
void chunks_fini(struct chunks *c); /* empty and usable again afterwards */
int chunks_add(struct chunks *c, const struct msg *data);
/* n bytes of other chunks' buf, from one block's start to another's. */
int chunks_append(struct chunks *c, const uint8_t *chunks, size_t n, uint64_t raw_bytes);
/* The block at *cursor as a MSG_DATA; false at the end. */
bool chunks_next(const struct chunks *c, size_t *cursor, struct msg *ret);
