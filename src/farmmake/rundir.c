#include "rundir.h"

#include "base/fs.h"
#include "base/str.h"
#include "core/ccargs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int rundir_create(const char *farmcc, const char *search_path, struct rundir *ret)
{
	struct rundir d = {0};
	int err = fs_make_private_dir(fs_runtime_parent(), "farmmake-", &d.path);
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

void rundir_remove(struct rundir *d)
{
	if (d->path)
		fs_remove_tree(d->path);
	free(d->path);
	free(d->bin);
	free(d->socket);
	*d = (struct rundir){0};
}
