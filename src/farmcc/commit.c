#include "commit.h"

#include "base/str.h"
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool commit_is_plain(const char *path, enum output_kind kind)
{
	struct stat here, target;
	if (lstat(path, &here) < 0)
		return errno == ENOENT;
	if (kind != OUTPUT_OBJECT || (!S_ISREG(here.st_mode) && !S_ISLNK(here.st_mode)))
		return false;
	return stat(path, &target) == 0 && S_ISREG(target.st_mode) && target.st_size > 0;
}

bool commit_is_same(const char *path, const char *source)
{
	struct stat a, b;
	return stat(path, &a) == 0 && stat(source, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int commit_open(struct commit *c, const char *path)
{
	c->path = xstrdup(path);
	c->tmp = xasprintf("%s.farmcc%ld", path, (long)getpid());
	child_cleanup_add(c->tmp);
	c->fd = open(c->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return c->fd < 0 ? -errno : 0;
}

int commit_finish(struct commit *c)
{
	int err = close(c->fd) < 0 ? -errno : 0;
	c->fd = -1;
	/* ext4 writes a file to the disk at once when it replaces another */
	if (!err && unlink(c->path) < 0 && errno != ENOENT)
		err = -errno;
	if (!err && rename(c->tmp, c->path) < 0)
		err = -errno;
	if (err)
		unlink(c->tmp);
	return err;
}

void commit_fini(struct commit *c)
{
	if (c->fd >= 0) {
		close(c->fd);
		unlink(c->tmp);
	}
	if (c->tmp)
		child_cleanup_drop(c->tmp);
	free(c->path);
	free(c->tmp);
}
