/* jail_cgroup - a control group for each job that runs, where this process was given a part of the
 * hierarchy (cgroup v2) with the controllers for memory and processes: by systemd's Delegate=, by an
 * administrator, or by being root of a container.
 *
 * Contract: jail_groups_open() moves this process into a group below its own, because a group that
 * has processes cannot have limited ones below it; jail_groups_close() moves it back. What is taken
 * is given back once, when the job is over or has been killed.
 */
#pragma once

#include <stdint.h>

struct jail_groups;

struct jail_group_limits {
	uint64_t job_bytes, all_bytes; /* memory and file systems, of one job and of all together */
	uint32_t job_processes;
};

/* Fails where nothing is delegated, and leaves no trace then. base: a group's directory; NULL: this
 * process's own. */
int jail_groups_open(
	const char *base, const struct jail_group_limits *limits, struct jail_groups **ret);
void jail_groups_close(struct jail_groups *g);
/* cgroup.procs of a group that nobody has, for the job to join, or -errno. The caller closes it. */
int jail_groups_take(struct jail_groups *g, unsigned *ret_place);
void jail_groups_give_back(struct jail_groups *g, unsigned place);
