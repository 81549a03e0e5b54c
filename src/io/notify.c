/* notify - one datagram to the manager's socket for each message, which never waits. What can fail is
 * the manager's business, and it will see. */
#include "io/notify.h"

#include "base/fs.h"
#include "base/str.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_send(const char *words)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	if (n == 0 || n >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* an abstract one */
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		sendto(fd, words, strlen(words), MSG_NOSIGNAL, (struct sockaddr *)&to,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}

uint64_t notify_watchdog_ms(void)
{
	const char *limit = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
	long us, pid;
	if (!limit || str_to_long(limit, 1, LONG_MAX, &us) < 0)
		return 0;
	if (whose && (str_to_long(whose, 1, LONG_MAX, &pid) < 0 || pid != (long)getpid()))
		return 0;
	return us >= 2000 ? (uint64_t)us / 2000 : 1;
}
