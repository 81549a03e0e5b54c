/* What makefiles and their recipes do to a pool: how they call make, what they say about -j, and what
 * they inherit. */
#include "lib/make_world.h"

#include <sys/resource.h>

#define PAIR ".PHONY: all 1 2\nall: 1 2\n1 2:\n\t" GATED_JOB

static bool said(const struct world *w, const char *text)
{
	_cleanup_free_ char *messages = world_read(w, "messages");
	return strstr(messages, text) != NULL;
}

static void fresh(struct world *w, const char *makefile)
{
	world_init(w);
	world_write(w, "Makefile", makefile);
}

/* A makefile that runs sub.mk below it, by each way to write that: marked as recursive it has both of
 * the pool's descriptors and runs two jobs; else, up to 4.3, make says so and runs one. A fifo is open
 * to all. */
SCENARIO(each_way_to_call_make_below)
{
	(void)w;
	static const struct {
		const char *makefile;
		bool marked;
	} cases[] = {
		{"all:\n\t+@make() { $$MK \"$$@\"; }; make -s -f sub.mk\n", true},
		{"all:\n\t@$(MAKE) -s -f sub.mk\n", true},
		{"all:\n\t@${MAKE} -s -f sub.mk\n", true},
		{"M = $(MAKE)\nall:\n\t@$M -s -f sub.mk\n", false},
		{"all:\n\t@$$MK -s -f sub.mk\n", false},
		{"all:\n\t@sh ./script\n", false},
		{"all:\n\t+@sh ./script\n", true},
		{"define RECURSE\n+@$(MAKE) -s -f sub.mk\nendef\nall:\n\t$(RECURSE)\n", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world each;
		fresh(&each, cases[i].makefile);
		world_write(&each, "sub.mk", PAIR);
		world_write(&each, "script", "exec \"$MK\" -s -f sub.mk\n");
		setenv("MK", program, 1);
		cr_assert_eq(world_create(&each, style, 3, NULL), 0);
		world_start(&each, program, NULL);
		unsigned width = cases[i].marked || style == MAKE_FIFO ? 2 : 1;
		world_until(&each, world_count(&each, 'b') == width);
		world_go(&each, NULL);
		world_until(&each, each.ended);
		cr_expect(each.status == 0 && world_count(&each, 'e') == 2, "case %zu", i);
		cr_expect_eq(world_peak(&each), width, "case %zu", i);
		cr_expect_eq(said(&each, "jobserver unavailable"), width == 1, "case %zu", i);
		cr_expect_eq(jobserver_settle(each.js), 0, "case %zu", i);
		world_fini(&each);
	}
}

/* With its own -j a makefile leaves the pool, and make says so; up to 4.1 it does not say. */
SCENARIO(a_makefile_with_its_own_j)
{
	world_write(w, "Makefile",
		"MAKEFLAGS += -j4\n.PHONY: all 1 2 3 4\nall: 1 2 3 4\n1 2 3 4:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') >= 2);
	world_go(w, NULL);
	world_until(w, w->ended);
	cr_expect_eq(w->status, 0);
	bool may_be_silent = style == MAKE_FDS;
	cr_expect(world_peak(w) == 2 || may_be_silent || said(w, "forced in"), "without a word");
	cr_expect_eq(jobserver_settle(w->js), 0);
}

SCENARIO(not_parallel_runs_one)
{
	world_write(w, "Makefile", ".NOTPARALLEL:\n" PAIR);
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	world_start(w, program, NULL);
	world_finish(w, 2);
	cr_expect_eq(world_peak(w), 1);
	cr_expect_eq(jobserver_settle(w->js), 0);
}

/* .WAIT is of 4.4: before, it is a name without a rule. */
SCENARIO(wait_between_prerequisites)
{
	world_write(w, "Makefile",
		".PHONY: all 1 2 3 .WAIT\nall: 1 2 .WAIT 3\n1 2 3:\n\t" GATED_JOB
		"ifneq ($(filter 3.% 4.0% 4.1% 4.2% 4.3%,$(MAKE_VERSION)),)\n.WAIT: 1 2;\n3: 1 2\nendif\n");
	cr_assert_eq(world_create(w, style, 4, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 2);
	world_go(w, "1");
	world_until(w, world_count(w, 'e') == 1);
	world_finish(w, 3);
	cr_expect_eq(world_peak(w), 2);
	cr_expect_eq(jobserver_settle(w->js), 0);
}

/* make starts itself again when it has made a makefile, and must join again. */
SCENARIO(an_included_makefile_is_made)
{
	world_write(w, "Makefile",
		".DEFAULT_GOAL := all\ninclude made.mk\nmade.mk:\n\t@echo 'JOBS = 1 2 3' > $@\n"
		".PHONY: all $(JOBS)\nall: $(JOBS)\n$(JOBS) none:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 3);
	world_finish(w, 3);
	cr_expect_eq(world_peak(w), 3);
	cr_expect_eq(jobserver_settle(w->js), 0);
}

/* In a plain recipe nothing of the pool is open. */
SCENARIO(a_plain_recipe_inherits_no_tokens)
{
	world_write(w, "Makefile", "all:\n\t@ls -l /proc/self/fd > $(LOG)/fds\n");
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, w->ended);
	_cleanup_free_ char *fds = world_read(w, "fds");
	cr_expect(strstr(fds, " 1 -> ") && !strstr(fds, "/tokens"), "%s", fds);
	int ends[2], child_r, child_w;
	jobserver_fds(w->js, &ends[0], &ends[1], &child_r, &child_w);
	for (int i = 0; i < 2 && ends[i] >= 0; i++) {
		char link[64], name[64] = "";
		snprintf(link, sizeof link, "/proc/self/fd/%d", ends[i]);
		cr_assert_gt(readlink(link, name, sizeof name - 1), 0);
		cr_expect(!strstr(fds, name), "%s in %s", name, fds);
	}
}

/* A daemon that a recipe leaves behind holds both ends, and make ends all the same. */
SCENARIO(a_daemon_does_not_hold_make_up)
{
	world_write(
		w, "Makefile", "all:\n\t+@sleep 1000 >/dev/null 2>&1 & echo $$! > $(LOG)/pid\n");
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, w->ended);
	cr_expect_eq(w->status, 0);
	_cleanup_free_ char *text = world_read(w, "pid");
	text[strcspn(text, "\n")] = '\0';
	long pid;
	cr_assert_eq(str_to_long(text, 2, INT32_MAX, &pid), 0);
	cr_expect_eq(kill((pid_t)pid, SIGKILL), 0, "the daemon outlived make");
	cr_expect_eq(jobserver_settle(w->js), 0);
	world_no_complaints(w);
}

/* The numbers of this process's descriptors are no matter to make. */
SCENARIO(two_thousand_descriptors_are_open)
{
	enum { MANY = 2000 };
	struct rlimit limit;
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < MANY + 100)
		cr_skip_test("fewer descriptors are allowed here");
	int fds[MANY];
	for (int i = 0; i < MANY; i++)
		cr_assert_geq(fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	world_write(w, "Makefile", "all:\n\t+@$(MAKE) -s -f sub.mk\n");
	world_write(w, "sub.mk", PAIR);
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 2);
	world_finish(w, 2);
	cr_expect_eq(jobserver_settle(w->js), 0);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

SCENARIO(sixty_four_descriptors_are_allowed)
{
	struct rlimit limit, few;
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = 64;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	world_write(w, "Makefile", PAIR);
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 2);
	world_finish(w, 2);
	cr_expect_eq(jobserver_settle(w->js), 0);
	world_close_jobserver(w);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Other clients of the same ends switch O_NONBLOCK on and off as they like: for make up to 4.1 only
 * off, as they die of it. */
SCENARIO(a_client_changes_flags_that_are_shared)
{
	world_write(w, "Makefile", ".PHONY: all 1 2 3 4\nall: 1 2 3 4\n1 2 3 4:\n\t" GATED_JOB);
	cr_assert_eq(world_create(w, style, 2, NULL), 0);
	int r, wr, child_r, child_w;
	jobserver_fds(w->js, &r, &wr, &child_r, &child_w);
	world_start(w, program, NULL);
	world_until(w, world_count(w, 'b') == 2);
	jobserver_lend(w->js, 2);
	world_until(w, world_count(w, 'b') == 4);
	if (r >= 0)
		cr_assert_eq(fcntl(r, F_SETFL, 0) | fcntl(wr, F_SETFL, O_NONBLOCK), 0);
	jobserver_owe(w->js, 1);
	world_go(w, "1");
	world_until(w, w->repaid == 1);
	if (r >= 0)
		cr_assert_eq(fcntl(wr, F_SETFL, 0), 0);
	jobserver_owe(w->js, 1);
	world_finish(w, 4);
	world_until(w, w->repaid == 2);
	cr_expect_eq(jobserver_settle(w->js), 0);
}
