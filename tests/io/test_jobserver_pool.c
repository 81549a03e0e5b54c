/* The pool without a make: clients that behave as one, or worse, and what the owner makes of it. */
#include "lib/jobserver_world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { CLIENTS = 6 };

/* What clients in other processes and the test share. */
struct shared {
	atomic_uint running, jobs;
	atomic_bool stop;
};

struct client_fds {
	int r, w;
};

static struct client_fds connect_client(const struct world *w, enum make_style style)
{
	struct client_fds c;
	int child_r, child_w;
	jobserver_fds(w->js, &c.r, &c.w, &child_r, &child_w);
	if (style == MAKE_FIFO) {
		_cleanup_free_ char *flags = jobserver_makeflags(w->js, NULL);
		struct make_auth a;
		makeflags_parse_auth(flags, &a);
		cr_assert_eq(a.kind, AUTH_FIFO);
		c.r = open(a.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		c.w = open(a.path, O_WRONLY | O_CLOEXEC);
	}
	cr_assert(c.r >= 0 && c.w >= 0);
	return c;
}

static void disconnect_client(struct client_fds c, enum make_style style)
{
	if (style == MAKE_FIFO)
		close(c.r), close(c.w);
}

/* As make does: wait until there is one, read it without blocking, and perhaps be too late. */
static bool take_token(const struct client_fds *c, int timeout_ms)
{
	char token;
	struct pollfd p = {.fd = c->r, .events = POLLIN};
	return poll(&p, 1, timeout_ms) == 1 && read(c->r, &token, 1) == 1;
}

static void give_token(const struct client_fds *c)
{
	while (write(c->w, "+", 1) < 0 && errno == EINTR)
		;
}

/* A busy make with its eyes on the pool: the next token is asked for right after one was given. */
static void client(struct shared *s, const struct client_fds *c)
{
	fcntl(c->r, F_SETFL, O_RDONLY | O_NONBLOCK);
	while (!s->stop) {
		if (!take_token(c, 20))
			continue;
		s->running++;
		s->jobs++;
		usleep(1000);
		s->running--;
		give_token(c);
	}
	_exit(0);
}

struct crowd {
	struct shared *shared;
	pid_t pids[CLIENTS];
};

static void crowd_start(struct crowd *c, const struct world *w, enum make_style style)
{
	c->shared = mmap(
		NULL, sizeof *c->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(c->shared, MAP_FAILED);
	for (size_t i = 0; i < CLIENTS; i++) {
		c->pids[i] = fork();
		cr_assert_geq(c->pids[i], 0);
		if (c->pids[i] == 0) {
			struct client_fds fds = connect_client(w, style);
			client(c->shared, &fds);
		}
	}
}

static void crowd_stop(struct crowd *c, struct world *w)
{
	c->shared->stop = true;
	for (size_t i = 0; i < CLIENTS; i++)
		world_until(w, waitpid(c->pids[i], NULL, WNOHANG) == c->pids[i]);
	munmap(c->shared, sizeof *c->shared);
}

static unsigned total(const struct world *w)
{
	const struct tokens *t = jobserver_ledger(w->js);
	return t->base + t->lent;
}

static unsigned idle(const struct world *w)
{
	return total(w) - jobserver_settle(w->js);
}

static void each_style(void (*scenario)(struct world *w, enum make_style style))
{
	for (enum make_style style = MAKE_FDS; style <= MAKE_FIFO; style++) {
		struct world w;
		world_init(&w);
		scenario(&w, style);
		world_fini(&w);
	}
}

static void departures_and_returns(struct world *w, enum make_style style)
{
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	struct crowd crowd;
	crowd_start(&crowd, w, style);
	unsigned away = 0, owed = 0, seed = 7;
	for (int i = 0; i < 2000; i++) {
		seed = seed * 1664525u + 1013904223u;
		unsigned n = (seed >> 10) % 4;
		if ((seed >> 20) % 2 && away + n <= 20) {
			w->repaid += jobserver_lend(w->js, n);
			away += n;
		} else if (n <= away) {
			jobserver_owe(w->js, n);
			away -= n;
			owed += n;
		}
		uv_run(&w->loop, i % 8 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
		const struct tokens *t = jobserver_ledger(w->js);
		cr_assert_eq(t->lent - t->owed, away);
		cr_assert_eq(owed - w->repaid, t->owed);
	}
	jobserver_owe(w->js, away);
	world_until(w, w->repaid == owed + away);
	unsigned jobs = crowd.shared->jobs;
	world_until(w, crowd.shared->jobs > jobs + 20);
	cr_expect_leq(crowd.shared->running, 2);
	crowd_stop(&crowd, w);
	cr_expect_eq(jobserver_settle(w->js), 0);
	cr_expect_eq(total(w), 2);
	cr_expect_eq(jobserver_ledger(w->js)->surplus, 0);
}

Test(pool, two_thousand_departures_and_returns)
{
	each_style(departures_and_returns);
}

/* Clients that never leave a token alone still pay. */
static void contention(struct world *w, enum make_style style)
{
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	struct crowd crowd;
	crowd_start(&crowd, w, style);
	for (unsigned round = 1; round <= 10; round++) {
		jobserver_lend(w->js, 3);
		unsigned jobs = crowd.shared->jobs;
		world_until(w, crowd.shared->jobs > jobs + 20);
		jobserver_owe(w->js, 3);
		jobs = crowd.shared->jobs;
		world_until(w, w->repaid == 3 * round);
		cr_expect_lt(crowd.shared->jobs - jobs, 1000);
	}
	crowd_stop(&crowd, w);
	cr_expect_eq(idle(w), 2);
}

Test(pool, debts_are_repaid_under_contention)
{
	each_style(contention);
}

/* A client that takes whatever there is, and keeps it for a while: debts wait, and come with it. */
static void greedy(struct world *w, enum make_style style)
{
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	struct client_fds c = connect_client(w, style);
	fcntl(c.r, F_SETFL, O_RDONLY | O_NONBLOCK);
	jobserver_lend(w->js, 4);
	unsigned taken = 0;
	while (taken < 6)
		taken += take_token(&c, 1000);
	cr_expect(!take_token(&c, 0) && idle(w) == 0);
	jobserver_owe(w->js, 4);
	for (int i = 0; i < 20; i++)
		uv_run(&w->loop, UV_RUN_ONCE);
	cr_expect_eq(w->repaid, 0);
	cr_expect_eq(jobserver_lend(w->js, 2), 2, "departures repay and write nothing");
	cr_expect(!take_token(&c, 0) && total(w) == 6);
	while (taken--)
		give_token(&c);
	world_until(w, w->repaid == 2);
	cr_expect_eq(jobserver_ledger(w->js)->owed, 0);
	jobserver_owe(w->js, 2);
	world_until(w, w->repaid == 4);
	cr_expect(idle(w) == 2 && total(w) == 2);
	disconnect_client(c, style);
}

Test(pool, a_greedy_client)
{
	each_style(greedy);
}

static void surplus(struct world *w, enum make_style style)
{
	cr_assert_eq(world_create(w, style, 3, NULL), 0);
	struct client_fds c = connect_client(w, style);
	cr_assert(take_token(&c, 1000));
	cr_expect_eq(jobserver_settle(w->js), 1);
	for (int i = 0; i < 36; i++)
		give_token(&c);
	world_until(w, jobserver_lend(w->js, 1) == 0 && jobserver_ledger(w->js)->surplus == 35);
	const struct tokens *t = jobserver_ledger(w->js);
	cr_expect_eq(idle(w), 2 + t->lent);
	jobserver_owe(w->js, t->lent);
	world_until(w, t->lent == 0);
	cr_expect_eq(idle(w), 2);
	disconnect_client(c, style);
}

Test(pool, more_tokens_than_were_taken)
{
	each_style(surplus);
}

static void other_bytes(struct world *w, enum make_style style)
{
	cr_assert_eq(world_create(w, style, 4, NULL), 0);
	struct client_fds c = connect_client(w, style);
	for (int i = 0; i < 3; i++)
		cr_assert(take_token(&c, 1000));
	cr_assert_eq(write(c.w, "G|\0", 3), 3);
	world_until(w, idle(w) == 3);
	jobserver_lend(w->js, 2);
	jobserver_owe(w->js, 2);
	world_until(w, w->repaid == 2);
	cr_expect_eq(idle(w), 3);
	disconnect_client(c, style);
}

Test(pool, token_bytes_mean_nothing)
{
	each_style(other_bytes);
}

static void more_than_a_pipe_holds(struct world *w, enum make_style style)
{
	enum { MANY = 200000 };
	cr_assert_eq(world_create(w, style, 1, NULL), 0);
	jobserver_lend(w->js, MANY);
	cr_expect_eq(idle(w), MANY);
	struct client_fds c = connect_client(w, style);
	unsigned taken = 0;
	for (char bytes[4096]; taken < MANY / 2; uv_run(&w->loop, UV_RUN_NOWAIT)) {
		size_t want = MANY / 2 - taken < sizeof bytes ? MANY / 2 - taken : sizeof bytes;
		ssize_t n = read(c.r, bytes, want);
		cr_assert_gt(n, 0);
		taken += (unsigned)n;
	}
	cr_expect_eq(idle(w), MANY / 2);
	jobserver_owe(w->js, MANY / 2);
	/* make 4.2's last one stays */
	world_until(w, w->repaid >= MANY / 2 - (style == MAKE_AUTH));
	disconnect_client(c, style);
}

Test(pool, a_full_pipe_never_blocks)
{
	each_style(more_than_a_pipe_holds);
}

/* Until make has shown that it reads without blocking, somebody must be left a token. */
Test(pool, the_last_token_is_not_taken_from_a_blocking_reader)
{
	struct world w;
	world_init(&w);
	cr_assert_eq(world_create(&w, MAKE_AUTH, 1, NULL), 0);
	int r, wr, child_r, child_w;
	jobserver_fds(w.js, &r, &wr, &child_r, &child_w);
	jobserver_lend(w.js, 2);
	jobserver_owe(w.js, 2);
	world_until(&w, w.repaid == 1);
	for (int i = 0; i < 5; i++)
		uv_run(&w.loop, UV_RUN_ONCE);
	cr_expect_eq(w.repaid, 1);
	char token;
	cr_assert_eq(read(r, &token, 1), 1);
	cr_assert_eq(write(wr, &token, 1), 1);
	world_until(&w, w.repaid == 2);
	jobserver_lend(w.js, 1);
	fcntl(r, F_SETFL, O_NONBLOCK);
	jobserver_owe(w.js, 1);
	world_until(&w, w.repaid == 3);
	world_fini(&w);
}

Test(pool, what_make_inherits)
{
	for (enum make_style style = MAKE_NONE; style <= MAKE_FIFO; style++) {
		struct world w;
		world_init(&w);
		cr_assert_eq(world_create(&w, style, 4, NULL), 0);
		int r, wr, child_r, child_w;
		jobserver_fds(w.js, &r, &wr, &child_r, &child_w);
		bool pipes = style == MAKE_FDS || style == MAKE_AUTH;
		cr_expect((r >= 0) == pipes && (wr >= 0) == pipes && r < 1024 && wr < 1024);
		cr_expect((child_r > 2) == pipes && (child_w > 2) == pipes);
		if (pipes) {
			cr_expect_eq(fcntl(r, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
			cr_expect_eq(fcntl(wr, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
			cr_expect(fcntl(r, F_GETFD) & fcntl(wr, F_GETFD) & FD_CLOEXEC);
		}
		world_fini(&w);
	}
}

Test(pool, a_make_without_a_jobserver)
{
	struct world w;
	world_init(&w);
	cr_assert_eq(world_create(&w, MAKE_NONE, 4, NULL), 0);
	_cleanup_free_ char *flags = jobserver_makeflags(w.js, "k");
	cr_expect_str_eq(flags, "k -j4");
	cr_expect_eq(jobserver_lend(w.js, 3), 0);
	jobserver_owe(w.js, 3);
	cr_expect_eq(jobserver_ledger(w.js)->lent_peak, 0);
	cr_expect_eq(jobserver_settle(w.js), 0);
	world_fini(&w);
}

Test(pool, a_fifo_needs_a_path_without_blanks)
{
	struct world w;
	world_init(&w);
	char *dir = w.dir;
	char *const bad[] = {"relative", "/tmp/with blank", "/nonexistent/dir"};
	const int want[] = {-EINVAL, -EINVAL, -ENOENT};
	for (size_t i = 0; i < 3; i++) {
		w.dir = bad[i];
		cr_expect_eq(world_create(&w, MAKE_FIFO, 2, NULL), want[i], "%s", bad[i]);
	}
	w.dir = dir;
	cr_assert_eq(world_create(&w, MAKE_FIFO, 2, NULL), 0);
	world_close_jobserver(&w);
	_cleanup_free_ char *path = xasprintf("%s/tokens", dir);
	cr_expect_eq(access(path, F_OK), -1);
	world_fini(&w);
}

Test(probe, what_is_make)
{
	struct world w;
	world_init(&w);
	setenv("MAKEFLAGS", "n --jobserver-auth=3,4", 1);
	setenv("MAKEFILES", "/nonexistent/file", 1);
	enum make_style style = MAKE_NONE;
	char version[32] = "";
	cr_assert_eq(jobserver_probe_make("make", &style, version), 0);
	cr_expect_neq(style, MAKE_NONE);
	cr_expect(version[0] >= '3' && version[1] == '.');
	world_fini(&w);
}

Test(probe, what_is_not)
{
	static const struct {
		const char *script;
		int err;
	} cases[] = {
		{"#!/bin/sh\necho GNU Make 4.3\n", ERR_CONFIG},
		{"#!/bin/sh\ncat\n", ERR_CONFIG},
		{"#!/bin/sh\necho 'farmmake-probe 12345678901234567890123456789012345 x'\n",
			ERR_CONFIG},
		{"#!/bin/sh\nyes\n", ERR_CONFIG},
		{"#!/bin/sh\nexit 2\n", ERR_CONFIG},
		{"#!/nonexistent/interpreter\n", -ENOENT},
		{"#!/bin/sh\nsleep 100 & sleep 100\n", ERR_TIMEOUT},
	};
	struct world w;
	world_init(&w);
	_cleanup_free_ char *program = xasprintf("%s/fake", w.dir);
	enum make_style style;
	char version[32] = "untouched";
	cr_expect_eq(jobserver_probe_make("/nonexistent/make", &style, version), -ENOENT);
	cr_expect_eq(jobserver_probe_make("no-such-make-at-all", &style, version), -ENOENT);
	cr_expect_eq(jobserver_probe_make(w.dir, &style, version), -EACCES);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world_write(&w, "fake", cases[i].script);
		int err = jobserver_probe_make(program, &style, version);
		cr_expect_eq(err, cases[i].err, "case %zu: %s", i, err_str(err));
	}
	cr_expect_str_eq(version, "untouched");
	world_fini(&w);
}
