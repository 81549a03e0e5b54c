/* The jail alone, with so little time and memory that what spends them is soon over. */
#include "escape.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "io/jail.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMORY_MIB = 512, TMPFS_MIB = 96, WALL_S = 2, SLACK_MS = 5000, PROCESSES = 2048 };

struct cell {
	uv_loop_t loop;
	struct jail_box *box;
	struct strv binds;
	struct attempt *now;
};

struct cell *cell_create(const struct world *w, int *ret_level)
{
	struct cell *c = xcalloc(1, sizeof *c);
	char *why = NULL;
	_cleanup_free_ char *programs =
		xasprintf("%.*s", (int)(str_base(w->intruder) - w->intruder - 1), w->intruder);
	strv_push(&c->binds, programs);
	const struct jail_box_conf conf = {.binds = &c->binds,
		.memory_bytes = (uint64_t)MEMORY_MIB << 20,
		.tmpfs_bytes = (uint64_t)TMPFS_MIB << 20,
		.wall_s = WALL_S};
	int err = jail_box_create(&conf, &c->box);
	if (!err)
		err = jail_box_self_test(c->box, "/usr/bin/gcc", ret_level, &why);
	if (err) {
		fprintf(stderr, "escape: %s\n", why ? why : err_str(err));
		exit(2);
	}
	free(why);
	uv_loop_init(&c->loop);
	return c;
}

void cell_destroy(struct cell *c)
{
	uv_loop_close(&c->loop);
	jail_box_destroy(c->box);
	strv_fini(&c->binds);
	free(c);
}

static void take(struct buf *into, int fd)
{
	char block[65536];
	for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;)
		buf_append(into, block, (size_t)n);
	close(fd);
}

static void on_done(void *ctx, struct jail_outcome *o)
{
	struct attempt *a = ((struct cell *)ctx)->now;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (o->fd[i] >= 0)
			take(&a->streams[i], o->fd[i]);
	bool passed = WIFEXITED(o->wait_status) && WEXITSTATUS(o->wait_status) == 0;
	a->ending = o->err          ? ENDING_LOST
		    : o->over_limit ? ENDING_LIMITED
		    : passed        ? ENDING_PASSED
				    : ENDING_FAILED;
	snprintf(a->why, sizeof a->why, "%s", o->why);
}

/* What a program that was not stopped would have had more of. */
static const char *measure(const struct vector *v, struct attempt *a)
{
	static const struct {
		const char *deed;
		long most;
	} bounds[] = {
		{"fork", PROCESSES}, {"eat", MEMORY_MIB}, {"fill", TMPFS_MIB}, {"litter", 65536}};
	if (v->tool != TOOL_INTRUDER || a->ending != ENDING_PASSED)
		return NULL;
	struct buf *output = &a->streams[STREAM_OUTPUT];
	buf_append(output, "", 1);
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		if (strcmp(v->text, bounds[i].deed) == 0) {
			long got = atol((char *)output->data);
			return got > bounds[i].most ? "has more" : got <= 0 ? "did nothing" : NULL;
		}
	return output->len > 1 ? (char *)output->data : NULL;
}

/* A directory of the node's is refused by the jail itself: nothing has run. */
static bool is_refusal(const struct attempt *a)
{
	return a->ending == ENDING_LOST &&
	       (str_starts(a->why, "job directories: ") || str_starts(a->why, "source: "));
}

/* env, taken: what this process has while it starts the job. */
static void run(struct cell *c, const struct jail_order *order, char *env)
{
	struct jail *j;
	size_t n = env ? strcspn(env, "=") : 0;
	_cleanup_free_ char *name = xasprintf("%.*s", (int)n, env ? env : "");
	const char *before = n ? getenv(name) : NULL;
	_cleanup_free_ char *old = before ? xstrdup(before) : NULL;
	if (n)
		setenv(name, env + n + 1, 1);
	if (jail_start(order, &j) < 0) {
		close(order->text_fd);
		c->now->ending = ENDING_REFUSED;
	}
	if (old)
		setenv(name, old, 1);
	else if (n)
		unsetenv(name);
	uv_run(&c->loop, UV_RUN_DEFAULT);
	free(env);
}

void cell_try(struct cell *c, const struct world *w, const struct vector *v, struct attempt *ret)
{
	_cleanup_free_ char *text = world_expand(w, v->text);
	const char *compiler = tool_path(w, v->tool);
	if (!fs_is_executable(compiler)) {
		snprintf(ret->why, sizeof ret->why, "no %s", compiler);
		return;
	}
	int text_fd = memfd_create("text", MFD_CLOEXEC);
	struct job_spec spec;
	world_spec(w, v, &spec);
	if (text_fd < 0 || fs_write_all(text_fd, text, strlen(text)) < 0)
		exit(2);
	const struct jail_order order = {.loop = &c->loop,
		.box = c->box,
		.compiler = compiler,
		.spec = &spec,
		.text_fd = text_fd,
		.on_done = on_done,
		.ctx = c};
	c->now = ret;
	uint64_t start_ms = clock_now_ms();
	run(c, &order, v->env ? world_expand(w, v->env) : NULL);
	if (is_refusal(ret))
		ret->ending = ENDING_REFUSED;
	ret->escaped = measure(v, ret);
	if (clock_now_ms() - start_ms > WALL_S * 1000 + SLACK_MS)
		ret->escaped = "takes longer";
	job_spec_fini(&spec);
}
