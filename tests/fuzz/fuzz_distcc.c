/* What claims to be a distccd's reply: the pieces in which it comes change nothing, no part is larger than what has
 * come, and what is whole can be unpacked or is refused. The first byte says the version and the pieces. */
#include "fuzz.h"

#include "core/distcc.h"

enum { UNPACKED_MAX = 1 << 20 };

static int feed(struct distcc_reply *r, const uint8_t *data, size_t size, size_t piece)
{
	int err = 0;
	for (size_t at = 0; !err && at < size; at += piece)
		err = distcc_reply_feed(r, data + at, size - at < piece ? size - at : piece);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct distcc_reply whole, pieces;
	distcc_reply_init(&whole, data[0] & 1);
	distcc_reply_init(&pieces, data[0] & 1);
	int err = feed(&whole, data + 1, size - 1, size);
	assert(feed(&pieces, data + 1, size - 1, 1 + data[0] / 2) == err);
	assert(whole.is_whole == pieces.is_whole && whole.wait_status == pieces.wait_status);
	for (enum distcc_part i = 0; i < DISTCC_PARTS; i++) {
		struct buf out;
		buf_init(&out, UNPACKED_MAX);
		assert(whole.part[i].len <= size && whole.part[i].cap <= 2 * size + 256);
		if (whole.is_whole && distcc_reply_unpack(&whole, i, &out) == 0)
			assert(out.len <= UNPACKED_MAX);
		buf_fini(&out);
	}
	distcc_reply_fini(&whole);
	distcc_reply_fini(&pieces);
	return 0;
}
