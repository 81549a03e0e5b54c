/* root - the job's file system: a small tmpfs with the system's directories bound read-only, the
 * client's own directory made anew, and the text in it under the source's name. A view's files are
 * view.c's part.
 *
 * Every directory of a path is created, so that "a/../b" works as it does for the client. A path
 * that leads into something that is bound cannot be served (-EROFS): the client compiles locally. */
#include "cell.h"

#include "core/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { INODES_MAX = 65536, PATH_ROOM = 2 * JOB_PATH_BYTES_MAX + 4 };

/* Where the new root is mounted while it is built: a directory that no toolchain lives in. */
static const char *const building_sites[] = {"/sys", "/mnt", "/srv"};

/* Not to be shadowed by directories of the client. */
static const char *const reserved[] = {"./dev", "./proc"};

/* Sources are often kept here, inside what is bound: a directory of the job's own is put over it. */
static const char shelf[] = "./usr/src", above_shelf[] = "./usr";

int root_mount(struct cell *c)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	char options[96];
	snprintf(options, sizeof options, "mode=755,size=%llu,nr_inodes=%d",
		(unsigned long long)c->desc.tmpfs_bytes, INODES_MAX);
	for (size_t i = 0; i < sizeof building_sites / sizeof *building_sites; i++) {
		const char *site = building_sites[i];
		if (mount("farmjail", site, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
			continue;
		struct stat st;
		if (chdir(site) < 0 || stat(".", &st) < 0)
			return -errno;
		c->root_dev = st.st_dev;
		umask(022);
		return 0;
	}
	return -errno;
}

/* Kernels before 5.12 remount one by one, and flags that came with the mount must be kept. */
static int remount_read_only(const char *at, uint64_t besides)
{
	static const struct {
		unsigned long st, ms;
	} kept[] = {{ST_NOEXEC, MS_NOEXEC}, {ST_NODEV, MS_NODEV}, {ST_NOATIME, MS_NOATIME},
		{ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME}};
	struct statvfs vfs;
	if (statvfs(at, &vfs) < 0)
		return -errno;
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID |
			      (besides & MOUNT_ATTR_NODEV ? MS_NODEV : 0) |
			      (besides & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (vfs.f_flag & kept[i].st)
			flags |= kept[i].ms;
	return mount(NULL, at, NULL, flags, NULL) < 0 ? -errno : 0;
}

int root_set_read_only(const char *at, uint64_t besides)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | besides};
	if (syscall(SYS_mount_setattr, AT_FDCWD, at, AT_RECURSIVE, &attr, sizeof attr) == 0)
		return 0;
	return errno == ENOSYS ? remount_read_only(at, besides) : -errno;
}

/* Makes the directories above ".…/name"; those that exist may be anything. */
int root_make_parents(const char *at)
{
	char path[PATH_ROOM];
	if (snprintf(path, sizeof path, "%s", at) >= (int)sizeof path)
		return -ENAMETOOLONG;
	for (char *p = strchr(path + 2, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int copy_link(const char *from, const char *at)
{
	char to[PATH_MAX];
	ssize_t n = readlink(from, to, sizeof to - 1);
	if (n < 0)
		return -errno;
	to[n] = '\0';
	return symlink(to, at) < 0 ? -errno : 0;
}

static int make_target(mode_t mode, const char *at)
{
	if (S_ISDIR(mode))
		return mkdir(at, 0755) < 0 ? -errno : 0;
	int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : close(fd);
}

/* Shows path of the machine in the new root, at the same place. */
int root_bind_path(const char *path)
{
	char at[PATH_ROOM];
	struct stat st;
	if (lstat(path, &st) < 0)
		return -errno;
	if (snprintf(at, sizeof at, ".%s", path) >= (int)sizeof at)
		return -ENAMETOOLONG;
	int err = root_make_parents(at);
	if (!err && S_ISLNK(st.st_mode))
		return copy_link(path, at);
	if (!err)
		err = make_target(st.st_mode, at);
	if (!err && mount(path, at, NULL, MS_BIND | MS_REC, NULL) < 0)
		err = -errno;
	return err ? err : root_set_read_only(at, S_ISCHR(st.st_mode) ? 0 : MOUNT_ATTR_NODEV);
}

int root_bind_system(struct cell *c)
{
	/* a view has a /tmp of its own, or none */
	if ((!cell_has_view(c) && mkdir("./tmp", 0755) < 0) || mkdir("./proc", 0555) < 0)
		return -errno;
	for (size_t i = 0; jail_system_paths[i]; i++) {
		int err = root_bind_path(jail_system_paths[i]);
		if (err && err != -ENOENT)
			return err;
	}
	return root_bind_path("/dev/null");
}

int root_bind_extra(struct cell *c)
{
	for (size_t i = 0; i < c->desc.binds.n; i++) {
		int err = root_bind_path(c->desc.binds.v[i]);
		/* inside of what is there already */
		if (err && err != -EEXIST && err != -EROFS)
			return err;
	}
	return 0;
}

static bool is_own_directory(const struct cell *c, const char *at)
{
	struct stat st;
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcmp(at, reserved[i]) == 0)
			return false;
	return lstat(at, &st) == 0 && S_ISDIR(st.st_mode) && st.st_dev == c->root_dev;
}

static int make_directory(const struct cell *c, const char *at)
{
	if (mkdir(at, 0755) == 0 || (errno == EEXIST && is_own_directory(c, at)))
		return 0;
	if (errno == EEXIST && strcmp(at, above_shelf) == 0)
		return 0;
	if (errno != EEXIST || strcmp(at, shelf) != 0)
		return -EROFS;
	if (mkdir("./.shelf", 0755) < 0 || mount("./.shelf", at, NULL, MS_BIND, NULL) < 0)
		return -errno;
	return 0;
}

/* Moves at one component down or up and makes sure that it is a directory of the job's. */
static int descend(const struct cell *c, char at[PATH_ROOM], const char *name, size_t n)
{
	size_t len = strlen(at);
	if (n == 0 || (n == 1 && name[0] == '.'))
		return 0;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		*(len > 1 ? strrchr(at, '/') : at + len) = '\0';
		return 0;
	}
	if (len + n + 2 > PATH_ROOM)
		return -ENAMETOOLONG;
	at[len] = '/';
	memcpy(at + len + 1, name, n);
	at[len + 1 + n] = '\0';
	return make_directory(c, at);
}

/* Makes the directories of path, the last component left out if it is a file's name. */
static int make_path(const struct cell *c, const char *path, bool is_file)
{
	char at[PATH_ROOM] = ".";
	if (path[0] != '/' && snprintf(at, sizeof at, ".%s", c->desc.cwd) >= (int)sizeof at)
		return -ENAMETOOLONG;
	const char *end = path + strlen(path);
	if (is_file)
		end = str_base(path);
	int err = 0;
	for (const char *p = path; !err && p < end;) {
		size_t n = strcspn(p, "/");
		err = descend(c, at, p, n);
		p += n + (p[n] == '/');
	}
	return err || is_own_directory(c, at) ? err : -EROFS;
}

int root_make_directories(struct cell *c)
{
	const struct jail_desc *d = &c->desc;
	if (cell_has_view(c))
		return 0;
	if (d->cwd[0] != '/' || d->cwd[1] == '\0')
		return -EROFS;
	int err = make_path(c, d->cwd, false);
	if (!err)
		err = make_path(c, d->source, true);
	for (size_t i = 0; i < JAIL_OUT_COUNT && !err; i++)
		if (d->out[i][0])
			err = make_path(c, d->out[i], true);
	return err;
}

static int copy_text(int to)
{
	struct stat st;
	if (fstat(JAIL_FD_TEXT, &st) < 0)
		return -errno;
	for (off_t at = 0; at < st.st_size;) {
		ssize_t n = sendfile(to, JAIL_FD_TEXT, &at, (size_t)(st.st_size - at));
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

int root_write_source(struct cell *c)
{
	char at[PATH_ROOM];
	const char *source = c->desc.source;
	if (cell_has_view(c))
		return 0;
	bool absolute = source[0] == '/';
	if (snprintf(at, sizeof at, ".%s%s%s", absolute ? "" : c->desc.cwd, absolute ? "" : "/",
		    source) >= (int)sizeof at)
		return -ENAMETOOLONG;
	int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	int err = copy_text(fd);
	close(fd);
	return err;
}

/* Before the old root is gone: the kernel gives a /proc only to those who can see one already, and
 * where parts of that are hidden, it gives none. gcc does without. */
int root_mount_proc(struct cell *c)
{
	(void)c;
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	/* processes only, where the kernel (5.8) knows how: nothing of the machine */
	if (mount("proc", "./proc", "proc", flags, "subset=pid") == 0 ||
		mount("proc", "./proc", "proc", flags, NULL) == 0)
		return 0;
	return errno == EPERM ? 0 : -errno;
}

/* Moves the root of farmjail, which looks for the outputs later, as well. */
int root_enter(struct cell *c)
{
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -errno;
	return chdir(c->desc.cwd) < 0 ? -errno : 0;
}
