/* Golden traces pin what the scheduler decides. */
#include "lib/sched_trace.h"

Test(sched, no_node_is_local)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, ask(1));
	expect(&f, "local 1: no node\n");
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "");
	tear_down(&f);
}

Test(sched, life_of_a_remote_job)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(7, 4, 2, 1));
	step(&f, ask(1));
	expect(&f, "preprocess 1\n");
	step(&f, staged(1));
	expect(&f, "lend 1\nsend 1 to 7\n");
	step(&f, on(SCHED_JOB_STARTED, 1, 7));
	step(&f, on(SCHED_JOB_RESULT, 1, 7));
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 1\n");
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "");
	tear_down(&f);
}

Test(sched, other_toolchain_stays_here)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 2, 2));
	step(&f, ask(1));
	expect(&f, "local 1: no node has this toolchain\n");
	step(&f, (struct sched_event){SCHED_JOB_ASK, .job = 2, .toolchain = -1});
	expect(&f, "local 2: not a usable compiler\n");
	tear_down(&f);
}

/* A distccd's compilers are found out while it is up. */
Test(sched, a_node_turns_out_to_have_a_toolchain)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 2, 0));
	step(&f, ask(1));
	expect(&f, "local 1: no node has this toolchain\n");
	struct sched_event ev = on(SCHED_NODE_TOOLCHAINS, 0, 1);
	ev.toolchains = 1;
	step(&f, ev);
	step(&f, ask(2));
	step(&f, staged(2));
	expect(&f, "preprocess 2\nlend 1\nsend 2 to 1\n");
	ev.toolchains = 3;
	step(&f, ev);
	step(&f, on(SCHED_JOB_RESULT, 2, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched, least_loaded_for_its_size_first)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 2, 1));
	step(&f, up(2, 8, 4, 1));
	for (uint32_t job = 1; job <= 6; job++) {
		step(&f, ask(job));
		step(&f, staged(job));
	}
	expect(&f, "preprocess 1\nlend 1\nsend 1 to 2\n"
		   "preprocess 2\nlend 1\nsend 2 to 1\n"
		   "preprocess 3\nlend 1\nsend 3 to 2\n"
		   "preprocess 4\nlend 1\nsend 4 to 2\n"
		   "preprocess 5\nlend 1\nsend 5 to 1\n"
		   "preprocess 6\nlend 1\nsend 6 to 2\n");
	tear_down(&f);
}

/* Two credits and a stage of two (the local slots): the fifth job stays here. */
Test(sched, full_farm_leaves_work_here)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 1, 1));
	for (uint32_t job = 1; job <= 4; job++) {
		step(&f, ask(job));
		step(&f, staged(job));
	}
	f.trace[0] = '\0';
	step(&f, ask(5));
	expect(&f, "idle 5: the farm is fully fed\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "owe 1\nsend 3 to 1\n");
	tear_down(&f);
}

/* Two nodes of one slot, of which the second takes four times as long, as a first job on each shows. */
static void set_up_fast_and_slow(struct fixture *f)
{
	set_up(f, 2);
	step(f, up(1, 2, 1, 1));
	step(f, up(2, 2, 1, 1));
	for (uint32_t node = 1; node <= 2; node++) {
		step(f, ask(node));
		step(f, costly(node, 1000));
		step(f, on(SCHED_JOB_STARTED, node, node));
	}
	expect(f, "preprocess 1\nlend 1\nsend 1 to 1\npreprocess 2\nlend 1\nsend 2 to 2\n");
	for (uint32_t node = 1; node <= 2; node++) {
		struct sched_event ev = on(SCHED_JOB_RESULT, node, node);
		ev.wall_us = node == 1 ? 1000 : 4000;
		step(f, ev);
		step(f, (struct sched_event){SCHED_REPAID, .n = 1});
		step(f, on(SCHED_JOB_GONE, node, 0));
	}
	cr_assert_float_eq(sched_node_speed(f->s, 1), 4 * sched_node_speed(f->s, 2), 1e-9);
	f->trace[0] = '\0';
}

static void stage_costly(struct fixture *f, uint32_t job, uint64_t cost_us)
{
	step(f, ask(job));
	step(f, costly(job, cost_us));
}

Test(sched, slow_node_never_gets_the_last_long_job)
{
	struct fixture f;
	set_up_fast_and_slow(&f);
	stage_costly(&f, 11, 100000);
	stage_costly(&f, 12, 100000); /* better to stand behind the first one */
	stage_costly(&f, 13, 100000); /* or even here, until the fast node has room */
	expect(&f, "preprocess 11\nlend 1\nsend 11 to 1\n"
		   "preprocess 12\nlend 1\nsend 12 to 1\n"
		   "preprocess 13\nlend 1\n");
	stage_costly(&f, 14, 10000); /* a short one is done there before that */
	expect(&f, "preprocess 14\nlend 1\nsend 14 to 2\n");
	step(&f, on(SCHED_JOB_RESULT, 11, 1));
	expect(&f, "owe 1\nsend 13 to 1\n");
	tear_down(&f);
}

/* With more than can be done soon, no slot stands idle; the slow one gets what is short. */
Test(sched, slow_node_works_while_the_farm_is_behind)
{
	struct fixture f;
	set_up_fast_and_slow(&f);
	for (uint32_t job = 11; job <= 14; job++)
		stage_costly(&f, job, 100000 - job * 1000);
	expect(&f, "preprocess 11\nlend 1\nsend 11 to 1\n"
		   "preprocess 12\nlend 1\nsend 12 to 1\n"
		   "preprocess 13\nlend 1\n"
		   "preprocess 14\nlend 1\nsend 13 to 2\n");
	tear_down(&f);
}

Test(sched, node_death_moves_its_jobs)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, up(2, 1, 1, 1));
	f.trace[0] = '\0';
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	expect(&f, "send 1 to 2\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1)); /* too late, from the dead */
	expect(&f, "");
	step(&f, on(SCHED_JOB_RESULT, 1, 2));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

/* A job may use a core here again only when a token has come back for it. */
Test(sched, last_node_gone_waits_for_a_token)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	f.trace[0] = '\0';
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "local 1: the last node with this toolchain is gone\n");
	tear_down(&f);
}

static void tick(struct fixture *f, uint64_t now_us, bool idle, const char *trace)
{
	f->now_us = now_us;
	step(f, (struct sched_event){SCHED_TICK, .idle = idle});
	expect(f, trace);
}

static void busy_tick_at(struct fixture *f, uint64_t now_us, const char *trace)
{
	tick(f, now_us, false, trace);
}

static void tick_at(struct fixture *f, uint64_t now_us, const char *trace)
{
	tick(f, now_us, true, trace);
}

Test(sched, redo_goes_on_when_no_token_comes)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, (struct sched_event){SCHED_JOB_RESULT, .job = 1, .node = 1, .ok = false});
	f.trace[0] = '\0';
	tick_at(&f, 0, "");
	tick_at(&f, 99, "");
	tick_at(&f, 100, "local 1: the node's compiler had something to say\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1}); /* the debt still comes in */
	tear_down(&f);
}

/* A token that never comes back must not hold a result for ever either. */
Test(sched, result_is_delivered_when_no_token_comes)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	f.trace[0] = '\0';
	tick_at(&f, 0, "");
	tick_at(&f, 100, "deliver 1\n");
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "");
	tear_down(&f);
}

static void set_up_results(struct fixture *f, uint32_t n)
{
	set_up(f, 2);
	step(f, up(1, n, n, 1));
	for (uint32_t job = 1; job <= n; job++) {
		step(f, ask(job));
		step(f, staged(job));
	}
	for (uint32_t job = 1; job <= n; job++)
		step(f, on(SCHED_JOB_RESULT, job, 1));
	f->trace[0] = '\0';
}

/* Recipes that go on after their compile may take long: results wait for them however many there are, since
 * tokens do come back; and when none does, one of them is enough to make the others follow. */
Test(sched, results_wait_as_long_as_tokens_come)
{
	struct fixture f;
	set_up_results(&f, 4);
	tick_at(&f, 0, "");
	f.now_us = 90;
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 1\n");
	tick_at(&f, 189, "");
	tick_at(&f, 190, "deliver 2\n");
	tick_at(&f, 289, "");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 3\n");
	tick_at(&f, 388, "");
	tick_at(&f, 389, "deliver 4\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 2}); /* what 2 and 4 owe */
	expect(&f, "");
	tear_down(&f);
}

/* Those that have the tokens use the cores: nobody goes on without for long, and what comes back then makes up
 * for it before anybody else goes on. */
Test(sched, busy_cores_are_not_used_twice)
{
	enum { BUSY = 100 * SCHED_BUSY_WAITS };
	struct fixture f;
	set_up_results(&f, 4);
	busy_tick_at(&f, BUSY - 1, "");
	busy_tick_at(&f, BUSY, "deliver 1\n");
	busy_tick_at(&f, BUSY + 100, "");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, ""); /* one too many was at work */
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 2\n");
	/* idle, but for too short a time */
	tick_at(&f, BUSY + 190, "");
	tick_at(&f, BUSY + 289, "");
	busy_tick_at(&f, BUSY + 290, "");
	tick_at(&f, BUSY + 300, "");
	tick_at(&f, BUSY + 399, "");
	tick_at(&f, BUSY + 400, "deliver 3\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 4\n"); /* a slot is idle: the next one uses it */
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "");
	tear_down(&f);
}

Test(sched, refused_goes_elsewhere_and_gives_up_in_the_end)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 4, 1));
	step(&f, up(2, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	expect(&f, "preprocess 1\nlend 1\nsend 1 to 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 1));
	expect(&f, "send 1 to 2\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 2));
	expect(&f, "send 1 to 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched, wrapper_killed_while_away)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, ask(2));
	step(&f, staged(2));
	f.trace[0] = '\0';
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "cancel 1 on 1\nowe 1\nsend 2 to 1\n");
	tear_down(&f);
}

Test(sched, credits_to_zero_drain_a_node)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 2, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, on(SCHED_NODE_CREDITS, 0, 1));
	f.trace[0] = '\0';
	step(&f, ask(2));
	expect(&f, "local 2: no node has this toolchain\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

/* A node whose every refusal makes room for the next job would be given them all. */
Test(sched, a_node_that_refuses_everything_rests)
{
	struct fixture f;
	set_up(&f, 8);
	step(&f, up(1, 2, 2, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	expect(&f, "preprocess 1\nlend 1\nsend 1 to 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 1));
	expect(&f, "send 1 to 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 1));
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "local 1: the last node with this toolchain is gone\n");
	step(&f, ask(2));
	expect(&f, "local 2: no node has this toolchain\n");
	f.now_us = 400000;
	step(&f, (struct sched_event){SCHED_TICK});
	step(&f, ask(3));
	expect(&f, "local 3: no node has this toolchain\n");
	f.now_us = 500000;
	step(&f, (struct sched_event){SCHED_TICK});
	step(&f, ask(4));
	step(&f, staged(4));
	expect(&f, "preprocess 4\nlend 1\nsend 4 to 1\n");
	/* twice as long when it goes on like that */
	step(&f, on(SCHED_JOB_REFUSED, 4, 1));
	f.now_us = 1400000;
	step(&f, (struct sched_event){SCHED_TICK});
	step(&f, ask(5));
	expect(&f, "owe 1\nlocal 4: the last node with this toolchain is gone\n"
		   "local 5: no node has this toolchain\n");
	f.now_us = 1500000;
	step(&f, (struct sched_event){SCHED_TICK});
	step(&f, ask(6));
	step(&f, staged(6));
	f.trace[0] = '\0';
	/* and one result is enough for a new start */
	step(&f, on(SCHED_JOB_RESULT, 6, 1));
	step(&f, ask(7));
	step(&f, staged(7));
	f.trace[0] = '\0';
	step(&f, on(SCHED_JOB_REFUSED, 7, 1));
	expect(&f, "send 7 to 1\n");
	tear_down(&f);
}

/* Its credits may just have been cut in favour of others. */
Test(sched, a_node_that_has_other_jobs_may_refuse)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 2, 1));
	for (uint32_t job = 1; job <= 3; job++) {
		step(&f, ask(job));
		step(&f, staged(job));
	}
	f.trace[0] = '\0';
	for (int i = 0; i < 3; i++)
		step(&f, on(SCHED_JOB_REFUSED, 3, 1));
	expect(&f, "send 3 to 1\nsend 3 to 1\nowe 1\n");
	step(&f, ask(4));
	expect(&f, "preprocess 4\n");
	tear_down(&f);
}

Test(sched, nothing_of_a_distrusted_node_is_delivered)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 2, 1));
	step(&f, up(2, 1, 1, 1));
	for (uint32_t job = 1; job <= 3; job++) {
		step(&f, ask(job));
		step(&f, staged(job));
	}
	expect(&f, "preprocess 1\nlend 1\nsend 1 to 1\n"
		   "preprocess 2\nlend 1\nsend 2 to 1\n"
		   "preprocess 3\nlend 1\nsend 3 to 2\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	step(&f, on(SCHED_JOB_RESULT, 3, 2));
	expect(&f, "owe 1\nowe 1\n");
	step(&f, on(SCHED_NODE_DISTRUSTED, 0, 1));
	expect(&f, "send 2 to 2\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 2});
	expect(&f, "deliver 3\nlocal 1: the node that made it is in quarantine\n");
	/* a late word of it is of no interest */
	step(&f, on(SCHED_JOB_RESULT, 2, 1));
	expect(&f, "");
	step(&f, on(SCHED_JOB_RESULT, 2, 2));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched, a_node_can_lose_trust_when_it_is_gone)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 2, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	f.trace[0] = '\0';
	step(&f, on(SCHED_NODE_DISTRUSTED, 0, 1));
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "local 1: the node that made it is in quarantine\n");
	step(&f, on(SCHED_NODE_DISTRUSTED, 0, 5)); /* nobody has heard of it yet */
	expect(&f, "");
	tear_down(&f);
}
