/* What is packed unpacks to itself; what a stranger sends unpacks to what it declares, or not at
 * all. Input: packing, declared size (4 bytes), the block. */
#include "fuzz.h"

#include "core/lz.h"

#include <string.h>

enum { HEAD_BYTES = 5 };

static void pack_and_unpack(const uint8_t *data, size_t size)
{
	static uint8_t packed[LZ_PACKED_MAX];
	struct msg m = {0};
	struct buf out;
	size_t n = size < LZ_BLOCK_BYTES ? size : LZ_BLOCK_BYTES;
	struct lz *lz = lz_create();
	lz_pack(lz, data, n, packed, &m);
	assert(m.data.n <= n && m.data.raw_bytes == n);
	buf_init(&out, LZ_BLOCK_BYTES);
	assert(lz_unpack(&m, &out) == 0);
	assert(out.len == n && (n == 0 || memcmp(out.data, data, n) == 0));
	buf_fini(&out);
	lz_destroy(lz);
}

static void unpack_foreign(const uint8_t *data, size_t size)
{
	struct rd r;
	struct buf out;
	struct msg m = {.type = MSG_DATA};
	rd_init(&r, data, size);
	m.data.packing = rd_u8(&r) % PACKING_COUNT;
	m.data.raw_bytes = rd_u32(&r);
	m.data.bytes = data + HEAD_BYTES;
	m.data.n = size - HEAD_BYTES;
	buf_init(&out, LZ_BLOCK_BYTES);
	if (lz_unpack(&m, &out) == 0)
		assert(out.len == m.data.raw_bytes);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data) /* libFuzzer's empty input */
		return 0;
	pack_and_unpack(data, size);
	if (size >= HEAD_BYTES)
		unpack_foreign(data, size);
	return 0;
}
