#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "io/keyring.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NODE_HEX "ce7d9c69c034db58b66feed37528add7bc938ad3eabeb7e0b29660469781687f"
#define FARM_LINE "farmmake-key-1 farm " HEX32
#define NODE_LINE "farmmake-key-1 node board-7 2d3365d4 " NODE_HEX

static char *dir, *path;

static void make_dir(void)
{
	cr_assert_eq(fs_make_private_dir(fs_runtime_parent(), "key-", &dir), 0);
	path = xasprintf("%s/key", dir);
}

static void remove_dir(void)
{
	fs_remove_tree(dir);
	free(path);
	free(dir);
}

static int load_ring(const void *text, size_t n, mode_t mode, struct keyring *ret)
{
	cr_assert_eq(fs_write_atomic(path, text, n, mode), 0);
	return keyring_load(path, ret);
}

/* The first key of the file; *ret is untouched when there is none. */
static int load(const void *text, size_t n, mode_t mode, struct key *ret)
{
	struct keyring r = {.keys = {*ret}};
	int err = load_ring(text, n, mode, &r);
	*ret = r.keys[0];
	return err;
}

static int load_text(const char *text, struct key *ret)
{
	return load(text, strlen(text), 0600, ret);
}

static struct key farm_key(void)
{
	struct key k = {0};
	cr_assert_eq(load_text(FARM_LINE "\n", &k), 0);
	return k;
}

TestSuite(key, .init = make_dir, .fini = remove_dir);

Test(key, a_farm_key_comes_back_from_its_file)
{
	struct key k, back = {0};
	char text[KEY_TEXT_MAX];
	cr_assert_eq(key_generate(&k), 0);
	cr_expect(k.is_farm);
	cr_expect_str_eq(k.node, "");
	key_format(&k, text);
	cr_assert_eq(load_text(text, &back), 0);
	cr_expect(back.is_farm);
	cr_expect_arr_eq(back.secret, k.secret, sizeof k.secret);
	cr_expect_arr_eq(back.farm_id, k.farm_id, sizeof k.farm_id);
}

Test(key, a_node_key_comes_back_from_its_file)
{
	struct key farm = farm_key(), node, back = {0};
	char text[KEY_TEXT_MAX], name[WIRE_NAME_MAX + 1];
	memset(name, 'n', WIRE_NAME_MAX);
	name[WIRE_NAME_MAX] = '\0';
	cr_assert_eq(key_for_node(&farm, name, &node), 0);
	key_format(&node, text);
	cr_assert_eq(load_text(text, &back), 0);
	cr_expect_not(back.is_farm);
	cr_expect_str_eq(back.node, name);
	cr_expect_arr_eq(back.secret, node.secret, sizeof node.secret);
	cr_expect_arr_eq(back.farm_id, farm.farm_id, sizeof farm.farm_id);
}

Test(key, two_keys_differ)
{
	struct key a, b;
	cr_assert_eq(key_generate(&a), 0);
	cr_assert_eq(key_generate(&b), 0);
	cr_expect_arr_neq(a.secret, b.secret, sizeof a.secret);
	cr_expect_arr_neq(a.farm_id, b.farm_id, sizeof a.farm_id);
}

/* The values were computed by another implementation of HKDF and HMAC. */
Test(key, derivation_is_what_the_protocol_says)
{
	struct key farm = farm_key(), node;
	char hex[65], text[KEY_TEXT_MAX];
	uint8_t psk[32], beacon[BEACON_BYTES];
	cr_expect_str_eq(str_hex(farm.farm_id, 4, hex), "2d3365d4");
	cr_assert_eq(key_for_node(&farm, "board-7", &node), 0);
	key_format(&node, text);
	cr_expect_str_eq(text, NODE_LINE "\n");
	key_tls_psk(&node, psk);
	cr_expect_str_eq(str_hex(psk, 32, hex),
		"d7e8779596da8ed6607fe4aa3f4f1b18a222784ce10afdc186e19fe001ac7ec0");
	memset(beacon, 0x5a, sizeof beacon);
	key_sign_beacon(&node, beacon);
	cr_expect_str_eq(str_hex(beacon + BEACON_BYTES - BEACON_MAC_BYTES, BEACON_MAC_BYTES, hex),
		"c189e89c17c176cb92f4b6a6313e73eb");
}

Test(key, files_that_are_no_keys)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{FARM_LINE "\n", 0},
		{FARM_LINE, 0},
		{NODE_LINE "\n", 0},
		{"", ERR_KEYFILE},
		{"\n", ERR_KEYFILE},
		{HEX32 "\n", ERR_KEYFILE},
		{FARM_LINE "\n\n", ERR_KEYFILE},
		{FARM_LINE " \n", ERR_KEYFILE},
		{FARM_LINE "0\n", ERR_KEYFILE},
		{FARM_LINE "00\n", ERR_KEYFILE},
		{FARM_LINE "\n# mine\n", ERR_KEYFILE},
		{" " FARM_LINE "\n", ERR_KEYFILE},
		{"farmmake-key-1  farm " HEX32 "\n", ERR_KEYFILE},
		{"farmmake-key-2 farm " HEX32 "\n", ERR_KEYFILE},
		{"farmmake-key-1 farm\n", ERR_KEYFILE},
		{"farmmake-key-1 farm 0011\n", ERR_KEYFILE},
		{"farmmake-key-1 farm g" HEX32 "\n", ERR_KEYFILE},
		{"farmmake-key-1 node board-7 2d3365d4\n", ERR_KEYFILE},
		{"farmmake-key-1 node board-7 " NODE_HEX "\n", ERR_KEYFILE},
		{"farmmake-key-1 node -x 2d3365d4 " NODE_HEX "\n", ERR_KEYFILE},
		{"farmmake-key-1 node board-7 2d3365 " NODE_HEX "\n", ERR_KEYFILE},
		{"farmmake-key-1 host board-7 2d3365d4 " NODE_HEX "\n", ERR_KEYFILE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct key k = {.node = "untouched"};
		cr_expect_eq(load_text(cases[i].text, &k), cases[i].err, "\"%s\"", cases[i].text);
		if (cases[i].err)
			cr_expect_str_eq(k.node, "untouched");
	}
}

Test(key, every_shorter_file_is_refused)
{
	struct key k = {0};
	for (size_t n = 0; n < strlen(NODE_LINE); n++)
		cr_expect_eq(load(NODE_LINE, n, 0600, &k), ERR_KEYFILE, "%zu bytes", n);
}

Test(key, bytes_that_hide_are_refused)
{
	struct key k = {0};
	char big[4096];
	memset(big, 'a', sizeof big);
	cr_expect_eq(load(FARM_LINE "\0junk\n", sizeof FARM_LINE + 5, 0600, &k), ERR_KEYFILE);
	cr_expect_eq(load(big, sizeof big, 0600, &k), ERR_KEYFILE);
}

Test(key, only_its_owner_may_read_it)
{
	static const struct {
		mode_t mode;
		int err;
	} cases[] = {
		{0600, 0},
		{0400, 0},
		{0640, ERR_KEYMODE},
		{0604, ERR_KEYMODE},
		{0620, ERR_KEYMODE},
		{0602, ERR_KEYMODE},
		{0644, ERR_KEYMODE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct key k = {0};
		cr_expect_eq(load(FARM_LINE "\n", strlen(FARM_LINE) + 1, cases[i].mode, &k),
			cases[i].err, "mode %o", cases[i].mode);
	}
}

Test(key, what_is_no_file_is_refused_without_waiting)
{
	struct keyring r;
	cr_expect_eq(keyring_load(path, &r), -ENOENT);
	cr_expect_eq(keyring_load(dir, &r), ERR_KEYFILE);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(keyring_load(path, &r), ERR_KEYFILE);
}

Test(key, each_node_gets_its_own)
{
	struct key farm = farm_key(), a, b, again;
	cr_assert_eq(key_for_node(&farm, "a", &a), 0);
	cr_assert_eq(key_for_node(&farm, "b", &b), 0);
	cr_expect_arr_neq(a.secret, b.secret, sizeof a.secret);
	cr_expect_arr_neq(a.secret, farm.secret, sizeof a.secret);
	cr_expect_eq(key_for_node(&a, "a", &again), 0);
	cr_expect_arr_eq(again.secret, a.secret, sizeof a.secret);
	again = (struct key){.node = "untouched"};
	cr_expect_eq(key_for_node(&a, "b", &again), ERR_KEY);
	cr_expect_eq(key_for_node(&farm, "", &again), -EINVAL);
	cr_expect_eq(key_for_node(&farm, "a/b", &again), -EINVAL);
	cr_expect_str_eq(again.node, "untouched");
}

Test(key, a_beacon_is_bound_to_its_node_and_to_each_byte)
{
	struct key farm = farm_key(), a, b;
	uint8_t bytes[BEACON_BYTES], secret_a[32], secret_b[32];
	const struct beacon beacon = {.version = WIRE_VERSION, .tcp_port = 1, .name = "a"};
	cr_assert_eq(key_for_node(&farm, "a", &a), 0);
	cr_assert_eq(key_for_node(&farm, "b", &b), 0);
	key_beacon_secret(&a, secret_a);
	key_beacon_secret(&b, secret_b);
	beacon_encode(&beacon, bytes);
	cr_expect_not(key_check_beacon(secret_a, bytes), "not yet signed");
	key_sign_beacon(&a, bytes);
	cr_expect(key_check_beacon(secret_a, bytes));
	cr_expect_not(key_check_beacon(secret_b, bytes));
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] ^= 0x10;
		cr_expect_not(key_check_beacon(secret_a, bytes), "byte %zu", i);
		bytes[i] ^= 0x10;
	}
}

Test(key, wiping_leaves_nothing)
{
	static const struct key nothing;
	struct key k = farm_key();
	key_wipe(&k);
	cr_expect_arr_eq(&k, &nothing, sizeof k);
}

/* --- two keys in one file */

#define OLD_HEX "f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"
#define OLD_LINE "farmmake-key-1 farm " OLD_HEX

static int load_rings(const char *text, struct keyring *ret)
{
	return load_ring(text, strlen(text), 0600, ret);
}

Test(key, a_file_may_hold_two)
{
	static const struct {
		const char *text;
		int err;
		size_t n;
	} cases[] = {
		{FARM_LINE "\n", 0, 1},
		{FARM_LINE "\n" OLD_LINE "\n", 0, 2},
		{FARM_LINE "\n" OLD_LINE, 0, 2},
		{FARM_LINE "\n\n" OLD_LINE "\n", ERR_KEYFILE, 0},
		{FARM_LINE "\n" FARM_LINE "\n", ERR_KEYFILE, 0},
		{FARM_LINE "\n" NODE_LINE "\n", ERR_KEYFILE, 0},
		{FARM_LINE "\n" OLD_LINE "\n" OLD_LINE "\n", ERR_KEYFILE, 0},
		{NODE_LINE "\nfarmmake-key-1 node board-7 01020304 " OLD_HEX "\n", 0, 2},
		{NODE_LINE "\nfarmmake-key-1 node board-7 2d3365d4 " OLD_HEX "\n", ERR_KEYFILE, 0},
		{NODE_LINE "\nfarmmake-key-1 node board-8 01020304 " OLD_HEX "\n", ERR_KEYFILE, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct keyring r = {.n = 0};
		cr_expect_eq(load_rings(cases[i].text, &r), cases[i].err, "case %zu", i);
		cr_expect_eq(r.n, cases[i].n, "case %zu", i);
	}
}

Test(key, a_change_of_keys)
{
	struct keyring r, first, back;
	char text[KEYRING_TEXT_MAX];
	cr_assert_eq(keyring_generate(&r), 0);
	first = r;
	cr_expect_eq(keyring_retire(&r), ERR_STATE, "it is the only one");
	cr_assert_eq(keyring_rotate(&r), 0);
	cr_expect_eq(r.n, 2);
	cr_expect_arr_eq(r.keys[1].secret, first.keys[0].secret, sizeof r.keys[1].secret);
	cr_expect_arr_neq(r.keys[0].secret, first.keys[0].secret, sizeof r.keys[0].secret);
	cr_expect_eq(keyring_rotate(&r), ERR_STATE, "one change at a time");
	cr_expect_eq(r.n, 2);

	keyring_format(&r, text);
	cr_assert_eq(load_rings(text, &back), 0);
	cr_expect_arr_eq(&back, &r, sizeof r);
	cr_expect_eq(keyring_find(&back, first.keys[0].farm_id), &back.keys[1]);
	cr_expect_null(keyring_find(&first, r.keys[0].farm_id));

	struct key fresh = r.keys[0];
	cr_assert_eq(keyring_retire(&r), 0);
	cr_expect_eq(r.n, 1);
	cr_expect_arr_eq(r.keys[0].secret, fresh.secret, sizeof fresh.secret);
	static const struct key nothing;
	cr_expect_arr_eq(
		&r.keys[1], &nothing, sizeof nothing, "the old one is gone from memory, too");
}

Test(key, a_node_gets_both)
{
	struct keyring farm, node, again;
	cr_assert_eq(keyring_generate(&farm), 0);
	cr_assert_eq(keyring_rotate(&farm), 0);
	cr_assert_eq(keyring_for_node(&farm, "a", &node), 0);
	cr_expect_eq(node.n, 2);
	for (size_t i = 0; i < 2; i++) {
		struct key one;
		cr_assert_eq(key_for_node(&farm.keys[i], "a", &one), 0);
		cr_expect_arr_eq(node.keys[i].secret, one.secret, sizeof one.secret);
	}
	again.n = 7;
	cr_expect_eq(keyring_for_node(&node, "b", &again), ERR_KEY);
	cr_expect_eq(keyring_for_node(&farm, "a b", &again), -EINVAL);
	cr_expect_eq(again.n, 7, "untouched");
	cr_expect_eq(keyring_rotate(&node), ERR_KEY, "a node makes no keys");
}
