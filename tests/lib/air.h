/* air - two listeners and a node, in one loop, for the tests of announce and discover: on lo, or
 * between the ends of a cable in a network namespace of their own. */
#pragma once

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
	struct keyring keys; /* the farm's, when it began to listen */
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
	struct keyring farm, node;
	struct strv lo, none;
	struct ear ears[2];
	struct announce *announce;
	bool announce_closed;
	int fd; /* for datagrams of our own */
	struct beacon sample;
};

static inline void set_true(void *flag)
{
	*(bool *)flag = true;
}

static inline void on_beacon(
	void *ctx, const struct beacon *b, const struct sockaddr *from, int err)
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

static inline void on_guard(uv_timer_t *guard)
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

static inline int free_port(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t n = sizeof any;
	cr_assert_eq(bind(fd, (struct sockaddr *)&any, n), 0);
	getsockname(fd, (struct sockaddr *)&any, &n);
	close(fd);
	return ntohs(any.sin_port);
}

static inline struct air *air_create(void)
{
	struct air *a = xcalloc(1, sizeof *a);
	uv_loop_init(&a->loop);
	uv_timer_init(&a->loop, &a->guard);
	a->guard.data = &a->late;
	a->port = free_port();
	cr_assert_eq(keyring_generate(&a->farm), 0);
	cr_assert_eq(keyring_for_node(&a->farm, "board-7", &a->node), 0);
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
	memcpy(a->sample.key_id, a->farm.keys[0].farm_id, sizeof a->sample.key_id);
	return a;
}

static inline void hear_on(struct air *a, struct ear *e, const struct strv *interfaces)
{
	e->keys = a->farm;
	const struct discover_conf conf = {.loop = &a->loop,
		.keys = &e->keys,
		.interfaces = interfaces,
		.port = a->port,
		.on_beacon = on_beacon,
		.ctx = e};
	cr_assert_eq(discover_start(&conf, &e->discover), 0);
}

static inline void announce_on(
	struct air *a, const struct strv *interfaces, const struct strv *addresses, bool automatic)
{
	const struct announce_conf conf = {.loop = &a->loop,
		.keys = &a->node,
		.interfaces = interfaces,
		.addresses = addresses,
		.automatic = automatic,
		.port = a->port};
	cr_assert_eq(announce_start(&conf, &a->sample, &a->announce), 0);
}

static inline void stop_announcing(struct air *a)
{
	announce_close(a->announce, set_true, &a->announce_closed);
	a->announce = NULL;
}

static inline void air_destroy(struct air *a)
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

/* The kernel tells the state of a cable's end somewhat after it has changed. */
static inline void wait_for_farm0(const char *state)
{
	_cleanup_free_ char *command =
		xasprintf("for i in $(seq 100); do ip link show farm0 | grep -q '%s' && exit 0; "
			  "sleep 0.05; done; exit 1",
			state);
	cr_assert_eq(system(command), 0, "farm0: %s", state);
}

/* farm0 (10.77.0.1) ---cable--- farm1, and lo */
static inline void enter_namespace(void)
{
	static const char setup[] =
		"ip link set lo up && ip link add farm0 type veth peer name farm1 && "
		"ip addr add 10.77.0.1/24 brd + dev farm0 && ip link set farm0 up && ip link set farm1 up";
	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 ||
		system(setup) != 0)
		cr_skip_test("no network namespaces");
	wait_for_farm0("state UP");
}
