#include "base/err.h"
#include "core/beacon.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct beacon sample = {
	.version = WIRE_VERSION,
	.key_id = {0xde, 0xad, 0xbe, 0xef},
	.boot_id = {1, 2, 3, 4, 5, 6, 7, 8},
	.sequence = 0x0102030405060708,
	.tcp_port = 3634,
	.slots = 64,
	.free = 12,
	.queued = 3,
	.jail_level = 3,
	.draining = true,
	.toolchains = {8, 7, 6, 5, 4, 3, 2, 1},
	.name = "board-7",
};

Test(beacon, comes_back_whole)
{
	uint8_t bytes[BEACON_BYTES];
	struct beacon b;
	memset(&b, 0xff, sizeof b);
	beacon_encode(&sample, bytes);
	cr_assert_eq(beacon_decode(bytes, sizeof bytes, &b), 0);
	cr_expect_eq(b.version, sample.version);
	cr_expect_arr_eq(b.key_id, sample.key_id, sizeof b.key_id);
	cr_expect_arr_eq(b.boot_id, sample.boot_id, sizeof b.boot_id);
	cr_expect_eq(b.sequence, sample.sequence);
	cr_expect_eq(b.tcp_port, 3634);
	cr_expect_eq(b.slots, 64);
	cr_expect_eq(b.free, 12);
	cr_expect_eq(b.queued, 3);
	cr_expect_eq(b.jail_level, 3);
	cr_expect(b.draining);
	cr_expect_arr_eq(b.toolchains, sample.toolchains, sizeof b.toolchains);
	cr_expect_str_eq(b.name, "board-7");
}

Test(beacon, encoding_leaves_the_mac_zero)
{
	static const uint8_t zero[BEACON_MAC_BYTES];
	uint8_t bytes[BEACON_BYTES];
	memset(bytes, 0xff, sizeof bytes);
	beacon_encode(&sample, bytes);
	cr_expect_arr_eq(bytes + BEACON_BYTES - BEACON_MAC_BYTES, zero, sizeof zero);
}

Test(beacon, starts_as_a_greeting_does)
{
	uint8_t bytes[BEACON_BYTES];
	struct wire_greeting g;
	beacon_encode(&sample, bytes);
	cr_assert_eq(wire_greeting_decode(bytes, &g), 0);
	cr_expect_str_eq(g.name, sample.name);
}

Test(beacon, every_other_length_is_refused)
{
	uint8_t bytes[BEACON_BYTES + 1] = {0};
	struct beacon b = {.tcp_port = 9};
	beacon_encode(&sample, bytes);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, bytes, n);
		cr_expect_eq(
			beacon_decode(exact, n, &b), n == BEACON_BYTES ? 0 : ERR_PROTO, "%zu", n);
		cr_expect_eq(b.tcp_port, n >= BEACON_BYTES ? 3634 : 9, "untouched on failure");
		free(exact);
	}
}

Test(beacon, another_version_tells_version_key_and_name_only)
{
	uint8_t bytes[BEACON_BYTES];
	struct beacon other = sample, b;
	other.version = WIRE_VERSION + 1;
	beacon_encode(&other, bytes);
	memset(bytes + WIRE_GREETING_BYTES, 0xff, BEACON_BYTES - WIRE_GREETING_BYTES);
	const size_t lengths[] = {WIRE_GREETING_BYTES, BEACON_BYTES - 1, BEACON_BYTES};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		cr_assert_eq(beacon_decode(bytes, lengths[i], &b), 0);
		cr_expect_eq(b.version, WIRE_VERSION + 1);
		cr_expect_arr_eq(b.key_id, sample.key_id, sizeof b.key_id);
		cr_expect_str_eq(b.name, sample.name);
		cr_expect(b.sequence == 0 && b.tcp_port == 0 && b.slots == 0);
	}
	cr_expect_eq(beacon_decode(bytes, WIRE_GREETING_BYTES - 1, &b), ERR_PROTO);
}

Test(beacon, malformed_ones_are_refused)
{
	static const struct {
		size_t at;
		uint8_t byte;
		const char *what;
	} cases[] = {
		{0, 'X', "magic"},
		{10, '-', "a name like an option"},
		{10, 0, "no name"},
		{11, 0x1b, "an escape in the name"},
		{100, 1, "an unknown flag"},
		{101, 3, "an unknown flag"},
		{110, 1, "a byte that must be zero"},
		{119, 1, "a byte that must be zero"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t bytes[BEACON_BYTES];
		struct beacon b;
		beacon_encode(&sample, bytes);
		bytes[cases[i].at] = cases[i].byte;
		cr_expect_eq(
			beacon_decode(bytes, sizeof bytes, &b), ERR_PROTO, "%s", cases[i].what);
	}
}

Test(beacon, a_node_must_have_a_port)
{
	uint8_t bytes[BEACON_BYTES];
	struct beacon none = sample, b;
	none.tcp_port = 0;
	beacon_encode(&none, bytes);
	cr_expect_eq(beacon_decode(bytes, sizeof bytes, &b), ERR_PROTO);
}
