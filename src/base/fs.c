#include "base/fs.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fs_read_file(const char *path, size_t max_bytes, char **ret_data, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size_t len = 0, cap = 4096;
	_cleanup_free_ char *data = xmalloc(cap + 1);
	for (;;) {
		size_t n;
		int err = fs_read_all(fd, data + len, cap - len, &n);
		if (err)
			return err;
		len += n;
		if (len > max_bytes)
			return ERR_TOOBIG;
		if (len < cap)
			break;
		cap *= 2;
		data = xrealloc(data, cap + 1);
	}
	data[len] = '\0';
	*ret_data = data;
	if (ret_len)
		*ret_len = len;
	data = NULL;
	return 0;
}

int fs_read_all(int fd, void *out, size_t n, size_t *ret_n)
{
	size_t done = 0;
	while (done < n) {
		ssize_t got = read(fd, (char *)out + done, n - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret_n = done;
	return 0;
}

int fs_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;
	while (n) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int fs_write_atomic(const char *path, const void *data, size_t n, mode_t mode)
{
	_cleanup_free_ char *tmp = xasprintf("%s.XXXXXX", path);
	_cleanup_close_ int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int err = fs_write_all(fd, data, n);
	if (!err && fchmod(fd, mode) < 0)
		err = -errno;
	if (!err && rename(tmp, path) < 0)
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}

static int make_dir(const char *path, mode_t mode)
{
	struct stat st;
	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int fs_mkdirs(const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = xstrdup(path);
	for (char *p = copy + 1; *copy && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		int err = make_dir(copy, mode);
		if (err)
			return err;
		*p = '/';
	}
	return make_dir(copy, mode);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -errno : 0;
}

int fs_remove_tree(const char *path)
{
	int err = nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return err == -1 ? -errno : err;
}

int fs_make_private_dir(const char *parent, const char *prefix, char **ret_path)
{
	_cleanup_free_ char *path = xasprintf("%s/%sXXXXXX", parent, prefix);
	if (!mkdtemp(path))
		return -errno;
	*ret_path = path;
	path = NULL;
	return 0;
}

bool fs_is_executable(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *fs_find_program(const char *name)
{
	const char *path = getenv("PATH");
	while (path && *path) {
		size_t n = strcspn(path, ":");
		_cleanup_free_ char *file = xasprintf("%.*s/%s", (int)n, path, name);
		if (file[0] == '/' && fs_is_executable(file))
			return xstrdup(file);
		path += n + (path[n] == ':');
	}
	return NULL;
}

const char *fs_runtime_parent(void)
{
	const char *const names[] = {"XDG_RUNTIME_DIR", "TMPDIR"};
	for (size_t i = 0; i < 2; i++) {
		const char *dir = getenv(names[i]);
		if (dir && dir[0] == '/' && access(dir, W_OK | X_OK) == 0)
			return dir;
	}
	return "/tmp";
}

char *fs_xdg_dir(const char *env, const char *fallback)
{
	const char *dir = getenv(env);
	if (dir && dir[0] == '/')
		return xasprintf("%s/farmmake", dir);
	const char *home = getenv("HOME");
	return home && home[0] == '/' ? xasprintf("%s/%s/farmmake", home, fallback) : NULL;
}
