/* The directory is locked as long as its node lives (flock on the directory itself), which is how another
 * one knows what is left over. Root's is open to the group of nobody, whom its jails are when they mount. */
#include "storedir.h"

#include "base/fs.h"
#include "base/str.h"
#include "core/view.h"
#include "core/viewtree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The path of what is deepest in a tree still has to be one that can be removed. */
enum { NOBODY = 65534, NUMBER_TEXT = 24, PARENT_BYTES_MAX = 512 };

static const char prefix[] = "farmnode-views-";

struct storedir {
	char *path;
	int fd, contents, trees;
	uint64_t last;
};

/* A thread's work; the loop waits for it before it ends. */
struct removal {
	uv_work_t work;
	char *path;
};

static const char *name_of(uint64_t number, char out[NUMBER_TEXT])
{
	snprintf(out, NUMBER_TEXT, "%" PRIu64, number);
	return out;
}

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Ours, and nobody's who lives? */
static bool is_left_over(int parent, const char *name)
{
	struct stat st;
	_cleanup_close_ int fd = str_starts(name, prefix) ? open_dir(parent, name) : -1;
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void sweep(int parent_fd, const char *parent)
{
	int copy = dup(parent_fd);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	if (!d && copy >= 0)
		close(copy);
	for (struct dirent *e; d && (e = readdir(d));) {
		_cleanup_free_ char *path = xasprintf("%s/%s", parent, e->d_name);
		if (is_left_over(parent_fd, e->d_name))
			fs_remove_tree(path);
	}
	if (d)
		closedir(d);
}

static int set_mode(int fd)
{
	if (geteuid() != 0)
		return 0; /* its jails are the same user */
	if (fchown(fd, (uid_t)-1, NOBODY) == 0)
		return fchmod(fd, 0710) < 0 ? -errno : 0;
	return fchmod(fd, 0711) < 0 ? -errno : 0;
}

static int make_part(const struct storedir *d, const char *name, mode_t mode, int *ret_fd)
{
	if (mkdirat(d->fd, name, mode) < 0)
		return -errno;
	int fd = open_dir(d->fd, name);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return fchmod(fd, mode) < 0 ? -errno : 0; /* whatever the umask is */
}

/* With parent locked, so that nobody takes what is just being made for a leftover. */
static int make_own(int parent_fd, const char *parent, struct storedir *d)
{
	if (flock(parent_fd, LOCK_EX) < 0)
		return -errno;
	sweep(parent_fd, parent);
	int err = fs_make_private_dir(parent, prefix, &d->path);
	if (err)
		return err;
	d->fd = open_dir(AT_FDCWD, d->path);
	if (d->fd < 0)
		return d->fd;
	if (flock(d->fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	err = set_mode(d->fd);
	if (!err)
		err = make_part(d, "contents", 0700, &d->contents);
	return err ? err : make_part(d, "trees", 0711, &d->trees);
}

int storedir_open(const char *parent, struct storedir **ret)
{
	mode_t before = umask(022); /* others have to get through, if not to see anything */
	int err = strlen(parent) > PARENT_BYTES_MAX ? -ENAMETOOLONG : fs_mkdirs(parent, 0711);
	umask(before);
	if (err)
		return err;
	_cleanup_close_ int parent_fd = open_dir(AT_FDCWD, parent);
	if (parent_fd < 0)
		return parent_fd;
	struct storedir *d = xcalloc(1, sizeof *d);
	d->fd = d->contents = d->trees = -1;
	err = make_own(parent_fd, parent, d);
	if (err)
		storedir_close(d);
	else
		*ret = d;
	return err;
}

void storedir_close(struct storedir *d)
{
	if (!d)
		return;
	const int fds[] = {d->contents, d->trees, d->fd};
	if (d->path)
		fs_remove_tree(d->path);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(d->path);
	free(d);
}

uint64_t storedir_free_bytes(const struct storedir *d)
{
	struct statvfs st;
	return fstatvfs(d->fd, &st) < 0 ? 0 : (uint64_t)st.f_bavail * st.f_frsize;
}

int storedir_begin(struct storedir *d, uint64_t *ret_number)
{
	char name[NUMBER_TEXT];
	uint64_t number = ++d->last;
	int fd = openat(
		d->contents, name_of(number, name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	*ret_number = number;
	return fd;
}

static int settle(int fd, uint64_t mtime_s)
{
	const struct timespec times[2] = {{.tv_sec = (time_t)mtime_s}, {.tv_sec = (time_t)mtime_s}};
	return fchmod(fd, 0444) < 0 || futimens(fd, times) < 0 ? -errno : 0;
}

int storedir_finish(int content_fd)
{
	return settle(content_fd, STOREDIR_MTIME_S);
}

void storedir_drop(struct storedir *d, uint64_t number)
{
	char name[NUMBER_TEXT];
	unlinkat(d->contents, name_of(number, name), 0);
}

int storedir_read(const struct storedir *d, uint64_t number)
{
	char name[NUMBER_TEXT];
	int fd = openat(d->contents, name_of(number, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int make_dir(int at, const char *name)
{
	if (mkdirat(at, name, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return fchmodat(at, name, 0755, 0) < 0 ? -errno : 0; /* whatever the umask is */
}

int storedir_make_tree(struct storedir *d, uint64_t *ret_number)
{
	char name[NUMBER_TEXT];
	uint64_t number = ++d->last;
	int err = make_dir(d->trees, name_of(number, name));
	int fd = err ? err : open_dir(d->trees, name);
	if (fd >= 0)
		*ret_number = number;
	return fd;
}

char *storedir_tree_path(const struct storedir *d, uint64_t tree)
{
	return xasprintf("%s/trees/%" PRIu64, d->path, tree);
}

static void remove_in_thread(uv_work_t *work)
{
	fs_remove_tree(((struct removal *)work->data)->path);
}

static void on_removed(uv_work_t *work, int status)
{
	struct removal *r = work->data;
	(void)status;
	free(r->path);
	free(r);
}

void storedir_remove_tree(struct storedir *d, uv_loop_t *loop, uint64_t tree)
{
	struct removal *r = xcalloc(1, sizeof *r);
	r->path = storedir_tree_path(d, tree);
	r->work.data = r;
	if (uv_queue_work(loop, &r->work, remove_in_thread, on_removed) == 0)
		return;
	fs_remove_tree(r->path);
	on_removed(&r->work, 0);
}

/* The directory that path is in, made where it is missing. *ret_name is the last part. */
static int open_above(int tree_fd, const char *path, const char **ret_name)
{
	char name[VIEWTREE_NAME_BYTES_MAX + 1];
	int at = fcntl(tree_fd, F_DUPFD_CLOEXEC, 0);
	if (at < 0)
		return -errno;
	for (const char *p = path + 1, *end; (end = strchr(p, '/')); p = end + 1) {
		size_t n = (size_t)(end - p);
		int next = -ENAMETOOLONG;
		if (n < sizeof name) {
			memcpy(name, p, n);
			name[n] = '\0';
			next = open_dir(at, name);
		}
		if (next == -ENOENT) {
			int err = make_dir(at, name);
			next = err ? err : open_dir(at, name);
		}
		close(at);
		if (next < 0)
			return next;
		at = next;
	}
	*ret_name = str_base(path);
	return at;
}

int storedir_dir(int tree_fd, const char *path)
{
	const char *name;
	_cleanup_close_ int at = open_above(tree_fd, path, &name);
	return at < 0 ? at : make_dir(at, name);
}

int storedir_symlink(int tree_fd, const char *path, const char *target)
{
	const char *name;
	_cleanup_close_ int at = open_above(tree_fd, path, &name);
	if (at < 0)
		return at;
	return symlinkat(target, at, name) < 0 ? -errno : 0;
}

int storedir_link(const struct storedir *d, int tree_fd, const char *path, uint64_t number)
{
	char content[NUMBER_TEXT];
	const char *name;
	_cleanup_close_ int at = open_above(tree_fd, path, &name);
	if (at < 0)
		return at;
	return linkat(d->contents, name_of(number, content), at, name, 0) < 0 ? -errno : 0;
}

static int copy(int to, int from)
{
	off_t at = 0;
	for (;;) {
		ssize_t n = sendfile(to, from, &at, 1 << 20);
		if (n <= 0)
			return n < 0 ? -errno : 0;
	}
}

int storedir_copy(int tree_fd, const char *path, int content_fd, uint64_t mtime_s)
{
	const char *name;
	_cleanup_close_ int at = open_above(tree_fd, path, &name);
	if (at < 0)
		return at;
	_cleanup_close_ int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int err = content_fd >= 0 ? copy(fd, content_fd) : 0;
	return err ? err : settle(fd, mtime_s);
}
