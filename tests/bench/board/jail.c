/* jail - for the bench's boards: io/jail.h without farmjail. A job is a timer, and what replay/ has
 * recorded of its compile is what comes out of it.
 *
 * A farm of hundreds of cores on a machine with two would spend these on jails, which real boards
 * have cores for. All else of a board is farmnode's own: connections, views, queue, packing. */
#include "io/jail.h"

#include "../replay/job.h"
#include "../replay/record.h"
#include "base/err.h"
#include "base/log.h"
#include "core/side.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct jail_box {
	char *compiler; /* whose records and pace these are */
	char *records;
	double pace;
};

struct jail {
	uv_timer_t timer;
	struct jail_outcome outcome;
	void (*on_done)(void *ctx, struct jail_outcome *o);
	void *ctx;
};

int jail_box_create(const struct jail_box_conf *conf, struct jail_box **ret)
{
	(void)conf;
	*ret = xcalloc(1, sizeof **ret);
	return 0;
}

static void forget(struct jail_box *box)
{
	free(box->compiler);
	free(box->records);
	*box = (struct jail_box){0};
}

void jail_box_destroy(struct jail_box *box)
{
	if (box)
		forget(box);
	free(box);
}

bool jail_box_has_groups(const struct jail_box *box)
{
	(void)box;
	return false;
}

bool jail_box_needs_root(const struct jail_box *box)
{
	(void)box;
	return false;
}

int jail_box_self_test(struct jail_box *box, const char *compiler, int *ret_level, char **ret_why)
{
	(void)box;
	(void)compiler;
	*ret_level = JAIL_LEVEL_NONE;
	*ret_why = xstrdup("a board of the bench runs no compilers");
	return 0;
}

int jail_box_try_view(struct jail_box *box, const char *compiler, const char *tree,
	const struct viewplan *plan, char **ret_why)
{
	(void)box;
	(void)compiler;
	(void)tree;
	(void)plan;
	(void)ret_why;
	return 0;
}

static int use_compiler(struct jail_box *box, const char *compiler)
{
	if (box->compiler && strcmp(box->compiler, compiler) == 0)
		return 0;
	const char *end = strstr(compiler, "/bin/");
	_cleanup_free_ char *prefix = xstrndup(compiler, end ? (size_t)(end - compiler) : 0);
	_cleanup_free_ char *pace = record_setting(prefix, "pace");
	forget(box);
	box->records = record_setting(prefix, "records");
	if (!pace || !box->records)
		return ERR_JAIL;
	box->compiler = xstrdup(compiler);
	box->pace = strtod(pace, NULL);
	return 0;
}

/* The command as far as a record's key depends on it. */
static void scan(const struct job_spec *spec, struct job *ret)
{
	struct strv argv = {0};
	strv_push(&argv, "gcc");
	for (size_t i = 0; i < spec->flags.n; i++)
		strv_push(&argv, spec->flags.v[i]);
	strv_push(&argv, spec->output_kind == OUTPUT_ASSEMBLY ? "-S" : "-c");
	strv_push(&argv, "-o");
	strv_push(&argv, spec->output);
	strv_push(&argv, spec->source);
	job_scan(argv.v, spec->cwd, ret);
	strv_fini(&argv);
}

static void give(struct jail_outcome *o, enum stream stream, const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		o->fd[stream] = fd;
		o->bytes[stream] = (uint64_t)st.st_size;
	}
}

static void take_outcome(struct jail_outcome *o, const struct job_spec *spec, const char *dir)
{
	give(o, STREAM_STDERR, dir, "err");
	give(o, STREAM_OUTPUT, dir, "out");
	if (side_is_in(spec->sides, SIDE_DWO))
		give(o, STREAM_DWO, dir, "dwo");
	if (spec->deps != DEPS_NONE)
		give(o, STREAM_DEPS, dir, "dep");
}

static void on_closed(uv_handle_t *h)
{
	struct jail *j = h->data;
	j->on_done(j->ctx, &j->outcome);
	free(j);
}

static void on_time(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, on_closed);
}

static int look_up(const struct jail_order *order, struct jail_outcome *o)
{
	const char *records = order->box->records;
	struct job job;
	struct cost cost;
	scan(order->spec, &job);
	int err = job.source && record_find(records, &job, &cost) ? 0 : ERR_JAIL;
	if (err) {
		log_error("%s was never recorded", order->spec->source);
	} else {
		_cleanup_free_ char *dir = record_dir(records, &job);
		take_outcome(o, order->spec, dir);
		o->wait_status = cost.wait_status;
		o->cpu_us = o->wall_us = (uint64_t)((double)cost.full_us * order->box->pace);
	}
	job_fini(&job);
	return err;
}

int jail_start(const struct jail_order *order, struct jail **ret)
{
	struct jail_outcome o = {0};
	for (size_t i = 0; i < STREAM_COUNT; i++)
		o.fd[i] = -1;
	int err = use_compiler(order->box, order->compiler);
	if (!err)
		err = look_up(order, &o);
	if (err)
		return err;
	if (order->text_fd >= 0)
		close(order->text_fd);
	struct jail *j = xcalloc(1, sizeof *j);
	*j = (struct jail){.outcome = o, .on_done = order->on_done, .ctx = order->ctx};
	j->timer.data = j;
	uv_timer_init(order->loop, &j->timer);
	uv_timer_start(&j->timer, on_time, o.wall_us / 1000, 0);
	*ret = j;
	return 0;
}

void jail_kill(struct jail *j)
{
	j->outcome.err = -ECANCELED;
	snprintf(j->outcome.why, sizeof j->outcome.why, "killed");
	if (!uv_is_closing((uv_handle_t *)&j->timer))
		uv_close((uv_handle_t *)&j->timer, on_closed);
}
