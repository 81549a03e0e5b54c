/* Clients other than make, and makes of different versions below one another. */
#include "lib/make_world.h"

#define JOBS_OF_NINJA                                                                              \
	"rule job\n  command = echo b $out >> $$LOG/log; until [ -e $$LOG/go ] || "                \
	"[ -e $$LOG/go.$out ]; do sleep 0.01; done; echo e $out >> $$LOG/log\n"                    \
	"build 1: job\nbuild 2: job\nbuild 3: job\nbuild 4: job\nbuild 5: job\nbuild 6: job\n"

static const char *find_ninja(void)
{
	const char *ninja = getenv("FARMMAKE_TEST_NINJA");
	if (!ninja)
		cr_skip_test("ninja 1.13 cannot be had here");
	return ninja;
}

static char *find_make(enum make_style style, const char *name)
{
	char *program = world_find_make(style);
	if (!program)
		cr_skip_test("GNU make %s cannot be had here", name);
	return program;
}

/* ninja looks for more tokens when a job of its own ends. */
static void ninja_follows(struct world *w)
{
	world_until(w, world_count(w, 'b') == 2);
	jobserver_lend(w->js, 2);
	world_go(w, "1");
	world_until(w, world_count(w, 'b') == 5);
	jobserver_owe(w->js, 2);
	world_go(w, NULL);
	world_until(w, w->ended);
	world_until(w, w->repaid == 2);
	cr_expect(w->status == 0 && world_count(w, 'e') == 6, "status %d", (int)w->status);
	cr_expect_eq(world_peak(w), 4);
	cr_expect_eq(jobserver_settle(w->js), 0);
	cr_expect_eq(jobserver_ledger(w->js)->surplus, 0);
	world_no_complaints(w);
}

Test(clients, ninja_in_place_of_make)
{
	const char *ninja = find_ninja();
	struct world w;
	world_init(&w);
	world_write(&w, "Makefile", JOBS_OF_NINJA);
	cr_assert_eq(world_create(&w, MAKE_FIFO, 2, NULL), 0);
	world_start(&w, ninja, NULL);
	ninja_follows(&w);
	world_fini(&w);
}

Test(clients, ninja_below_make_4_4)
{
	const char *ninja = find_ninja();
	_cleanup_free_ char *program = find_make(MAKE_FIFO, "4.4");
	struct world w;
	world_init(&w);
	_cleanup_free_ char *makefile = xasprintf("all:\n\t@%s\n", ninja);
	world_write(&w, "Makefile", makefile);
	world_write(&w, "build.ninja", JOBS_OF_NINJA);
	cr_assert_eq(world_create(&w, MAKE_FIFO, 2, NULL), 0);
	world_start(&w, program, NULL);
	ninja_follows(&w);
	world_fini(&w);
}

/* ninja does not know pipes: it says so, and is no client. */
Test(clients, ninja_below_make_4_3)
{
	const char *ninja = find_ninja();
	struct world w;
	world_init(&w);
	_cleanup_free_ char *program = find_make(MAKE_AUTH, "4.3");
	_cleanup_free_ char *makefile = xasprintf("all:\n\t+@%s\n", ninja);
	world_write(&w, "Makefile", makefile);
	world_write(&w, "build.ninja", JOBS_OF_NINJA);
	cr_assert_eq(world_create(&w, MAKE_AUTH, 2, NULL), 0);
	world_start(&w, program, NULL);
	world_go(&w, NULL);
	world_until(&w, w.ended);
	_cleanup_free_ char *said = world_read(&w, "messages");
	cr_expect(w.status == 0 && strstr(said, "Ignoring jobserver"), "%s", said);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_fini(&w);
}

/* What is not one of ours: the descriptors of a make 4.3 are good for a make 4.4 below it. */
Test(clients, make_4_4_below_make_4_3)
{
	_cleanup_free_ char *outer = find_make(MAKE_AUTH, "4.3");
	_cleanup_free_ char *inner = find_make(MAKE_FIFO, "4.4");
	struct world w;
	world_init(&w);
	_cleanup_free_ char *makefile = xasprintf("all:\n\t+@%s -s -f sub.mk\n", inner);
	world_write(&w, "Makefile", makefile);
	world_write(&w, "sub.mk", ".PHONY: all 1 2 3\nall: 1 2 3\n1 2 3:\n\t" GATED_JOB);
	cr_assert_eq(world_create(&w, MAKE_AUTH, 2, NULL), 0);
	world_start(&w, outer, NULL);
	world_until(&w, world_count(&w, 'b') == 2);
	jobserver_lend(w.js, 1);
	world_until(&w, world_count(&w, 'b') == 3);
	jobserver_owe(w.js, 1);
	world_finish(&w, 3);
	world_until(&w, w.repaid == 1);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_fini(&w);
}

/* A make 4.3 knows no fifo, and stops; that is make's, and loses nothing. */
Test(clients, make_4_3_below_make_4_4)
{
	_cleanup_free_ char *outer = find_make(MAKE_FIFO, "4.4");
	_cleanup_free_ char *inner = find_make(MAKE_AUTH, "4.3");
	struct world w;
	world_init(&w);
	_cleanup_free_ char *makefile =
		xasprintf("all: by-itself joined\njoined:\n\t-@%s -s -f sub.mk\n"
			  "by-itself:\n\t@env -u MAKEFLAGS %s -s -f sub.mk\n",
			inner, inner);
	world_write(&w, "Makefile", makefile);
	world_write(&w, "sub.mk", "all:\n\t" GATED_JOB);
	cr_assert_eq(world_create(&w, MAKE_FIFO, 2, NULL), 0);
	world_start(&w, outer, NULL);
	world_go(&w, NULL);
	world_until(&w, w.ended);
	_cleanup_free_ char *said = world_read(&w, "messages");
	cr_expect(w.status == 0 && world_count(&w, 'e') == 1, "%s", said);
	cr_expect(strstr(said, "invalid --jobserver-auth string 'fifo:"), "%s", said);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_fini(&w);
}

/* gcc links with as many compilers as it gets tokens; one that knows no fifo says so and uses one. */
static void linking(enum make_style style, const char *name)
{
	_cleanup_free_ char *program = find_make(style, name);
	if (system("gcc -flto -x c -o /dev/null - <<'END' 2>/dev/null\nint main(void) { return 0; }\nEND"))
		cr_skip_test("no gcc that can -flto");
	struct world w;
	world_init(&w);
	world_write(&w, "Makefile",
		"all: a.o b.o; +@gcc -flto=jobserver -flto-partition=max -o all a.o b.o\n"
		"%.o: %.c; @gcc -O1 -flto -c -o $@ $<\n");
	world_write(&w, "a.c", "int f(int); int main(void) { return f(3) - 4; }\n");
	world_write(&w, "b.c", "__attribute__((noinline)) int f(int x) { return x + 1; }\n");
	cr_assert_eq(world_create(&w, style, 3, NULL), 0);
	world_start(&w, program, NULL);
	world_until(&w, w.ended);
	_cleanup_free_ char *said = world_read(&w, "messages");
	cr_expect_eq(w.status, 0, "%s", said);
	cr_expect(style == MAKE_FIFO || !strstr(said, "jobserver"), "%s", said);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_fini(&w);
}

Test(clients, gcc_lto_below_make_4_3)
{
	linking(MAKE_AUTH, "4.3");
}

Test(clients, gcc_lto_below_make_4_4)
{
	linking(MAKE_FIFO, "4.4");
}

/* cargo takes both spellings, keeps a token as long as it has work, and gives all back. */
static void crates(enum make_style style, const char *name)
{
	_cleanup_free_ char *program = find_make(style, name);
	if (system("cargo --version >/dev/null 2>&1"))
		cr_skip_test("no cargo");
	struct world w;
	world_init(&w);
	world_write(&w, "Makefile", "all: ; +@cd whole && cargo build --offline -q 2>&1\n");
	world_write(&w, "new.sh",
		"cd ${0%/*} && cargo new --vcs none -q whole && for i in 1 2 3; do"
		" cargo new --vcs none -q --lib whole/part$i || exit;"
		" echo \"part$i = { path = \\\"part$i\\\" }\" >>whole/Cargo.toml; done\n");
	_cleanup_free_ char *prepare = xasprintf("sh %s/new.sh >%s/new.log 2>&1", w.dir, w.dir);
	if (system(prepare))
		cr_skip_test("cargo makes no crates here");
	cr_assert_eq(world_create(&w, style, 2, NULL), 0);
	world_start(&w, program, NULL);
	world_until(&w, w.ended);
	_cleanup_free_ char *said = world_read(&w, "messages");
	cr_expect_eq(w.status, 0, "%s", said);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_no_complaints(&w);
	world_fini(&w);
}

Test(clients, cargo_below_make_4_3)
{
	crates(MAKE_AUTH, "4.3");
}

Test(clients, cargo_below_make_4_4)
{
	crates(MAKE_FIFO, "4.4");
}

/* What reads the fifo eats tokens, and a path that is gone cannot be opened: the build goes on with
 * the implicit slots, and what was eaten is missed. */
Test(clients, the_fifo_is_read_and_removed)
{
	_cleanup_free_ char *program = find_make(MAKE_FIFO, "4.4");
	struct world w;
	world_init(&w);
	world_write(&w, "Makefile",
		".PHONY: all first one two\nall: first one two\none two: first\n"
		"first:\n\t@dd if=$(LOG)/tokens bs=1 count=2 of=/dev/null 2>/dev/null; rm $(LOG)/tokens\n"
		"one two:\n\t@$(MAKE) -s -f sub.mk\n");
	world_write(&w, "sub.mk", ".PHONY: all 1 2\nall: 1 2\n1 2:\n\t" GATED_JOB);
	cr_assert_eq(world_create(&w, MAKE_FIFO, 3, NULL), 0);
	world_start(&w, program, NULL);
	world_go(&w, NULL);
	world_until(&w, w.ended);
	cr_expect(w.status == 0 && world_count(&w, 'e') == 4, "status %d", (int)w.status);
	cr_expect_eq(world_peak(&w), 1);
	cr_expect_eq(jobserver_settle(w.js), 2);
	world_fini(&w);
}
