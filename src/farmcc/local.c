#include "local.h"

#include "base/err.h"
#include "base/fs.h"
#include "child.h"
#include "find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Takes hardly more from the others than SCHED_IDLE, which may get nothing at all beside them
 * (tests/bench/priorities.sh). */
enum { LEAST_NICE = 19 };

static int become(const char *program, char *const argv[], char *const env[])
{
	execvpe(program, argv, env); /* as make: a script without "#!" is the shell's */
	fprintf(stderr, "farmcc: %s: %s\n", program, strerror(errno));
	return errno == ENOENT ? FARMCC_EXIT_NOT_FOUND : FARMCC_EXIT_NO_EXEC;
}

int local_exec(const char *compiler, char *const argv[])
{
	return become(compiler, argv, find_environment());
}

int local_ask_cache(const char *cache, char *const argv[])
{
	return become(cache, argv, environ);
}

static void report(struct cc *cc, int wait_status, uint64_t cpu_us)
{
	struct msg m = {.type = MSG_CC_DONE};
	m.cc_done.wait_status = wait_status;
	m.cc_done.cpu_us = cpu_us;
	if (cc->sock)
		sock_send(cc->sock, &m); /* the compile is done, whoever hears of it */
}

static int run(struct cc *cc, const int fds[2], int *ret_wait_status, uint64_t *ret_cpu_us)
{
	pid_t pid;
	int err = child_start(cc->compiler, cc->argv, find_environment(), fds, &pid);
	return err ? err : child_wait(pid, ret_wait_status, ret_cpu_us);
}

static int run_silently(void *ctx)
{
	int wait_status = -1;
	uint64_t cpu_us;
	_cleanup_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		run(ctx, (const int[2]){null, null}, &wait_status, &cpu_us);
	return wait_status;
}

static void report_check(struct cc *cc, int wait_status)
{
	struct msg m = {.type = MSG_CC_CHECKED};
	m.cc_checked = check_end(&cc->check, wait_status, run_silently, cc);
	sock_send(cc->sock, &m);
}

int local_run(struct cc *cc, int *ret_wait_status)
{
	static const int ours[2] = {-1, -1};
	uint64_t cpu_us;
	if (cc->idle)
		setpriority(PRIO_PROCESS, 0, LEAST_NICE); /* or as usual */
	int err = run(cc, ours, ret_wait_status, &cpu_us);
	if (!err && cc->check.armed)
		report_check(cc, *ret_wait_status);
	if (!err)
		report(cc, *ret_wait_status, cpu_us);
	return err;
}
