/* journals - the builds that run on this machine, by the journals in their directories.
 *
 * Contract: a journal is read as far as it has been written, and on from there. One whose build is over, or whose
 * farmmake is gone, keeps what was read.
 */
#pragma once

#include "base/str.h"
#include "core/live.h"

#include <stdio.h>

/* Paths of the journals of this user's builds, the youngest first. */
void journals_find(struct strv *ret);

struct follow {
	char *path;
	FILE *file; /* NULL: nothing is followed */
	struct live live;
	char *line; /* half of one, that is still being written */
	size_t len, room;
	double started; /* of the clock that now_s is of */
	bool gone;      /* its file is not there any more */
};

/* -errno */
int journals_open(struct follow *f, const char *path, double now_s);
/* Reads what is new. */
void journals_read(struct follow *f, double now_s);
void journals_close(struct follow *f);
