#include "local.h"

#include "base/err.h"
#include "child.h"
#include "find.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int local_exec(const char *compiler, char *const argv[])
{
	execve(compiler, argv, find_environment());
	fprintf(stderr, "farmcc: %s: %s\n", compiler, strerror(errno));
	return errno == ENOENT ? FARMCC_EXIT_NOT_FOUND : FARMCC_EXIT_NO_EXEC;
}

static void report(struct cc *cc, int wait_status, uint64_t cpu_us)
{
	struct msg m = {.type = MSG_CC_DONE};
	m.cc_done.wait_status = wait_status;
	m.cc_done.cpu_us = cpu_us;
	if (cc->sock)
		sock_send(cc->sock, &m); /* the compile is done, whoever hears of it */
}

int local_run(struct cc *cc, int *ret_wait_status)
{
	static const int ours[2] = {-1, -1};
	pid_t pid;
	uint64_t cpu_us;
	if (cc->idle)
		sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}); /* or as usual */
	int err = child_start(cc->compiler, cc->argv, find_environment(), ours, &pid);
	if (!err)
		err = child_wait(pid, ret_wait_status, &cpu_us);
	if (!err)
		report(cc, *ret_wait_status, cpu_us);
	return err;
}
