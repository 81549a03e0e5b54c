#include "core/live.h"

#include <criterion/criterion.h>
#include <math.h>

static struct live l;

static void setup(void)
{
	live_init(&l);
}

static void teardown(void)
{
	live_fini(&l);
}

TestSuite(live, .init = setup, .fini = teardown);

static void tell(struct journal_event e)
{
	live_apply(&l, &e);
}

static void phase(double t, uint64_t id, enum journal_phase p, uint64_t node)
{
	tell((struct journal_event){JOURNAL_PHASE, .t = t, .id = id, .phase = p, .node = node});
}

static void begin(double t, uint64_t id)
{
	tell((struct journal_event){JOURNAL_BEGIN, .t = t, .id = id, .name = "a.c"});
}

static void end(double t, uint64_t id, uint64_t node, bool ok)
{
	tell((struct journal_event){JOURNAL_END, .t = t, .id = id, .node = node, .ok = ok});
}

static void anvil(void)
{
	tell((struct journal_event){
		JOURNAL_NODE, .t = 1, .id = 3, .name = "anvil", .text = "1.2.3.4:5", .slots = 4});
}

Test(live, a_job_is_where_its_phases_say)
{
	anvil();
	begin(2, 7);
	cr_expect_eq(live_here(&l), 0);
	phase(2.1, 7, JOURNAL_PREPARE, 0);
	cr_expect_eq(live_here(&l), 1);
	phase(2.2, 7, JOURNAL_SENT, 3);
	cr_expect_eq(live_here(&l), 0);
	cr_expect_eq(live_find_node(&l, 3)->waiting, 1);
	phase(2.3, 7, JOURNAL_RUNNING, 3);
	cr_expect_eq(live_find_node(&l, 3)->waiting, 0);
	cr_expect_eq(live_find_node(&l, 3)->running, 1);
	cr_expect_float_eq(l.jobs.v[0].since, 2.3, 1e-9);
	phase(2.4, 7, JOURNAL_BACK, 3);
	cr_expect_eq(live_find_node(&l, 3)->running, 0);
	cr_expect_eq(live_here(&l), 1);
	end(2.5, 7, 3, true);
	cr_expect_eq(l.jobs.n, 0);
	cr_expect(l.done == 1 && l.on_nodes == 1 && l.failed == 0 && l.begun == 1);
	cr_expect_eq(live_find_node(&l, 3)->done, 1);
}

Test(live, a_job_that_ends_at_once_leaves_no_count_behind)
{
	anvil();
	begin(2, 7);
	phase(2.1, 7, JOURNAL_RUNNING, 3);
	end(2.5, 7, 0, false); /* it was killed */
	cr_expect_eq(live_find_node(&l, 3)->running, 0);
	cr_expect(l.done == 1 && l.on_nodes == 0 && l.failed == 1);
}

Test(live, a_node_that_is_told_of_late_has_the_jobs_that_are_there)
{
	begin(0.5, 7);
	phase(0.6, 7, JOURNAL_RUNNING, 3);
	anvil();
	cr_expect_eq(live_find_node(&l, 3)->running, 1);
	end(2, 7, 3, true);
	cr_expect_eq(live_find_node(&l, 3)->running, 0);
}

Test(live, a_node_goes_and_comes_back)
{
	anvil();
	tell((struct journal_event){JOURNAL_GONE, .t = 3, .id = 3, .text = "timed out"});
	cr_expect_str_eq(live_find_node(&l, 3)->why, "timed out");
	anvil();
	cr_expect_null(live_find_node(&l, 3)->why);
	cr_expect_eq(l.nodes.n, 1);
}

Test(live, what_is_not_there_is_passed_over)
{
	phase(1, 9, JOURNAL_SENT, 8);
	end(1, 9, 8, true);
	tell((struct journal_event){JOURNAL_GONE, .t = 3, .id = 8});
	tell((struct journal_event){JOURNAL_LOAD, .t = 3, .id = 8});
	tell((struct journal_event){JOURNAL_STEP_END, .t = 3, .id = 8});
	cr_expect_eq(l.done, 0);
	begin(2, 1);
	phase(2, 1, JOURNAL_SENT, 8);
	end(3, 1, 8, true);
	cr_expect_eq(l.done, 1);
}

Test(live, steps_come_and_go)
{
	tell((struct journal_event){JOURNAL_STEP, .t = 1, .id = 100, .name = "ld", .text = "ld x"});
	tell((struct journal_event){JOURNAL_STEP, .t = 1, .id = 101, .name = "ar", .text = "ar x"});
	cr_expect_eq(live_here(&l), 2);
	tell((struct journal_event){JOURNAL_STEP_END, .t = 2, .id = 100});
	cr_assert_eq(l.steps.n, 1);
	cr_expect_str_eq(l.steps.v[0].name, "ar");
}

Test(live, the_rate_is_that_of_the_last_seconds)
{
	cr_expect_float_eq(live_rate(&l, 0), 0, 1e-9);
	for (uint64_t i = 0; i < 40; i++) {
		begin((double)i / 4, i + 1);
		end((double)i / 4, i + 1, 0, true);
	}
	cr_expect_float_eq(live_rate(&l, 9.75), 40 / 9.75, 0.01);
	cr_expect_float_eq(live_rate(&l, 12), (40 - 12) / 9.0, 0.01);
	cr_expect_float_eq(live_rate(&l, 30), 0, 1e-9);
	begin(31, 100);
	end(31, 100, 0, true);
	cr_expect_float_eq(live_rate(&l, 31.5), 1 / 9.5, 0.01);
}

Test(live, what_is_left_is_guessed_from_it)
{
	cr_expect_lt(live_left_s(&l, 5), 0);
	tell((struct journal_event){
		JOURNAL_BUILD, .name = "make", .text = "/", .expected = 30, .slots = 2});
	cr_expect_lt(live_left_s(&l, 5), 0); /* nothing has ended */
	for (uint64_t i = 0; i < 20; i++) {
		begin((double)i / 2, i + 1);
		end((double)i / 2, i + 1, 0, true);
	}
	cr_expect_float_eq(live_left_s(&l, 9.5), 10 / (20 / 9.5), 0.01);
	for (uint64_t i = 20; i < 31; i++) {
		begin(10, i + 1);
		end(10, i + 1, 0, true);
	}
	cr_expect_lt(live_left_s(&l, 10), 0); /* more than were expected */
}

Test(live, a_links_rate_is_between_two_looks)
{
	anvil();
	tell((struct journal_event){JOURNAL_LOAD, .t = 5, .id = 3, .moved = 1000, .speed = 100});
	cr_expect_float_eq(live_find_node(&l, 3)->rate, 0, 1e-9);
	tell((struct journal_event){JOURNAL_LOAD, .t = 7, .id = 3, .moved = 5000, .speed = 100});
	cr_expect_float_eq(live_find_node(&l, 3)->rate, 2000, 1e-9);
	tell((struct journal_event){JOURNAL_LOAD, .t = 8, .id = 3, .moved = 5000, .speed = 100});
	cr_expect_float_eq(live_find_node(&l, 3)->rate, 0, 1e-9);
}
