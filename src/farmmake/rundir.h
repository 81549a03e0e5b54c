/* rundir - the private directory of one build, with the socket and the fifo; and bindir.h's.
 *
 * Contract: mode 0700, removed at the end; those of a farmmake that was killed are removed by the
 * next one. Blocking; used before the loop runs and after.
 */
#pragma once

struct rundir {
	char *path;
	char *bin; /* first in make's PATH */
	char *socket;
};

/* farmcc, search_path: as in bindir.h. */
int rundir_create(const char *farmcc, const char *search_path, struct rundir *ret);
void rundir_remove(struct rundir *d);
