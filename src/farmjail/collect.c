/* collect - the outputs, as the job left them. By now every process of the job is dead, so nothing
 * changes under our hands; but names may be anything: a link, a FIFO, somebody else's file. */
#include "cell.h"

#include "core/job.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum found { FOUND_NOTHING, FOUND_OUTPUT, FOUND_BAD };

static int copy(int to, int from, off_t size)
{
	for (off_t at = 0; at < size;) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - at));
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* Path is as the compiler saw it: farmjail has the same root, and the job's working directory. */
static enum found fetch(const struct cell *c, const char *path, int to)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? FOUND_NOTHING : FOUND_BAD;
	struct stat st;
	bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == c->root_dev &&
		    st.st_size <= JOB_OUTPUT_BYTES_MAX && copy(to, fd, st.st_size) == 0;
	close(fd);
	return good ? FOUND_OUTPUT : FOUND_BAD;
}

void collect_outputs(struct cell *c)
{
	const struct jail_desc *d = &c->desc;
	struct jail_report *r = c->report;
	if (chdir(d->cwd) < 0) {
		r->over_limit = true;
		return;
	}
	for (int i = 0; i < JAIL_OUT_COUNT; i++) {
		if (!d->out[i][0])
			continue;
		enum found found = fetch(c, d->out[i], JAIL_FD_OUT + i);
		r->has[i] = found == FOUND_OUTPUT;
		r->over_limit |= found == FOUND_BAD;
		r->lacks_side |= found == FOUND_NOTHING && i >= JAIL_OUT_SIDE;
	}
}
