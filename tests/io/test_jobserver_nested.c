/* A jobserver inside another one's: never more than that gave, and all of it back. */
#include "lib/make_world.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

/* An outer pool that the test holds both ends of. */
struct outer_pool {
	int r, w;
	struct make_auth auth;
};

static struct outer_pool outer_open(const char *tokens)
{
	int fds[2];
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], tokens, strlen(tokens)), (ssize_t)strlen(tokens));
	return (struct outer_pool){
		fds[0], fds[1], {.kind = AUTH_FDS, .read_fd = fds[0], .write_fd = fds[1]}};
}

static unsigned unread(int fd)
{
	int n;
	cr_assert_eq(ioctl(fd, FIONREAD, &n), 0);
	return (unsigned)n;
}

static unsigned held(const struct world *w)
{
	return jobserver_ledger(w->js)->base;
}

static void take(int fd)
{
	char token;
	cr_assert_eq(read(fd, &token, 1), 1);
}

static void turn(struct world *w, unsigned times)
{
	while (times--)
		uv_run(&w->loop, UV_RUN_ONCE);
}

Test(nested, one_more_than_is_used)
{
	struct world w;
	world_init(&w);
	struct outer_pool o = outer_open("abc");
	cr_assert_eq(world_create(&w, MAKE_AUTH, 8, &o.auth), 0);
	cr_expect(fcntl(o.r, F_GETFD) & fcntl(o.w, F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(fcntl(o.r, F_GETFL) & O_NONBLOCK, 0);
	int r, wr, child_r, child_w;
	jobserver_fds(w.js, &r, &wr, &child_r, &child_w);
	world_until(&w, held(&w) == 1);
	turn(&w, 10);
	cr_expect(held(&w) == 1 && unread(o.r) == 2);
	take(r);
	world_until(&w, held(&w) == 2);
	take(r);
	world_until(&w, held(&w) == 3);
	take(r);
	turn(&w, 10);
	cr_expect(held(&w) == 3 && unread(o.r) == 0);
	cr_assert_eq(write(wr, "xyz", 3), 3);
	world_until(&w, held(&w) == 1);
	cr_expect_eq(unread(o.r), 2);
	world_close_jobserver(&w);
	char back[4] = "", sum = 0;
	cr_assert_eq(read(o.r, back, 4), 3);
	for (int i = 0; i < 3; i++)
		sum = (char)(sum ^ back[i]);
	cr_expect_eq(sum, 'a' ^ 'b' ^ 'c', "the same bytes: %.3s", back);
	world_fini(&w);
}

Test(nested, local_slots_are_a_limit_too)
{
	struct world w;
	world_init(&w);
	struct outer_pool o = outer_open("++++");
	cr_assert_eq(world_create(&w, MAKE_AUTH, 2, &o.auth), 0);
	int r, wr, child_r, child_w;
	jobserver_fds(w.js, &r, &wr, &child_r, &child_w);
	world_until(&w, held(&w) == 1);
	take(r);
	turn(&w, 20);
	cr_expect(held(&w) == 1 && unread(o.r) == 3);
	world_fini(&w);
	cr_expect_eq(unread(o.r), 4);
}

/* A second on offer, then only a moment now and then. */
Test(nested, an_idle_token_goes_back)
{
	struct world w;
	world_init(&w);
	struct outer_pool o = outer_open("+");
	for (enum make_style style = MAKE_AUTH; style <= MAKE_FIFO; style++) {
		cr_assert_eq(world_create(&w, style, 4, &o.auth), 0);
		world_until(&w, held(&w) == 1);
		uint64_t since_ms = clock_now_ms();
		world_until(&w, held(&w) == 0);
		cr_expect_geq(clock_now_ms() - since_ms, 700);
		cr_expect_eq(unread(o.r), 1);
		world_until(&w, held(&w) == 1);
		since_ms = clock_now_ms();
		world_until(&w, held(&w) == 0);
		cr_expect_leq(clock_now_ms() - since_ms, 700);
		world_close_jobserver(&w);
		cr_expect_eq(unread(o.r), 1);
	}
	world_fini(&w);
}

/* Lent tokens are ours: the outer pool neither gives nor gets them. */
Test(nested, lending)
{
	struct world w;
	world_init(&w);
	struct outer_pool o = outer_open("++");
	for (enum make_style style = MAKE_AUTH; style <= MAKE_FIFO; style++) {
		cr_assert_eq(world_create(&w, style, 8, &o.auth), 0);
		int r, wr, child_r, child_w;
		jobserver_fds(w.js, &r, &wr, &child_r, &child_w);
		fcntl(r, F_SETFL, O_NONBLOCK); /* as make 4.3 does */
		w.repaid = 0;
		world_until(&w, held(&w) == 1);
		jobserver_lend(w.js, 5);
		world_until(&w, held(&w) == 0);
		cr_expect(jobserver_settle(w.js) == 0 && unread(o.r) == 2);
		jobserver_owe(w.js, 3);
		world_until(&w, w.repaid == 3);
		jobserver_owe(w.js, 2);
		world_until(&w, w.repaid == 5 && held(&w) == 1);
		world_close_jobserver(&w);
		cr_expect_eq(unread(o.r), 2);
	}
	world_fini(&w);
}

Test(nested, what_is_no_jobserver_is_left_alone)
{
	struct world w;
	world_init(&w);
	world_write(&w, "file", "flags");
	_cleanup_free_ char *path = xasprintf("%s/file", w.dir);
	int file = open(path, O_RDWR), null = open("/dev/null", O_RDWR);
	struct outer_pool a = outer_open("data"), b = outer_open("");
	const struct make_auth cases[] = {
		{.kind = AUTH_FDS, .read_fd = 900, .write_fd = 901},
		{.kind = AUTH_FDS, .read_fd = file, .write_fd = file},
		{.kind = AUTH_FDS, .read_fd = null, .write_fd = null},
		{.kind = AUTH_FDS, .read_fd = a.r, .write_fd = file},
		{.kind = AUTH_FDS, .read_fd = a.r, .write_fd = b.w},
		{.kind = AUTH_FDS, .read_fd = a.w, .write_fd = a.r},
		{.kind = AUTH_FIFO, .path = "/nonexistent/fifo"},
		{.kind = AUTH_FIFO, .path = "/"},
		{.kind = AUTH_FIFO, .path = ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(world_create(&w, MAKE_AUTH, 4, &cases[i]), ERR_STATE, "case %zu", i);
	struct make_auth on_file = {.kind = AUTH_FIFO};
	snprintf(on_file.path, sizeof on_file.path, "%s", path);
	cr_expect_eq(world_create(&w, MAKE_FIFO, 4, &on_file), ERR_STATE);
	_cleanup_free_ char *text = world_read(&w, "file");
	cr_expect_str_eq(text, "flags");
	cr_expect_eq(unread(a.r), 4);
	cr_expect_eq(fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
	world_fini(&w);
}

/* As cargo spells it, for makes of any version. */
Test(nested, both_spellings_of_one_pipe)
{
	struct world w;
	world_init(&w);
	struct outer_pool o = outer_open("||");
	_cleanup_free_ char *flags =
		xasprintf("-j --jobserver-fds=%d,%d --jobserver-auth=%d,%d", o.r, o.w, o.r, o.w);
	struct make_auth auth;
	makeflags_parse_auth(flags, &auth);
	for (enum make_style style = MAKE_FDS; style <= MAKE_FIFO; style++) {
		cr_assert_eq(world_create(&w, style, 8, &auth), 0);
		world_until(&w, held(&w) == 1);
		world_close_jobserver(&w);
		cr_expect_eq(unread(o.r), 2);
	}
	char back[3] = "";
	cr_assert_eq(read(o.r, back, 2), 2);
	cr_expect_str_eq(back, "||");
	world_fini(&w);
}

/* A jobserver of the system's is a character device, which may tell nobody how many tokens it has. */
Test(nested, a_character_device)
{
	struct world w;
	world_init(&w);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		cr_skip_test("no pseudo-terminals");
	struct make_auth auth = {.kind = AUTH_FIFO};
	snprintf(auth.path, sizeof auth.path, "%s", ptsname(master));
	int raw = open(auth.path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios modes;
	cr_assert_eq(tcgetattr(raw, &modes), 0);
	cfmakeraw(&modes);
	cr_assert_eq(tcsetattr(raw, TCSANOW, &modes), 0);
	cr_assert_eq(write(master, "st", 2), 2);
	for (enum make_style style = MAKE_AUTH; style <= MAKE_FIFO; style++) {
		cr_assert_eq(world_create(&w, style, 8, &auth), 0);
		world_until(&w, held(&w) == 1);
		jobserver_lend(w.js, 1);
		world_until(&w, held(&w) == 0);
		world_close_jobserver(&w);
		char back[3] = "";
		cr_assert_eq(read(master, back, 2), 1);
		cr_assert_eq(write(master, back, 1), 1);
	}
	world_fini(&w);
	close(raw);
	close(master);
}

/* Root may open everything, so root becomes somebody else first. */
Test(nested, a_fifo_of_another_user)
{
	if (geteuid() == 0) {
		unsetenv("XDG_RUNTIME_DIR");
		cr_assert_eq(setresgid(65534, 65534, 65534), 0);
		cr_assert_eq(setresuid(65534, 65534, 65534), 0);
	}
	struct world w;
	world_init(&w);
	struct make_auth auth = {.kind = AUTH_FIFO};
	snprintf(auth.path, sizeof auth.path, "%s/fifo", w.dir);
	cr_assert_eq(mkfifo(auth.path, 0), 0);
	cr_expect_eq(world_create(&w, MAKE_FIFO, 4, &auth), ERR_STATE);
	world_fini(&w);
}

static char *nested_command(const char *program, unsigned slots)
{
	const char *dir = getenv("FARMMAKE_HELPER_DIR");
	return xasprintf("%s/../tests/io/nested_make %u %s", dir ? dir : "../src", slots, program);
}

#define SIX "1 2 3 4 5 6"
#define INNER ".PHONY: all " SIX "\nall: " SIX "\n" SIX ":\n\t" GATED_JOB

/* The outer make owns its pool, so it counts its tokens at the end and says when some are missing. */
static void in_a_make(enum make_style outer, enum make_style inner)
{
	_cleanup_free_ char *out = world_find_make(outer), *in = world_find_make(inner);
	if (!out || !in)
		cr_skip_test("no make of this version");
	struct world w;
	world_init(&w);
	_cleanup_free_ char *command = nested_command(in, 8);
	_cleanup_free_ char *text = xasprintf(".PHONY: all in a b\nall: in a b\n"
					      "in:\n\t+@%s -f inner.mk\na b:\n\t" GATED_JOB,
		command);
	world_write(&w, "Makefile", text);
	world_write(&w, "inner.mk", INNER);
	world_start(&w, out, "-j4");
	world_until(&w, world_count(&w, 'b') == 4);
	world_go(&w, "a");
	world_until(&w, world_count(&w, 'b') == 5);
	world_finish(&w, 8);
	cr_expect_eq(world_peak(&w), 4);
	_cleanup_free_ char *said = world_read(&w, "messages");
	cr_expect(strstr(said, "joined peak=") && strstr(said, " missing=0"), "%s", said);
	world_fini(&w);
}

Test(nested, make_4_3_in_make_4_3)
{
	in_a_make(MAKE_AUTH, MAKE_AUTH);
}

Test(nested, make_4_4_in_make_4_3)
{
	in_a_make(MAKE_AUTH, MAKE_FIFO);
}

Test(nested, make_4_3_in_make_4_4)
{
	in_a_make(MAKE_FIFO, MAKE_AUTH);
}

Test(nested, make_4_4_in_make_4_4)
{
	in_a_make(MAKE_FIFO, MAKE_FIFO);
}

Test(nested, a_recipe_without_plus_does_not_join)
{
	_cleanup_free_ char *program = world_find_make(MAKE_AUTH);
	if (!program)
		cr_skip_test("no make of this version");
	struct world w;
	world_init(&w);
	_cleanup_free_ char *command = nested_command(program, 8);
	_cleanup_free_ char *text = xasprintf("all:\n\t@%s -f inner.mk\n", command);
	world_write(&w, "Makefile", text);
	world_write(&w, "inner.mk", INNER);
	world_start(&w, program, "-j4");
	world_until(&w, w.ended);
	_cleanup_free_ char *said = world_read(&w, "messages");
	cr_expect_str_eq(said, "not joined\n");
	cr_expect_eq(w.status, 0);
	world_fini(&w);
}

/* The outer pool is one of ours, with what the outer one lends. */
static void in_our_own(enum make_style style)
{
	_cleanup_free_ char *program = world_find_make(style);
	if (!program)
		cr_skip_test("no make of this version");
	struct world w;
	world_init(&w);
	_cleanup_free_ char *inner = nested_command(program, 8);
	_cleanup_free_ char *text = xasprintf("all:\n\t+@%s -f mid.mk\n", inner);
	_cleanup_free_ char *mid = xasprintf("all:\n\t+@%s -f inner.mk\n", inner);
	world_write(&w, "Makefile", text);
	world_write(&w, "mid.mk", mid);
	world_write(&w, "inner.mk", INNER);
	cr_assert_eq(world_create(&w, style, 3, NULL), 0);
	world_start(&w, program, NULL);
	world_until(&w, world_count(&w, 'b') >= 2);
	world_until(&w, world_count(&w, 'b') == 3);
	jobserver_lend(w.js, 1);
	world_until(&w, world_count(&w, 'b') == 4);
	jobserver_owe(w.js, 1);
	world_finish(&w, 6);
	world_until(&w, w.repaid == 1);
	cr_expect_eq(world_peak(&w), 4);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_fini(&w);
}

Test(nested, in_pipes_of_our_own)
{
	in_our_own(MAKE_AUTH);
}

Test(nested, in_a_fifo_of_our_own)
{
	in_our_own(MAKE_FIFO);
}
