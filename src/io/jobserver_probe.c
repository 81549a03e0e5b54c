/* jobserver_probe - what a make program is, by its own words.
 *
 * Happy path: make reads a makefile of ours from a pipe, prints one line and ends. What can fail: the
 * program cannot be run; it prints something else (ERR_CONFIG); it does not end (ERR_TIMEOUT): then
 * its process group is killed, as it is in every case, because only the line counts.
 */
#include "io/jobserver.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE_MS = 5000, OUTPUT_BYTES = 8192, VERSION_BYTES = 32 };

#define MARK "farmmake-probe "
static const char makefile[] = "$(info " MARK "$(MAKE_VERSION) $(.FEATURES))\nall:;\n";

static bool is_makes_own(const char *entry)
{
	static const char *const names[] = {
		"MAKEFLAGS=", "MFLAGS=", "GNUMAKEFLAGS=", "MAKEFILES=", "MAKELEVEL="};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_starts(entry, names[i]))
			return true;
	return false;
}

/* "-f -" would be copied to TMPDIR, which may be full. stdin and stdout are given; the process leads a group of its own. Returns its id or -errno. */
static int spawn(const char *program, int in, int out)
{
	char *const argv[] = {(char *)program, "-rRs", "-f", "/dev/stdin", NULL};
	struct strv env = {0};
	for (char **e = environ; *e; e++)
		if (!is_makes_own(*e))
			strv_push(&env, *e);
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_t attr;
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	char *none[] = {NULL};
	pid_t pid;
	int err = posix_spawnp(&pid, program, &files, &attr, argv, env.v ? env.v : none);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	strv_fini(&env);
	return err ? -err : pid;
}

/* Until the end of file, the deadline, or a full buffer. */
static int read_output(int fd, char *out)
{
	uint64_t deadline_ms = clock_now_ms() + DEADLINE_MS, now_ms;
	size_t len = 0;
	while ((now_ms = clock_now_ms()) < deadline_ms) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, (int)(deadline_ms - now_ms)) <= 0)
			continue;
		ssize_t n = read(fd, out + len, OUTPUT_BYTES - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		out[len] = '\0';
		if (n == 0 || len == OUTPUT_BYTES - 1)
			return 0;
	}
	return ERR_TIMEOUT;
}

static int run(const char *program, char *out)
{
	int in[2], back[2];
	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	_cleanup_close_ int in_r = in[0], in_w = in[1];
	if (pipe2(back, O_CLOEXEC) < 0)
		return -errno;
	_cleanup_close_ int back_r = back[0], back_w = back[1];
	int err = fs_write_all(in_w, makefile, sizeof makefile - 1);
	if (err)
		return err;
	close(in_w), in_w = -1;
	pid_t pid = spawn(program, in_r, back_w);
	if (pid < 0)
		return pid;
	close(back_w), back_w = -1;
	err = read_output(back_r, out);
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}

int jobserver_probe_make(const char *program, enum make_style *ret_style, char *ret_version)
{
	char out[OUTPUT_BYTES] = "";
	int err = run(program, out);
	if (err)
		return err;
	char *version = strstr(out, MARK);
	if (!version)
		return ERR_CONFIG;
	version += strlen(MARK);
	version[strcspn(version, "\n")] = '\0';
	size_t n = strcspn(version, " ");
	if (n == 0 || n >= VERSION_BYTES || version[0] < '0' || version[0] > '9')
		return ERR_CONFIG;
	const char *features = version[n] ? version + n + 1 : "";
	snprintf(ret_version, VERSION_BYTES, "%.*s", (int)n, version);
	*ret_style = makeflags_style(ret_version, features);
	return 0;
}
