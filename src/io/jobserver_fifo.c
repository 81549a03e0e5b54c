/* jobserver_fifo - one fifo, opened by path by every client; tokens are taken from it and given back
 * to it.
 *
 * Our own end is both reader and writer, so that no client's open() blocks and none ever reads an
 * end of file.
 */
#include "jobserver_impl.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int jobserver_fifo_open(struct jobserver *js, const char *dir)
{
	/* a blank would end the word in MAKEFLAGS, and make changes directories */
	if (dir[0] != '/' || strpbrk(dir, " \t\n\\"))
		return -EINVAL;
	_cleanup_free_ char *path = xasprintf("%s/tokens", dir);
	if (mkfifo(path, 0600) < 0)
		return -errno;
	js->fifo = path;
	path = NULL;
	js->pool_fd = open(js->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return js->pool_fd < 0 ? -errno : 0;
}
