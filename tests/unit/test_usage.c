#include "core/limit.h"
#include "core/usage.h"

#include "base/str.h"

#include <criterion/criterion.h>
#include <math.h>

enum { SLOTS = 2, NODE_SLOTS = 3 };

static struct usage *u;
static struct usage_sums sums;
static int nodes;

static void setup(void)
{
	u = usage_create();
	nodes = 0;
}

static void teardown(void)
{
	usage_destroy(u);
}

TestSuite(usage, .init = setup, .fini = teardown);

#define assert_close(a, b)                                                                         \
	cr_assert(fabs((a) - (b)) < 1e-9, "%s is %.9f, not %.9f", #a, (double)(a), (double)(b))

static const struct usage_times never = {-1, -1, -1, -1, -1, -1, -1, -1, -1};

static struct usage_times local(double begin, double end)
{
	struct usage_times t = never;
	t.start = t.local = begin;
	t.done = end;
	return t;
}

/* Each of its parts takes a second, but the compile. */
static struct usage_times away(double begin, double compile_s)
{
	double c = begin + 3 + compile_s;
	return (struct usage_times){
		begin, begin, begin + 1, begin + 2, begin + 3, c, c + 1, -1, c + 2};
}

static int add_node(unsigned slots)
{
	usage_set_node(u, nodes, slots);
	return nodes++;
}

static struct usage_frame frame(double wall_s)
{
	return (struct usage_frame){wall_s, SLOTS};
}

static void sum(double wall_s)
{
	struct usage_frame f = frame(wall_s);
	usage_sum(u, &f, &sums);
}

static void add_job(const char *name, int node, struct usage_times t)
{
	usage_add_job(u, &(struct usage_job){name, node, false, t});
}

static double all_here(void)
{
	double all = sums.idle_here_s;
	for (size_t i = 0; i < WORK_COUNT; i++)
		all += sums.work_s[i];
	return all;
}

static double all_nodes(void)
{
	double all = sums.nodes_busy_s + sums.nodes_absent_s;
	for (size_t i = 0; i < WAIT_COUNT; i++)
		all += sums.nodes_idle_s[i];
	return all;
}

Test(usage, nothing_is_idle_time)
{
	sum(5);
	assert_close(sums.idle_here_s, 10);
	assert_close(all_here(), 10);
	assert_close(all_nodes(), 0);
	cr_assert_null(sums.longest_lone);
}

Test(usage, a_job_on_a_node_is_told_apart)
{
	int node = add_node(NODE_SLOTS);
	usage_add_presence(u, node, 2, 9);
	struct usage_times t = away(1, 3); /* 1 cpp 2 credit 3 link 4 compile 7 link 8 commit 9 */
	add_job("a.c", node, t);
	sum(10);
	assert_close(sums.work_s[WORK_PREPARE], 1);
	assert_close(sums.work_s[WORK_COMMIT], 1);
	assert_close(sums.work_s[WORK_COMPILE], 0);
	assert_close(sums.nodes_busy_s, 3);
	assert_close(sums.nodes_idle_s[WAIT_CREDIT], 1);
	assert_close(sums.nodes_idle_s[WAIT_LINK], 2);
	assert_close(sums.nodes_idle_s[WAIT_PREPARE], 0); /* nobody was there then */
	assert_close(sums.nodes_absent_s, 9);
	assert_close(sums.nodes_idle_s[WAIT_MAKE], NODE_SLOTS * 7 - 3 - 1 - 2);
	assert_close(all_here(), SLOTS * 10);
	assert_close(all_nodes(), NODE_SLOTS * 10);
	cr_assert_eq(sums.nodes_peak, NODE_SLOTS);
	assert_close(sums.lone_wall_s, 8);
	cr_assert_str_eq(sums.longest_lone, "a.c");
}

Test(usage, no_core_is_used_twice)
{
	int node = add_node(1);
	usage_add_presence(u, node, 0, -1);
	for (int i = 0; i < 4; i++) {
		struct usage_times t = away(0, 2), l = local(1, 4);
		add_job("a.c", node, t);
		add_job("b.c", USAGE_HERE, l);
	}
	sum(10);
	assert_close(sums.nodes_busy_s, 2);
	assert_close(sums.work_s[WORK_COMPILE], 6);
	assert_close(sums.work_s[WORK_PREPARE], 2);
	assert_close(all_here(), SLOTS * 10);
	assert_close(all_nodes(), 10);
	assert_close(sums.here_full_wall_s,
		5); /* the last second is that of results being put in place */
	assert_close(sums.nodes_idle_s[WAIT_LINK], 2);
	double lanes[SLOTS], busy;
	struct usage_frame f = frame(10);
	usage_lanes(u, node, &f, &busy);
	assert_close(busy, 2);
	usage_lanes(u, USAGE_HERE, &f, lanes);
	assert_close(lanes[0] + lanes[1], SLOTS * 10 - sums.idle_here_s);
}

Test(usage, lanes_are_filled_from_the_first)
{
	usage_add_step(u, "ld", 0, 4);
	usage_add_step(u, "ar", 1, 2);
	usage_add_step(u, "ar", 3, 5);
	usage_add_step(u, "strip", 5, -1);
	double lanes[SLOTS];
	struct usage_frame f = frame(8);
	usage_lanes(u, USAGE_HERE, &f, lanes);
	assert_close(lanes[0], 4 + 3);
	assert_close(lanes[1], 1 + 2);
}

Test(usage, a_job_that_comes_back_is_compiled_here)
{
	int node = add_node(2);
	usage_add_presence(u, node, 0, 4);
	struct usage_times t = {0, 0, 1, 2, 3, -1, -1, 5, 7}; /* the node was lost at 4 */
	add_job("a.c", USAGE_HERE, t);
	sum(8);
	assert_close(sums.work_s[WORK_COMPILE], 2);
	assert_close(sums.work_s[WORK_COMMIT], 0);
	assert_close(sums.nodes_busy_s, 0);
	assert_close(sums.nodes_absent_s, 8);
	assert_close(all_here(), SLOTS * 8);
	assert_close(all_nodes(), 16);
}

Test(usage, the_chain_leads_back_to_the_beginning)
{
	struct usage_times early = local(0.5, 2), side = local(0.6, 1), late = local(2.5, 6);
	add_job("early.c", USAGE_HERE, early);
	add_job("side.c", USAGE_HERE, side);
	add_job("late.c", USAGE_HERE, late);
	usage_add_step(u, "ld", 6, 9);
	struct usage_link links[4];
	cr_assert_eq(usage_chain(u, links, 4), 3);
	cr_assert_str_eq(links[0].name, "ld");
	cr_assert(links[0].is_step);
	cr_assert_str_eq(links[1].name, "late.c");
	cr_assert_str_eq(links[2].name, "early.c");
	assert_close(links[2].begin, 0.5);
	cr_assert_eq(usage_chain(u, links, 2), 2);
}

static enum limit find(double wall_s)
{
	sum(wall_s);
	char *text;
	enum limit l = limit_find(&sums, SLOTS, &text);
	cr_assert(l == LIMIT_NONE ? !*text : *text, "%s", limit_name(l));
	free(text);
	return l;
}

Test(usage, nothing_limits_nothing)
{
	cr_assert_eq(find(0), LIMIT_NONE);
}

Test(usage, one_huge_file_is_serial)
{
	int node = add_node(NODE_SLOTS);
	usage_add_presence(u, node, 0, -1);
	for (int i = 0; i < 9; i++) {
		struct usage_times t = away(0, 1 + (i == 8) * 30);
		add_job(i == 8 ? "huge.c" : "a.c", node, t);
	}
	cr_assert_eq(find(36), LIMIT_SERIAL);
	cr_assert_str_eq(sums.longest_lone, "huge.c");
	cr_assert_not(sums.longest_lone_is_step);
}

Test(usage, preprocessing_on_all_cores_is_client_bound)
{
	int node = add_node(40);
	usage_add_presence(u, node, 0, -1);
	for (int i = 0; i < 40; i++) {
		double begin = i / 2;
		struct usage_times t = {begin, begin, begin + 1, begin + 1, begin + 1, begin + 1.1,
			begin + 1.1, -1, begin + 1.1};
		add_job("a.c", node, t);
	}
	cr_assert_eq(find(20.1), LIMIT_CLIENT);
}

Test(usage, cores_that_are_never_idle_are_too_few)
{
	int node = add_node(2);
	usage_add_presence(u, node, 0, -1);
	for (int i = 0; i < 20; i++) {
		double begin = i / 2 * 2;
		struct usage_times t = {0, 0, 0.1 + i * 0.1, 0.2 + i * 0.1, begin + 0.2,
			begin + 2.2, begin + 2.2, -1, begin + 2.3};
		add_job("a.c", node, t);
	}
	cr_assert_eq(find(20.5), LIMIT_NODES);
}

Test(usage, what_nodes_have_no_room_for_does_not_bind_the_client)
{
	int node = add_node(2);
	usage_add_presence(u, node, 0, -1);
	struct usage_times here = local(0, 10), there = {0, 0, 0, 0, 0, 9, 9, -1, 9};
	for (int i = 0; i < 2; i++) {
		usage_add_job(u, &(struct usage_job){"a.c", USAGE_HERE, true, here});
		add_job("b.c", node, there);
	}
	cr_assert_eq(find(10), LIMIT_NODES);
	assert_close(sums.work_s[WORK_OVERFLOW], 20);
	assert_close(all_here(), 20);
}

Test(usage, jobs_under_way_are_the_links_fault)
{
	int node = add_node(4);
	usage_add_presence(u, node, 0, -1);
	for (int i = 0; i < 10; i++) {
		struct usage_times t = {
			0, 0, 0.1, 0.2, 2 * i + 2, 2 * i + 2.5, 2 * i + 4, -1, 2 * i + 4};
		add_job("a.c", node, t);
	}
	cr_assert_eq(find(23), LIMIT_LINK);
}

Test(usage, idle_cores_without_work_are_makes)
{
	int node = add_node(40);
	usage_add_presence(u, node, 0, -1);
	for (int i = 0; i < 10; i++) {
		struct usage_times t = away(2 * i, 1);
		add_job("a.c", node, t);
	}
	cr_assert_eq(find(24), LIMIT_MAKE);
}
