#include "base/cores.h"

#include "base/fs.h"
#include "base/str.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SMALL_FILE_BYTES = 64 * 1024 };

static unsigned affinity(void)
{
	/* More CPUs than cpu_set_t holds make the call fail: then all that are online. */
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (unsigned)CPU_COUNT(&set);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

static long read_number(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_free_ char *text = NULL;
	if (fs_read_file(path, SMALL_FILE_BYTES, &text, NULL) < 0)
		return -1;
	return strtol(text, NULL, 10);
}

/* Whole cores of a quota, rounded up; no limit when there is none. */
static unsigned quota_cores(long quota_us, long period_us)
{
	if (quota_us <= 0 || period_us <= 0)
		return ~0u;
	return (unsigned)((quota_us + period_us - 1) / period_us);
}

static unsigned quota_v2(const char *dir)
{
	_cleanup_free_ char *path = xasprintf("%s/cpu.max", dir);
	_cleanup_free_ char *text = NULL;
	long quota_us, period_us;
	if (fs_read_file(path, SMALL_FILE_BYTES, &text, NULL) < 0 ||
		sscanf(text, "%ld %ld", &quota_us, &period_us) != 2) /* "max 100000" */
		return ~0u;
	return quota_cores(quota_us, period_us);
}

static unsigned quota_v1(const char *dir)
{
	return quota_cores(
		read_number(dir, "cpu.cfs_quota_us"), read_number(dir, "cpu.cfs_period_us"));
}

/* The smallest quota of a group and all groups above it. */
static unsigned smallest(const char *root, const char *group, unsigned (*quota)(const char *))
{
	_cleanup_free_ char *dir = xasprintf("%s%s", root, group);
	unsigned least = ~0u;
	for (size_t n = strlen(dir); n >= strlen(root); dir[n] = '\0') {
		unsigned cores = quota(dir);
		if (cores < least)
			least = cores;
		char *slash = strrchr(dir, '/');
		n = slash ? (size_t)(slash - dir) : 0;
	}
	return least;
}

unsigned cores_usable(void)
{
	unsigned cores = affinity();
	_cleanup_free_ char *groups = NULL;
	if (fs_read_file("/proc/self/cgroup", SMALL_FILE_BYTES, &groups, NULL) < 0)
		return cores;
	char *save = NULL;
	/* "0::/system.slice/x" is v2, "4:cpu,cpuacct:/x" one hierarchy of v1 */
	for (char *line = strtok_r(groups, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group)
			continue;
		*group++ = '\0';
		unsigned limit = ~0u;
		if (controllers[1] == '\0')
			limit = smallest("/sys/fs/cgroup", group, quota_v2);
		else if (str_starts(controllers + 1, "cpu,") || strcmp(controllers + 1, "cpu") == 0)
			limit = smallest("/sys/fs/cgroup/cpu", group, quota_v1);
		if (limit < cores)
			cores = limit;
	}
	return cores ? cores : 1;
}
