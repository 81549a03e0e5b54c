/* jobserver_pipe - two pipes: make takes tokens from A, the pool, and gives them back to B.
 *
 * O_NONBLOCK belongs to an open file description, and make 4.3 sets it on the end it is given, so
 * that end is never ours: the pool is opened a second time through /proc. Our copies of make's ends
 * stay open, so that neither pipe is ever without a reader or a writer.
 *
 * What can fail: no descriptors, no /proc.
 */
#include "jobserver_impl.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
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

int jobserver_pipe_open(struct jobserver *js)
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
	js->keeper = jobserver_keeper_start(js);
	return 0;
}
