#include "paths.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

bool paths_is_clean(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *p = path; *p;) {
		const char *name = p + 1;
		size_t n = strcspn(name, "/");
		if (n == 0 || (n == 1 && name[0] == '.') || (n == 2 && strncmp(name, "..", 2) == 0))
			return path[1] == '\0'; /* "/" alone is clean */
		p = name + n;
	}
	return true;
}

int paths_resolve(const char *cwd, const char *path, char *out, size_t out_size)
{
	size_t len = path[0] == '/' || strcmp(cwd, "/") == 0 ? 0 : strlen(cwd);
	if (len + 2 > out_size)
		return -ENAMETOOLONG;
	memcpy(out, cwd, len);
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && strncmp(p, "..", 2) == 0) {
			while (len && out[--len] != '/')
				;
		} else if (n > 1 || (n == 1 && p[0] != '.')) {
			if (len + n + 2 > out_size)
				return -ENAMETOOLONG;
			out[len++] = '/';
			memcpy(out + len, p, n);
			len += n;
		}
		p += n + (p[n] == '/');
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return 0;
}

bool paths_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	if (strcmp(dir, "/") == 0)
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}
