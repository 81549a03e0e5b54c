/* view - the files of a view, mounted where the client has them, and the desk: the one directory that the
 * job can write.
 *
 * A tree has symlinks in it that a client chose. None is followed on the way to what is mounted; the
 * compiler follows them, inside, where they lead to what the jail shows or to nothing. Nothing of a view
 * can be executed. */
#include "cell.h"

#include "core/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = JOB_PATH_BYTES_MAX + 4 };

static const char desk[] = "." VIEWPLAN_DESK;
/* For what stands in for a directory of the node's: names only. */
static const char empty_options[] = "mode=755,size=64k,nr_inodes=1024";

/* Binds need the mount as this namespace has it. */
int view_open_tree(struct cell *c)
{
	if (!cell_has_view(c))
		return 0;
	c->tree_fd = open(c->desc.tree, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->tree_fd < 0 ? -errno : 0;
}

/* What the tree has at path, which begins with a slash; -ELOOP when a link is on the way. */
static int open_in_tree(const struct cell *c, const char *path)
{
	char name[PATH_ROOM];
	int fd = dup(c->tree_fd);
	while (fd >= 0 && *path) {
		size_t n = strcspn(++path, "/");
		if (n >= sizeof name) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		int next = openat(
			fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (*path ? O_DIRECTORY : 0));
		int err = next < 0 ? -errno : 0;
		close(fd);
		if (err)
			return err;
		fd = next;
	}
	return fd < 0 ? -errno : fd;
}

static int make_file(const char *at)
{
	int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : close(fd);
}

/* One of the node's may be there. */
static int make_directory(const char *at)
{
	struct stat st;
	if (mkdir(at, 0755) == 0)
		return 0;
	if (errno != EEXIST || lstat(at, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int show_tree(const struct cell *c, const char *path, const char *at)
{
	const uint64_t besides = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	char from[64];
	struct stat st;
	int fd = open_in_tree(c, path);
	if (fd < 0)
		return fd;
	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	int err = fstat(fd, &st) < 0 ? -errno : 0;
	if (!err && S_ISLNK(st.st_mode))
		err = -ELOOP;
	if (!err)
		err = S_ISDIR(st.st_mode) ? make_directory(at) : make_file(at);
	if (!err && mount(from, at, NULL, MS_BIND, NULL) < 0)
		err = -errno;
	close(fd);
	return err ? err : root_set_read_only(at, besides);
}

static int put_empty(const char *at)
{
	int err = make_directory(at);
	if (!err &&
		mount("farmjail", at, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, empty_options) < 0)
		err = -errno;
	return err;
}

static int take_step(const struct cell *c, const struct viewplan_step *s)
{
	char at[PATH_ROOM];
	if (snprintf(at, sizeof at, ".%s", s->path) >= (int)sizeof at)
		return -ENAMETOOLONG;
	int err = root_make_parents(at);
	if (err)
		return err;
	switch (s->kind) {
	case VIEWPLAN_EMPTY: return put_empty(at);
	case VIEWPLAN_NODE: return root_bind_path(s->path);
	case VIEWPLAN_DIR: return make_directory(at);
	case VIEWPLAN_TREE: return show_tree(c, s->path, at);
	case VIEWPLAN_LINK: return symlink(s->target, at) < 0 ? -errno : 0;
	case VIEWPLAN_KIND_COUNT: break;
	}
	return -EINVAL;
}

int view_mount(struct cell *c)
{
	const struct viewplan *p = &c->desc.plan;
	if (!cell_has_view(c))
		return 0;
	if (mkdir(desk, 0700) < 0 || mount(desk, desk, NULL, MS_BIND, NULL) < 0)
		return -errno;
	int err = 0;
	for (size_t i = 0; i < p->n && !err; i++)
		err = take_step(c, &p->v[i]);
	for (size_t i = 0; i < p->n && !err; i++) {
		char at[PATH_ROOM];
		snprintf(at, sizeof at, ".%s", p->v[i].path);
		if (p->v[i].kind == VIEWPLAN_EMPTY)
			err = root_set_read_only(at, MOUNT_ATTR_NODEV);
	}
	return err;
}

/* All but the desk's mount, which is one of its own. */
int view_seal(struct cell *c)
{
	const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV;
	if (!cell_has_view(c))
		return 0;
	return mount(NULL, "/", NULL, flags, NULL) < 0 ? -errno : 0;
}
