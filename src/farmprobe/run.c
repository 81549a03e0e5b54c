/* run - a slot for each core, and one loop that polls their pipes and a signalfd: pidfds are younger
 * than the kernels of many boards.
 *
 * A slot is free again when its program has exited: its pipe is read to the end before that, or up
 * to what is there when the program has left a background process holding it. */
#include "run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct slot {
	struct run *run; /* NULL: free */
	pid_t pid;
	int out_fd;
	uint64_t deadline_ms;
};

void run_init(struct run *r, const char *program, ...)
{
	*r = (struct run){0};
	buf_init(&r->out, RUN_OUTPUT_BYTES_MAX);
	va_list ap;
	va_start(ap, program);
	for (const char *word = program; word; word = va_arg(ap, const char *))
		strv_push(&r->argv, word);
	va_end(ap);
}

void run_fini(struct run *r)
{
	strv_fini(&r->argv);
	buf_fini(&r->out);
}

static int spawn(const struct run *run, const char *dir, int out_fd, pid_t *ret_pid)
{
	struct strv env = {0};
	strv_push(&env, "PATH=/usr/bin:/bin");
	strv_push(&env, "LC_ALL=C");
	strv_pushf(&env, "TMPDIR=%s", dir);
	strv_pushf(&env, "PWD=%s", dir);

	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_t attr;
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	int heard = run->by_stderr ? STDERR_FILENO : STDOUT_FILENO;
	int unheard = run->by_stderr ? STDOUT_FILENO : STDERR_FILENO;
	posix_spawn_file_actions_adddup2(&files, out_fd, heard);
	posix_spawn_file_actions_addopen(&files, unheard, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&files, dir);

	int err = posix_spawn(ret_pid, run->argv.v[0], &files, &attr, run->argv.v, env.v);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	strv_fini(&env);
	return -err;
}

static int start(struct slot *s, struct run *run, const char *dir)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	_cleanup_close_ int write_end = ends[1];
	pid_t pid;
	int err = fcntl(write_end, F_SETFL, 0) < 0 ? -errno : 0;
	if (!err)
		err = spawn(run, dir, write_end, &pid);
	if (err) {
		close(ends[0]);
		return err;
	}
	*s = (struct slot){
		.run = run,
		.pid = pid,
		.out_fd = ends[0],
		.deadline_ms = clock_now_ms() + RUN_LIMIT_MS,
	};
	return 0;
}

/* Reads what there is; false when it is more than the limit. */
static bool drain(struct slot *s)
{
	struct buf *out = &s->run->out;
	for (;;) {
		if (buf_reserve(out, 4096) < 0)
			return false;
		ssize_t n = read(s->out_fd, out->data + out->len, out->cap - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		out->len += (size_t)n;
	}
}

static void finish(struct slot *s, bool kept_limits)
{
	if (!kept_limits)
		kill(-s->pid, SIGKILL);
	int status = -1;
	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	kill(-s->pid, SIGKILL);
	s->run->ok = kept_limits && drain(s) && status == 0;
	close(s->out_fd);
	s->run = NULL;
}

static bool has_ended(const struct slot *s)
{
	siginfo_t info = {0};
	return waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == s->pid;
}

/* Takes what the signalfd has; false when one of the signals asks this process to end. */
static bool heed(int signal_fd)
{
	struct signalfd_siginfo seen;
	bool go_on = true;
	while (read(signal_fd, &seen, sizeof seen) == sizeof seen)
		go_on = go_on && seen.ssi_signo == SIGCHLD;
	return go_on;
}

static int wait_slots(struct slot *slots, unsigned cores, int signal_fd)
{
	struct pollfd fds[RUN_CORES_MAX + 1];
	uint64_t now_ms = clock_now_ms(), wait_ms = RUN_LIMIT_MS;
	for (size_t i = 0; i < cores; i++) {
		struct slot *s = &slots[i];
		fds[i] = (struct pollfd){s->run ? s->out_fd : -1, POLLIN, 0};
		if (s->run && s->deadline_ms <= now_ms)
			return ERR_TIMEOUT;
		if (s->run && s->deadline_ms - now_ms < wait_ms)
			wait_ms = s->deadline_ms - now_ms;
	}
	fds[cores] = (struct pollfd){signal_fd, POLLIN, 0};
	if (poll(fds, cores + 1, (int)wait_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	if (!heed(signal_fd))
		return -ECANCELED;
	for (size_t i = 0; i < cores; i++) {
		struct slot *s = &slots[i];
		if (!s->run)
			continue;
		bool fits = drain(s);
		if (!fits || has_ended(s))
			finish(s, fits);
	}
	return 0;
}

static bool busy(const struct slot *slots, unsigned cores)
{
	for (size_t i = 0; i < cores; i++)
		if (slots[i].run)
			return true;
	return false;
}

static int run_with(int signal_fd, struct run *runs, size_t n, const struct run_place *place)
{
	struct slot slots[RUN_CORES_MAX] = {0};
	unsigned cores = place->cores;
	size_t next = 0;
	int err = 0;
	while (!err && (next < n || busy(slots, cores))) {
		for (size_t i = 0; !err && i < cores; i++)
			if (!slots[i].run && next < n)
				err = start(&slots[i], &runs[next++], place->dir);
		if (!err)
			err = wait_slots(slots, cores, signal_fd);
	}
	for (size_t i = 0; i < cores; i++)
		if (slots[i].run)
			finish(&slots[i], false);
	return err;
}

static void block_signals(sigset_t *ret_set)
{
	static const int heard[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	sigemptyset(ret_set);
	for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
		sigaddset(ret_set, heard[i]);
	sigprocmask(SIG_BLOCK, ret_set, NULL);
}

void run_hear_signals(void)
{
	sigset_t set;
	block_signals(&set);
}

int run_all(struct run *runs, size_t n, const struct run_place *place)
{
	sigset_t set;
	block_signals(&set);
	_cleanup_close_ int signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signal_fd < 0 ? -errno : run_with(signal_fd, runs, n, place);
}
