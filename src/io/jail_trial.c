/* jail_trial - the proof, at the node's start, that the jail holds.
 *
 * Happy path: farmjail's own trial reports which walls are loose; then a one-line source compiles,
 * and one that asks the assembler for /etc/passwd does not. Failure modes: no namespaces here
 * (ERR_JAIL, with the step that failed and the cause), a compiler that does not work in the jail. */
#include "jail_box.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What came out of one job of the self-test. */
struct trial {
	bool passed; /* exit status 0 */
	bool has_output;
	uint32_t loose;
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
	t->loose = o->loose;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
}

/* One job, of this kind and with its input, which is taken. */
static int try_order(struct jail_box *box, const char *compiler, const struct jail_order *kind,
	struct trial *ret)
{
	struct job_spec spec = {
		.cwd = (char[]){"/farm/self-test"},
		.source = (char[]){"test.c"},
		.output = (char[]){"test.o"},
	};
	uv_loop_t loop;
	int err = uv_loop_init(&loop);
	if (err)
		return err;
	struct jail *j;
	struct jail_order order = *kind;
	*ret = (struct trial){0};
	order.loop = &loop;
	order.box = box;
	order.compiler = compiler;
	order.spec = &spec;
	order.on_done = on_trial_done;
	order.ctx = ret;
	err = jail_start(&order, &j);
	if (err && order.text_fd >= 0)
		close(order.text_fd);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return err ? err : ret->err;
}

/* text NULL: the walls' trial. */
static int try_job(struct jail_box *box, const char *compiler, const char *text, struct trial *ret)
{
	int fd = jail_box_seal("farmjail-text", text ? text : "", text ? strlen(text) : 0);
	if (fd < 0)
		return fd;
	const struct jail_order kind = {.text_fd = fd, .is_trial = !text};
	return try_order(box, compiler, &kind, ret);
}

/* The first way in which a jail can be built at all. *t is the last trial. */
static int find_way(struct jail_box *box, const char *compiler, struct trial *t)
{
	int err = ERR_JAIL;
	for (box->way = 0; box->way < JAIL_WAY_COUNT; box->way++) {
		if (box->way == JAIL_WAY_ROOT && geteuid() != 0)
			break;
		err = try_job(box, compiler, NULL, t);
		if (!err && t->passed)
			return 0;
	}
	box->way = JAIL_WAY_USER;
	return err ? err : ERR_JAIL;
}

static char *name_walls(uint32_t loose)
{
	static const char *const names[JAIL_WALL_COUNT] = {
		[JAIL_WALL_FILES] = "reach files of this machine",
		[JAIL_WALL_PROCESSES] = "reach other processes",
		[JAIL_WALL_NETWORK] = "open sockets",
		[JAIL_WALL_CALLS] = "make any system call",
	};
	char *text = xstrdup("jobs can");
	const char *joint = "";
	for (size_t i = 0; i < JAIL_WALL_COUNT; i++) {
		if (!(loose >> i & 1) || !names[i])
			continue;
		char *longer = xasprintf("%s%s %s", text, joint, names[i]);
		free(text);
		text = longer;
		joint = ",";
	}
	return text;
}

static enum jail_level rate(uint32_t loose)
{
	const uint32_t beside = 1u << JAIL_WALL_BESIDE;
	if (loose & ~beside)
		return JAIL_LEVEL_NONE;
	return loose ? JAIL_LEVEL_NAMESPACES : JAIL_LEVEL_LANDLOCK;
}

static int complain(const char *what, const struct trial *t, int err, char **ret_why)
{
	*ret_why = xasprintf("the jail does not work: %s", t->why[0] ? t->why
							   : err     ? err_str(err)
								     : what);
	return ERR_JAIL;
}

int jail_box_self_test(struct jail_box *box, const char *compiler, int *ret_level, char **ret_why)
{
	struct trial t = {0};
	box->level = JAIL_LEVEL_NONE;
	int err = find_way(box, compiler, &t);
	if (err)
		return complain("the trial failed", &t, err, ret_why);
	uint32_t loose = t.loose;
	err = try_job(box, compiler, "int farm(void) { return 42; }\n", &t);
	if (err || !t.passed)
		return complain("a trivial source does not compile", &t, err, ret_why);
	err = try_job(box, compiler, "__asm__(\".incbin \\\"/etc/passwd\\\"\");\n", &t);
	if (err)
		return complain("", &t, err, ret_why);
	if (t.passed && t.has_output)
		loose |= 1u << JAIL_WALL_FILES;
	box->level = rate(loose);
	if (box->level == JAIL_LEVEL_NONE)
		*ret_why = name_walls(loose);
	*ret_level = (int)box->level;
	return 0;
}

int jail_box_try_view(struct jail_box *box, const char *compiler, const char *tree,
	const struct viewplan *plan, char **ret_why)
{
	struct trial t = {0};
	const struct jail_order kind = {.text_fd = -1, .tree = tree, .plan = plan};
	int err = try_order(box, compiler, &kind, &t);
	if (!err && t.passed && t.has_output)
		return 0;
	return complain("a trivial source does not compile", &t, err, ret_why);
}
