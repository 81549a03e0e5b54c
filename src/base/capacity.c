/* capacity - limits by a table: a controller's files in either hierarchy, read in the group of this
 * process and in all groups above it, of which the smallest counts. */
#include "base/capacity.h"

#include "base/fs.h"
#include "base/str.h"

#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { SMALL_FILE_BYTES = 64 * 1024 };

/* Where even the machine does not say. */
static const uint64_t MEMORY_GUESS_BYTES = (uint64_t)2 << 30;

/* How many of two numbers are there; "max" is none. */
static int read_numbers(const char *dir, const char *name, long long ret[2])
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_free_ char *text = NULL;
	if (fs_read_file(path, SMALL_FILE_BYTES, &text, NULL) < 0)
		return 0;
	return sscanf(text, "%lld %lld", &ret[0], &ret[1]);
}

/* Whole cores of a quota, rounded up. */
static uint64_t quota_cores(long long quota_us, long long period_us)
{
	if (quota_us <= 0 || period_us <= 0)
		return UINT64_MAX;
	return (uint64_t)((quota_us + period_us - 1) / period_us);
}

static uint64_t cores_v2(const char *dir)
{
	long long n[2];
	return read_numbers(dir, "cpu.max", n) == 2 ? quota_cores(n[0], n[1]) : UINT64_MAX;
}

static uint64_t cores_v1(const char *dir)
{
	long long quota_us[2], period_us[2];
	if (read_numbers(dir, "cpu.cfs_quota_us", quota_us) != 1 ||
		read_numbers(dir, "cpu.cfs_period_us", period_us) != 1)
		return UINT64_MAX;
	return quota_cores(quota_us[0], period_us[0]);
}

static uint64_t read_bytes(const char *dir, const char *name)
{
	long long n[2];
	return read_numbers(dir, name, n) == 1 && n[0] > 0 ? (uint64_t)n[0] : UINT64_MAX;
}

static uint64_t memory_v2(const char *dir)
{
	return read_bytes(dir, "memory.max");
}

/* No limit is a number there, larger than any memory. */
static uint64_t memory_v1(const char *dir)
{
	return read_bytes(dir, "memory.limit_in_bytes");
}

static const struct controller {
	const char *name;
	size_t limit; /* in struct capacity_limits */
	uint64_t (*v2)(const char *dir), (*v1)(const char *dir);
} controllers[] = {
	{"cpu", offsetof(struct capacity_limits, cores), cores_v2, cores_v1},
	{"memory", offsetof(struct capacity_limits, memory_bytes), memory_v2, memory_v1},
};

/* A container that sees the groups as they are outside, and the directory as if it were all there is,
 * has no such group; its own are then those at the top. */
static uint64_t smallest(const char *top, const char *group, uint64_t (*limit)(const char *))
{
	_cleanup_free_ char *dir = xasprintf("%s%s", top, group);
	uint64_t least = UINT64_MAX;
	for (size_t n = strlen(dir); n >= strlen(top);) {
		dir[n] = '\0';
		uint64_t here = limit(dir);
		least = here < least ? here : least;
		char *slash = strrchr(dir, '/');
		n = slash ? (size_t)(slash - dir) : 0;
	}
	return least;
}

/* Whether "cpu,cpuacct" has "cpu". */
static bool has_name(const char *names, const char *name)
{
	size_t length = strlen(name);
	for (const char *at = names; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == ','))
			return true;
	}
	return false;
}

/* One of "0::/system.slice/x", which is v2, and "4:cpu,cpuacct:/x", one hierarchy of v1. */
static void cut_by_line(const char *root, char *line, struct capacity_limits *limits)
{
	char *names = strchr(line, ':');
	char *group = names ? strchr(names + 1, ':') : NULL;
	if (!group)
		return;
	*group++ = '\0';
	names++;
	for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
		const struct controller *c = &controllers[i];
		if (*names && !has_name(names, c->name))
			continue;
		_cleanup_free_ char *top = xasprintf(
			"%s/sys/fs/cgroup%s%s", root, *names ? "/" : "", *names ? c->name : "");
		uint64_t least = smallest(top, group, *names ? c->v1 : c->v2);
		uint64_t *limit = (uint64_t *)((char *)limits + c->limit);
		*limit = least < *limit ? least : *limit;
	}
}

void capacity_read_limits(const char *root, struct capacity_limits *ret)
{
	*ret = (struct capacity_limits){UINT64_MAX, UINT64_MAX};
	_cleanup_free_ char *path = xasprintf("%s/proc/self/cgroup", root);
	_cleanup_free_ char *groups = NULL;
	if (fs_read_file(path, SMALL_FILE_BYTES, &groups, NULL) < 0)
		return;
	char *save = NULL;
	for (char *line = strtok_r(groups, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		cut_by_line(root, line, ret);
}

static unsigned affinity(void)
{
	/* More CPUs than cpu_set_t holds make the call fail: then all that are online. */
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (unsigned)CPU_COUNT(&set);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

unsigned capacity_cores(void)
{
	unsigned cores = affinity();
	struct capacity_limits limits;
	capacity_read_limits("", &limits);
	return limits.cores < cores ? (unsigned)limits.cores : cores;
}

uint64_t capacity_memory_bytes(void)
{
	struct sysinfo info;
	uint64_t all =
		sysinfo(&info) < 0 ? MEMORY_GUESS_BYTES : (uint64_t)info.totalram * info.mem_unit;
	struct capacity_limits limits;
	capacity_read_limits("", &limits);
	return limits.memory_bytes < all ? limits.memory_bytes : all;
}
