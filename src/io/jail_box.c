/* jail_box - what the jobs of a node share, and the proof that the jail holds.
 *
 * Happy path of the self-test: a one-line source compiles in the jail, and one that asks the
 * assembler for /etc/passwd does not. Failure modes: no user namespaces here (ERR_JAIL, with the
 * step that failed and the cause), or a jail that leaks. */
#include "jail_box.h"

#include "base/err.h"
#include "base/fs.h"
#include "io/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEVEL_NAMESPACES = 2, LEVEL_LANDLOCK = 3 };

int jail_box_add_seals(int fd)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}

int jail_box_seal(const char *name, const void *data, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int err = fs_write_all(fd, data, n);
	if (!err)
		err = jail_box_add_seals(fd);
	if (err)
		close(fd);
	return err ? err : fd;
}

int jail_box_create(const struct jail_box_conf *conf, struct jail_box **ret)
{
	struct jail_box *box = xcalloc(1, sizeof *box);
	box->helper = conf->helper ? xstrdup(conf->helper) : probe_find_helper("farmjail");
	box->memory_bytes = conf->memory_bytes;
	box->wall_s = conf->wall_s;
	for (size_t i = 0; conf->binds && i < conf->binds->n; i++)
		strv_push(&box->binds, conf->binds->v[i]);
	box->seccomp_fd = jail_box_build_filter();
	int err = box->seccomp_fd < 0 ? box->seccomp_fd : 0;
	if (!err && (!box->helper || !fs_is_executable(box->helper)))
		err = -ENOENT;
	if (err) {
		jail_box_destroy(box);
		return err;
	}
	*ret = box;
	return 0;
}

void jail_box_destroy(struct jail_box *box)
{
	if (!box)
		return;
	if (box->seccomp_fd >= 0)
		close(box->seccomp_fd);
	strv_fini(&box->binds);
	free(box->helper);
	free(box);
}

/* What came out of one job of the self-test. */
struct trial {
	bool passed; /* exit status 0 */
	bool has_output;
	int err;
	char why[sizeof((struct jail_outcome *)0)->why];
};

static void on_trial_done(void *ctx, struct jail_outcome *o)
{
	struct trial *t = ctx;
	t->err = o->err;
	memcpy(t->why, o->why, sizeof t->why);
	t->passed = !o->err && WIFEXITED(o->wait_status) && WEXITSTATUS(o->wait_status) == 0;
	t->has_output = o->fd[STREAM_OUTPUT] >= 0;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
}

static int try_text(struct jail_box *box, const char *compiler, const char *text, struct trial *ret)
{
	struct job_spec spec = {
		.cwd = (char[]){"/farm/self-test"},
		.source = (char[]){"test.c"},
		.output = (char[]){"test.o"},
	};
	uv_loop_t loop;
	*ret = (struct trial){0};
	int err = uv_loop_init(&loop);
	if (err)
		return err;
	int text_fd = jail_box_seal("farmjail-text", text, strlen(text));
	struct jail *j;
	const struct jail_order order = {&loop, box, compiler, &spec, text_fd, on_trial_done, ret};
	err = text_fd < 0 ? text_fd : jail_start(&order, &j);
	if (err && text_fd >= 0)
		close(text_fd);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return err ? err : ret->err;
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

int jail_box_self_test(struct jail_box *box, const char *compiler, int *ret_level, char **ret_why)
{
	struct trial t;
	int err = try_text(box, compiler, "int farm(void) { return 42; }\n", &t);
	if (err || !t.passed) {
		*ret_why = xasprintf(
			"the jail does not work: %s", t.why[0] ? t.why
						      : err    ? err_str(err)
							    : "a trivial source does not compile");
		return ERR_JAIL;
	}
	err = try_text(box, compiler, "__asm__(\".incbin \\\"/etc/passwd\\\"\");\n", &t);
	if (err || (t.passed && t.has_output)) {
		*ret_why = xasprintf(
			"the jail leaks: %s", err ? err_str(err) : "a job has read /etc/passwd");
		return ERR_JAIL;
	}
	*ret_level = has_landlock() ? LEVEL_LANDLOCK : LEVEL_NAMESPACES;
	return 0;
}
