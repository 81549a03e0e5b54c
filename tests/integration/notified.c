/* notified SOCKET PROGRAM ARGUMENT... - a service manager for one program: prints the words that it
 * sends, a line each, until it ends. WATCHDOG_USEC is what the environment says. Its exit status is
 * the program's. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pid;

static void pass_on(int signum)
{
	kill(pid, signum);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), status;
	if (argc < 3)
		return 2;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(argv[1], 0777) < 0)
		return 2;
	setenv("NOTIFY_SOCKET", argv[1], 1);
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	signal(SIGTERM, pass_on);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		char words[128] = "";
		struct pollfd p = {fd, POLLIN, 0};
		if (poll(&p, 1, 100) > 0 && recv(fd, words, sizeof words - 1, 0) > 0) {
			puts(words);
			fflush(stdout);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
