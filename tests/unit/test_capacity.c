#include "base/capacity.h"

#include "base/fs.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <string.h>

static char *root;

static void setup(void)
{
	cr_assert_eq(fs_make_private_dir(fs_runtime_parent(), "test_capacity.", &root), 0);
}

static void teardown(void)
{
	cr_assert_eq(fs_remove_tree(root), 0);
	free(root);
}

TestSuite(capacity, .init = setup, .fini = teardown);

static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", root, name);
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	cr_assert_eq(fs_mkdirs(dir, 0755), 0);
	cr_assert_eq(fs_write_atomic(path, text, strlen(text), 0644), 0, "%s", path);
}

static void expect(uint64_t cores, uint64_t memory_bytes)
{
	struct capacity_limits limits;
	capacity_read_limits(root, &limits);
	cr_expect_eq(limits.cores, cores, "%llu cores", (unsigned long long)limits.cores);
	cr_expect_eq(limits.memory_bytes, memory_bytes, "%llu bytes",
		(unsigned long long)limits.memory_bytes);
}

Test(capacity, no_groups_no_limits)
{
	expect(UINT64_MAX, UINT64_MAX);
	put("proc/self/cgroup", "");
	expect(UINT64_MAX, UINT64_MAX);
	put("proc/self/cgroup", "nonsense\n0:\n0::/user.slice\n");
	expect(UINT64_MAX, UINT64_MAX);
}

Test(capacity, smallest_of_all_groups_above_counts)
{
	put("proc/self/cgroup", "0::/pod/job\n");
	put("sys/fs/cgroup/pod/job/cpu.max", "max 100000\n");
	put("sys/fs/cgroup/pod/job/memory.max", "max\n");
	expect(UINT64_MAX, UINT64_MAX);
	put("sys/fs/cgroup/pod/cpu.max", "150000 100000\n");
	put("sys/fs/cgroup/pod/memory.max", "1073741824\n");
	expect(2, 1 << 30);
	put("sys/fs/cgroup/pod/job/cpu.max", "50000 100000\n");
	put("sys/fs/cgroup/pod/job/memory.max", "536870912\n");
	expect(1, 1 << 29);
	put("sys/fs/cgroup/pod/job/cpu.max", "900000 100000\n");
	put("sys/fs/cgroup/pod/job/memory.max", "8589934592\n");
	expect(2, 1 << 30);
}

/* With a namespace of groups, and without one, where the path is the one outside. */
Test(capacity, a_containers_own_group_is_at_the_top)
{
	put("sys/fs/cgroup/cpu.max", "400000 100000\n");
	put("sys/fs/cgroup/memory.max", "2147483648\n");
	put("proc/self/cgroup", "0::/\n");
	expect(4, (uint64_t)2 << 30);
	put("proc/self/cgroup", "0::/machine.slice/libpod-1234.scope\n");
	expect(4, (uint64_t)2 << 30);
}

Test(capacity, version_1_has_a_hierarchy_for_each_controller)
{
	put("proc/self/cgroup",
		"9:cpuset:/\n8:cpu,cpuacct:/docker/x\n7:memory:/docker/x\n1:name=systemd:/docker/x\n0::/\n");
	put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	expect(UINT64_MAX, 9223372036854771712u);
	put("sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "250000\n");
	put("sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
	put("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "268435456\n");
	expect(3, 1 << 28);
}

Test(capacity, this_machine)
{
	cr_expect_gt(capacity_cores(), 0);
	cr_expect_gt(capacity_memory_bytes(), 0);
}
