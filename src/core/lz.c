#include "core/lz.h"

#include "base/err.h"
#include "base/str.h"

#include <assert.h>
#include <lzo/lzo1x.h>

/* Of a block whose size is not known: source and objects are seldom packed better. */
enum { GUESS_TIMES = 8, GUESS_BYTES = 64 };

struct lz {
	lzo_align_t work[(LZO1X_1_MEM_COMPRESS + sizeof(lzo_align_t) - 1) / sizeof(lzo_align_t)];
};

struct lz *lz_create(void)
{
	/* lzo_init() only checks that library and header agree; a mismatch is a broken build */
	int rc = lzo_init();
	assert(rc == LZO_E_OK);
	(void)rc;
	return xmalloc(sizeof(struct lz));
}

void lz_destroy(struct lz *lz)
{
	free(lz);
}

void lz_pack(struct lz *lz, const uint8_t *raw, size_t n, uint8_t *out, struct msg *m)
{
	assert(n <= LZ_BLOCK_BYTES);
	lzo_uint packed = 0;
	int rc = lzo1x_1_compress(raw, n, out, &packed, lz->work);
	assert(rc == LZO_E_OK && packed <= LZ_PACKED_MAX);
	(void)rc;
	bool worth = packed < n;
	m->type = MSG_DATA;
	m->data.packing = worth ? PACKING_LZO1X : PACKING_STORED;
	m->data.raw_bytes = (uint32_t)n;
	m->data.bytes = worth ? out : raw;
	m->data.n = worth ? packed : n;
}

int lz_unpack(const struct msg *m, struct buf *out)
{
	if (m->data.raw_bytes > LZ_BLOCK_BYTES)
		return ERR_TOOBIG;
	if (m->data.packing == PACKING_STORED)
		return m->data.n == m->data.raw_bytes ? buf_append(out, m->data.bytes, m->data.n)
						      : ERR_LZO;
	if (m->data.raw_bytes == 0)
		return ERR_LZO; /* nothing is stored, never packed */
	int err = buf_reserve(out, m->data.raw_bytes);
	if (err)
		return err;
	lzo_uint raw = m->data.raw_bytes;
	int rc = lzo1x_decompress_safe(m->data.bytes, m->data.n, out->data + out->len, &raw, NULL);
	if (rc != LZO_E_OK || raw != m->data.raw_bytes)
		return ERR_LZO;
	out->len += raw;
	return 0;
}

int lz_pack_whole(struct lz *lz, const uint8_t *raw, size_t n, struct buf *out)
{
	lzo_uint packed = 0;
	int err = buf_reserve(out, LZ_GROWN(n));
	if (err)
		return err;
	int rc = lzo1x_1_compress(raw, n, out->data + out->len, &packed, lz->work);
	assert(rc == LZO_E_OK && packed <= LZ_GROWN(n));
	(void)rc;
	out->len += packed;
	return 0;
}

int lz_unpack_whole(const uint8_t *packed, size_t n, struct buf *out)
{
	size_t room = GUESS_TIMES * n + GUESS_BYTES, most = out->max_bytes - out->len;
	for (;; room *= 2) {
		if (room > most)
			room = most;
		int err = buf_reserve(out, room);
		if (err)
			return err;
		lzo_uint raw = room;
		int rc = lzo1x_decompress_safe(packed, n, out->data + out->len, &raw, NULL);
		if (rc == LZO_E_OK) {
			out->len += raw;
			return 0;
		}
		if (rc != LZO_E_OUTPUT_OVERRUN)
			return ERR_LZO;
		if (room == most)
			return ERR_TOOBIG;
	}
}
