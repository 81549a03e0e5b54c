/* lacking - runs a program as if on a kernel, or under an administrator, that lacks something.
 *
 *     lacking WHAT[,WHAT]... PROGRAM ARGUMENT...
 *
 * WHAT: landlock (the kernel has none), users (user namespaces are refused), namespaces (all are),
 * seccomp (the kernel has no filters), young (all system calls that are younger than Linux 4.4), or calls=FILE, a file of
 * names of system calls. A filter of system calls answers as such a kernel would. The program and all that it starts are
 * under it. 77 when this machine cannot pretend.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const int all_namespaces =
	CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

static int answer(scmp_filter_ctx ctx, int err, int call)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)err), call, 0);
}

/* For each flag a rule: a mask would have to match all of them. */
static int refuse_unshare(scmp_filter_ctx ctx, int flags)
{
	int err = 0;
	for (int flag = 1; !err && flag > 0 && flag <= flags; flag <<= 1)
		if (flags & flag)
			err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, (scmp_datum_t)flag,
					(scmp_datum_t)flag));
	return err;
}

/* As a service manager forbids what a unit does not list. */
static int refuse_all(scmp_filter_ctx ctx, const char *path)
{
	char name[64];
	int err = 0;
	FILE *f = fopen(path, "r");
	if (!f)
		return -errno;
	while (!err && fscanf(f, "%63s", name) == 1) {
		int call = seccomp_syscall_resolve_name(name);
		if (call >= 0)
			err = answer(ctx, EPERM, call);
	}
	fclose(f);
	return err;
}

/* Every table grows at its end, and this was the first call after 4.4. */
static int refuse_young(scmp_filter_ctx ctx)
{
	const int first = SCMP_SYS(copy_file_range), more = 300;
	int err = 0;
	for (int call = first; !err && call < first + more; call++)
		err = answer(ctx, ENOSYS, call);
	return err;
}

static int lack(scmp_filter_ctx ctx, const char *what)
{
	if (strcmp(what, "landlock") == 0)
		return answer(ctx, ENOSYS, SCMP_SYS(landlock_create_ruleset));
	if (strcmp(what, "users") == 0)
		return refuse_unshare(ctx, CLONE_NEWUSER);
	if (strcmp(what, "namespaces") == 0)
		return refuse_unshare(ctx, all_namespaces);
	if (strcmp(what, "seccomp") == 0)
		return answer(ctx, ENOSYS, SCMP_SYS(seccomp));
	if (strcmp(what, "young") == 0)
		return refuse_young(ctx);
	if (strncmp(what, "calls=", 6) == 0)
		return refuse_all(ctx, what + 6);
	fprintf(stderr, "lacking: %s?\n", what);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (argc < 3 || !ctx)
		return 2;
	/* root may have a filter without giving up more; others may not */
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	/* the library would use the call that is about to be missing */
	seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	char *save = NULL;
	for (char *what = strtok_r(argv[1], ",", &save); !err && what;
		what = strtok_r(NULL, ",", &save))
		err = lack(ctx, what);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	if (err) {
		fprintf(stderr, "SKIP: no filter: %s\n", strerror(-err));
		return 77;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
