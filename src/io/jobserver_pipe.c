/* jobserver_pipe - two pipes: make takes tokens from A, the pool, and gives them back to B.
 *
 * O_NONBLOCK belongs to an open file description, and make 4.3 sets it on the end it is given, so
 * that end is never ours: the pool is opened a second time through /proc. Our copies of make's ends
 * stay open, so that neither pipe is ever without a reader or a writer.
 *
 * Two links in the build's private directory lead to make's ends, through /proc again, for farmcc, when
 * a link wants them that make has closed them for.
 *
 * What can fail: no descriptors, no /proc.
 */
#include "jobserver_impl.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int jobserver_reopen(int fd, int flags)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	int own = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return own < 0 ? -errno : own;
}

int jobserver_split_bytes(void)
{
	return 4 * (int)sysconf(_SC_PAGESIZE);
}

/* The link's path, malloc'd; NULL when there is none, and who looks for it does without. */
static char *link_to(int fd, const char *dir, const char *name)
{
	_cleanup_free_ char *target = xasprintf("/proc/%d/fd/%d", (int)getpid(), fd);
	char *path = xasprintf("%s/%s", dir, name);
	if (symlink(target, path) == 0)
		return path;
	free(path);
	return NULL;
}

int jobserver_pipe_open(struct jobserver *js, const char *dir)
{
	int a[2], b[2];
	if (pipe2(a, O_CLOEXEC) < 0)
		return -errno;
	js->make_r = a[0];
	int own = jobserver_reopen(a[1], O_RDWR);
	close(a[1]);
	if (own < 0)
		return own;
	js->pool_fd = own;
	if (pipe2(b, O_CLOEXEC) < 0)
		return -errno;
	js->back_fd = b[0];
	js->make_w = b[1];
	fcntl(js->make_w, F_SETPIPE_SZ, jobserver_split_bytes());
	js->take = link_to(js->make_r, dir, MAKEFLAGS_TAKE);
	js->give = link_to(js->make_w, dir, MAKEFLAGS_GIVE);
	js->keeper = jobserver_keeper_start(js);
	return 0;
}

void jobserver_pipe_close(struct jobserver *js)
{
	char *paths[] = {js->take, js->give};
	for (size_t i = 0; i < 2; i++) {
		if (paths[i])
			unlink(paths[i]);
		free(paths[i]);
	}
}
