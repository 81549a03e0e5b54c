#include "pool.h"

#include "base/fs.h"
#include "core/makeflags.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_FD = 10 }; /* above the standard ones, which gcc refuses */

static bool is_parallel_link(const struct strv *words)
{
	const char *lto = "";
	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->v[i];
		if (strcmp(w, "-c") == 0 || strcmp(w, "-S") == 0 || strcmp(w, "-E") == 0)
			return false;
		if (strcmp(w, "-flto") == 0 || str_starts(w, "-flto=") ||
			strcmp(w, "-fno-lto") == 0)
			lto = w;
	}
	return strcmp(lto, "-flto=auto") == 0;
}

/* Not waiting for the other end: when farmmake is gone, so is its pool. Clients wait as make's do. */
static int open_end(const char *path, int flags)
{
	_cleanup_close_ int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fcntl(fd, F_SETFL, flags) < 0)
		return -1;
	return fcntl(fd, F_DUPFD, FIRST_FD);
}

static void offer(const char *makeflags, const char *from, const char *to)
{
	int r = open_end(from, O_RDONLY), w = open_end(to, O_WRONLY);
	if (r < 0 || w < 0) {
		close(r);
		close(w);
		return;
	}
	_cleanup_free_ char *flags = makeflags_point(makeflags, r, w);
	setenv("MAKEFLAGS", flags, 1);
}

void pool_offer(const struct strv *words, const char *socket)
{
	const char *makeflags = getenv("MAKEFLAGS"), *slash = strrchr(socket, '/');
	struct make_auth auth;
	if (!makeflags || !slash || !is_parallel_link(words))
		return;
	makeflags_parse_auth(makeflags, &auth);
	if (auth.kind == AUTH_FIFO) {
		offer(makeflags, auth.path, auth.path);
	} else if (auth.kind == AUTH_FDS &&
		   (fcntl(auth.read_fd, F_GETFD) < 0 || fcntl(auth.write_fd, F_GETFD) < 0)) {
		_cleanup_free_ char *from =
			xasprintf("%.*s/" MAKEFLAGS_TAKE, (int)(slash - socket), socket);
		_cleanup_free_ char *to =
			xasprintf("%.*s/" MAKEFLAGS_GIVE, (int)(slash - socket), socket);
		offer(makeflags, from, to);
	}
}
