#include "core/lz.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t raw[LZ_BLOCK_BYTES];
static uint8_t packed[LZ_PACKED_MAX];

static void fill_text(size_t n)
{
	for (size_t i = 0; i < n; i++)
		raw[i] = (uint8_t)("static inline int f(void);\n"[i % 27]);
}

/* Bytes that cannot be packed. */
static void fill_noise(size_t n)
{
	uint64_t x = 88172645463325252u;
	for (size_t i = 0; i < n; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		raw[i] = (uint8_t)x;
	}
}

static struct msg pack(size_t n)
{
	struct lz *lz = lz_create();
	struct msg m = {.job = 7};
	lz_pack(lz, raw, n, packed, &m);
	lz_destroy(lz);
	cr_assert_eq(m.type, MSG_DATA);
	cr_assert_eq(m.job, 7);
	cr_assert_eq(m.data.raw_bytes, n);
	return m;
}

static void round_trip(size_t n)
{
	struct msg m = pack(n);
	struct buf out, frame;
	buf_init(&out, LZ_BLOCK_BYTES);
	buf_init(&frame, WIRE_FRAME_MAX);
	cr_assert_eq(msg_encode(&m, &frame), 0, "%zu bytes do not fit a frame", n);
	cr_assert_eq(lz_unpack(&m, &out), 0);
	cr_assert_eq(out.len, n);
	cr_assert(n == 0 || memcmp(out.data, raw, n) == 0);
	buf_fini(&out);
	buf_fini(&frame);
}

Test(lz, round_trips)
{
	const size_t sizes[] = {0, 1, 2, 3, 15, 16, 1000, LZ_BLOCK_BYTES - 1, LZ_BLOCK_BYTES};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		fill_text(sizes[i]);
		round_trip(sizes[i]);
		fill_noise(sizes[i]);
		round_trip(sizes[i]);
	}
}

Test(lz, packs_what_is_worth_it)
{
	fill_text(LZ_BLOCK_BYTES);
	struct msg m = pack(LZ_BLOCK_BYTES);
	cr_assert_eq(m.data.packing, PACKING_LZO1X);
	cr_assert_eq(m.data.bytes, packed);
	cr_assert_lt(m.data.n, LZ_BLOCK_BYTES / 10);
	fill_noise(LZ_BLOCK_BYTES);
	m = pack(LZ_BLOCK_BYTES);
	cr_assert_eq(m.data.packing, PACKING_STORED);
	cr_assert_eq(m.data.bytes, raw);
	cr_assert_eq(m.data.n, LZ_BLOCK_BYTES);
}

static void expect_refused(const struct msg *m, size_t room, int err)
{
	struct buf out;
	buf_init(&out, room);
	cr_assert_eq(lz_unpack(m, &out), err);
	cr_assert_eq(out.len, 0);
	buf_fini(&out);
}

Test(lz, declared_size_is_checked_first)
{
	fill_text(1000);
	struct msg m = pack(1000);
	m.data.raw_bytes = LZ_BLOCK_BYTES + 1;
	expect_refused(&m, 1 << 20, ERR_TOOBIG);
	m.data.raw_bytes = UINT32_MAX;
	expect_refused(&m, 1 << 20, ERR_TOOBIG);
	m.data.raw_bytes = 1000;
	expect_refused(&m, 999, ERR_TOOBIG);
	m.data.raw_bytes = 999;
	expect_refused(&m, 1 << 20, ERR_LZO);
	m.data.raw_bytes = 1001;
	expect_refused(&m, 1 << 20, ERR_LZO);
}

Test(lz, stored_blocks_say_their_size)
{
	fill_noise(100);
	struct msg m = pack(100);
	m.data.raw_bytes = 99;
	expect_refused(&m, 1 << 20, ERR_LZO);
	m.data.raw_bytes = 101;
	expect_refused(&m, 1 << 20, ERR_LZO);
	m.data.raw_bytes = 100;
	expect_refused(&m, 99, ERR_TOOBIG);
}

Test(lz, every_damage_is_an_error_or_other_bytes)
{
	fill_text(3000);
	struct msg m = pack(3000);
	struct buf out;
	buf_init(&out, LZ_BLOCK_BYTES);
	for (size_t i = 0; i < m.data.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			packed[i] ^= (uint8_t)(1u << bit);
			buf_clear(&out);
			int err = lz_unpack(&m, &out);
			cr_assert(err == ERR_LZO ? out.len == 0 : err == 0 && out.len == 3000);
			packed[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t n = 0; n < m.data.n; n++) { /* cut short */
		struct msg cut = m;
		cut.data.n = n;
		expect_refused(&cut, LZ_BLOCK_BYTES, ERR_LZO);
	}
	buf_fini(&out);
}

Test(lz, appends)
{
	struct buf out;
	buf_init(&out, 2000);
	fill_text(1000);
	struct msg m = pack(1000);
	cr_assert_eq(lz_unpack(&m, &out), 0);
	cr_assert_eq(lz_unpack(&m, &out), 0);
	cr_assert_eq(out.len, 2000);
	cr_assert(memcmp(out.data, out.data + 1000, 1000) == 0);
	cr_assert_eq(lz_unpack(&m, &out), ERR_TOOBIG);
	buf_fini(&out);
	lz_destroy(NULL);
}

/* Blocks of any size, which do not tell how long they are. */
Test(lz, whole_blocks)
{
	static uint8_t zeros[1 << 20];
	struct lz *lz = lz_create();
	struct buf in, out, small;
	buf_init(&in, 2 << 20);
	buf_init(&out, 4 << 20);
	buf_init(&small, sizeof zeros - 1);
	cr_assert_eq(lz_pack_whole(lz, zeros, sizeof zeros, &in), 0);
	cr_assert_eq(lz_unpack_whole(in.data, in.len, &out), 0, "200 times as long");
	cr_expect_eq(out.len, sizeof zeros);
	cr_expect_eq(lz_unpack_whole(in.data, in.len, &small), ERR_TOOBIG);
	cr_expect_eq(lz_unpack_whole(in.data, in.len - 1, &out), ERR_LZO);
	buf_clear(&in);
	fill_noise(LZ_BLOCK_BYTES);
	cr_assert_eq(lz_pack_whole(lz, raw, LZ_BLOCK_BYTES, &in), 0);
	buf_clear(&out);
	cr_assert_eq(lz_unpack_whole(in.data, in.len, &out), 0);
	cr_expect_eq(out.len, LZ_BLOCK_BYTES);
	cr_expect(memcmp(out.data, raw, out.len) == 0);
	lz_destroy(lz);
	buf_fini(&in);
	buf_fini(&out);
	buf_fini(&small);
}
