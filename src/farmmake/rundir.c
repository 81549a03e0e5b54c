#include "rundir.h"

#include "base/fs.h"
#include "base/str.h"
#include "bindir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char prefix[] = "farmmake-";

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
	d.socket = xasprintf("%s/socket", d.path);
	_cleanup_free_ char *spare = xasprintf("%s/bin", d.path);
	err = bindir_create(farmcc, search_path, spare, &d.bin);
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
