/* sources - looks at every file that goes into a text, once per build.
 *
 * What gcc -fdirectives-only loses or misreads shows in the sources alone (core/dtext.h), and whether a
 * header has a shorter name than cc1 was told to use (cpp.h) in the file system. Files that are
 * fine are remembered, by a hash of their path, in a table that all farmcc of a build map.
 *
 * Contract: without a table every file is read every time: slower, and as right.
 */
#pragma once

#include <stdbool.h>

struct sources;

/* dir: the build's, with a "/" at its end; the table is made when missing. cwd: where relative paths begin. */
struct sources *sources_create(const char *dir, const char *cwd);
void sources_destroy(struct sources *s);
/* A dtext_file_fn; ctx is the struct sources. */
const char *sources_check(void *ctx, const char *path, bool system);
