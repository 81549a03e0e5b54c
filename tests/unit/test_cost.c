#include "base/err.h"
#include "core/cost.h"

#include <criterion/criterion.h>
#include <stdio.h>

static char *o2[] = {"-O2", "-DX=1", "-Wall", NULL};
static char *o2_other[] = {"-O2", "-DY=2", NULL};
static char *o0[] = {"-O0", "-DX=1", NULL};

Test(cost, keys)
{
	uint64_t key = cost_key("/p", "a.c", o2);
	cr_assert_eq(key, cost_key("/p", "a.c", o2_other), "defines do not matter");
	cr_assert_neq(key, cost_key("/p", "a.c", o0), "optimisation does");
	cr_assert_neq(key, cost_key("/p", "b.c", o2));
	cr_assert_neq(key, cost_key("/q", "a.c", o2));
	cr_assert_neq(key, cost_key("/p", "a.c", NULL));
	cr_assert_eq(cost_key("/p", "/s/a.c", o2), cost_key("/q", "/s/a.c", o2));
}

Test(cost, known_jobs_and_strangers)
{
	struct cost_table *t = cost_create();
	cr_assert_eq(cost_guess(t, 1, 0), 0);
	uint64_t before = cost_guess(t, 1, 100000);
	cr_assert_gt(before, 0);
	cost_learn(t, 2, 0, 500);
	cr_assert_eq(cost_guess(t, 2, 100000), 500);
	cost_learn(t, 2, 0, 1500);
	cr_assert_eq(cost_guess(t, 2, 0), 1000, "what is new counts as much as what was");
	cr_assert_eq(cost_guess(t, 1, 100000), before);
	for (uint64_t key = 10; key < 500; key++)
		cost_learn(t, key, 1000, 3 * 1000); /* 3 us for each byte */
	uint64_t now = cost_guess(t, 1, 100000);
	cr_assert(now > 290000 && now < 310000, "%lu", (unsigned long)now);
	cost_destroy(t);
}

Test(cost, zero_is_not_learned_and_much_is_bounded)
{
	struct cost_table *t = cost_create();
	cost_learn(t, 1, 0, 0);
	cr_assert_eq(cost_guess(t, 1, 0), 0);
	cost_learn(t, 1, 0, UINT64_MAX);
	cr_assert_eq(cost_guess(t, 1, 0), INT32_MAX);
	cost_destroy(t);
}

static struct cost_table *reread(const struct cost_table *t, struct cost_table *into)
{
	struct buf b;
	buf_init(&b, COST_FILE_BYTES_MAX);
	cr_assert_eq(cost_write(t, &b), 0);
	cr_assert_eq(cost_read(into, b.data, b.len), 0);
	buf_fini(&b);
	return into;
}

Test(cost, survives_in_a_file)
{
	struct cost_table *t = cost_create();
	for (uint64_t key = 1; key <= 1000; key++)
		cost_learn(t, key * 77, 0, key);
	struct cost_table *u = reread(t, cost_create());
	for (uint64_t key = 1; key <= 1000; key++)
		cr_assert_eq(cost_guess(u, key * 77, 0), key);
	cost_destroy(t);
	cost_destroy(u);
}

/* Two builds at once: the one that ends later has read what the other has written, and both stay. */
Test(cost, two_builds)
{
	struct cost_table *a = cost_create(), *b = cost_create();
	cost_learn(a, 1, 0, 10);
	cost_learn(a, 2, 0, 20);
	cost_learn(b, 2, 0, 99);
	cost_learn(b, 3, 0, 30);
	reread(a, b);
	cr_assert_eq(cost_guess(b, 1, 0), 10);
	cr_assert_eq(cost_guess(b, 2, 0), 99);
	cr_assert_eq(cost_guess(b, 3, 0), 30);
	cost_destroy(a);
	cost_destroy(b);
}

/* A full table forgets what was not seen for the longest time, and its file stays bounded. */
Test(cost, forgets_the_oldest)
{
	enum { MANY = 100000, FEW = 1000 };
	struct cost_table *t = cost_create();
	for (uint64_t key = 1; key <= MANY; key++)
		cost_learn(t, key, 0, 5);
	struct cost_table *u = reread(t, cost_create());
	for (uint64_t key = MANY + 1; key <= MANY + FEW; key++)
		cost_learn(u, key, 0, 6);
	struct cost_table *v = reread(u, cost_create());
	for (uint64_t key = MANY + 1; key <= MANY + FEW; key++)
		cr_assert_eq(cost_guess(v, key, 0), 6);
	cost_destroy(t);
	cost_destroy(u);
	cost_destroy(v);
}

Test(cost, no_table)
{
	struct cost_table *t = cost_create(), *u = cost_create();
	struct buf b;
	buf_init(&b, COST_FILE_BYTES_MAX);
	cost_learn(t, 1, 0, 10);
	cost_write(t, &b);
	for (size_t n = 0; n < b.len; n++)
		cr_assert_lt(cost_read(u, b.data, n), 0, "%zu of %zu bytes", n, b.len);
	buf_append(&b, "x", 1);
	cr_assert_lt(cost_read(u, b.data, b.len), 0, "more than it says");
	b.data[0] ^= 1;
	cr_assert_eq(cost_read(u, b.data, b.len - 1), ERR_PROTO);
	cr_assert_eq(cost_guess(u, 1, 0), 0, "nothing was read");
	buf_fini(&b);
	cost_destroy(t);
	cost_destroy(u);
}

Test(cost, what_failed_as_a_view_is_remembered)
{
	struct cost_table *t = cost_create(), *later = cost_create();
	struct buf b;
	buf_init(&b, COST_FILE_BYTES_MAX);
	cr_expect_not(cost_is_viewless(t, 7));
	cost_mark_viewless(t, 7);
	cost_mark_viewless(t, 8);
	cost_learn(t, 8, 0, UINT64_MAX);
	cost_learn(t, 9, 0, UINT64_MAX);
	cr_expect(cost_is_viewless(t, 7) && cost_is_viewless(t, 8));
	cr_expect_not(cost_is_viewless(t, 9));
	cr_assert_eq(cost_write(t, &b), 0);
	cr_assert_eq(cost_read(later, b.data, b.len), 0);
	cr_expect(cost_is_viewless(later, 7) && cost_is_viewless(later, 8));
	cr_expect_not(cost_is_viewless(later, 9));
	cr_expect_eq(cost_guess(later, 9, 0), INT32_MAX);
	buf_fini(&b);
	cost_destroy(t);
	cost_destroy(later);
}
