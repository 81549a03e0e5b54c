/* jail_seccomp - what no compiler needs and every exploit wants answers EPERM; a call by another
 * architecture's table kills. Names that this libseccomp or architecture does not know are left
 * out: the call does not exist there. */
#include "jail_box.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const forbidden[] = {
	/* the network, and whatever else a descriptor may reach */
	"socket",
	"socketpair",
	"connect",
	"bind",
	"listen",
	"accept",
	"accept4",
	"socketcall",
	/* other processes */
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"pidfd_getfd",
	"kcmp",
	/* the file system's shape */
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"chroot",
	"fsopen",
	"fsmount",
	"fsconfig",
	"fspick",
	"open_tree",
	"move_mount",
	"mount_setattr",
	"mknod",
	"mknodat",
	"swapon",
	"swapoff",
	"quotactl",
	"quotactl_fd",
	"name_to_handle_at",
	"open_by_handle_at",
	"fanotify_init",
	"fanotify_mark",
	/* namespaces */
	"unshare",
	"setns",
	/* wide doors into the kernel */
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"keyctl",
	"add_key",
	"request_key",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"personality",
	"lookup_dcookie",
	"iopl",
	"ioperm",
	"modify_ldt",
	"vm86",
	"vm86old",
	"uselib",
	"acct",
	"reboot",
	"syslog",
	"sethostname",
	"setdomainname",
	"settimeofday",
	"clock_settime",
	"clock_settime64",
	"clock_adjtime",
	"clock_adjtime64",
	"adjtimex",
	"stime",
	"move_pages",
	"migrate_pages",
	"mbind",
	"set_mempolicy",
	"vhangup",
	"nfsservctl",
};

static int forbid(scmp_filter_ctx ctx, const char *name, int err)
{
	int number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR)
		return 0;
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)err), number, 0);
	/* a pseudo number: not on this architecture */
	return number < 0 ? 0 : rc;
}

static int add_rules(scmp_filter_ctx ctx)
{
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* the filter becomes a tree instead of a chain; older libraries do not know how */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; !err && i < sizeof forbidden / sizeof *forbidden; i++)
		err = forbid(ctx, forbidden[i], EPERM);
	/* its flags lie in memory, out of a filter's sight; the C library falls back to clone() */
	if (!err)
		err = forbid(ctx, "clone3", ENOSYS);
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	/* typing into a terminal */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, 0x5412 /* TIOCSTI */));
	return err;
}

int jail_box_build_filter(void)
{
	/* not what this kernel says that it can: whether it does, the self-test finds out */
	seccomp_api_set(3);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx)
		return -ENOMEM;
	int fd = memfd_create("farmjail-seccomp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = fd < 0 ? -errno : add_rules(ctx);
	if (!err)
		err = seccomp_export_bpf(ctx, fd);
	if (!err)
		err = jail_box_add_seals(fd);
	seccomp_release(ctx);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}
