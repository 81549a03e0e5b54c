/* space - a user of no consequence, in namespaces of its own. */
#include "cell.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* The first step: what is charged to a group must come from inside it. */
int space_join_cgroup(struct cell *c)
{
	if (!c->desc.has_cgroup)
		return 0;
	return write(JAIL_FD_CGROUP, "0", 1) < 0 ? -errno : 0;
}

static int set_capabilities(uint32_t effective)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = effective, .permitted = effective}};
	return syscall(SYS_capset, &head, sets) < 0 ? -errno : 0;
}

/* Where namespaces are root's to make, nobody makes them, with root's one capability for that. */
static int keep_mounting(struct cell *c)
{
	c->keeps_mounting = true;
	return set_capabilities(1u << CAP_SYS_ADMIN);
}

int space_drop_root(struct cell *c)
{
	bool keeps = c->desc.way == JAIL_WAY_ROOT;
	if (geteuid() != 0)
		return keeps ? -EPERM : 0;
	if (keeps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	/* where there is no such user, root is a name that a container gave to an ordinary one */
	bool exists = setresgid(NOBODY, NOBODY, NOBODY) == 0;
	if (!exists && errno != EINVAL)
		return -errno;
	if (exists && (setgroups(0, NULL) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return -errno;
	if (keeps)
		return keep_mounting(c);
	/* the change of user took our own /proc/self/uid_map away from us */
	return exists && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int space_forbid_gains(struct cell *c)
{
	(void)c;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

int space_unshare(struct cell *c)
{
	c->uid = geteuid(); /* the kernel will not tell them afterwards */
	c->gid = getegid();
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
	if (c->desc.way == JAIL_WAY_USER)
		flags |= CLONE_NEWUSER;
	return unshare(flags) < 0 ? -errno : 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* Never as root, not even of its own namespaces: so the compiler starts without any capability. */
int space_map_user(struct cell *c)
{
	char uid[48], gid[48];
	if (c->desc.way != JAIL_WAY_USER)
		return 0;
	snprintf(uid, sizeof uid, "%d %u 1\n", NOBODY, c->uid);
	snprintf(gid, sizeof gid, "%d %u 1\n", NOBODY, c->gid);
	int err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", uid);
	if (!err)
		err = write_file("/proc/self/gid_map", gid);
	return err;
}

/* A program that is started by nobody gains none; this is for what comes before it is. */
int space_drop_all(struct cell *c)
{
	if (!c->keeps_mounting)
		return 0;
	int err = set_capabilities(0);
	/* as it will be when the compiler starts: its files in /proc are its own again */
	return !err && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? -errno : err;
}
