#include "make.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "rundir.h"
#include "wrapper.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GRACE_MS = 500, FORWARD_MS = 250, CHILD_FDS = 32 };

static bool replaced(const char *entry)
{
	static const char *const names[] = {"MAKEFLAGS=", "MFLAGS=", "PATH=", "FARMMAKE_SOCKET=",
		"FARMMAKE_BINDIR=", "FARMMAKE_VERBOSE="};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_starts(entry, names[i]))
			return true;
	return false;
}

/* ccache is to ask the farm when it has no result, and to know results by the compiler behind us: by our link, a new
 * compiler would look like the old one. */
static void build_cache_env(const char *bin, const char *path, struct strv *env)
{
	if (!getenv("CCACHE_PREFIX"))
		strv_pushf(env, "CCACHE_PREFIX=%s/farmcc", bin);
	if (!getenv("CCACHE_PATH") && path)
		strv_pushf(env, "CCACHE_PATH=%s", path);
}

static void build_env(const struct farm *f, struct strv *env)
{
	for (char **e = environ; *e; e++)
		if (!replaced(*e))
			strv_push(env, *e);
	const char *path = getenv("PATH");
	strv_pushf(env, "PATH=%s%s%s", f->rundir->bin, path ? ":" : "", path ? path : "");
	strv_pushf(env, "FARMMAKE_SOCKET=%s", f->rundir->socket);
	strv_pushf(env, "FARMMAKE_BINDIR=%s", f->rundir->bin);
	if (f->conf.verbose)
		strv_push(env, "FARMMAKE_VERBOSE=1");
	build_cache_env(f->rundir->bin, path, env);
	char *flags = jobserver_makeflags(f->js, getenv("MAKEFLAGS"));
	if (flags)
		strv_pushf(env, "MAKEFLAGS=%s", flags);
	free(flags);
}

/* A make that is stopped may forget its tokens. */
static void check_tokens(const struct make_run *run)
{
	struct jobserver *js = run->farm->js;
	if (run->interrupts || run->term_signal)
		return;
	unsigned lost = jobserver_settle(js);
	if (lost)
		log_warning("%u of make's tokens did not come back", lost);
	unsigned long long surplus = jobserver_ledger(js)->surplus;
	if (surplus)
		log_warning("%llu tokens came back that nobody had taken", surplus);
}

static void on_grace(uv_timer_t *timer)
{
	struct make_run *run = timer->data;
	if (run->farm->wrappers.used && clock_now_ms() < run->ended_ms + GRACE_MS)
		return;
	uv_timer_stop(timer);
	check_tokens(run);
	run->on_done(run);
}

/* A wrapper's last words may still be on their way when make's end is seen. */
static void on_make_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
	struct make_run *run = process->data;
	run->ended = true;
	run->ended_ms = clock_now_ms();
	run->exit_status = (int)exit_status;
	run->term_signal = term_signal;
	uv_timer_start(&run->grace, on_grace, 0, 2);
}

/* Does the terminal send its signals to make too? Then forwarding would double them, and a make that gets
 * two at once may trip over its own end ("wait: No child processes"). */
static bool in_foreground(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	bool yes = tcgetpgrp(fd) == getpgrp();
	close(fd);
	return yes;
}

static void on_forward(uv_timer_t *timer)
{
	struct make_run *run = timer->data;
	uv_process_kill(&run->process, run->signum);
}

/* Without a terminal nobody can tell whether make has got it as well, as when a whole group is meant: it
 * is given some time to end by itself. */
static void on_signal(uv_signal_t *handle, int signum)
{
	struct make_run *run = handle->data;
	run->interrupts++;
	run->signum = signum;
	if (run->ended)
		return;
	if (run->interrupts > 2)
		uv_process_kill(&run->process, SIGKILL);
	else if (signum != SIGINT || !in_foreground())
		uv_timer_start(&run->grace, on_forward, FORWARD_MS, 0);
}

static void watch_signals(struct make_run *run)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	for (size_t i = 0; i < 3; i++) {
		uv_signal_init(&run->farm->loop, &run->signals[i]);
		run->signals[i].data = run;
		struct sigaction old;
		bool ignored = sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN;
		if (!ignored)
			uv_signal_start(&run->signals[i], on_signal, numbers[i]);
	}
}

static void inherit_tokens(const struct farm *f, uv_stdio_container_t *stdio, int *count)
{
	int r, w, child_r, child_w;
	jobserver_fds(f->js, &r, &w, &child_r, &child_w);
	if (r < 0)
		return;
	assert(child_r > 2 && child_r < CHILD_FDS && child_w > 2 && child_w < CHILD_FDS);
	stdio[child_r] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = r};
	stdio[child_w] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = w};
	*count = (child_r > child_w ? child_r : child_w) + 1;
}

/* libuv gives a child the default actions; under nohup, or in a shell's background, make has to
 * inherit what is ignored. */
static void keep_ignored(struct strv *argv)
{
	static const struct {
		int number;
		const char *name;
	} inherited[] = {{SIGHUP, "HUP"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}};
	char names[32] = "";
	for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++) {
		struct sigaction sa;
		if (sigaction(inherited[i].number, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			strcat(strcat(names, " "), inherited[i].name);
	}
	if (!names[0])
		return;
	strv_push(argv, "/bin/sh");
	strv_push(argv, "-c");
	strv_pushf(argv, "trap ''%s; exec \"$0\" \"$@\"", names);
}

static int spawn(struct make_run *run, const struct strv *args)
{
	struct farm *f = run->farm;
	struct strv argv = {0}, env = {0};
	keep_ignored(&argv);
	strv_push(&argv, f->conf.make);
	for (size_t i = 0; i < args->n; i++)
		strv_push(&argv, args->v[i]);
	build_env(f, &env);
	uv_stdio_container_t stdio[CHILD_FDS] = {0};
	for (int i = 0; i < CHILD_FDS; i++)
		stdio[i].flags = UV_IGNORE;
	for (int i = 0; i < 3; i++)
		stdio[i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = i};
	int count = 3;
	inherit_tokens(f, stdio, &count);
	uv_process_options_t options = {
		.exit_cb = on_make_exit,
		.file = argv.v[0],
		.args = argv.v,
		.env = env.v,
		.stdio_count = count,
		.stdio = stdio,
	};
	int err = uv_spawn(&f->loop, &run->process, &options);
	strv_fini(&argv);
	strv_fini(&env);
	return err;
}

int make_start(struct make_run *run, struct farm *f, const struct strv *args)
{
	run->farm = f;
	run->process.data = run;
	uv_timer_init(&f->loop, &run->grace);
	run->grace.data = run;
	watch_signals(run);
	return spawn(run, args);
}

void make_stop(struct make_run *run)
{
	for (size_t i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&run->signals[i], NULL);
	uv_close((uv_handle_t *)&run->grace, NULL);
	uv_close((uv_handle_t *)&run->process, NULL);
}

int make_shell_status(const struct make_run *run)
{
	return run->term_signal ? 128 + run->term_signal : run->exit_status;
}
