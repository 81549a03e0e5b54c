/* space - a user of no consequence, in namespaces of its own. */
#include "cell.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { NOBODY = 65534 };

int space_drop_root(struct cell *c)
{
	(void)c;
	if (geteuid() != 0)
		return 0;
	/* where there is no such user, root is a name that a container gave to an ordinary one */
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0)
		return errno == EINVAL ? 0 : -errno;
	if (setgroups(0, NULL) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	/* the change of user took our own /proc/self/uid_map away from us */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? -errno : 0;
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
	const int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			  CLONE_NEWUTS;
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
	snprintf(uid, sizeof uid, "%d %u 1\n", NOBODY, c->uid);
	snprintf(gid, sizeof gid, "%d %u 1\n", NOBODY, c->gid);
	int err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", uid);
	if (!err)
		err = write_file("/proc/self/gid_map", gid);
	return err;
}
