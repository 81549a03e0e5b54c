/* trial - stands where the compiler would, with all walls built, and tries each of them. What a job
 * is kept from is so known from trying it, not from what this kernel says that it can. */
#include "cell.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	if (flags & O_CREAT)
		unlink(path);
	return true;
}

static bool reaches_files(void)
{
	static const char *const to_read[] = {
		"/etc/passwd", "/proc/1/root/etc/passwd", "/sys/kernel"};
	static const char *const to_make[] = {
		"/usr/.farmjail", "/var/tmp/.farmjail", "/dev/shm/.farmjail"};
	for (size_t i = 0; i < sizeof to_read / sizeof *to_read; i++)
		if (opens(to_read[i], O_RDONLY))
			return true;
	for (size_t i = 0; i < sizeof to_make / sizeof *to_make; i++)
		if (opens(to_make[i], O_WRONLY | O_CREAT | O_EXCL))
			return true;
	return false;
}

/* The first of its namespace sees no other process. */
static bool reaches_processes(void)
{
	return getpid() != 1 || getuid() == 0 || kill(2, 0) == 0;
}

static bool reaches_network(void)
{
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET};
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		int fd = socket(families[i], families[i] == AF_UNIX ? SOCK_STREAM : SOCK_DGRAM, 0);
		if (fd >= 0)
			return true;
	}
	return false;
}

/* Each would succeed for anybody, were it not forbidden. */
static bool reaches_calls(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 || syscall(SYS_personality, 0xffffffffu) >= 0 ||
	       syscall(SYS_kcmp, getpid(), getpid(), 2, 0, 0) >= 0;
}

static bool reaches_beside(void)
{
	return opens("/beside", O_WRONLY | O_CREAT | O_EXCL);
}

/* Ends the process, if there is a trial at all. */
int trial_run(struct cell *c)
{
	static bool (*const reaches[JAIL_WALL_COUNT])(void) = {
		[JAIL_WALL_FILES] = reaches_files,
		[JAIL_WALL_PROCESSES] = reaches_processes,
		[JAIL_WALL_NETWORK] = reaches_network,
		[JAIL_WALL_CALLS] = reaches_calls,
		[JAIL_WALL_BESIDE] = reaches_beside,
	};
	if (!c->desc.is_trial)
		return 0;
	for (size_t i = 0; i < JAIL_WALL_COUNT; i++)
		if (reaches[i]())
			c->report->loose |= 1u << i;
	_exit(0);
}
