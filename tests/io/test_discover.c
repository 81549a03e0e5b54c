/* announce and discover, on lo, or between the ends of a cable in a network namespace of their own. */
#include "base/clock.h"
#include "base/err.h"
#include "io/announce.h"
#include "io/discover.h"
#include "io/netif.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

enum { HEARD_MAX = 256, DEADLINE_MS = 10000 };

struct heard {
	struct beacon beacon;
	char from[64];
	int err;
};

struct ear {
	struct discover *discover;
	struct heard heard[HEARD_MAX];
	size_t n;
	bool closes; /* from inside the callback */
	bool closed;
};

struct air {
	uv_loop_t loop;
	uv_timer_t guard;
	bool late;
	int port;
	struct key farm, node;
	struct strv lo, none;
	struct ear ears[2];
	struct announce *announce;
	bool announce_closed;
	int fd; /* for datagrams of our own */
	struct beacon sample;
};

static void set_true(void *flag)
{
	*(bool *)flag = true;
}

static void on_beacon(void *ctx, const struct beacon *b, const struct sockaddr *from, int err)
{
	struct ear *e = ctx;
	cr_assert_not(e->closed);
	if (e->n < HEARD_MAX) {
		struct heard *h = &e->heard[e->n++];
		h->beacon = *b;
		h->err = err;
		netif_format_address(from, h->from, sizeof h->from);
	}
	if (e->closes && e->discover) {
		discover_close(e->discover, set_true, &e->closed);
		e->discover = NULL;
	}
}

static void on_guard(uv_timer_t *guard)
{
	*(bool *)guard->data = true;
}

/* Turns the loop until cond holds, or says that it is too late. */
#define air_wait_ms(a, cond, ms)                                                                   \
	do {                                                                                       \
		(a)->late = false;                                                                 \
		uv_timer_start(&(a)->guard, on_guard, (ms), 0);                                    \
		while (!(cond) && !(a)->late)                                                      \
			uv_run(&(a)->loop, UV_RUN_ONCE);                                           \
		uv_timer_stop(&(a)->guard);                                                        \
	} while (0)
#define air_wait(a, cond)                                                                          \
	do {                                                                                       \
		air_wait_ms(a, cond, DEADLINE_MS);                                                 \
		cr_assert_not((a)->late, "in time: %s", #cond);                                    \
	} while (0)

static int free_port(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t n = sizeof any;
	cr_assert_eq(bind(fd, (struct sockaddr *)&any, n), 0);
	getsockname(fd, (struct sockaddr *)&any, &n);
	close(fd);
	return ntohs(any.sin_port);
}

static struct air *air_create(void)
{
	struct air *a = xcalloc(1, sizeof *a);
	uv_loop_init(&a->loop);
	uv_timer_init(&a->loop, &a->guard);
	a->guard.data = &a->late;
	a->port = free_port();
	cr_assert_eq(key_generate(&a->farm), 0);
	cr_assert_eq(key_for_node(&a->farm, "board-7", &a->node), 0);
	strv_push(&a->lo, "lo");
	a->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(a->fd, 0);
	a->sample = (struct beacon){.version = WIRE_VERSION,
		.boot_id = "boot-1",
		.sequence = 10,
		.tcp_port = 4711,
		.slots = 4,
		.free = 3,
		.name = "board-7"};
	memcpy(a->sample.key_id, a->farm.farm_id, sizeof a->sample.key_id);
	return a;
}

static void hear_on(struct air *a, struct ear *e, const struct strv *interfaces)
{
	const struct discover_conf conf = {.loop = &a->loop,
		.key = &a->farm,
		.interfaces = interfaces,
		.port = a->port,
		.on_beacon = on_beacon,
		.ctx = e};
	cr_assert_eq(discover_start(&conf, &e->discover), 0);
}

static void announce_on(
	struct air *a, const struct strv *interfaces, const struct strv *addresses, bool automatic)
{
	const struct announce_conf conf = {.loop = &a->loop,
		.key = &a->node,
		.interfaces = interfaces,
		.addresses = addresses,
		.automatic = automatic,
		.port = a->port};
	cr_assert_eq(announce_start(&conf, &a->sample, &a->announce), 0);
}

static void stop_announcing(struct air *a)
{
	announce_close(a->announce, set_true, &a->announce_closed);
	a->announce = NULL;
}

static void air_destroy(struct air *a)
{
	if (a->announce)
		stop_announcing(a);
	for (size_t i = 0; i < 2; i++)
		if (a->ears[i].discover)
			discover_close(a->ears[i].discover, set_true, &a->ears[i].closed);
	uv_close((uv_handle_t *)&a->guard, NULL);
	uv_run(&a->loop, UV_RUN_DEFAULT);
	cr_assert_eq(uv_loop_close(&a->loop), 0);
	strv_fini(&a->lo);
	close(a->fd);
	free(a);
}

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
	cr_assert_eq(key_for_node(&a->farm, b->name, &k), 0);
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

Test(discover, hears_what_a_node_announces)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, e->n >= 3);
	for (size_t i = 0; i < e->n; i++) {
		const struct heard *h = &e->heard[i];
		cr_expect_eq(h->err, 0);
		cr_expect_str_eq(h->from, "127.0.0.1:4711");
		cr_expect_str_eq(h->beacon.name, "board-7");
		cr_expect_eq(h->beacon.slots, 4);
		cr_expect_eq(h->beacon.free, 3);
		cr_expect_not(h->beacon.draining);
		if (i) /* several copies were sent, one of each is told */
			cr_expect_eq(h->beacon.sequence, h[-1].beacon.sequence + 1);
	}
	air_destroy(a);
}

Test(discover, two_listeners_on_one_port_both_hear)
{
	struct air *a = air_create();
	hear_on(a, &a->ears[0], &a->lo);
	hear_on(a, &a->ears[1], &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, a->ears[0].n >= 2 && a->ears[1].n >= 2);
	cr_expect_eq(a->ears[0].heard[0].beacon.sequence, a->ears[1].heard[0].beacon.sequence);
	air_destroy(a);
}

Test(discover, explicit_addresses_reach_beyond_broadcast)
{
	struct air *a = air_create();
	struct strv to = {0};
	strv_pushf(&to, "127.0.0.1:%d", a->port);
	hear_on(a, &a->ears[0], &a->lo);
	announce_on(a, &a->lo, &to, false);
	air_wait(a, a->ears[0].n >= 2);
	cr_expect_str_eq(a->ears[0].heard[0].from, "127.0.0.1:4711");
	strv_fini(&to);
	air_destroy(a);
}

Test(discover, an_explicit_address_may_be_a_broadcast_address)
{
	struct air *a = air_create();
	struct strv to = {0};
	strv_push(&to, "127.255.255.255");
	hear_on(a, &a->ears[0], &a->lo);
	hear_on(a, &a->ears[1], &a->lo);
	announce_on(a, &a->lo, &to, false);
	air_wait(a, a->ears[0].n && a->ears[1].n);
	strv_fini(&to);
	air_destroy(a);
}

Test(discover, an_explicit_address_that_is_none_is_refused)
{
	struct air *a = air_create();
	struct strv to = {0};
	strv_push(&to, "127.0.0.1");
	strv_push(&to, "127.0.0.1:99999");
	const struct announce_conf conf = {.loop = &a->loop,
		.key = &a->node,
		.interfaces = &a->lo,
		.addresses = &to,
		.port = a->port};
	struct announce *none = NULL;
	cr_expect_eq(announce_start(&conf, &a->sample, &none), -EINVAL);
	cr_expect_null(none);
	strv_fini(&to);
	air_destroy(a);
}

Test(discover, a_forged_beacon_is_not_told)
{
	struct air *a = air_create();
	uint8_t bytes[BEACON_BYTES], other[BEACON_BYTES];
	struct key impostor;
	hear_on(a, &a->ears[0], &a->lo);
	beacon_encode(&a->sample, bytes);
	send_to(a, "127.0.0.1", bytes, sizeof bytes); /* no MAC */
	key_sign_beacon(&a->node, bytes);
	for (size_t i = 0; i < BEACON_BYTES; i++) {
		if (i >= 4 && i < 10)
			continue; /* version and key id: those are told as such */
		memcpy(other, bytes, sizeof other);
		other[i] ^= 1;
		send_to(a, "127.0.0.1", other, sizeof other);
	}
	cr_assert_eq(key_for_node(&a->farm, "board-8", &impostor), 0);
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

static void send_multicast(struct air *a, int family)
{
	const int ifindex = (int)if_nametoindex("lo");
	uint8_t bytes[BEACON_BYTES];
	beacon_encode(&a->sample, bytes);
	key_sign_beacon(&a->node, bytes);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to;
	struct ip_mreqn lo = {.imr_ifindex = ifindex};
	netif_parse_address(
		family == AF_INET ? NETIF_GROUP_V4 : NETIF_GROUP_V6 "%lo", a->port, true, &to);
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo);
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof ifindex);
	sendto(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&to,
		netif_address_len((struct sockaddr *)&to));
	close(fd);
}

static void hear_multicast(int family)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	send_multicast(a, family);
	air_wait_ms(a, e->n, 500);
	size_t n = e->n;
	bool v6 = n && strchr(e->heard[0].from, '[');
	air_destroy(a);
	if (n == 0)
		cr_skip_test("no multicast on lo");
	cr_expect_eq(v6, family == AF_INET6);
}

Test(discover, hears_ipv4_multicast)
{
	hear_multicast(AF_INET);
}

Test(discover, hears_ipv6_multicast)
{
	hear_multicast(AF_INET6);
}

Test(discover, a_change_of_free_slots_is_announced_at_once_but_not_too_often)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, e->n == 1);
	uint64_t start = clock_now_ms();
	a->sample.free = 2;
	announce_update(a->announce, &a->sample);
	air_wait(a, e->n == 2);
	cr_expect_lt(clock_now_ms() - start, 350, "no period is that short");
	cr_expect_eq(e->heard[1].beacon.free, 2);

	start = clock_now_ms();
	while (clock_now_ms() - start < 500) {
		a->sample.free ^= 1;
		announce_update(a->announce, &a->sample);
		uv_run(&a->loop, UV_RUN_NOWAIT);
	}
	uint64_t took_ms = clock_now_ms() - start;
	cr_expect_geq(e->n, 5);
	cr_expect_leq(e->n, 2 + took_ms / 50 + 1, "%zu beacons", e->n);
	air_destroy(a);
}

Test(discover, a_node_says_goodbye)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, e->n == 1);
	stop_announcing(a);
	cr_expect_not(a->announce_closed, "never from inside announce_close");
	air_wait(a, a->announce_closed && e->n == 4);
	for (size_t i = 1; i < 4; i++)
		cr_expect(e->heard[i].beacon.draining);
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
		.key = &a->farm,
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

/* farm0 (10.77.0.1) ---cable--- farm1, and lo */
static void enter_namespace(void)
{
	static const char setup[] =
		"ip link set lo up && ip link add farm0 type veth peer name farm1 && "
		"ip addr add 10.77.0.1/24 brd + dev farm0 && ip link set farm0 up && ip link set farm1 up";
	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 ||
		system(setup) != 0)
		cr_skip_test("no network namespaces");
}

Test(discover, without_names_all_interfaces_are_used)
{
	enter_namespace();
	struct air *a = air_create();
	struct ear *all = &a->ears[0], *lo = &a->ears[1];
	hear_on(a, all, &a->none);
	hear_on(a, lo, &a->lo);
	announce_on(a, &a->none, &a->none, true);
	air_wait(a, all->n >= 2);
	cr_expect_str_eq(all->heard[0].from, "10.77.0.1:4711");
	cr_expect_eq(lo->n, 0, "nothing came in through lo");
	air_destroy(a);
}

Test(discover, named_interfaces_confine_beacons)
{
	enter_namespace();
	struct air *a = air_create();
	struct strv cable = {0};
	struct ear *outside = &a->ears[0], *lo = &a->ears[1];
	strv_push(&cable, "farm0");
	strv_push(&cable, "farm1");
	hear_on(a, outside, &cable);
	hear_on(a, lo, &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, lo->n >= 2);
	cr_expect_eq(outside->n, 0, "nothing left lo");
	strv_fini(&cable);
	air_destroy(a);
}

Test(discover, a_cable_may_be_plugged_later)
{
	enter_namespace();
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	if (system("ip link set farm0 down") != 0)
		cr_skip_test("ip does not do as it is told");
	hear_on(a, e, &a->none);
	announce_on(a, &a->none, &a->none, true);
	air_wait(a, e->n >= 1);
	cr_expect_str_neq(e->heard[0].from, "10.77.0.1:4711");
	cr_assert_eq(system("ip link set farm0 up"), 0);
	air_wait(a, strcmp(e->heard[e->n - 1].from, "10.77.0.1:4711") == 0);
	air_destroy(a);
}
