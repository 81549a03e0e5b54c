/* The compiler with no jail, as a user of no consequence: what the vector is worth. */
#include "escape.h"

#include "base/clock.h"
#include "base/fs.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NOBODY = 65534,
	LIMIT_MS = 10000,
	TALK_MS = 1000, /* somebody that connects waits for an answer */
};

/* Only what cannot hurt this machine. */
static bool is_harmless(const struct vector *v)
{
	bool stays = !v->output || v->output[0] == '%' || v->output[0] == '.';
	return v->aim < AIM_SPEND && !v->source && !v->cwd && stays;
}

static void limit(__rlimit_resource_t what, rlim_t value)
{
	const struct rlimit r = {value, value};
	setrlimit(what, &r);
}

__attribute__((noreturn)) static void become(const struct world *w, const struct vector *v, int out)
{
	static const char *const langs[] = {[LANG_C] = "c", [LANG_CXX] = "c++"};
	struct job_spec spec;
	struct strv argv = {0};
	world_spec(w, v, &spec);
	strv_push(&argv, tool_path(w, v->tool));
	for (size_t i = 0; i < spec.flags.n; i++)
		strv_push(&argv, spec.flags.v[i]);
	strv_pushf(&argv, "-x%s", langs[spec.lang]);
	strv_push(&argv, "-c");
	strv_push(&argv, "-o");
	strv_push(&argv, spec.output);
	strv_push(&argv, spec.source);
	setenv("TMPDIR", world_expand(w, "%r/job"),
		1); /* theirs, and swept: a crash leaves much there */
	if (v->env)
		putenv(world_expand(w, v->env));
	limit(RLIMIT_AS, (rlim_t)1 << 30);
	limit(RLIMIT_CPU, LIMIT_MS / 1000);
	limit(RLIMIT_FSIZE, (rlim_t)16 << 20);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	setsid();
	bool down = geteuid() != 0 ||
		    (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
			    setresuid(NOBODY, NOBODY, NOBODY) == 0);
	if (down && chdir(spec.cwd) == 0)
		execv(argv.v[0], argv.v);
	_exit(127);
}

static int await(pid_t pid, unsigned limit_ms)
{
	int status = 0;
	uint64_t deadline_ms = clock_now_ms() + limit_ms;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_now_ms() > deadline_ms)
			kill(-pid, SIGKILL);
		usleep(2000);
	}
	kill(-pid, SIGKILL);
	return status;
}

static void take(struct buf *into, int fd)
{
	char block[65536];
	lseek(fd, 0, SEEK_SET);
	for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;)
		buf_append(into, block, (size_t)n);
}

void bare_try(const struct world *w, const struct vector *v, struct attempt *ret)
{
	if (!is_harmless(v)) {
		snprintf(ret->why, sizeof ret->why, "would hurt this machine");
		return;
	}
	_cleanup_free_ char *text = world_expand(w, v->text),
			    *source = world_expand(w, "%r/job/a.c");
	_cleanup_free_ char *output = world_expand(w, "%r/job/a.o"),
			    *header = world_expand(w, "%r/job/a.h");
	FILE *out = tmpfile();
	if (!out || fs_write_atomic(source, text, strlen(text), 0644) < 0 ||
		fs_write_atomic(header, "", 0, 0644) < 0)
		exit(2);
	pid_t pid = fork();
	if (pid == 0)
		become(w, v, fileno(out));
	int status = await(pid, v->aim == AIM_CONNECT ? TALK_MS : LIMIT_MS);
	ret->ending = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ENDING_PASSED : ENDING_FAILED;
	take(&ret->streams[STREAM_STDERR], fileno(out));
	fclose(out);
	_cleanup_close_ int object = open(output, O_RDONLY | O_CLOEXEC);
	if (object >= 0)
		take(&ret->streams[STREAM_OUTPUT], object);
	/* all that it left where it was */
	_cleanup_free_ char *sweep = xasprintf("rm -rf %s/job/*", w->dir);
	if (system(sweep) != 0)
		exit(2);
}
