#include "io/workers.h"

#include "base/str.h"

#include <signal.h>

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

static void on_done(uv_work_t *work, int status)
{
	(void)status;
	free(work);
}

void workers_start(uv_loop_t *loop)
{
	sigset_t all, before;
	uv_work_t *work = xcalloc(1, sizeof *work);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = uv_queue_work(loop, work, do_nothing, on_done);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		free(work);
}
