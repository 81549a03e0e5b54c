#include "core/jaildesc.h"

#include "base/err.h"
#include "base/vec.h"

#include <criterion/criterion.h>
#include <string.h>

static void fill(struct jail_desc *d)
{
	*d = (struct jail_desc){
		.cwd = xstrdup("/home/u/src"),
		.source = xstrdup("../lib/a.c"),
		.tree = xstrdup("/run/farmnode/x/trees/7"),
		.tmpfs_bytes = 1ull << 40,
		.memory_bytes = 3,
		.cpu_s = 4,
		.wall_s = 5,
		.nice = 19,
		.way = JAIL_WAY_ROOT,
		.level = JAIL_LEVEL_LANDLOCK,
		.is_trial = 1,
		.has_cgroup = 1,
		.utf8 = 1,
		.no_clock = 1,
	};
	for (size_t i = 0; i < JAIL_OUT_COUNT; i++)
		d->out[i] = xasprintf("out/%zu", i);
	strv_push(&d->argv, "/usr/bin/gcc");
	strv_push(&d->argv, "-c");
	strv_push(&d->argv, "");
	strv_push(&d->binds, "/opt/tc");
	vec_push(&d->plan, (struct viewplan_step){VIEWPLAN_TREE, xstrdup("/home"), NULL});
	vec_push(&d->plan, (struct viewplan_step){VIEWPLAN_LINK, xstrdup("/l"), xstrdup("home/u")});
}

static void encode(struct jail_desc *d, struct buf *out)
{
	buf_init(out, 1 << 20);
	fill(d);
	cr_assert_eq(jail_desc_encode(d, out), 0);
}

Test(jaildesc, decodes_what_it_encodes)
{
	struct jail_desc d, e;
	struct buf out;
	encode(&d, &out);
	cr_assert_eq(jail_desc_decode(out.data, out.len, &e), 0);
	cr_expect_str_eq(e.cwd, d.cwd);
	cr_expect_str_eq(e.source, d.source);
	for (size_t i = 0; i < JAIL_OUT_COUNT; i++)
		cr_expect_str_eq(e.out[i], d.out[i]);
	cr_assert_eq(e.argv.n, 3);
	cr_expect_str_eq(e.argv.v[0], "/usr/bin/gcc");
	cr_expect_str_eq(e.argv.v[2], "");
	cr_expect_null(e.argv.v[3]);
	cr_assert_eq(e.binds.n, 1);
	cr_expect_str_eq(e.binds.v[0], "/opt/tc");
	cr_expect_eq(e.tmpfs_bytes, d.tmpfs_bytes);
	cr_expect_eq(e.memory_bytes, d.memory_bytes);
	cr_expect(e.cpu_s == 4 && e.wall_s == 5 && e.nice == 19);
	cr_expect(e.way == JAIL_WAY_ROOT && e.level == JAIL_LEVEL_LANDLOCK);
	cr_expect(e.is_trial == 1 && e.has_cgroup == 1 && e.utf8 == 1 && e.no_clock == 1);
	cr_expect_str_eq(e.tree, d.tree);
	cr_assert_eq(e.plan.n, 2);
	cr_expect_eq(e.plan.v[0].kind, VIEWPLAN_TREE);
	cr_expect_str_eq(e.plan.v[0].path, "/home");
	cr_expect_eq(e.plan.v[1].kind, VIEWPLAN_LINK);
	cr_expect_str_eq(e.plan.v[1].target, "home/u");
	jail_desc_fini(&d);
	jail_desc_fini(&e);
	buf_fini(&out);
}

Test(jaildesc, every_cut_is_an_error)
{
	struct jail_desc d, e = {.nice = 7};
	struct buf out;
	encode(&d, &out);
	for (size_t n = 0; n < out.len; n++)
		cr_expect_eq(jail_desc_decode(out.data, n, &e), ERR_TRUNCATED, "%zu bytes", n);
	wr_u8(&out, 0);
	cr_expect_eq(jail_desc_decode(out.data, out.len, &e), ERR_PROTO);
	cr_expect_eq(e.nice, 7);
	jail_desc_fini(&d);
	buf_fini(&out);
}

Test(jaildesc, vectors_are_bounded)
{
	struct jail_desc d;
	struct buf out;
	buf_init(&out, 1 << 20);
	fill(&d);
	for (int i = 0; i < 1000; i++)
		strv_push(&d.argv, "-w");
	cr_assert_eq(jail_desc_encode(&d, &out), ERR_TOOBIG);
	jail_desc_fini(&d);
	buf_fini(&out);
}

Test(jaildesc, plans_are_bounded_and_of_known_steps)
{
	struct jail_desc d, e;
	struct buf out;
	encode(&d, &out);
	d.plan.v[1].kind = VIEWPLAN_KIND_COUNT;
	buf_clear(&out);
	cr_assert_eq(jail_desc_encode(&d, &out), 0);
	cr_expect_eq(jail_desc_decode(out.data, out.len, &e), ERR_PROTO);
	while (d.plan.n <= VIEWPLAN_STEPS_MAX)
		vec_push(&d.plan, (struct viewplan_step){VIEWPLAN_DIR, xstrdup("/d"), NULL});
	buf_clear(&out);
	cr_expect_eq(jail_desc_encode(&d, &out), ERR_TOOBIG);
	jail_desc_fini(&d);
	buf_fini(&out);
}

Test(jaildesc, needs_room)
{
	struct jail_desc d;
	struct buf out;
	buf_init(&out, 16);
	fill(&d);
	cr_assert_eq(jail_desc_encode(&d, &out), ERR_TOOBIG);
	jail_desc_fini(&d);
	buf_fini(&out);
}

Test(jaildesc, fini_may_be_repeated)
{
	struct jail_desc d;
	fill(&d);
	jail_desc_fini(&d);
	jail_desc_fini(&d);
}
