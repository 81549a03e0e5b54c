/* Real makes under the jobserver: how wide they run, what they say, and where the tokens are. */
#include "lib/make_world.h"

#include <sys/wait.h>

#define TWELVE "1 2 3 4 5 6 7 8 9 10 11 12"
#define FLAT ".PHONY: all " TWELVE "\nall: " TWELVE "\n" TWELVE ":\n\t" GATED_JOB

static unsigned idle(const struct world *w)
{
	const struct tokens *t = jobserver_ledger(w->js);
	return t->base + t->lent - jobserver_settle(w->js);
}

SCENARIO(slots_are_the_width)
{
	static const unsigned slots[] = {1, 2, 8};
	world_write(w, "Makefile", FLAT);
	for (size_t i = 0; i < 3; i++) {
		struct world each;
		world_init(&each);
		world_write(&each, "Makefile", FLAT);
		cr_assert_eq(world_create(&each, style, slots[i], NULL), 0);
		world_start(&each, program, NULL);
		world_until(&each, world_count(&each, 'b') == slots[i]);
		world_finish(&each, 12);
		cr_expect_eq(world_peak(&each), slots[i]);
		cr_expect_eq(jobserver_settle(each.js), 0);
		world_fini(&each);
	}
}

SCENARIO(lend_widens_and_owe_narrows)
{
	world_write(w, "Makefile", FLAT);
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 2);
	cr_expect_eq(jobserver_lend(w->js, 2), 0);
	world_until(w, world_count(w, 'b') == 4);
	jobserver_owe(w->js, 2);
	cr_expect_eq(w->repaid, 0);
	/* each end either repays a debt or, where make may win the race for a fifo's token, starts a job */
	for (unsigned job = 1; w->repaid < 2; job++) {
		_cleanup_free_ char *name = xasprintf("%u", job);
		world_go(w, name);
		world_until(w,
			world_count(w, 'e') == job && w->repaid + world_count(w, 'b') - 4 == job);
		cr_expect(style == MAKE_FIFO || w->repaid == job);
	}
	cr_expect_eq(world_count(w, 'b') - world_count(w, 'e'), 2);
	world_finish(w, 12);
	cr_expect_eq(world_peak(w), 4);
	cr_expect_eq(jobserver_settle(w->js), 0);
	cr_expect_eq(jobserver_ledger(w->js)->lent, 0);
}

/* Of four jobs that run all the time each ends once in a job's length. */
SCENARIO(debts_are_repaid_within_two_lengths_of_a_job)
{
	enum { ROUNDS = 6, WIDTH = 4 };
	world_write(w, "Makefile",
		"JOBS := $(shell seq 300)\n.PHONY: all $(JOBS)\nall: $(JOBS)\n$(JOBS):\n"
		"\t@[ -e $(LOG)/go ] || { sleep 0.03; echo e >> $(LOG)/log; }\n");
	cr_assert_eq(world_create(w, style, WIDTH - 2, NULL), 0);
	world_start(w, program, NULL);
	unsigned ends = 0;
	for (unsigned round = 1; round <= ROUNDS; round++) {
		jobserver_lend(w->js, 2);
		unsigned since = world_count(w, 'e');
		world_until(w, world_count(w, 'e') >= since + 2 * WIDTH);
		since = world_count(w, 'e');
		jobserver_owe(w->js, 2);
		world_until(w, w->repaid == 2 * round);
		ends += world_count(w, 'e') - since;
	}
	cr_expect_leq(ends, ROUNDS * 2 * WIDTH);
	world_go(w, NULL);
	world_until(w, w->ended);
	cr_expect_eq(jobserver_settle(w->js), 0);
}

/* What it takes here and now to start one job. */
static uint64_t start_of_a_job_ms(const struct world *w)
{
	_cleanup_free_ char *command = xasprintf("echo x >> %s/log", w->dir);
	uint64_t since_ms = clock_now_ms();
	cr_assert_eq(system(command), 0);
	return clock_now_ms() - since_ms;
}

/* A make that waits for tokens starts as many jobs at once as it gets: in less than 50 ms, unless the
 * machine is busy with other things. */
SCENARIO(lent_tokens_are_used_at_once)
{
	(void)w;
	bool met = false;
	for (unsigned round = 0; round < 5 && !met; round++) {
		struct world each;
		world_init(&each);
		world_write(&each, "Makefile", FLAT);
		cr_assert_eq(world_create(&each, style, 1, NULL), 0);
		world_start(&each, program, NULL);
		world_until(&each, world_count(&each, 'b') == 1);
		uint64_t since_ms = clock_now_ms();
		jobserver_lend(each.js, 4);
		world_until(&each, world_count(&each, 'b') == 5);
		uint64_t took_ms = clock_now_ms() - since_ms;
		met = took_ms <= 50 || took_ms <= 8 * start_of_a_job_ms(&each);
		world_finish(&each, 12);
		world_fini(&each);
	}
	cr_expect(met);
}

SCENARIO(idle_tokens_repay)
{
	world_write(w, "Makefile", ".PHONY: all 1\nall: 1\n1:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 1);
	jobserver_lend(w->js, 4);
	jobserver_owe(w->js, 3);
	cr_expect_eq(w->repaid, 0, "not from inside");
	world_until(w, w->repaid == 3);
	cr_expect_eq(idle(w), 3);
	cr_expect_eq(jobserver_lend(w->js, 1), 0);
	jobserver_owe(w->js, 2);
	world_until(w, w->repaid == 5);
	world_finish(w, 1);
	cr_expect_eq(idle(w), 2);
	cr_expect_eq(jobserver_ledger(w->js)->lent_peak, 4);
}

SCENARIO(three_levels_of_make)
{
	world_write(w, "Makefile",
		".PHONY: all x y\nall: x y\nx y:\n\t@$(MAKE) -s -f mid.mk NAME=$@\n");
	world_write(w, "mid.mk",
		".PHONY: all 1 2\nall: 1 2\n1 2:\n\t@$(MAKE) -s -f leaf.mk NAME=$(NAME)$@\n");
	world_write(w, "leaf.mk", ".PHONY: all a b c\nall: a b c\na b c:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 4, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 4);
	jobserver_lend(w->js, 2);
	world_until(w, world_count(w, 'b') == 6);
	jobserver_owe(w->js, 2);
	world_finish(w, 12);
	world_until(w, w->repaid == 2);
	cr_expect_eq(world_peak(w), 6);
	cr_expect_eq(jobserver_settle(w->js), 0);
}

/* Each of five makes below sits on a token for as long as it lives: what is owed comes with its end,
 * and nothing is lent anew meanwhile. */
SCENARIO(makes_below_hold_every_token)
{
	world_write(w, "Makefile",
		".PHONY: all a b c d f\nall: a b c d f\na b c d f:\n\t@$(MAKE) -s -f sub.mk $@.job\n");
	world_write(w, "sub.mk", "%.job:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 3);
	jobserver_lend(w->js, 2);
	world_until(w, world_count(w, 'b') == 5);
	jobserver_owe(w->js, 2);
	for (int i = 0; i < 20; i++)
		uv_run(&w->loop, UV_RUN_ONCE);
	cr_expect_eq(w->repaid, 0);
	cr_expect_eq(jobserver_lend(w->js, 1), 1, "a departure repays");
	cr_expect_eq(jobserver_ledger(w->js)->lent, 2);
	world_go(w, "a.job");
	world_until(w, w->repaid == 1);
	jobserver_owe(w->js, 1);
	world_finish(w, 5);
	world_until(w, w->repaid == 2);
	cr_expect(idle(w) == 2 && jobserver_settle(w->js) == 0);
	cr_expect_eq(jobserver_ledger(w->js)->base, 2);
}

/* Jobs are away when a recipe fails: what was lent in their name comes back, with and without -k. */
SCENARIO(a_recipe_fails_while_jobs_are_away)
{
	(void)w;
	static const char *const options[] = {NULL, "-k"};
	for (size_t i = 0; i < 2; i++) {
		struct world each;
		world_init(&each);
		world_write(&each, "Makefile",
			".PHONY: all 1 2 3 4 bad\nall: 1 2 3 4 bad\n1 2 3 4:\n\t" GATED_JOB
			"bad:\n\t@until [ -e $(LOG)/go.bad ]; do sleep 0.01; done; exit 3\n");
		cr_assert_eq(world_create(&each, style, 3, NULL), 0);
		world_start(&each, program, options[i]);
		jobserver_lend(each.js, 2);
		world_until(&each, world_count(&each, 'b') == 4);
		world_go(&each, "bad");
		jobserver_owe(each.js, 1);
		world_go(&each, NULL);
		world_until(&each, each.ended);
		cr_expect_eq(each.status, 2);
		jobserver_owe(each.js, 1);
		world_until(&each, each.repaid == 2);
		cr_expect(idle(&each) == 2 && jobserver_settle(each.js) == 0);
		world_fini(&each);
	}
}

/* make holds a job's token, not the job. */
SCENARIO(a_job_is_killed)
{
	world_write(w, "Makefile",
		".PHONY: all 1 2 3\nall: 1 2 3\n1 2 3:\n\t@echo b >>$(LOG)/log; "
		"until [ -e $(LOG)/go ]; do sleep 0.01; done; kill -9 $$$$\n");
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 3);
	world_go(w, NULL);
	world_until(w, w->ended);
	cr_expect_eq(w->status, 2);
	cr_expect_eq(jobserver_settle(w->js), 0);
}

SCENARIO(make_is_killed)
{
	world_write(w, "Makefile", FLAT);
	cr_assert_eq(world_create(w, style, 4, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 4);
	uv_process_kill(&w->make, SIGKILL);
	world_until(w, w->ended);
	cr_expect_eq(w->signal, SIGKILL);
	world_go(w, NULL);
	world_until(w, world_count(w, 'e') == 4);
	cr_expect_eq(jobserver_settle(w->js), 3, "what it held is gone");
}

SCENARIO(a_make_below_is_killed)
{
	world_write(w, "Makefile", "all:\n\t+@$(MAKE) -s -f sub.mk\n");
	world_write(w, "sub.mk",
		".PHONY: all 1 2 3\n$(shell echo $$PPID > $(LOG)/pid)\nall: 1 2 3\n1 2 3:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 5, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 3);
	_cleanup_free_ char *text = world_read(w, "pid");
	text[strcspn(text, "\n")] = '\0';
	long pid;
	cr_assert_eq(str_to_long(text, 2, INT32_MAX, &pid), 0);
	kill((pid_t)pid, SIGKILL);
	world_until(w, w->ended);
	cr_expect_eq(w->status, 2);
	world_go(w, NULL);
	world_until(w, world_count(w, 'e') == 3);
	cr_expect_eq(jobserver_settle(w->js), 2, "the implicit slot was never a token");
}

/* make 4.4 gives nothing back when it is interrupted; up to 4.3 it gives all. */
SCENARIO(make_is_interrupted)
{
	world_write(w, "Makefile", FLAT);
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 3);
	uv_process_kill(&w->make, SIGINT);
	world_go(w, NULL);
	world_until(w, w->ended);
	world_until(w, world_count(w, 'e') == world_count(w, 'b'));
	unsigned missing = jobserver_settle(w->js);
	cr_expect(style == MAKE_FIFO ? missing <= 2 : missing == 0, "%u missing", missing);
	cr_expect_eq(world_count(w, 'b'), 3);
}

SCENARIO(the_users_own_flags)
{
	world_write(w, "Makefile", "all:\n\t@echo $(A) '$(MAKEFLAGS)' > $(LOG)/flags; false\n");
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	_cleanup_free_ char *flags = jobserver_makeflags(w->js, "kj9 --jobs=3 -- A=x\\ y");
	_cleanup_free_ char *arg = xasprintf("MAKEFLAGS=%s", flags);
	_cleanup_free_ char *file = xasprintf("%s/Makefile", w->dir);
	_cleanup_free_ char *log = xasprintf("LOG=%s", w->dir);
	_cleanup_free_ char *err = xasprintf("%s/messages", w->dir);
	pid_t pid = fork();
	if (pid == 0) {
		int r, wr, child_r, child_w, fd = open(err, O_WRONLY | O_CREAT, 0600);
		jobserver_fds(w->js, &r, &wr, &child_r, &child_w);
		dup2(fd, 2);
		if (r >= 0)
			dup2(r, child_r), dup2(wr, child_w);
		execlp("env", "env", arg, log, program, "-f", file, (char *)NULL);
		_exit(127);
	}
	int status;
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	_cleanup_free_ char *seen = world_read(w, "flags");
	cr_expect(str_starts(seen, "x y k"), "%s", seen);
	world_no_complaints(w);
}
