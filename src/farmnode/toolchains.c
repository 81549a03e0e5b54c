/* Happy path: every name in every directory that reads like a compiler's is resolved, probed (from
 * the cache, when the file did not change) and remembered. What is no usable compiler, or a front
 * such as ccache, is passed over silently; a compiler whose prefix would show secrets to jobs, or that takes
 * too long, is passed over with a warning. */
#include "toolchains.h"

#include "base/capacity.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "core/ccargs.h"
#include "io/digest.h"
#include "io/probe.h"
#include "paths.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>

struct scan {
	const struct toolchains_conf *conf;
	struct toolchains *found;
	struct strv seen; /* real paths */
};

/* Cuts path at its last '/'; false at the root. */
static bool cut(char *path)
{
	char *slash = strrchr(path, '/');
	*slash = '\0';
	return slash != path;
}

/* What must be bound for a compiler: "/opt/tc" for "/opt/tc/bin/gcc", and its own directory when
 * the prefix would be a directory of the root. malloc'd; NULL when it is there anyway. */
static char *prefix_of(const char *path)
{
	if (paths_is_below(path, "/usr"))
		return NULL;
	_cleanup_free_ char *dir = xstrdup(path);
	cut(dir);
	_cleanup_free_ char *prefix = xstrdup(dir);
	cut(prefix);
	return xstrdup(strrchr(prefix, '/') > prefix ? prefix : dir);
}

static bool shows_secret(const struct scan *s, const char *prefix)
{
	for (size_t i = 0; i < s->conf->secrets->n; i++) {
		const char *secret = s->conf->secrets->v[i];
		if (!paths_is_below(secret, prefix))
			continue;
		log_warning("%s would show %s to jobs: its compilers are left out", prefix, secret);
		return true;
	}
	return false;
}

static void add_bind(struct strv *binds, const char *prefix)
{
	if (prefix && !strv_has(binds, prefix))
		strv_push(binds, prefix);
}

/* path: how the compiler will be called; real: the file. */
static void add(struct scan *s, const char *path, const char *real)
{
	struct toolchains *found = s->found;
	struct toolchain id;
	if (found->n == TOOLCHAINS_MAX)
		return;
	int err = probe_run(path, s->conf->cache_dir, capacity_cores(), &id);
	if (err == ERR_TIMEOUT)
		log_warning("%s took too long to be measured, and is left out", path);
	if (err || toolchains_find(found, id.id))
		return;
	_cleanup_free_ char *prefix = prefix_of(path);
	_cleanup_free_ char *real_prefix = prefix_of(real);
	if ((prefix && shows_secret(s, prefix)) || (real_prefix && shows_secret(s, real_prefix)))
		return;
	add_bind(&found->binds, prefix);
	add_bind(&found->binds, real_prefix);
	found->v[found->n++] = (struct toolchains_entry){id, xstrdup(path), xstrdup(real)};
	log_debug("%s: %s %s for %s", path, id.kind, id.version, id.target);
}

static void look_at(struct scan *s, const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_free_ char *real = realpath(path, NULL);
	if (!real || !fs_is_executable(real) || strv_has(&s->seen, real))
		return;
	strv_push(&s->seen, real);
	/* A link may say less than the file's own name; but a program of another name is called by
	 * the name that makes a compiler of it. */
	add(s, ccargs_is_compiler(str_base(real)) ? real : path, real);
}

static int is_candidate(const struct dirent *d)
{
	return ccargs_is_compiler(d->d_name);
}

/* gcc before g++: both are the same toolchain, and only the first found is called. */
static int c_drivers_first(const struct dirent **a, const struct dirent **b)
{
	bool a_is_cxx = strstr((*a)->d_name, "++"), b_is_cxx = strstr((*b)->d_name, "++");
	return a_is_cxx != b_is_cxx ? a_is_cxx - b_is_cxx : strcmp((*a)->d_name, (*b)->d_name);
}

static void look_into(struct scan *s, const char *dir)
{
	_cleanup_free_ char *real = dir[0] == '/' ? realpath(dir, NULL) : NULL;
	struct dirent **names;
	int n = real ? scandir(real, &names, is_candidate, c_drivers_first) : -1;
	if (n < 0)
		return;
	for (int i = 0; i < n; i++) {
		look_at(s, real, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

void toolchains_scan(const struct toolchains_conf *conf, struct toolchains *ret)
{
	*ret = (struct toolchains){.n = 0};
	struct scan s = {.conf = conf, .found = ret};
	for (const char *const *path = conf->paths; *path; path++) {
		_cleanup_free_ char *list = xstrdup(*path);
		char *save = NULL;
		for (char *dir = strtok_r(list, ":", &save); dir; dir = strtok_r(NULL, ":", &save))
			look_into(&s, dir);
	}
	strv_fini(&s.seen);
}

void toolchains_fini(struct toolchains *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
		free(t->v[i].real);
	}
	strv_fini(&t->binds);
	t->n = 0;
}

const struct toolchains_entry *toolchains_find(
	const struct toolchains *t, const uint8_t id[TOOLCHAIN_ID_BYTES])
{
	for (size_t i = 0; i < t->n; i++)
		if (memcmp(t->v[i].id.id, id, TOOLCHAIN_ID_BYTES) == 0 ||
			toolchain_is_native(&t->v[i].id, id))
			return &t->v[i];
	return NULL;
}

void toolchains_digest(const struct toolchains *t, uint8_t out[8])
{
	uint8_t whole[DIGEST_BYTES];
	struct digest *d = digest_create();
	for (size_t i = 0; i < t->n; i++) {
		digest_update(d, t->v[i].id.id, TOOLCHAIN_ID_BYTES);
		digest_update(d, t->v[i].id.native, strlen(t->v[i].id.native));
	}
	digest_final(d, whole);
	digest_destroy(d);
	memcpy(out, whole, 8);
}
