/* proctree - the processes below another one, or of one name, as /proc tells it.
 *
 * Contract: blocking, but only on the kernel. What has ended meanwhile is not there. A kernel without
 * /proc/PID/task/TID/children shows no process at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCTREE_NAME_MAX = 16, PROCTREE_COMMAND_MAX = 400 };

struct proctree_process {
	char name[PROCTREE_NAME_MAX]; /* of its program, cut */
	char state;                   /* 'R', 'S', ... */
	uint64_t ticks;               /* when it began, in clock ticks since the machine did */
};

/* Returns how many there are, at most room. */
size_t proctree_children(pid_t pid, pid_t *ret, size_t room);
bool proctree_read(pid_t pid, struct proctree_process *ret);
/* Its command line, words separated by blanks, cut. Returns out. */
const char *proctree_command(pid_t pid, char out[static PROCTREE_COMMAND_MAX]);
/* How many processes have this name, in this network namespace as far as we may see that. */
size_t proctree_count(const char *name);
/* How long ago that was. */
double proctree_age_s(uint64_t ticks);
