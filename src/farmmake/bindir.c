#include "bindir.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/ccargs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void find_in(const char *dir, struct strv *names)
{
	DIR *d = opendir(dir);
	if (!d)
		return; /* PATH may name what does not exist */
	for (struct dirent *e; (e = readdir(d));) {
		if (!ccargs_is_compiler(e->d_name) || strv_has(names, e->d_name))
			continue;
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, e->d_name);
		if (fs_is_executable(path))
			strv_push(names, e->d_name);
	}
	closedir(d);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_all(const char *search_path, struct strv *names)
{
	_cleanup_free_ char *copy = xstrdup(search_path);
	char *save = NULL;
	for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save))
		find_in(dir, names);
	if (names->n)
		qsort(names->v, names->n, sizeof *names->v, by_name);
}

static int fill(const char *bin, const char *farmcc, const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		_cleanup_free_ char *link = xasprintf("%s/%s", bin, names->v[i]);
		if (symlink(farmcc, link) < 0)
			return -errno;
	}
	return 0;
}

static bool leads_to(const char *bin, const char *name, const char *farmcc)
{
	char target[PATH_MAX];
	_cleanup_free_ char *link = xasprintf("%s/%s", bin, name);
	ssize_t n = readlink(link, target, sizeof target);
	return n == (ssize_t)strlen(farmcc) && memcmp(target, farmcc, (size_t)n) == 0;
}

static bool is_ours(const char *bin, struct stat *ret)
{
	return lstat(bin, ret) == 0 && S_ISDIR(ret->st_mode) && ret->st_uid == geteuid();
}

/* Nobody else may put programs there, and none is missing. */
static bool is_whole(const char *bin, const char *farmcc, const struct strv *names)
{
	struct stat st;
	if (!is_ours(bin, &st) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	for (size_t i = 0; i < names->n; i++)
		if (!leads_to(bin, names->v[i], farmcc))
			return false;
	return true;
}

static char *name_lasting(const char *cache, const char *farmcc, const struct strv *names)
{
	uint64_t hash = hash_text(hash_basis, farmcc);
	for (size_t i = 0; i < names->n; i++)
		hash = hash_bytes(hash, names->v[i], strlen(names->v[i]) + 1);
	return xasprintf("%s/bin-%016llx", cache, (unsigned long long)hash);
}

/* What is damaged is made anew; root in a user's home leaves that user's alone. */
static bool replace(const char *bin, const char *aside)
{
	struct stat st;
	return is_ours(bin, &st) && fs_remove_tree(bin) == 0 && rename(aside, bin) == 0;
}

/* Made aside, so that it is there as a whole or not at all; who was faster has made the same. */
static bool make_lasting(
	const char *cache, const char *bin, const char *farmcc, const struct strv *names)
{
	_cleanup_free_ char *aside = NULL;
	if (fs_mkdirs(cache, 0755) < 0 || fs_make_private_dir(cache, "new-bin-", &aside) < 0)
		return false;
	bool made =
		fill(aside, farmcc, names) == 0 &&
		(rename(aside, bin) == 0 || is_whole(bin, farmcc, names) || replace(bin, aside));
	fs_remove_tree(aside); /* if it is still there */
	return made;
}

int bindir_create(const char *farmcc, const char *search_path, const char *spare, char **ret)
{
	struct strv names = {0};
	strv_push(&names, "farmcc");
	find_all(search_path, &names);
	_cleanup_free_ char *cache = fs_xdg_dir("XDG_CACHE_HOME", ".cache");
	char *bin = cache ? name_lasting(cache, farmcc, &names) : NULL;
	int err = 0;
	if (!bin || !(is_whole(bin, farmcc, &names) || make_lasting(cache, bin, farmcc, &names))) {
		free(bin);
		bin = xstrdup(spare);
		err = mkdir(bin, 0700) < 0 ? -errno : fill(bin, farmcc, &names);
	}
	strv_fini(&names);
	if (err)
		free(bin);
	else
		*ret = bin;
	return err;
}
