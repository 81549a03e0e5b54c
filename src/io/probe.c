/* probe - farmprobe in a process group of its own, its output through a pipe, with a deadline.
 *
 * Failure modes: no farmprobe (-ENOENT), it refuses the compiler or prints nonsense (ERR_COMPILER),
 * it hangs (ERR_TIMEOUT; it is asked to end, since it has a directory and children to leave, and then
 * killed). */
#include "io/probe.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Some twenty programs, each of which has a limit of its own; and how long it may take to leave. */
enum { PROBE_LIMIT_MS = 600 * 1000, PROBE_LEAVE_MS = 2000 };

/* The build tree keeps each program in a directory of its name; an installation has bin and
 * libexec. The first word stands for the directory of the running program. */
static char *candidate(size_t i, const char *name, const char *dir)
{
	const char *build = getenv("FARMMAKE_HELPER_DIR");
	switch (i) {
	case 0: return build ? xasprintf("%s/%s/%s", build, name, name) : xstrdup("");
	case 1: return xasprintf("%s/%s", dir, name);
	case 2: return xasprintf("%s/../%s/%s", dir, name, name);
	case 3: return xasprintf("%s/../libexec/farmmake/%s", dir, name);
	case 4: return xasprintf("%s/%s", FARMMAKE_LIBEXECDIR, name);
	default: return NULL;
	}
}

static char *own_directory(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0)
		return xstrdup("/nonexistent");
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	return xstrndup(exe, slash ? (size_t)(slash - exe) : 0);
}

char *probe_find_helper(const char *name)
{
	_cleanup_free_ char *dir = own_directory();
	for (size_t i = 0;; i++) {
		char *path = candidate(i, name, dir);
		if (!path || fs_is_executable(path))
			return path;
		free(path);
	}
}

static int spawn(char *const *argv, int out_fd, pid_t *ret_pid)
{
	posix_spawnattr_t attr;
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int err = posix_spawn(ret_pid, argv[0], &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -err;
}

/* Everything up to the end of the pipe. */
static int read_output(int fd, struct buf *out)
{
	uint64_t deadline_ms = clock_now_ms() + PROBE_LIMIT_MS;
	for (;;) {
		uint64_t now_ms = clock_now_ms();
		if (now_ms >= deadline_ms)
			return ERR_TIMEOUT;
		struct pollfd p = {fd, POLLIN, 0};
		if (poll(&p, 1, (int)(deadline_ms - now_ms)) <= 0)
			continue;
		uint8_t chunk[TOOLCHAIN_TEXT_MAX];
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		int err = buf_append(out, chunk, (size_t)n);
		if (err)
			return err;
	}
}

/* Its end of the pipe is closed when it has gone. */
static void stop(pid_t pid, int fd)
{
	kill(pid, SIGTERM);
	struct pollfd gone = {fd, 0, 0};
	if (poll(&gone, 1, PROBE_LEAVE_MS) != 1)
		kill(-pid, SIGKILL);
}

/* Runs argv and keeps what it prints. */
static int capture(char *const *argv, struct buf *out)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	_cleanup_close_ int read_end = ends[0];
	pid_t pid;
	int err = spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (err)
		return err;
	err = read_output(read_end, out);
	if (err)
		stop(pid, read_end);
	int status = -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (err)
		return err == ERR_TOOBIG ? ERR_COMPILER : err;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return ERR_TIMEOUT;
	return status == 0 ? 0 : ERR_COMPILER;
}

int probe_run(const char *compiler, const char *cache_dir, unsigned cores, struct toolchain *ret)
{
	_cleanup_free_ char *helper = probe_find_helper("farmprobe");
	if (!helper)
		return -ENOENT;
	struct strv argv = {0};
	strv_push(&argv, helper);
	if (cache_dir) {
		strv_push(&argv, "--cache");
		strv_push(&argv, cache_dir);
	}
	strv_push(&argv, "--cores");
	strv_pushf(&argv, "%u", cores);
	strv_push(&argv, compiler);
	struct buf out;
	buf_init(&out, TOOLCHAIN_TEXT_MAX);
	int err = capture(argv.v, &out);
	wr_u8(&out, 0);
	if (!err)
		err = out.err ? ERR_COMPILER : toolchain_parse((const char *)out.data, ret);
	buf_fini(&out);
	strv_fini(&argv);
	return err;
}
