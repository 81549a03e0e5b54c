#include "base/err.h"
#include "core/wire.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Test(wire, header_layout)
{
	const struct wire_header h = {.length = 0x1234, .type = 0x0040, .job = 0xa1b2c3d4};
	static const uint8_t want[] = {0, 0, 0x12, 0x34, 0, 0x40, 0, 0, 0xa1, 0xb2, 0xc3, 0xd4};
	uint8_t out[WIRE_HEADER_BYTES];
	wire_header_encode(&h, out);
	cr_expect_arr_eq(out, want, sizeof want);
	struct wire_header back;
	cr_assert_eq(wire_header_decode(out, &back), 0);
	cr_expect(back.length == h.length && back.type == h.type && back.job == h.job);
}

Test(wire, header_refuses_long_frames_and_what_is_reserved)
{
	static const struct {
		uint32_t length;
		int reserved_byte, err;
	} cases[] = {
		{0, -1, 0},
		{WIRE_PAYLOAD_MAX, -1, 0},
		{WIRE_PAYLOAD_MAX + 1, -1, ERR_TOOBIG},
		{UINT32_MAX, -1, ERR_TOOBIG},
		{0, 6, ERR_PROTO},
		{0, 7, ERR_PROTO},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_header h = {.length = cases[i].length, .type = 1}, back = {.type = 77};
		uint8_t bytes[WIRE_HEADER_BYTES];
		wire_header_encode(&h, bytes);
		if (cases[i].reserved_byte >= 0)
			bytes[cases[i].reserved_byte] = 1;
		cr_expect_eq(wire_header_decode(bytes, &back), cases[i].err, "case %zu", i);
		cr_expect_eq(back.type, cases[i].err ? 77 : 1, "case %zu", i);
	}
}

static struct wire_greeting greeting(const char *name)
{
	struct wire_greeting g = {.version = WIRE_VERSION, .key_id = {1, 2, 3, 4}};
	snprintf(g.name, sizeof g.name, "%s", name);
	return g;
}

Test(wire, greeting_comes_back)
{
	char longest[WIRE_NAME_MAX + 1];
	memset(longest, 'n', WIRE_NAME_MAX);
	longest[WIRE_NAME_MAX] = '\0';
	const char *const names[] = {"a", "board-7.lan", longest};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct wire_greeting g = greeting(names[i]), back;
		uint8_t bytes[WIRE_GREETING_BYTES];
		g.version = 0xfffe;
		wire_greeting_encode(&g, bytes);
		cr_assert_eq(wire_greeting_decode(bytes, &back), 0);
		cr_expect_eq(back.version, 0xfffe, "any version is accepted");
		cr_expect_arr_eq(back.key_id, g.key_id, sizeof g.key_id);
		cr_expect_str_eq(back.name, names[i]);
	}
}

Test(wire, greeting_refuses_other_magic_and_bad_names)
{
	struct wire_greeting g = greeting("board"), back;
	uint8_t good[WIRE_GREETING_BYTES], bytes[WIRE_GREETING_BYTES];
	wire_greeting_encode(&g, good);
	for (int i = 0; i < 4; i++) {
		memcpy(bytes, good, sizeof good);
		bytes[i] ^= 0x20;
		cr_expect_eq(wire_greeting_decode(bytes, &back), ERR_PROTO);
	}
	const char *const bad[] = {"", ".hidden", "-rf", "a b", "a/b", "a\x1b[1m", "\xc3\xa9"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		memcpy(bytes, good, sizeof good);
		memset(bytes + 10, 0, WIRE_NAME_MAX + 1);
		memcpy(bytes + 10, bad[i], strlen(bad[i]));
		cr_expect_eq(wire_greeting_decode(bytes, &back), ERR_PROTO, "\"%s\"", bad[i]);
	}
}

Test(wire, greeting_has_one_encoding)
{
	struct wire_greeting g = greeting("board"), back;
	uint8_t bytes[WIRE_GREETING_BYTES];
	for (size_t at = 10 + strlen(g.name); at < sizeof bytes; at++) {
		wire_greeting_encode(&g, bytes);
		bytes[at] = '/';
		cr_expect_eq(wire_greeting_decode(bytes, &back), ERR_PROTO, "byte %zu", at);
	}
}

Test(wire, names)
{
	char long_name[WIRE_NAME_MAX + 2];
	memset(long_name, 'x', sizeof long_name);
	long_name[WIRE_NAME_MAX + 1] = '\0';
	cr_expect_eq(wire_name_check(long_name), -EINVAL);
	long_name[WIRE_NAME_MAX] = '\0';
	cr_expect_eq(wire_name_check(long_name), 0);
	cr_expect_eq(wire_name_check("_a-b.C9"), 0);
	cr_expect_eq(wire_name_check(""), -EINVAL);
	cr_expect_eq(wire_name_check("a\n"), -EINVAL);
}
