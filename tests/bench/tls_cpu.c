/* tls_cpu - to be preloaded by a program that speaks TLS: counts the CPU time that it spends inside OpenSSL
 * on its connections: handshakes, records, and the memory that they pass through.
 *
 * At its end the program appends a line to TLS_CPU_FILE: "NAME US ALL_US CALLS HANDSHAKES BYTES", US of
 * them in OpenSSL, ALL_US of it and the children that it waited for, BYTES of clear text both ways. A call
 * is charged with the two system calls that measure it. Children are not counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static unsigned depth; /* OpenSSL calls itself */
static uint64_t since_ns, inside_ns, calls, handshakes, bytes;

static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void enter(void)
{
	if (depth++ == 0)
		since_ns = cpu_ns();
}

static void leave(void)
{
	if (--depth == 0) {
		inside_ns += cpu_ns() - since_ns;
		calls++;
	}
}

static void *next(void **found, const char *name)
{
	if (!*found)
		*found = dlsym(RTLD_NEXT, name);
	return *found;
}

/* type name(params): the same function of OpenSSL's, and after it what is to be counted. */
#define WRAP(type, name, params, args, count)                                                      \
	type name params                                                                           \
	{                                                                                          \
		static void *found;                                                                \
		type(*real) params = (type(*) params)next(&found, #name);                          \
		enter();                                                                           \
		type ret = real args;                                                              \
		leave();                                                                           \
		if (depth == 0)                                                                    \
			count;                                                                     \
		return ret;                                                                        \
	}

WRAP(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *method), (method), (void)0)
WRAP(SSL *, SSL_new, (SSL_CTX * ctx), (ctx), handshakes++)
WRAP(int, SSL_do_handshake, (SSL * ssl), (ssl), (void)0)
WRAP(int, SSL_read_ex, (SSL * ssl, void *buf, size_t n, size_t *ret_n), (ssl, buf, n, ret_n),
	bytes += ret > 0 ? *ret_n : 0)
WRAP(int, SSL_write_ex, (SSL * ssl, const void *buf, size_t n, size_t *ret_n), (ssl, buf, n, ret_n),
	bytes += ret > 0 ? *ret_n : 0)
WRAP(int, SSL_shutdown, (SSL * ssl), (ssl), (void)0)
WRAP(int, BIO_read_ex, (BIO * bio, void *buf, size_t n, size_t *ret_n), (bio, buf, n, ret_n),
	(void)0)
WRAP(int, BIO_write_ex, (BIO * bio, const void *buf, size_t n, size_t *ret_n), (bio, buf, n, ret_n),
	(void)0)

static uint64_t us_of(int who)
{
	struct rusage u;
	getrusage(who, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

__attribute__((constructor)) static void begin(void)
{
	unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("TLS_CPU_FILE");
	int fd = path && handshakes ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)
				    : -1;
	if (fd < 0)
		return;
	dprintf(fd, "%s %llu %llu %llu %llu %llu\n", program_invocation_short_name,
		(unsigned long long)inside_ns / 1000,
		(unsigned long long)(us_of(RUSAGE_SELF) + us_of(RUSAGE_CHILDREN)),
		(unsigned long long)calls, (unsigned long long)handshakes,
		(unsigned long long)bytes);
	close(fd);
}
