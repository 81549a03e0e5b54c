/* texts - the blocks of text that farmmake keeps.
 *
 * A header that many sources include is packed and sent by the first farmcc that meets it; the others
 * name it. Blocks are kept until the build ends, packed, up to a limit; which there are the farmccs
 * see in a map beside the socket (io/blockmap.h).
 *
 * Ownership: the store owns copies.
 */
#pragma once

#include "chunks.h"
#include "io/blockmap.h"

struct texts;

/* path: of the map. Without one (it cannot be made) no block is kept; the error is logged. */
struct texts *texts_create(const char *path);
void texts_destroy(struct texts *t);

/* A block is what stands in c from offset start on; entry: all but its id. No error: a block that finds no
 * room, or is there already, is not kept. */
void texts_keep(struct texts *t, struct block_key key, const struct block_entry *entry,
	const struct chunks *c, size_t start);
/* Appends block id to c. ERR_STATE when there is none, chunks_append()'s errors. */
int texts_append(const struct texts *t, uint32_t id, struct chunks *c);
