/* jobserver_keeper - keeps tokens going round when farmmake is killed.
 *
 * With two pipes every token passes through farmmake: without it make would find the pool at its end
 * and die of a broken pipe. The keeper is a small process beside it, holding the pipes open. When
 * farmmake ends in order, it is told so and goes. When farmmake is gone without a word, it passes
 * tokens on from B to A, but for as many as were lent (their jobs are compiled here now), until the
 * last make has ended.
 *
 * What can fail: no process, no memory; then there is no keeper, and nobody misses it but then.
 */
#include "jobserver_impl.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct keeper {
	pid_t pid;
	int life;       /* farmmake's end: a byte says goodbye, its end alone does not */
	uint32_t *lent; /* shared: what the ledger says */
};

enum { LIFE = 3, BACK, POOL, KEPT_FDS }; /* the keeper's descriptors */

static _Noreturn void keep(uint32_t lent)
{
	char tokens[512];
	for (;;) {
		struct pollfd p = {.fd = BACK, .events = POLLIN};
		poll(&p, 1, -1);
		ssize_t n = read(BACK, tokens, sizeof tokens);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			_exit(0); /* nobody is left who could give one back */
		uint32_t kept = lent < (uint32_t)n ? lent : (uint32_t)n;
		lent -= kept;
		if (write(POOL, tokens, (size_t)n - kept) < 0 && errno == EPIPE)
			_exit(0);
	}
}

static _Noreturn void watch(const struct jobserver *js, int life, const uint32_t *lent)
{
	static const int deaf_to[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	for (size_t i = 0; i < sizeof deaf_to / sizeof *deaf_to; i++)
		signal(deaf_to[i], SIG_IGN);
	const int fds[] = {life, js->back_fd, js->pool_fd};
	int high[3];
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fds[i], F_DUPFD, KEPT_FDS);
	for (int i = 0; i < 3; i++)
		if (high[i] < 0 || dup2(high[i], LIFE + i) < 0)
			_exit(1); /* no descriptors: better no keeper than one that turns round and round */
	syscall(SYS_close_range, (unsigned)KEPT_FDS, ~0u, 0u);
	char goodbye;
	ssize_t n;
	while ((n = read(LIFE, &goodbye, 1)) < 0 && errno == EINTR)
		;
	if (n != 0)
		_exit(0);
	keep(*lent);
}

struct keeper *jobserver_keeper_start(const struct jobserver *js)
{
	int life[2];
	uint32_t *lent =
		mmap(NULL, sizeof *lent, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lent == MAP_FAILED || pipe2(life, O_CLOEXEC) < 0)
		return NULL;
	pid_t pid = fork();
	if (pid == 0)
		watch(js, life[0], lent);
	close(life[0]);
	struct keeper *k = xcalloc(1, sizeof *k);
	*k = (struct keeper){pid, life[1], lent};
	return k;
}

void jobserver_keeper_note(struct keeper *k, uint32_t lent)
{
	if (k)
		*k->lent = lent;
}

void jobserver_keeper_stop(struct keeper *k)
{
	if (!k)
		return;
	if (k->pid > 0 && write(k->life, "q", 1) == 1)
		waitpid(k->pid, NULL, 0);
	close(k->life);
	munmap(k->lent, sizeof *k->lent);
	free(k);
}
