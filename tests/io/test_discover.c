/* What is heard, and what is passed over. */
#include "lib/air.h"

static void send_to(struct air *a, const char *host, const void *data, size_t n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)a->port)};
	inet_pton(AF_INET, host, &to.sin_addr);
	cr_assert_eq(sendto(a->fd, data, n, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)n);
}

/* To 127.0.0.1, signed. */
static void send_beacon(struct air *a, const struct beacon *b)
{
	uint8_t bytes[BEACON_BYTES];
	struct key k;
	const struct key *farm = keyring_find(&a->farm, b->key_id);
	cr_assert_eq(key_for_node(farm ? farm : &a->farm.keys[0], b->name, &k), 0);
	beacon_encode(b, bytes);
	key_sign_beacon(&k, bytes);
	send_to(a, "127.0.0.1", bytes, sizeof bytes);
}

/* Datagrams to one socket stay in order: once this one is reported, what was sent before it was
 * looked at. Returns how many were reported before it. */
static size_t reported_before_marker(struct air *a)
{
	struct ear *e = &a->ears[0];
	struct beacon marker = a->sample;
	static uint64_t sequence;
	marker.sequence = ++sequence;
	strcpy(marker.name, "marker");
	send_beacon(a, &marker);
	air_wait(a, e->n && strcmp(e->heard[e->n - 1].beacon.name, "marker") == 0);
	return --e->n;
}

Test(discover, a_forged_beacon_is_not_told)
{
	struct air *a = air_create();
	uint8_t bytes[BEACON_BYTES], other[BEACON_BYTES];
	struct key impostor;
	hear_on(a, &a->ears[0], &a->lo);
	beacon_encode(&a->sample, bytes);
	send_to(a, "127.0.0.1", bytes, sizeof bytes); /* no MAC */
	key_sign_beacon(&a->node.keys[0], bytes);
	for (size_t i = 0; i < BEACON_BYTES; i++) {
		if (i >= 4 && i < 10)
			continue; /* version and key id: those are told as such */
		memcpy(other, bytes, sizeof other);
		other[i] ^= 1;
		send_to(a, "127.0.0.1", other, sizeof other);
	}
	cr_assert_eq(key_for_node(&a->farm.keys[0], "board-8", &impostor), 0);
	memcpy(other, bytes, sizeof other);
	key_sign_beacon(&impostor, other); /* another node's key */
	send_to(a, "127.0.0.1", other, sizeof other);
	cr_expect_eq(reported_before_marker(a), 0);
	air_destroy(a);
}

Test(discover, what_is_no_beacon_is_passed_over)
{
	struct air *a = air_create();
	char big[2000] = "FARM";
	hear_on(a, &a->ears[0], &a->lo);
	send_to(a, "127.0.0.1", "", 0);
	send_to(a, "127.0.0.1", "FARM", 4);
	send_to(a, "127.0.0.1", big, sizeof big);
	cr_expect_eq(reported_before_marker(a), 0);
	air_destroy(a);
}

Test(discover, a_replay_is_not_told)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct beacon b = a->sample;
	hear_on(a, e, &a->lo);
	send_beacon(a, &b);
	send_beacon(a, &b);
	b.sequence = 9;
	send_beacon(a, &b);
	b.sequence = 11;
	send_beacon(a, &b);
	cr_assert_eq(reported_before_marker(a), 2);
	cr_expect_eq(e->heard[1].beacon.sequence, 11);

	struct beacon rebooted = b; /* its count starts again */
	memcpy(rebooted.boot_id, "boot-2", 6);
	rebooted.sequence = 1;
	send_beacon(a, &rebooted);
	send_beacon(a, &b); /* somebody recorded the old boot */
	cr_assert_eq(reported_before_marker(a), 3);
	cr_expect_arr_eq(e->heard[2].beacon.boot_id, "boot-2", 6);

	struct beacon other = b; /* another node has a count of its own */
	strcpy(other.name, "board-8");
	other.sequence = 1;
	send_beacon(a, &other);
	cr_expect_eq(reported_before_marker(a), 4);
	air_destroy(a);
}

/* Beacons of so many nodes; returns how many of them are told. */
static size_t tell_of(struct air *a, unsigned first, unsigned n)
{
	size_t told = 0;
	for (unsigned i = first; i < first + n; i++) {
		struct beacon b = a->sample;
		snprintf(b.name, sizeof b.name, "board-%u", i);
		send_beacon(a, &b);
		if (i % 64 && i < first + n - 1)
			continue;
		told += reported_before_marker(a);
		a->ears[0].n = 0;
	}
	return told;
}

/* What is forgotten is told again when it is replayed. The marker's node is the first. */
Test(discover, no_more_than_1024_nodes_are_remembered)
{
	struct air *a = air_create();
	hear_on(a, &a->ears[0], &a->lo);
	cr_assert_eq(reported_before_marker(a), 0);
	cr_assert_eq(tell_of(a, 1, 1023), 1023);
	cr_expect_eq(tell_of(a, 1, 1), 0, "a replay");
	cr_expect_eq(
		tell_of(a, 1024, 1), 1, "one more: the marker's is forgotten, and comes again");
	cr_expect_eq(tell_of(a, 5, 1), 0);
	cr_expect_eq(tell_of(a, 1, 1), 1, "the oldest was forgotten");
	air_destroy(a);
}

Test(discover, no_more_than_8_boots_of_a_node_are_remembered)
{
	struct air *a = air_create();
	struct beacon b = a->sample;
	hear_on(a, &a->ears[0], &a->lo);
	for (char boot = 'a'; boot < 'a' + 9; boot++) {
		b.boot_id[0] = (uint8_t)boot;
		send_beacon(a, &b);
	}
	cr_assert_eq(reported_before_marker(a), 9);
	b.boot_id[0] = 'b';
	send_beacon(a, &b);
	cr_expect_eq(reported_before_marker(a), 9, "a replay");
	b.boot_id[0] = 'a';
	send_beacon(a, &b);
	cr_expect_eq(reported_before_marker(a), 10, "the oldest start is forgotten");
	air_destroy(a);
}

Test(discover, another_key_is_told_once)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct beacon b = a->sample;
	hear_on(a, e, &a->lo);
	b.key_id[0] ^= 1;
	for (int i = 0; i < 5; i++, b.sequence++)
		send_beacon(a, &b);
	cr_assert_eq(reported_before_marker(a), 1);
	cr_expect_eq(e->heard[0].err, ERR_KEY);
	cr_expect_str_eq(e->heard[0].beacon.name, "board-7");
	cr_expect_arr_eq(e->heard[0].beacon.key_id, b.key_id, sizeof b.key_id);
	strcpy(b.name, "board-8");
	send_beacon(a, &b);
	cr_expect_eq(reported_before_marker(a), 2, "another node on that machine");
	air_destroy(a);
}

Test(discover, both_keys_of_a_change_are_heard)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct beacon b = a->sample;
	cr_assert_eq(keyring_rotate(&a->farm), 0);
	hear_on(a, e, &a->lo);
	send_beacon(a, &b); /* the sample's key is the old one now */
	b.sequence++;
	memcpy(b.key_id, a->farm.keys[0].farm_id, sizeof b.key_id);
	send_beacon(a, &b);
	cr_assert_eq(reported_before_marker(a), 2);
	cr_expect_eq(e->heard[0].err, 0);
	cr_expect_eq(e->heard[1].err, 0);
	cr_expect_arr_eq(e->heard[0].beacon.key_id, a->farm.keys[1].farm_id, sizeof b.key_id);

	/* the id of one, the MAC of the other */
	uint8_t bytes[BEACON_BYTES];
	struct key node;
	b.sequence++;
	beacon_encode(&b, bytes);
	cr_assert_eq(key_for_node(&a->farm.keys[1], b.name, &node), 0);
	key_sign_beacon(&node, bytes);
	send_to(a, "127.0.0.1", bytes, sizeof bytes);
	cr_expect_eq(reported_before_marker(a), 2);
	air_destroy(a);
}

Test(discover, a_node_that_changes_its_key_is_no_stranger)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct beacon b = a->sample;
	hear_on(a, e, &a->lo);
	send_beacon(a, &b);
	b.key_id[0] ^= 1; /* the next key, which this listener has not got yet */
	b.sequence++;
	send_beacon(a, &b);
	cr_assert_eq(reported_before_marker(a), 1);
	cr_expect_eq(e->heard[0].err, 0);
	air_destroy(a);
}

Test(discover, strangers_do_not_fill_the_log)
{
	struct air *a = air_create();
	struct beacon b = a->sample;
	hear_on(a, &a->ears[0], &a->lo);
	b.key_id[0] ^= 1;
	for (int i = 0; i < 200; i++, b.sequence++) {
		snprintf(b.name, sizeof b.name, "stranger-%d", i);
		send_beacon(a, &b);
		uv_run(&a->loop, UV_RUN_NOWAIT);
	}
	cr_expect_eq(reported_before_marker(a), 64);
	air_destroy(a);
}

Test(discover, another_version_is_told_once)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct beacon b = a->sample;
	hear_on(a, e, &a->lo);
	b.version = WIRE_VERSION + 1;
	for (int i = 0; i < 5; i++, b.sequence++)
		send_beacon(a, &b);
	cr_assert_eq(reported_before_marker(a), 1);
	cr_expect_eq(e->heard[0].err, ERR_VERSION);
	cr_expect_eq(e->heard[0].beacon.version, WIRE_VERSION + 1);
	cr_expect_str_eq(e->heard[0].beacon.name, "board-7");
	air_destroy(a);
}

static void send_multicast(struct air *a, const char *group, const char *interface)
{
	const int index = (int)if_nametoindex(interface);
	const struct ip_mreqn v4 = {.imr_ifindex = index};
	struct sockaddr_storage storage;
	const struct sockaddr *to = (const struct sockaddr *)&storage;
	uint8_t bytes[BEACON_BYTES];
	beacon_encode(&a->sample, bytes);
	key_sign_beacon(&a->node.keys[0], bytes);
	cr_assert_eq(netif_parse_address(group, a->port, true, &storage), 0);
	int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (to->sa_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &v4, sizeof v4);
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
	sendto(fd, bytes, sizeof bytes, 0, to, netif_address_len(to));
	close(fd);
}

Test(discover, hears_ipv4_multicast)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	send_multicast(a, NETIF_GROUP_V4, "lo");
	air_wait_ms(a, e->n, 500);
	size_t n = e->n;
	air_destroy(a);
	if (n == 0)
		cr_skip_test("no multicast on lo");
}

Test(discover, hears_ipv6_multicast)
{
	enter_namespace(); /* lo has no IPv6 multicast */
	if (system("ip addr add fe80::7/64 dev farm0 nodad") != 0)
		cr_skip_test("no IPv6");
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct strv cable = {0};
	strv_push(&cable, "farm0");
	hear_on(a, e, &cable);
	send_multicast(a, NETIF_GROUP_V6, "farm0");
	air_wait(a, e->n);
	cr_expect(strchr(e->heard[0].from, '%'), "%s has a scope", e->heard[0].from);
	strv_fini(&cable);
	air_destroy(a);
}

Test(discover, a_flood_is_cut_off_and_gets_over)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	for (int i = 0; i < 200; i++) {
		for (int k = 0; k < 50; k++)
			send_to(a, "127.0.0.1", "noise", 5);
		uv_run(&a->loop, UV_RUN_NOWAIT);
	}
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, e->n >= 2);
	air_destroy(a);
}

Test(discover, may_be_closed_by_its_callback)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	struct beacon b = a->sample;
	e->closes = true;
	hear_on(a, e, &a->lo);
	for (int i = 0; i < 3; i++, b.sequence++)
		send_beacon(a, &b);
	air_wait(a, e->closed);
	cr_expect_eq(e->n, 1);
	air_destroy(a);
}

Test(discover, tells_why_it_cannot_listen)
{
	struct air *a = air_create();
	struct strv missing = {0};
	struct discover *d = NULL;
	struct discover_conf conf = {.loop = &a->loop,
		.keys = &a->farm,
		.interfaces = &missing,
		.port = a->port,
		.on_beacon = on_beacon};
	strv_push(&missing, "lo");
	strv_push(&missing, "no-such-if");
	cr_expect_eq(discover_start(&conf, &d), -ENODEV);
	conf.interfaces = &a->lo;
	struct sockaddr_in alone = {.sin_family = AF_INET, .sin_port = htons((uint16_t)a->port)};
	cr_assert_eq(bind(a->fd, (struct sockaddr *)&alone, sizeof alone), 0);
	cr_expect_eq(discover_start(&conf, &d), -EADDRINUSE);
	cr_expect_null(d);
	strv_fini(&missing);
	air_destroy(a);
}
