/* commit - puts an output in place as the compiler would have left it: whole or not at all.
 *
 * The assembler replaces an output that has contents (file or link) and writes into an empty one;
 * cc1 (-S) writes into what is there. Only what amounts to a new file is done here.
 */
#pragma once

#include "core/job.h"

#include <stdbool.h>

/* Would replacing path by a new file be what the compiler does? */
bool commit_is_plain(const char *path, enum output_kind kind);
/* Are both there, and one file? The compiler refuses to write over its source, or has read it before. */
bool commit_is_same(const char *path, const char *source);

struct commit {
	char *path, *tmp;
	int fd;
};

/* A new file beside path, with the mode that the user's umask gives; the caller writes to fd. -errno. */
int commit_open(struct commit *c, const char *path);
/* Closes, and renames it to path. */
int commit_finish(struct commit *c);
/* Removes what was not finished; may always be called last. */
void commit_fini(struct commit *c);
