/* intruder - stands in for the compiler, and does what the text of its source says. Called as
 * "intruder … -o OUTPUT SOURCE"; the output names what it should not have been able to do. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *output;
static FILE *out;

#define TRY(call)                                                                                  \
	do {                                                                                       \
		if ((long)(call) >= 0)                                                             \
			fprintf(out, "%s\n", #call);                                               \
	} while (0)
#define TRY_OPEN(path) TRY(open(path, O_RDONLY))

static void try_files(void)
{
	TRY_OPEN("/etc/passwd");
	TRY_OPEN("/etc/hostname");
	TRY_OPEN("/root");
	TRY_OPEN("/sys");
	TRY_OPEN("/dev/zero");
	TRY_OPEN("/proc/1/root/etc/passwd");
	TRY_OPEN("/proc/cmdline");
	TRY_OPEN("/proc/kallsyms");
	TRY_OPEN("/proc/sysrq-trigger");
	TRY(open("/usr/intruder", O_WRONLY | O_CREAT, 0600));
	TRY(open("/proc/sys/kernel/core_pattern", O_WRONLY));
	TRY(chmod("/usr", 0777));
	TRY(mknod("null", S_IFCHR | 0666, 0x103));
	TRY(ftruncate(1, 513l << 20));
	TRY(fcntl(4, F_GETFD)); /* 3 is the output */
	TRY(fcntl(8, F_GETFD));
}

static void try_calls(void)
{
	TRY(socket(AF_INET, SOCK_STREAM, 0));
	TRY(socket(AF_UNIX, SOCK_STREAM, 0));
	TRY(socket(AF_NETLINK, SOCK_RAW, 0));
	TRY(unshare(CLONE_NEWUSER));
	TRY(unshare(CLONE_NEWNS));
	TRY(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	TRY(mount("x", "/tmp", "tmpfs", 0, ""));
	TRY(umount2("/usr", MNT_DETACH));
	TRY(chroot("/tmp"));
	TRY(ptrace(PTRACE_TRACEME, 0, 0, 0));
	TRY(syscall(SYS_bpf, 0, 0, 0));
	TRY(syscall(SYS_io_uring_setup, 1, 0));
	TRY(syscall(SYS_keyctl, 0, 0, 0));
	TRY(syscall(SYS_userfaultfd, 0));
}

static int count_processes(void)
{
	int n = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] >= '1' && e->d_name[0] <= '9';
	return n;
}

/* When memory runs out, others go first. */
static bool is_spared(void)
{
	int adjustment = 1000;
	FILE *f = fopen("/proc/self/oom_score_adj", "r");
	if (f && fscanf(f, "%d", &adjustment) != 1)
		adjustment = 0;
	if (f)
		fclose(f);
	return adjustment < 1000;
}

static void try_being_another(void)
{
	TRY(is_spared() ? 0 : -1);
	TRY(setuid(0) < 0 ? -1 : 0);
	TRY(getuid() == 0 ? 0 : -1);
	TRY(sethostname("x", 1));
	TRY(setpriority(PRIO_PROCESS, 0, -5));
	TRY(kill(2, 0));
	TRY(count_processes() > 1 ? 0 : -1);
	TRY(getenv("FARMJAIL_TEST_SECRET") ? 0 : -1);
	TRY(getpid() == 1 ? -1 : 0);
}

static int escape(void)
{
	signal(SIGXFSZ, SIG_IGN);
	try_files();
	try_calls();
	try_being_another();
	return 0;
}

static int fork_all(void)
{
	int n = 0;
	for (pid_t pid; n < 400 && (pid = fork()) >= 0; n++)
		while (pid == 0)
			pause();
	fprintf(out, "%d", n);
	return 0;
}

static int eat(void)
{
	int n = 0;
	char *volatile last; /* or the compiler sees that nobody reads it */
	for (; n < 4096 && (last = malloc(1 << 20)); n++)
		memset(last, 1, 1 << 20);
	fprintf(out, "%d", n);
	return 0;
}

static int spin(void)
{
	volatile int bell = fork() + fork();
	for (;;)
		bell++;
	return bell;
}

static int sleep_long(void)
{
	pause();
	return 0;
}

/* How many MiB its own file system takes, in files small enough for the limit of one. */
static int fill(void)
{
	static char block[1 << 20];
	char name[32];
	int n = 0, fd = -1;
	memset(block, 1, sizeof block);
	for (;; n++) {
		snprintf(name, sizeof name, "/tmp/%d", n);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || write(fd, block, sizeof block) != sizeof block)
			break;
		close(fd);
	}
	for (int i = 0; i <= n; i++) {
		snprintf(name, sizeof name, "/tmp/%d", i);
		unlink(name);
	}
	fprintf(out, "%d", n);
	return 0;
}

/* How many files. */
static int litter(void)
{
	char name[32];
	int n = 0;
	for (int fd;; n++) {
		snprintf(name, sizeof name, "/tmp/%d", n);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	fprintf(out, "%d", n);
	return 0;
}

static int make_link(void)
{
	return remove(output) | symlink("/usr/bin/env", output);
}

static int make_fifo(void)
{
	return remove(output) | mkfifo(output, 0600);
}

static int make_device_alias(void)
{
	return remove(output) | symlink("/dev/null", output);
}

static const struct {
	const char *name;
	int (*run)(void);
} deeds[] = {
	{"escape", escape},
	{"fork", fork_all},
	{"eat", eat},
	{"spin", spin},
	{"sleep", sleep_long},
	{"fill", fill},
	{"litter", litter},
	{"link", make_link},
	{"fifo", make_fifo},
	{"alias", make_device_alias},
};

int main(int argc, char **argv)
{
	char what[32] = "";
	FILE *in = argc > 2 ? fopen(argv[argc - 1], "r") : NULL;
	if (!in || !fgets(what, sizeof what, in))
		return 2;
	fclose(in);
	output = argv[argc - 2];
	out = fopen(output, "w");
	if (!out)
		return 3;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
		if (strcmp(deeds[i].name, what) == 0)
			return deeds[i].run() != 0 || fclose(out) != 0;
	return 4;
}
