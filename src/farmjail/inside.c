/* inside - limits, Landlock and seccomp; then this process is the compiler. It is pid 1 of its
 * namespace: when it dies, the kernel kills what is left of the job. */
#include "cell.h"

#include "core/job.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
	FILES_MAX = 256,
	PROCESSES_MAX = 128,
	PROCESSES_TOGETHER_MAX = 2048, /* of all jobs, where the kernel counts those */
	STACK_BYTES = 64 << 20,        /* what gcc would raise it to */
	FILTER_MAX = 4096,             /* instructions, the kernel's own limit */
};

int inside_follow_parent(struct cell *c)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	/* it may have died before that */
	struct pollfd outer = {c->outer_fd, POLLIN, 0};
	if (c->outer_fd >= 0 && poll(&outer, 1, 0) != 0)
		return -ESRCH;
	sigset_t none;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* Since 5.14 RLIMIT_NPROC counts within the user namespace; before, it would count the user's
 * processes everywhere. Without a user namespace it counts nobody's, which are those of all jobs. */
static uint64_t processes_max(const struct jail_desc *d)
{
	struct utsname u;
	int major, minor;
	if (d->way == JAIL_WAY_ROOT)
		return PROCESSES_TOGETHER_MAX;
	bool counts_own = uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
			  (major > 5 || (major == 5 && minor >= 14));
	return counts_own ? PROCESSES_MAX : 0;
}

/* 0 stands for no limit; never above what the parent had. */
static int limit(__rlimit_resource_t what, uint64_t value)
{
	struct rlimit r;
	if (getrlimit(what, &r) < 0)
		return -errno;
	if (value && value < r.rlim_max)
		r.rlim_max = value;
	r.rlim_cur = r.rlim_max;
	return setrlimit(what, &r) < 0 ? -errno : 0;
}

/* When memory runs out, a job goes before the node does, or anything else. Nothing to insist on: a
 * kernel may have no such file here. */
static void offer_oneself(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = write(fd, "1000", 4);
	(void)n;
	close(fd);
}

/* At least so; a node that is nicer itself stays as it is. Where a service manager forbids the call,
 * the jobs' control group has the lower weight. */
static int be_nice(int nice)
{
	if (getpriority(PRIO_PROCESS, 0) >= nice || setpriority(PRIO_PROCESS, 0, nice) == 0)
		return 0;
	return errno == EPERM ? 0 : -errno;
}

int inside_limit(struct cell *c)
{
	offer_oneself();
	const struct {
		__rlimit_resource_t what;
		uint64_t value;
	} limits[] = {
		{RLIMIT_FSIZE, JOB_OUTPUT_BYTES_MAX},
		{RLIMIT_AS, c->desc.memory_bytes},
		{RLIMIT_CPU, c->desc.cpu_s},
		{RLIMIT_NOFILE, FILES_MAX},
		{RLIMIT_STACK, STACK_BYTES},
		{RLIMIT_NPROC, processes_max(&c->desc)},
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		int err = limit(limits[i].what, limits[i].value);
		if (err)
			return err;
	}
	const struct rlimit no_core = {0};
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return -errno;
	return be_nice((int)c->desc.nice);
}

/* What an ABI knows, lowest first; anything newer is not asked for. */
static uint64_t known_rights(int abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
	if (abi >= 2)
		rights |= 1ull << 13; /* REFER */
	if (abi >= 3)
		rights |= 1ull << 14; /* TRUNCATE */
	if (abi >= 5)
		rights |= 1ull << 15; /* IOCTL_DEV */
	return rights;
}

/* struct landlock_ruleset_attr as it is by now; older kernels take the part that they know. */
struct ruleset {
	uint64_t fs, net, scoped;
};

static int create_ruleset(int abi, uint64_t rights)
{
	const uint64_t tcp = 3 /* bind, connect */, scopes = 3 /* abstract sockets, signals */;
	const struct ruleset r = {rights, tcp, scopes};
	size_t known_bytes = abi >= 6 ? sizeof r : abi >= 4 ? 2 * sizeof r.fs : sizeof r.fs;
	return (int)syscall(SYS_landlock_create_ruleset, &r, known_bytes, 0);
}

static int allow(int rules, const char *path, uint64_t rights)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
	int err = 0;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int allow_directory_of(int rules, const char *path, uint64_t rights)
{
	size_t n = (size_t)(str_base(path) - path);
	char dir[JOB_PATH_BYTES_MAX + 2];
	snprintf(dir, sizeof dir, "%.*s.", (int)n, path);
	return allow(rules, dir, rights);
}

static int add_rules(int rules, const struct cell *c, uint64_t known)
{
	const struct jail_desc *d = &c->desc;
	const uint64_t read = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
			      LANDLOCK_ACCESS_FS_READ_DIR;
	const uint64_t write =
		known & (read | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
				LANDLOCK_ACCESS_FS_MAKE_REG | 3ull << 13);
	int err = allow(rules, "/", read);
	if (!err)
		err = allow(rules, "/dev/null",
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	if (!err && !cell_has_view(c))
		err = allow(rules, "/tmp", write);
	for (size_t i = 0; i < JAIL_OUT_COUNT && !err; i++)
		if (d->out[i][0])
			err = allow_directory_of(rules, d->out[i], write);
	return err;
}

/* A second wall behind the namespaces, where the kernel has it: only the directories of the outputs
 * and a text's /tmp may be written, and sockets and signals end at the job's own. */
int inside_forbid_paths(struct cell *c)
{
	int abi =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return c->desc.level >= JAIL_LEVEL_LANDLOCK ? -ENOSYS : 0;
	uint64_t known = known_rights(abi);
	int rules = create_ruleset(abi, known);
	if (rules < 0)
		return -errno;
	int err = add_rules(rules, c, known);
	if (!err && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		err = -errno;
	close(rules);
	return err;
}

int inside_forbid_calls(struct cell *c)
{
	static struct sock_filter filter[FILTER_MAX];
	ssize_t n = pread(JAIL_FD_SECCOMP, filter, sizeof filter, 0);
	if (n <= 0)
		return n < 0 ? -errno : -ENODATA;
	struct sock_fprog program = {
		.len = (unsigned short)((size_t)n / sizeof *filter), .filter = filter};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	bool is_missing = errno == ENOSYS || errno == EINVAL;
	return is_missing && c->desc.level < JAIL_LEVEL_NAMESPACES ? 0 : -errno;
}

/* The compiler gets nothing but 0, 1 and 2. */
static void hide_descriptors(void)
{
	if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
		return;
	/* before Linux 5.9; what is not ours was opened close-on-exec */
	for (int fd = JAIL_FD_DESC; fd < JAIL_FD_COUNT; fd++)
		close(fd);
}

/* gcc asks for it when it expands __DATE__ or __TIME__, and not before: macros may make these of parts. Every
 * clang that knows it takes it for an error at once. */
static const char no_clock[] = "SOURCE_DATE_EPOCH=here is none";

/* Returns only on failure. */
int inside_execute(struct cell *c)
{
	char pwd[JOB_PATH_BYTES_MAX + 8];
	snprintf(pwd, sizeof pwd, "PWD=%s", c->desc.cwd);
	char *const env[] = {"PATH=/usr/bin:/bin", c->desc.utf8 ? "LC_ALL=C.UTF-8" : "LC_ALL=C",
		cell_has_view(c) ? "TMPDIR=" VIEWPLAN_DESK : "TMPDIR=/tmp", "HOME=/nonexistent",
		pwd, c->desc.no_clock ? (char *)no_clock : NULL, NULL};
	hide_descriptors();
	execve(c->desc.argv.v[0], c->desc.argv.v, env);
	return -errno;
}
