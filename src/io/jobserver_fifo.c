/* jobserver_fifo - the pool as a fifo that every client opens by its path, takes tokens from and
 * gives them back to.
 *
 * Happy path: for each debt the collector, a thread, moves one token from the fifo into a pipe of
 * ours, which the loop watches. It waits for it in the kernel, as make does: a make that is short of
 * tokens reads one back microseconds after it wrote one, so who only looks now and then, or first
 * has to come round a busy loop, seldom finds any. splice() moves the token in one step, so that
 * it is always in the fifo or in the pipe, whenever the thread is cancelled or somebody counts.
 *
 * The ends that we hold are readers and writers both, so that no client's open() blocks and none
 * ever reads an end of file.
 */
#include "jobserver_impl.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fifo {
	char *path;
	int from, to; /* the collector's */
	sem_t debts;  /* still to be waited for */
	pthread_t collector;
	bool made, collecting;
};

/* A kernel that cannot do it leaves debts unpaid; that is all. */
static void *collect(void *arg)
{
	struct fifo *f = arg;
	for (ssize_t n = 1; n == 1 || errno == EINTR;) {
		if (n == 1)
			while (sem_wait(&f->debts) < 0)
				;
		n = splice(f->from, NULL, f->to, NULL, 1, 0);
	}
	return NULL;
}

/* No signal is for the collector. */
static int start_collector(struct fifo *f)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = pthread_create(&f->collector, NULL, collect, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	f->collecting = err == 0;
	return -err;
}

int jobserver_fifo_open(struct jobserver *js, const char *dir)
{
	/* a blank would end the word in MAKEFLAGS, and make changes directories */
	if (dir[0] != '/' || strpbrk(dir, " \t\n\\"))
		return -EINVAL;
	struct fifo *f = js->fifo = xcalloc(1, sizeof *f);
	f->from = f->to = -1;
	f->path = xasprintf("%s/tokens", dir);
	sem_init(&f->debts, 0, 0);
	if (mkfifo(f->path, 0600) < 0)
		return -errno;
	f->made = true;
	js->pool_fd = open(f->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	f->from = open(f->path, O_RDWR | O_CLOEXEC);
	int back[2];
	if (js->pool_fd < 0 || f->from < 0 || pipe2(back, O_CLOEXEC) < 0)
		return -errno;
	js->back_fd = back[0];
	f->to = back[1];
	return start_collector(f);
}

const char *jobserver_fifo_path(const struct fifo *f)
{
	return f->path;
}

void jobserver_fifo_collect(struct fifo *f, unsigned n)
{
	while (n--)
		sem_post(&f->debts);
}

void jobserver_fifo_forget(struct fifo *f, unsigned n)
{
	while (n-- && sem_trywait(&f->debts) == 0)
		;
}

void jobserver_fifo_stop(struct fifo *f)
{
	if (f->collecting) {
		pthread_cancel(f->collector);
		pthread_join(f->collector, NULL);
		f->collecting = false;
	}
	if (f->made)
		unlink(f->path);
}

void jobserver_fifo_free(struct fifo *f)
{
	if (!f)
		return;
	if (f->from >= 0)
		close(f->from);
	if (f->to >= 0)
		close(f->to);
	sem_destroy(&f->debts);
	free(f->path);
	free(f);
}
