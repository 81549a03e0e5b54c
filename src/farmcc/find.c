#include "find.h"

#include "base/fs.h"
#include "base/str.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ourselves(const char *path)
{
	struct stat self, other;
	return stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

/* The next directory of a PATH-like list; moves *list behind it. False at the end. */
static bool next_dir(const char **list, const char **ret_dir, size_t *ret_len)
{
	if (!*list)
		return false;
	*ret_dir = *list;
	*ret_len = strcspn(*list, ":");
	*list = (*list)[*ret_len] ? *list + *ret_len + 1 : NULL;
	return true;
}

static bool is_bindir(const char *dir, size_t len)
{
	const char *bindir = getenv("FARMMAKE_BINDIR");
	return bindir && strlen(bindir) == len && memcmp(bindir, dir, len) == 0;
}

char *find_compiler(const char *name, bool *ret_past_us)
{
	*ret_past_us = false;
	if (strchr(name, '/') && !is_ourselves(name))
		return xstrdup(name);
	name = str_base(name); /* a link of ours, by its path: some tools resolve what they call */
	const char *path = getenv("PATH");
	const char *list = path ? path : "/usr/bin:/bin", *dir;
	size_t len;
	while (next_dir(&list, &dir, &len)) {
		if (is_bindir(dir, len))
			continue;
		/* an empty entry is the current directory */
		char *candidate = xasprintf("%.*s/%s", len ? (int)len : 1, len ? dir : ".", name);
		bool usable = fs_is_executable(candidate), us = usable && is_ourselves(candidate);
		if (usable && !us)
			return candidate;
		*ret_past_us |= us;
		free(candidate);
	}
	return NULL;
}

bool find_is_cache(const char *file)
{
	return strcmp(str_base(file), "ccache") == 0;
}

static char *clean_path(const char *entry)
{
	const char *list = entry + strlen("PATH="), *dir;
	char *out = xmalloc(strlen(entry) + 1), *p = out;
	p = stpcpy(p, "PATH=");
	bool first = true;
	size_t len;
	while (next_dir(&list, &dir, &len)) {
		if (is_bindir(dir, len))
			continue;
		if (!first)
			*p++ = ':';
		p = mempcpy(p, dir, len);
		first = false;
	}
	*p = '\0';
	return out;
}

char **find_environment(void)
{
	static const char *const ours[] = {
		"FARMMAKE_SOCKET=", "FARMMAKE_BINDIR=", "FARMMAKE_VERBOSE="};
	static char **env;
	size_t n = 0;
	if (env)
		return env;
	while (environ[n])
		n++;
	env = xcalloc(n + 1, sizeof *env);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		bool drop = false;
		for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
			drop = drop || str_starts(environ[i], ours[k]);
		if (!drop)
			env[kept++] = str_starts(environ[i], "PATH=") ? clean_path(environ[i])
								      : environ[i];
	}
	return env;
}
