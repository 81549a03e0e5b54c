#include "child.h"

#include "base/err.h"
#include "farmcc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t running; /* the child, 0 for none */
static int running_fd = -1;    /* a pidfd, for who waits with a limit */
static volatile sig_atomic_t caught;
static const char *volatile cleanup[2];
static void (*file_too_large)(int) = SIG_DFL; /* what a child does about SIGXFSZ */

static void die_by(int signum)
{
	for (size_t i = 0; i < 2; i++)
		if (cleanup[i])
			unlink(cleanup[i]);
	signal(signum, SIG_DFL);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signum);
	raise(signum);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void on_signal(int signum)
{
	caught = signum;
	if (running)
		kill(running, signum);
	else
		die_by(signum);
}

void child_watch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct sigaction old;
		/* what make told us to ignore stays ignored */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &sa, NULL);
	}
	/* a file of ours that cannot grow means only that the compiler has to write it */
	file_too_large = signal(SIGXFSZ, SIG_IGN);
}

static void replace_cleanup(const char *from, const char *to)
{
	for (size_t i = 0; i < 2; i++) {
		if (cleanup[i] == from) {
			cleanup[i] = to;
			return;
		}
	}
}

void child_cleanup_add(const char *path)
{
	replace_cleanup(NULL, path);
}

void child_cleanup_drop(const char *path)
{
	replace_cleanup(path, NULL);
}

/* Between vfork and exec: system calls only. */
static _Noreturn void become(
	const char *path, char *const argv[], char *const env[], const int fds[2], pid_t parent)
{
	signal(SIGXFSZ, file_too_large);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(FARMCC_EXIT_ORPHAN);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			dup2(fds[i], STDOUT_FILENO + i);
	execvpe(path, argv, env); /* a script without "#!" is the shell's, as for make */
	_exit(FARMCC_EXIT_NO_EXEC);
}

int child_start(
	const char *path, char *const argv[], char *const env[], const int fds[2], pid_t *ret_pid)
{
	pid_t parent = getpid();
	pid_t pid = vfork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(path, argv, env, fds, parent);
	running = pid;
	*ret_pid = pid;
	return 0;
}

int child_wait(pid_t pid, int *ret_wait_status, uint64_t *ret_cpu_us)
{
	struct rusage ru;
	pid_t got;
	while ((got = wait4(pid, ret_wait_status, 0, &ru)) < 0 && errno == EINTR)
		;
	running = 0;
	if (running_fd >= 0)
		close(running_fd);
	running_fd = -1;
	if (caught)
		die_by(caught);
	if (got < 0)
		return -errno;
	*ret_cpu_us = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000u +
		      (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	return 0;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

/* Without pidfds (Linux before 5.3) the whole time passes before anybody looks. */
int child_wait_ms(pid_t pid, int timeout_ms, int *ret_wait_status, uint64_t *ret_cpu_us)
{
	if (running_fd < 0)
		running_fd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = running_fd, .events = POLLIN};
	if (poll(&p, running_fd >= 0, timeout_ms) <= 0 && (running_fd >= 0 || !has_ended(pid)))
		return 0;
	int err = child_wait(pid, ret_wait_status, ret_cpu_us);
	return err ? err : 1;
}

int child_ask(const char *path, char *const argv[], char *const env[], const int fds[2])
{
	int wait_status;
	uint64_t cpu_us;
	pid_t pid;
	int err = child_start(path, argv, env, fds, &pid);
	if (!err)
		err = child_wait(pid, &wait_status, &cpu_us);
	return err || wait_status == 0 ? err : ERR_COMPILER;
}

void child_abort(pid_t pid)
{
	int wait_status;
	uint64_t cpu_us;
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* a killed driver's cc1 becomes ours to wait for */
	if (running == pid) {
		kill(pid, SIGKILL);
		child_wait(pid, &wait_status, &cpu_us);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

void child_exit_like(int wait_status)
{
	if (WIFSIGNALED(wait_status)) {
		struct rlimit no_core = {0, 0};
		setrlimit(RLIMIT_CORE, &no_core);
		die_by(WTERMSIG(wait_status));
	}
	exit(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EXIT_FAILURE);
}
