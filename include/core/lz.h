/* lz - LZO1X-1 blocks that fit one frame.
 *
 * Text and outputs travel as independent blocks of at most LZ_BLOCK_BYTES, each packed into one
 * MSG_DATA frame, so neither side reassembles anything and a bomb is at most one block big.
 *
 * Contract: pure; lz_unpack() writes exactly the declared size or fails.
 */
#pragma once

#include "core/msg.h"

/* LZO's worst case for n bytes. */
#define LZ_GROWN(n) ((n) + (n) / 16 + 64 + 3)

enum {
	LZ_BLOCK_BYTES = 60 * 1024,
	/* with room for the DATA fields this stays below WIRE_PAYLOAD_MAX */
	LZ_PACKED_MAX = LZ_GROWN(LZ_BLOCK_BYTES),
};

struct lz; /* the compressor's working memory: about 64 KiB */

struct lz *lz_create(void);
void lz_destroy(struct lz *lz);

/* Packs n <= LZ_BLOCK_BYTES of raw into out (LZ_PACKED_MAX bytes), stored when that is smaller, and
 * fills in a MSG_DATA for it; m->data.bytes points into out, or at raw when stored. */
void lz_pack(struct lz *lz, const uint8_t *raw, size_t n, uint8_t *out, struct msg *m);

/* Appends the block that m carries. ERR_TOOBIG for a declared size past LZ_BLOCK_BYTES or out's
 * limit (nothing is allocated for it), ERR_LZO for a block that is not exactly that. */
int lz_unpack(const struct msg *m, struct buf *out);

/* Blocks of any size that do not tell how long they are unpacked, as a distccd has them. */
int lz_pack_whole(struct lz *lz, const uint8_t *raw, size_t n, struct buf *out);
/* Tries as much room as the block may need, up to out's limit: ERR_TOOBIG past it, ERR_LZO for what is none. */
int lz_unpack_whole(const uint8_t *packed, size_t n, struct buf *out);
