/* The fork comes first, because neither a loop nor its threads survive one; the parent stays until
 * the child has everything ready, so its exit status tells. */
#include "daemon.h"

#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_for(pid_t child, int fd)
{
	char byte;
	ssize_t n;
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
}

int daemon_fork(int *ret_ready_fd)
{
	int fds[2];
	pid_t child = pipe2(fds, O_CLOEXEC) < 0 ? -1 : fork();
	if (child < 0) {
		log_error("cannot go to the background: %s", err_str(-errno));
		return 1;
	}
	if (child > 0) {
		close(fds[1]);
		return wait_for(child, fds[0]);
	}
	close(fds[0]);
	setsid();
	*ret_ready_fd = fds[1];
	return -1;
}

static void redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	dup2(fd, to);
	close(fd);
}

void daemon_ready(int ready_fd, const char *log_path)
{
	redirect("/dev/null", O_RDONLY, STDIN_FILENO);
	redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
	redirect("/dev/null", O_WRONLY, STDERR_FILENO);
	if (log_path)
		redirect(log_path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, STDERR_FILENO);
	if (write(ready_fd, "", 1) < 0)
		log_warning("nobody waits for this daemon");
	close(ready_fd);
}
