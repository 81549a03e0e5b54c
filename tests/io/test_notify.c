#include "io/notify.h"

#include "base/fs.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager's socket; name[0] may be '@'. */
static int open_manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	memcpy(address.sun_path, name, n);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0, "%s", name);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void assert_heard(int fd, const char *words)
{
	char text[64] = "";
	cr_assert_eq(recv(fd, text, sizeof text - 1, 0), (ssize_t)strlen(words));
	cr_assert_str_eq(text, words);
	cr_assert_lt(recv(fd, text, sizeof text, 0), 0, "heard twice");
}

Test(notify, reaches_a_manager)
{
	char *dir;
	cr_assert_eq(fs_make_private_dir("/tmp", "farmmake-notify-", &dir), 0);
	_cleanup_free_ char *path = xasprintf("%s/socket", dir);
	_cleanup_free_ char *abstract = xasprintf("@farmmake-notify-%d", (int)getpid());
	const char *const names[] = {path, abstract};
	for (size_t i = 0; i < 2; i++) {
		_cleanup_close_ int fd = open_manager(names[i]);
		notify_send("READY=1");
		assert_heard(fd, "READY=1");
		notify_send("WATCHDOG=1");
		assert_heard(fd, "WATCHDOG=1");
	}
	fs_remove_tree(dir);
	free(dir);
}

Test(notify, nobody_listens)
{
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	notify_send("READY=1");
	char name[200];
	memset(name, 'x', sizeof name - 1);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	notify_send("READY=1");
	cr_assert_eq(access(name, F_OK), -1);
}

Test(notify, watchdog_is_for_the_process_it_names)
{
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	cr_expect_eq(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "10000000", 1);
	cr_expect_eq(notify_watchdog_ms(), 5000);
	setenv("WATCHDOG_PID", "1", 1);
	cr_expect_eq(notify_watchdog_ms(), 0);
	_cleanup_free_ char *own = xasprintf("%d", (int)getpid());
	setenv("WATCHDOG_PID", own, 1);
	cr_expect_eq(notify_watchdog_ms(), 5000);
	setenv("WATCHDOG_USEC", "1", 1);
	cr_expect_eq(notify_watchdog_ms(), 1);
	setenv("WATCHDOG_USEC", "soon", 1);
	cr_expect_eq(notify_watchdog_ms(), 0);
}
