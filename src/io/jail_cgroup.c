/* jail_cgroup - the groups are called by places and used again, so a job costs no directory.
 *
 *     own group, emptied of processes
 *     |-- farmnode.PID        this process
 *     `-- farmnode.PID.jobs   the limit of all jobs
 *         |-- 0               the limits of one
 *         `-- 1 ...
 */
#include "jail_cgroup.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	JOBS_CPU_WEIGHT = 33, /* of 100 that the node has: about what five steps of nice are */
	SMALL_FILE_BYTES = 64 * 1024,
	DYING_TRIES = 50, /* processes that were killed are gone soon */
	DYING_WAIT_MS = 10,
};

static const char hierarchy[] = "/sys/fs/cgroup";

struct jail_groups {
	char *base, *node, *jobs;
	struct jail_group_limits limits;
	VEC(bool) taken; /* by place; each has its directory */
};

static int put(const char *dir, const char *file, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, file);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int put_number(const char *dir, const char *file, uint64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return put(dir, file, text);
}

static int make(const char *dir)
{
	return mkdir(dir, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* The directory of this process's group in the one hierarchy of v2, or NULL; malloc'd. */
static char *find_own(void)
{
	_cleanup_free_ char *text = NULL;
	if (fs_read_file("/proc/self/cgroup", SMALL_FILE_BYTES, &text, NULL) < 0)
		return NULL;
	const char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return NULL;
	const char *group = line + strcspn(line, "/");
	int n = (int)strcspn(group, "\n");
	return xasprintf("%s%.*s", hierarchy, n == 1 ? 0 : n, group);
}

static bool has_controller(const char *base, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/cgroup.controllers", base);
	_cleanup_free_ char *text = NULL;
	if (fs_read_file(path, SMALL_FILE_BYTES, &text, NULL) < 0)
		return false;
	char *save = NULL;
	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		if (strcmp(word, name) == 0)
			return true;
	return false;
}

static int divide(const struct jail_groups *g)
{
	int err = make(g->node);
	if (!err)
		err = put(g->node, "cgroup.procs", "0");
	if (!err)
		err = put(g->base, "cgroup.subtree_control", "+memory +pids");
	if (!err)
		err = make(g->jobs);
	if (!err)
		err = put_number(g->jobs, "memory.max", g->limits.all_bytes);
	/* welcome, but nothing depends on it */
	if (!err && put(g->base, "cgroup.subtree_control", "+cpu") == 0)
		put_number(g->jobs, "cpu.weight", JOBS_CPU_WEIGHT);
	return err ? err : put(g->jobs, "cgroup.subtree_control", "+memory +pids");
}

int jail_groups_open(
	const char *base, const struct jail_group_limits *limits, struct jail_groups **ret)
{
	_cleanup_free_ char *own = base ? xstrdup(base) : find_own();
	if (!own || !has_controller(own, "memory") || !has_controller(own, "pids"))
		return -ENOENT;
	struct jail_groups *g = xcalloc(1, sizeof *g);
	g->base = xstrdup(own);
	g->node = xasprintf("%s/farmnode.%d", own, (int)getpid());
	g->jobs = xasprintf("%s.jobs", g->node);
	g->limits = *limits;
	int err = divide(g);
	if (err) {
		jail_groups_close(g);
		return err;
	}
	*ret = g;
	return 0;
}

static void remove_group(const char *dir)
{
	const struct timespec wait = {.tv_nsec = DYING_WAIT_MS * 1000000};
	for (int i = 0; i < DYING_TRIES && rmdir(dir) < 0 && errno == EBUSY; i++)
		nanosleep(&wait, NULL);
}

void jail_groups_close(struct jail_groups *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->taken.n; i++) {
		_cleanup_free_ char *dir = xasprintf("%s/%zu", g->jobs, i);
		remove_group(dir);
	}
	remove_group(g->jobs);
	put(g->base, "cgroup.subtree_control", "-cpu");
	put(g->base, "cgroup.subtree_control", "-memory -pids");
	put(g->base, "cgroup.procs", "0");
	remove_group(g->node);
	vec_fini(&g->taken);
	free(g->jobs);
	free(g->node);
	free(g->base);
	free(g);
}

static int add_place(struct jail_groups *g)
{
	_cleanup_free_ char *dir = xasprintf("%s/%zu", g->jobs, g->taken.n);
	int err = make(dir);
	if (!err)
		err = put_number(dir, "memory.max", g->limits.job_bytes);
	if (!err)
		err = put_number(dir, "pids.max", g->limits.job_processes);
	if (err)
		return err;
	put(dir, "memory.swap.max", "0"); /* there is none where swap is not counted */
	vec_push(&g->taken, false);
	return 0;
}

int jail_groups_take(struct jail_groups *g, unsigned *ret_place)
{
	size_t place = 0;
	while (place < g->taken.n && g->taken.v[place])
		place++;
	int err = place == g->taken.n ? add_place(g) : 0;
	if (err)
		return err;
	_cleanup_free_ char *path = xasprintf("%s/%zu/cgroup.procs", g->jobs, place);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	g->taken.v[place] = true;
	*ret_place = (unsigned)place;
	return fd;
}

void jail_groups_give_back(struct jail_groups *g, unsigned place)
{
	g->taken.v[place] = false;
}
