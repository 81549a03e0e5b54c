/* What a node sends, as listeners hear it. */
#include "lib/air.h"

Test(announce, hears_what_a_node_announces)
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

Test(announce, speaks_with_both_keys_of_a_change)
{
	struct air *a = air_create();
	struct ear *old = &a->ears[0], *both = &a->ears[1];
	hear_on(a, old, &a->lo);
	cr_assert_eq(keyring_rotate(&a->farm), 0);
	cr_assert_eq(keyring_for_node(&a->farm, "board-7", &a->node), 0);
	hear_on(a, both, &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, old->n >= 2 && both->n >= 4);
	for (size_t i = 0; i < both->n; i++) {
		const struct key *k = &a->farm.keys[i % 2 == 0]; /* the old one first */
		cr_expect_eq(both->heard[i].err, 0);
		cr_expect_arr_eq(both->heard[i].beacon.key_id, k->farm_id, sizeof k->farm_id);
	}
	for (size_t i = 0; i < old->n; i++)
		cr_expect_eq(old->heard[i].err, 0, "it is told of no stranger");
	air_destroy(a);
}

Test(announce, two_listeners_on_one_port_both_hear)
{
	struct air *a = air_create();
	hear_on(a, &a->ears[0], &a->lo);
	hear_on(a, &a->ears[1], &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, a->ears[0].n >= 2 && a->ears[1].n >= 2);
	cr_expect_eq(a->ears[0].heard[0].beacon.sequence, a->ears[1].heard[0].beacon.sequence);
	air_destroy(a);
}

Test(announce, explicit_addresses_reach_beyond_broadcast)
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

Test(announce, an_explicit_address_may_be_a_broadcast_address)
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

Test(announce, an_explicit_address_that_is_none_is_refused)
{
	struct air *a = air_create();
	struct strv to = {0};
	strv_push(&to, "127.0.0.1");
	strv_push(&to, "127.0.0.1:99999");
	const struct announce_conf conf = {.loop = &a->loop,
		.keys = &a->node,
		.interfaces = &a->lo,
		.addresses = &to,
		.port = a->port};
	struct announce *none = NULL;
	cr_expect_eq(announce_start(&conf, &a->sample, &none), -EINVAL);
	cr_expect_null(none);
	strv_fini(&to);
	air_destroy(a);
}

Test(announce, a_change_of_free_slots_is_announced_at_once_but_not_too_often)
{
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	hear_on(a, e, &a->lo);
	announce_on(a, &a->lo, &a->none, true);
	air_wait(a, e->n == 1);
	uint64_t fastest_ms = UINT64_MAX;
	for (uint16_t i = 0; i < 5; i++) { /* a busy machine may be late, but not each time */
		uint64_t change = clock_now_ms();
		a->sample.free = 10 + i;
		announce_update(a->announce, &a->sample);
		air_wait(a, e->heard[e->n - 1].beacon.free == 10 + i);
		if (clock_now_ms() - change < fastest_ms)
			fastest_ms = clock_now_ms() - change;
	}
	cr_expect_lt(fastest_ms, 350, "no period is that short");

	size_t before = e->n;
	uint64_t start = clock_now_ms();
	while (clock_now_ms() - start < 500) {
		a->sample.free ^= 1;
		announce_update(a->announce, &a->sample);
		uv_run(&a->loop, UV_RUN_NOWAIT);
	}
	uint64_t took_ms = clock_now_ms() - start;
	cr_expect_geq(e->n - before, 3);
	cr_expect_leq(e->n - before, took_ms / 50 + 2, "%zu beacons", e->n - before);
	air_destroy(a);
}

Test(announce, a_node_says_goodbye)
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

Test(announce, without_names_all_interfaces_are_used)
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

Test(announce, named_interfaces_confine_beacons)
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

Test(announce, a_cable_may_be_plugged_later)
{
	enter_namespace();
	struct air *a = air_create();
	struct ear *e = &a->ears[0];
	cr_assert_eq(system("ip link set farm1 down"), 0);
	wait_for_farm0("NO-CARRIER");
	hear_on(a, e, &a->none);
	announce_on(a, &a->none, &a->none, true);
	air_wait(a, e->n >= 1);
	cr_expect_str_eq(e->heard[0].from, "127.0.0.1:4711", "there is nothing but lo");
	cr_assert_eq(system("ip link set farm1 up"), 0);
	air_wait(a, strcmp(e->heard[e->n - 1].from, "10.77.0.1:4711") == 0);
	air_destroy(a);
}
