/* A job on two nodes, and who wins; golden traces of every race. */
#include "lib/sched_trace.h"

static void tick(struct fixture *f, uint64_t now_us)
{
	f->now_us = now_us;
	step(f, (struct sched_event){SCHED_TICK});
}

static struct sched_event suspect(uint32_t node, bool is)
{
	return (struct sched_event){SCHED_NODE_SUSPECT, .node = node, .suspect = is};
}

/* Two nodes; job 1 runs on the first, which is then suspected: a copy goes to the second. */
static void set_up_race(struct fixture *f)
{
	set_up(f, 2);
	step(f, up(1, 2, 1, 1));
	step(f, ask(1));
	step(f, costly(1, 1000));
	step(f, on(SCHED_JOB_STARTED, 1, 1));
	step(f, up(2, 2, 1, 1));
	f->trace[0] = '\0';
	step(f, suspect(1, true));
	expect(f, "send 1 to 2\n");
}

Test(sched_hedge, the_copy_wins)
{
	struct fixture f;
	set_up_race(&f);
	step(&f, on(SCHED_JOB_STARTED, 1, 2));
	step(&f, on(SCHED_JOB_RESULT, 1, 2));
	expect(&f, "cancel 1 on 1\nowe 1\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1)); /* crossed the cancel */
	expect(&f, "");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 1\n");
	tear_down(&f);
}

Test(sched_hedge, the_first_wins)
{
	struct fixture f;
	set_up_race(&f);
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "cancel 1 on 2\nowe 1\n");
	step(&f, on(SCHED_JOB_STARTED, 1, 2));
	step(&f, on(SCHED_JOB_REFUSED, 1, 2));
	expect(&f, "");
	tear_down(&f);
}

Test(sched_hedge, a_failure_is_redone_at_once)
{
	struct fixture f;
	set_up_race(&f);
	struct sched_event ev = on(SCHED_JOB_RESULT, 1, 2);
	ev.ok = false;
	step(&f, ev);
	expect(&f, "cancel 1 on 1\nowe 1\n");
	tear_down(&f);
}

Test(sched_hedge, a_refusal_leaves_the_other)
{
	struct fixture f;
	set_up_race(&f);
	step(&f, on(SCHED_JOB_REFUSED, 1, 2));
	expect(&f, "");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched_hedge, a_refusal_for_good_ends_both)
{
	struct fixture f;
	set_up_race(&f);
	struct sched_event ev = on(SCHED_JOB_REFUSED, 1, 2);
	ev.retry = false;
	step(&f, ev);
	expect(&f, "cancel 1 on 1\nowe 1\n");
	tear_down(&f);
}

Test(sched_hedge, one_node_dies_then_the_other)
{
	struct fixture f;
	set_up_race(&f);
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	expect(&f, "");
	step(&f, on(SCHED_NODE_DOWN, 0, 2));
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "local 1: the last node with this toolchain is gone\n");
	tear_down(&f);
}

Test(sched_hedge, the_wrapper_dies)
{
	struct fixture f;
	set_up_race(&f);
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "cancel 1 on 1\ncancel 1 on 2\nowe 1\n");
	tear_down(&f);
}

/* Once is enough: the second node may be suspected as well, and nothing is sent a third time. */
Test(sched_hedge, no_third_copy)
{
	struct fixture f;
	set_up_race(&f);
	step(&f, up(3, 2, 1, 1));
	step(&f, suspect(2, true));
	tick(&f, 10000000);
	expect(&f, "");
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	tick(&f, 11000000);
	expect(&f, "");
	tear_down(&f);
}

Test(sched_hedge, a_suspect_gets_nothing_until_it_is_heard)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 1, 1));
	step(&f, suspect(1, true));
	step(&f, ask(1));
	step(&f, staged(1));
	expect(&f, "preprocess 1\nlend 1\n");
	step(&f, suspect(1, false));
	expect(&f, "send 1 to 1\n");
	tear_down(&f);
}

/* Two jobs on a node of one slot; make has no more. Another node comes: the one that waits goes there
 * too, and when it has begun there the first node need not begin. */
static void set_up_tail_on(struct fixture *f, unsigned local_slots, bool here)
{
	set_up(f, local_slots);
	struct sched_event first = up(1, 2, 1, 1);
	first.here = here;
	step(f, first);
	for (uint32_t job = 1; job <= 2; job++) {
		step(f, ask(job));
		step(f, costly(job, 1000000));
	}
	f->now_us = 100;
	step(f, on(SCHED_JOB_STARTED, 1, 1));
	f->trace[0] = '\0';
}

static void set_up_tail(struct fixture *f, unsigned local_slots)
{
	set_up_tail_on(f, local_slots, false);
}

Test(sched_hedge, a_free_slot_at_the_end_takes_what_waits)
{
	struct fixture f;
	set_up_tail(&f, 2);
	step(&f, up(2, 2, 1, 1));
	step(&f, ask(3)); /* takes one of two cores; make is at work */
	tick(&f, 100000);
	expect(&f, "preprocess 3\n");
	step(&f, on(SCHED_JOB_LOCAL, 3, 0));
	tick(&f, 250000); /* the other core has been idle for a while */
	expect(&f, "send 2 to 2\n");
	step(&f, on(SCHED_JOB_STARTED, 2, 2));
	expect(&f, "cancel 2 on 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 2, 2)); /* the first node may still have a trace of it */
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched_hedge, an_idle_core_takes_what_has_not_begun)
{
	struct fixture f;
	set_up_tail(&f, 2);
	tick(&f, 250000);
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "cancel 2 on 1\nlocal 2: done here earlier than by a node\n");
	step(&f, on(SCHED_JOB_GONE, 2, 0));
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched_hedge, a_node_on_this_machine_keeps_what_it_has)
{
	struct fixture f;
	set_up_tail_on(&f, 2, true);
	tick(&f, 250000);
	expect(&f, "");
	step(&f, up(2, 2, 1, 1));
	tick(&f, 350000); /* another node has cores of its own */
	expect(&f, "send 2 to 2\n");
	tear_down(&f);
}

/* No core was idle after all, and the node has begun when the token comes: it goes back. */
Test(sched_hedge, a_claim_that_is_late_is_dropped)
{
	struct fixture f;
	set_up_tail(&f, 2);
	tick(&f, 250000);
	expect(&f, "owe 1\n");
	step(&f, on(SCHED_JOB_STARTED, 2, 1));
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "lend 1\n");
	step(&f, on(SCHED_JOB_RESULT, 2, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

/* The result is earlier than the token: the debt was called in already. */
Test(sched_hedge, a_claimed_job_owes_once)
{
	struct fixture f;
	set_up_tail(&f, 2);
	tick(&f, 250000);
	expect(&f, "owe 1\n");
	step(&f, on(SCHED_JOB_STARTED, 2, 1));
	step(&f, on(SCHED_JOB_RESULT, 2, 1));
	expect(&f, "");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 2\n");
	tear_down(&f);
}

Test(sched_hedge, a_claimed_wrapper_dies)
{
	struct fixture f;
	set_up_tail(&f, 2);
	tick(&f, 250000);
	expect(&f, "owe 1\n");
	step(&f, on(SCHED_JOB_GONE, 2, 0));
	expect(&f, "cancel 2 on 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "");
	tear_down(&f);
}

/* A job that takes much longer than was thought gets a rival on another node, and both have begun. */
Test(sched_hedge, a_late_job_gets_a_rival)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 1, 1));
	step(&f, ask(1));
	step(&f, costly(1, 1000000));
	step(&f, on(SCHED_JOB_STARTED, 1, 1));
	step(&f, up(2, 2, 1, 1));
	f.trace[0] = '\0';
	tick(&f, 2000000); /* a second late */
	expect(&f, "");
	tick(&f, 2500000);
	expect(&f, "send 1 to 2\n");
	step(&f, on(SCHED_JOB_STARTED, 1, 2));
	tick(&f, 9000000);
	expect(&f, "");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "cancel 1 on 2\nowe 1\n");
	tear_down(&f);
}

/* A node of which nothing has come back yet is known by what was taken away from it, else it would be given
 * a copy again, and begin with it at once. */
Test(sched_hedge, a_node_that_loses_its_races_is_slow)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, up(2, 1, 1, 1));
	for (uint32_t node = 1; node <= 2; node++) {
		step(&f, ask(node));
		step(&f, costly(node, 300000));
		step(&f, on(SCHED_JOB_STARTED, node, node));
	}
	f.now_us = 300000;
	struct sched_event ev = on(SCHED_JOB_RESULT, 1, 1);
	ev.wall_us = 300000;
	step(&f, ev);
	tick(&f, 900000); /* the other one is late, and gets a rival */
	f.trace[0] = '\0';
	step(&f, on(SCHED_JOB_STARTED, 2, 1));
	f.now_us = 1200000;
	ev = on(SCHED_JOB_RESULT, 2, 1);
	ev.wall_us = 300000;
	step(&f, ev);
	expect(&f, "cancel 2 on 2\nowe 1\n");
	cr_assert_leq(sched_node_speed(f.s, 2), 0.26 * sched_node_speed(f.s, 1));
	tear_down(&f);
}
