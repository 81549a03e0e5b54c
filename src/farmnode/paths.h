/* paths - what may be said about a path by its text alone.
 *
 * Contract: pure; a path that is "clean" is absolute and has no empty, "." or ".." components and
 * no '/' at its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool paths_is_clean(const char *path);
/* The clean form of path, taken relative to the clean directory cwd; ".." stops at the root.
 * -ENAMETOOLONG. */
int paths_resolve(const char *cwd, const char *path, char *out, size_t out_size);
/* Is path dir itself, or below it? Both are clean. */
bool paths_is_below(const char *path, const char *dir);
