/* rundir - the private directory of one build: the socket, the fifo, and the links that make the
 * build find farmcc under every compiler's name.
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

/* farmcc: absolute path of the program. Links are made for every compiler that PATH has. */
int rundir_create(const char *farmcc, const char *search_path, struct rundir *ret);
void rundir_remove(struct rundir *d);
