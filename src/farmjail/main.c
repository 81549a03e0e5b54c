/* farmjail - runs one job, described by its descriptors (core/jaildesc.h), in a jail of its own.
 *
 * Happy path: read the description; the outer steps build namespaces and a root; a child does the
 * inner steps and becomes the compiler; wait for it, copy its outputs out, leave the report, exit 0.
 *
 * Failure modes: a step fails (setup_err and its name in the report); the compiler takes too long
 * (timed_out; killed); an output is no regular file (over_limit). Without a usable description there
 * is no report, and the exit status is 1. SIGKILL for this process takes the job with it. */
#include "cell.h"

#include "base/clock.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESC_BYTES_MAX = 4 << 20 };

static const struct step outer_steps[] = {
	{"control group", space_join_cgroup},
	{"drop root", space_drop_root},
	{"no new privileges", space_forbid_gains},
	{"namespaces", space_unshare},
	{"user map", space_map_user},
	{"view", view_open_tree},
	{"root", root_mount},
	{"system directories", root_bind_system},
	{"extra directories", root_bind_extra},
	{"mounts of the view", view_mount},
	{"job directories", root_make_directories},
	{"source", root_write_source},
};

static const struct step inner_steps[] = {
	{"parent", inside_follow_parent},
	{"proc", root_mount_proc},
	{"pivot", root_enter},
	{"seal", view_seal},
	{"drop all", space_drop_all},
	{"limits", inside_limit},
	{"landlock", inside_forbid_paths},
	{"seccomp", inside_forbid_calls},
	{"trial", trial_run},
	{"execute", inside_execute},
};

#define STEPS(table) (table), sizeof(table) / sizeof *(table)

static int take(struct cell *c, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err = steps[i].run(c);
		if (err) {
			c->report->setup_err = err;
			strncpy(c->report->setup_step, steps[i].name,
				sizeof c->report->setup_step - 1);
			return err;
		}
	}
	return 0;
}

static int read_desc(struct jail_desc *ret)
{
	struct stat st;
	if (fstat(JAIL_FD_DESC, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > DESC_BYTES_MAX)
		return -EINVAL;
	size_t n = (size_t)st.st_size;
	void *data = mmap(NULL, n, PROT_READ, MAP_PRIVATE, JAIL_FD_DESC, 0);
	if (data == MAP_FAILED)
		return -errno;
	int err = jail_desc_decode(data, n, ret);
	munmap(data, n);
	return err;
}

static bool is_valid(const struct jail_desc *d)
{
	return d->argv.n > 0 && d->cwd[0] == '/' && d->source[0] && d->out[JAIL_OUT_OUTPUT][0];
}

/* True when the child has ended before the deadline. */
static bool await_end(const sigset_t *child_signal, uint64_t deadline_ms)
{
	for (;;) {
		uint64_t now_ms = clock_now_ms();
		uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
		struct timespec t = {
			.tv_sec = (time_t)(left_ms / 1000),
			.tv_nsec = (long)(left_ms % 1000) * 1000000,
		};
		if (sigtimedwait(child_signal, NULL, &t) == SIGCHLD)
			return true;
		if (errno == EAGAIN)
			return false;
	}
}

static void reap(pid_t pid, struct jail_report *r)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	struct rusage u;
	getrusage(RUSAGE_CHILDREN, &u);
	r->wait_status = status;
	r->cpu_us = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
		    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	r->max_rss_kib = (uint64_t)u.ru_maxrss;
}

static int run(struct cell *c)
{
	sigset_t child_signal;
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, NULL);
	c->outer_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	uint64_t start_us = clock_now_us();
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		take(c, STEPS(inner_steps));
		_exit(127);
	}
	if (!await_end(&child_signal, start_us / 1000 + (uint64_t)c->desc.wall_s * 1000)) {
		kill(pid, SIGKILL);
		c->report->timed_out = 1;
	}
	reap(pid, c->report);
	c->report->wall_us = clock_now_us() - start_us;
	return 0;
}

int main(void)
{
	struct cell c = {0};
	c.report = mmap(
		NULL, sizeof *c.report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.report == MAP_FAILED || read_desc(&c.desc) < 0 || !is_valid(&c.desc))
		return 1;
	if (take(&c, STEPS(outer_steps)) == 0) {
		int err = run(&c);
		if (err)
			c.report->setup_err = err;
		if (!c.report->setup_err)
			collect_outputs(&c);
	}
	int err = fs_write_all(JAIL_FD_REPORT, c.report, sizeof *c.report);
	/* Whatever an exit handler starts would be born into a namespace whose init is dead or will
	 * never be: the leak checker hangs there. */
	_exit(err < 0);
}
