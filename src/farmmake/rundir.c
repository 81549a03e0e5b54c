#include "rundir.h"

#include "base/fs.h"
#include "base/str.h"
#include "core/ccargs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char prefix[] = "farmmake-";

static int link_compilers(const char *dir, const char *farmcc, const char *bin)
{
	DIR *d = opendir(dir);
	if (!d)
		return 0; /* PATH may name what does not exist */
	int err = 0;
	for (struct dirent *e; !err && (e = readdir(d));) {
		if (!ccargs_is_compiler(e->d_name))
			continue;
		_cleanup_free_ char *real = xasprintf("%s/%s", dir, e->d_name);
		_cleanup_free_ char *link = xasprintf("%s/%s", bin, e->d_name);
		if (fs_is_executable(real) && symlink(farmcc, link) < 0 && errno != EEXIST)
			err = -errno;
	}
	closedir(d);
	return err;
}

static int fill(const struct rundir *d, const char *farmcc, const char *search_path)
{
	if (mkdir(d->bin, 0700) < 0)
		return -errno;
	_cleanup_free_ char *copy = xstrdup(search_path);
	char *save = NULL;
	for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		int err = link_compilers(dir, farmcc, d->bin);
		if (err)
			return err;
	}
	return 0;
}

/* Was this the directory of a farmmake that was killed? Then its socket is there and nobody listens. */
static bool is_abandoned(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int n = snprintf(addr.sun_path, sizeof addr.sun_path, "%s/socket", path);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd >= 0 && n < (int)sizeof addr.sun_path &&
	       connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0 && errno == ECONNREFUSED;
}

static void sweep(const char *parent)
{
	DIR *d = opendir(parent);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		if (!str_starts(e->d_name, prefix))
			continue;
		_cleanup_free_ char *path = xasprintf("%s/%s", parent, e->d_name);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
			is_abandoned(path))
			fs_remove_tree(path);
	}
	closedir(d);
}

int rundir_create(const char *farmcc, const char *search_path, struct rundir *ret)
{
	struct rundir d = {0};
	sweep(fs_runtime_parent());
	int err = fs_make_private_dir(fs_runtime_parent(), prefix, &d.path);
	if (err)
		return err;
	d.bin = xasprintf("%s/bin", d.path);
	d.socket = xasprintf("%s/socket", d.path);
	err = fill(&d, farmcc, search_path);
	if (err)
		rundir_remove(&d);
	else
		*ret = d;
	return err;
}

/* A wrapper that is overtaken by a signal may still put a file there: by that name it is gone at once. */
static void remove_at_once(const char *path)
{
	_cleanup_free_ char *gone = xasprintf("%s.gone", path);
	fs_remove_tree(rename(path, gone) == 0 ? gone : path);
}

void rundir_remove(struct rundir *d)
{
	if (d->path)
		remove_at_once(d->path);
	free(d->path);
	free(d->bin);
	free(d->socket);
	*d = (struct rundir){0};
}
