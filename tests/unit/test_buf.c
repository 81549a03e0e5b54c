#include "base/buf.h"
#include "base/err.h"

#include <criterion/criterion.h>
#include <string.h>

Test(buf, grows_to_its_limit_and_no_further)
{
	struct buf b;
	buf_init(&b, 1000);
	uint8_t chunk[300] = {1};
	for (int i = 0; i < 3; i++)
		cr_assert_eq(buf_append(&b, chunk, sizeof chunk), 0);
	cr_expect_eq(buf_append(&b, chunk, 101), ERR_TOOBIG);
	cr_expect_eq(b.len, 900, "a failed append leaves the contents alone");
	cr_expect_eq(buf_append(&b, chunk, 100), 0);
	cr_expect_leq(b.cap, 1000);
	cr_expect_eq(buf_append(&b, chunk, 1), ERR_TOOBIG);
	cr_expect_eq(buf_append(&b, NULL, 0), 0);
	buf_fini(&b);
	buf_fini(&b);
}

Test(buf, refuses_sizes_that_would_wrap_around)
{
	struct buf b;
	buf_init(&b, 64);
	cr_assert_eq(buf_append(&b, "x", 1), 0);
	cr_expect_eq(buf_reserve(&b, SIZE_MAX), ERR_TOOBIG);
	cr_expect_eq(buf_reserve(&b, SIZE_MAX - 1), ERR_TOOBIG);
	buf_fini(&b);
}

Test(buf, reserve_makes_room_that_may_be_written)
{
	struct buf b;
	buf_init(&b, 5000);
	cr_assert_eq(buf_reserve(&b, 5000), 0);
	memset(b.data, 7, 5000);
	b.len = 5000;
	cr_expect_eq(buf_reserve(&b, 0), 0);
	cr_expect_eq(buf_reserve(&b, 1), ERR_TOOBIG);
	buf_fini(&b);
}

Test(buf, consume_drops_from_the_front)
{
	struct buf b;
	buf_init(&b, 64);
	buf_consume(&b, 0);
	buf_append(&b, "abcdef", 6);
	buf_consume(&b, 2);
	cr_expect_eq(b.len, 4);
	cr_expect_arr_eq(b.data, "cdef", 4);
	buf_consume(&b, 4);
	cr_expect_eq(b.len, 0);
	buf_fini(&b);
}

Test(buf, integers_are_big_endian)
{
	struct buf b;
	buf_init(&b, 64);
	wr_u8(&b, 0x01);
	wr_u16(&b, 0x0203);
	wr_u32(&b, 0x04050607);
	wr_u64(&b, 0x08090a0b0c0d0e0f);
	for (uint8_t i = 0; i < 15; i++)
		cr_expect_eq(b.data[i], i + 1);
	cr_expect_eq(b.len, 15);
	buf_fini(&b);
}

Test(buf, what_was_written_is_read_again)
{
	struct buf b;
	struct rd r;
	size_t n;
	buf_init(&b, 256);
	wr_u8(&b, UINT8_MAX);
	wr_u16(&b, UINT16_MAX);
	wr_u32(&b, UINT32_MAX);
	wr_u64(&b, UINT64_MAX);
	wr_str(&b, "");
	wr_str(&b, "café");
	wr_bytes(&b, "a\0b", 3);
	wr_raw(&b, "raw", 3);
	cr_assert_eq(b.err, 0);

	rd_init(&r, b.data, b.len);
	cr_expect_eq(rd_u8(&r), UINT8_MAX);
	cr_expect_eq(rd_u16(&r), UINT16_MAX);
	cr_expect_eq(rd_u32(&r), UINT32_MAX);
	cr_expect_eq(rd_u64(&r), UINT64_MAX);
	char *empty = rd_str(&r, 0), *text = rd_str(&r, 5);
	cr_expect_str_eq(empty, "");
	cr_expect_str_eq(text, "café");
	const uint8_t *bytes = rd_bytes(&r, &n, 3);
	cr_expect_eq(n, 3);
	cr_expect_arr_eq(bytes, "a\0b", 3);
	char raw[3];
	cr_expect_eq(rd_finish(&r), ERR_PROTO, "three bytes are left");
	rd_raw(&r, raw, 3);
	cr_expect_arr_eq(raw, "raw", 3);
	cr_expect_eq(rd_finish(&r), 0);
	free(empty);
	free(text);
	buf_fini(&b);
}

Test(buf, a_writer_keeps_its_first_error)
{
	struct buf b;
	buf_init(&b, 4);
	wr_u64(&b, 1);
	wr_u8(&b, 1);
	cr_expect_eq(b.err, ERR_TOOBIG);
	buf_clear(&b);
	cr_expect_eq(b.err, 0);
	wr_u32(&b, 1);
	cr_expect_eq(b.err, 0);
	cr_expect_eq(b.len, 4);
	buf_fini(&b);
}

Test(buf, a_reader_keeps_its_first_error)
{
	struct rd r;
	rd_init(&r, "\0\0\1", 3);
	cr_expect_eq(rd_u32(&r), 0);
	cr_expect_eq(rd_u8(&r), 0, "nothing is read after an error, though there is something");
	uint8_t raw[2] = {9, 9};
	rd_raw(&r, raw, 2);
	cr_expect_eq(raw[0] | raw[1], 0);
	size_t n = 9;
	cr_expect_null(rd_bytes(&r, &n, 10));
	cr_expect_eq(n, 0);
	cr_expect_null(rd_str(&r, 10));
	cr_expect_eq(rd_finish(&r), ERR_TRUNCATED);
}

Test(buf, strings_have_limits)
{
	static const struct {
		const char *bytes;
		size_t n, max_bytes;
		int err;
	} cases[] = {
		{"\0\0\0\3abc", 7, 3, 0},
		{"\0\0\0\3abc", 7, 2, ERR_TOOBIG},
		{"\0\0\0\4abc", 7, 9, ERR_TRUNCATED},
		{"\377\377\377\377abc", 7, 9, ERR_TOOBIG},
		{"\377\377\377\377abc", 7, SIZE_MAX, ERR_TRUNCATED},
		{"\0\0\0\3a\0c", 7, 3, ERR_PROTO},
		{"\0\0\0", 3, 3, ERR_TRUNCATED},
		{"\0\0\0\0", 4, 0, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rd r;
		rd_init(&r, cases[i].bytes, cases[i].n);
		char *s = rd_str(&r, cases[i].max_bytes);
		cr_expect_eq(rd_finish(&r), cases[i].err, "case %zu", i);
		cr_expect_eq(s == NULL, cases[i].err != 0, "case %zu", i);
		free(s);
	}
}
