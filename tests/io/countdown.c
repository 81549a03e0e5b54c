#undef _FORTIFY_SOURCE /* its inline functions have the names of those that are replaced here */
#include "countdown.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static enum countdown_kind counted; /* 0: none */
static unsigned left;
static bool for_good, hit;

void countdown_start(enum countdown_kind kind, unsigned n, bool persists)
{
	left = n;
	for_good = persists;
	hit = false;
	counted = kind;
}

bool countdown_stop(void)
{
	counted = 0;
	return hit;
}

static bool fails(enum countdown_kind kind, int error)
{
	if (counted != kind || (left > 1 && left--))
		return false;
	if (left == 0 && !for_good)
		return false;
	left = 0;
	hit = true;
	errno = error;
	return true;
}

/* --- memory */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

/* libuv calls abort() without a word when its loop's tables cannot grow: this says in its place who it was. */
static void blame(const void *caller)
{
	static const char words[] = "libuv had no memory\n";
	Dl_info who;
	if (dladdr(caller, &who) && who.dli_fname && strstr(who.dli_fname, "libuv"))
		syscall(SYS_write, STDERR_FILENO, words, sizeof words - 1);
}

static bool no_memory(const void *caller)
{
	if (!fails(COUNTDOWN_MEMORY, ENOMEM))
		return false;
	enum countdown_kind kind = counted;
	counted = 0;
	blame(caller);
	counted = kind;
	return true;
}

#define NO_MEMORY() no_memory(__builtin_return_address(0))

void *malloc(size_t n)
{
	return NO_MEMORY() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return NO_MEMORY() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return NO_MEMORY() ? NULL : __libc_realloc(p, n);
}

/* --- calls */

#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

extern char __executable_start, etext;

/* Is it a call from our own code, or one on a socket? */
static bool matters(const void *caller, int fd)
{
	struct stat st;
	if ((uintptr_t)caller >= (uintptr_t)&__executable_start &&
		(uintptr_t)caller < (uintptr_t)&etext)
		return true;
	return counted && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

#define MATTERS(fd) matters(__builtin_return_address(0), fd)

int open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails(COUNTDOWN_CALLS, EMFILE) ? -1 : NEXT(open)(path, flags, mode);
}

ssize_t read(int fd, void *data, size_t n)
{
	return MATTERS(fd) && fails(COUNTDOWN_CALLS, EIO) ? -1 : NEXT(read)(fd, data, n);
}

ssize_t write(int fd, const void *data, size_t n)
{
	return MATTERS(fd) && fails(COUNTDOWN_CALLS, ENOSPC) ? -1 : NEXT(write)(fd, data, n);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	return MATTERS(fd) && fails(COUNTDOWN_CALLS, ECONNRESET) ? -1 : NEXT(writev)(fd, v, n);
}

int ftruncate(int fd, off_t n)
{
	return fails(COUNTDOWN_CALLS, ENOSPC) ? -1 : NEXT(ftruncate)(fd, n);
}

int posix_fallocate(int fd, off_t from, off_t n)
{
	return fails(COUNTDOWN_CALLS, ENOSPC) ? ENOSPC : NEXT(posix_fallocate)(fd, from, n);
}

int mkfifo(const char *path, mode_t mode)
{
	return fails(COUNTDOWN_CALLS, ENOSPC) ? -1 : NEXT(mkfifo)(path, mode);
}

int pipe2(int fds[2], int flags)
{
	return MATTERS(-1) && fails(COUNTDOWN_CALLS, EMFILE) ? -1 : NEXT(pipe2)(fds, flags);
}

pid_t fork(void)
{
	return fails(COUNTDOWN_CALLS, EAGAIN) ? -1 : NEXT(fork)();
}

void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
{
	bool ours = matters(__builtin_return_address(0), -1);
	return ours && fails(COUNTDOWN_CALLS, ENOMEM)
		       ? MAP_FAILED
		       : NEXT(mmap)(addr, n, prot, flags, fd, offset);
}

int socket(int family, int type, int protocol)
{
	return fails(COUNTDOWN_CALLS, EMFILE) ? -1 : NEXT(socket)(family, type, protocol);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	return fails(COUNTDOWN_CALLS, ENOPROTOOPT) ? -1
						   : NEXT(setsockopt)(fd, level, name, value, n);
}

int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t n)
{
	return fails(COUNTDOWN_CALLS, EADDRINUSE) ? -1 : NEXT(bind)(fd, addr, n);
}

int listen(int fd, int backlog)
{
	return fails(COUNTDOWN_CALLS, EADDRINUSE) ? -1 : NEXT(listen)(fd, backlog);
}

int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t n)
{
	return fails(COUNTDOWN_CALLS, ENETUNREACH) ? -1 : NEXT(connect)(fd, addr, n);
}

/* Only once: libuv asks again, for ever, where the kernel would have said that nobody is waiting any more. */
int accept4(int fd, __SOCKADDR_ARG addr, socklen_t *n, int flags)
{
	return !for_good && fails(COUNTDOWN_CALLS, EMFILE) ? -1 : NEXT(accept4)(fd, addr, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	return MATTERS(fd) && fails(COUNTDOWN_CALLS, ENOBUFS) ? -1 : NEXT(sendmsg)(fd, m, flags);
}

ssize_t sendto(
	int fd, const void *data, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	return MATTERS(fd) && fails(COUNTDOWN_CALLS, ENOBUFS)
		       ? -1
		       : NEXT(sendto)(fd, data, n, flags, to, len);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	return MATTERS(fd) && fails(COUNTDOWN_CALLS, EIO) ? -1 : NEXT(recvmsg)(fd, m, flags);
}
