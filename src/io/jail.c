/* jail - one farmjail process, its memfds and its report.
 *
 * Happy path: jail_start() describes the job in a memfd and spawns farmjail; on_exit reads the
 * report; on_closed hands the outcome over and is the end of the handle. Failure modes: memfds or a
 * process cannot be had (jail_start returns it), farmjail dies without a report or with the name of
 * the step that failed (ERR_JAIL), the job was killed (-ECANCELED). */
#include "jail_box.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/vec.h"
#include "core/side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DESC_BYTES_MAX = 4 << 20,
	JOB_NICE = 5, /* the node's own loop goes first */
};

struct jail {
	uv_process_t process;
	/* By number in the child; 0 is left to libuv, and the seccomp filter is the box's. */
	int fd[JAIL_FD_COUNT];
	bool killed;
	struct jail_groups *groups; /* whose place it has, or NULL */
	unsigned place;
	struct jail_outcome outcome;
	void (*on_done)(void *ctx, struct jail_outcome *o);
	void *ctx;
};

static const char *const lang_names[LANG_COUNT] = {[LANG_C] = "c", [LANG_CXX] = "c++"};
static const char *const output_flags[OUTPUT_KIND_COUNT] = {
	[OUTPUT_OBJECT] = "-c", [OUTPUT_ASSEMBLY] = "-S"};

/* gcc and clang read such an argument as an option or as the name of a file of arguments. */
static bool is_plain_name(const char *path)
{
	return path[0] && path[0] != '-' && path[0] != '@';
}

static const char *const deps_flags[DEPS_KIND_COUNT][4] = {
	[DEPS_ALL] = {"-MD", "-MF", VIEWPLAN_DEPS},
	[DEPS_USER] = {"-MMD", "-MF", VIEWPLAN_DEPS},
	[DEPS_CPP_ALL] = {"-Wp,-MD," VIEWPLAN_DEPS},
	[DEPS_CPP_USER] = {"-Wp,-MMD," VIEWPLAN_DEPS},
};

/* A flag is one word; but no clang until 16 knows this one so. */
static void push_flag(struct strv *argv, const char *flag)
{
	static const char llvm[] = "-mllvm=";
	if (!str_starts(flag, llvm)) {
		strv_push(argv, flag);
		return;
	}
	strv_push(argv, "-mllvm");
	strv_push(argv, flag + strlen(llvm));
}

/* A view's messages are what the user would have seen, with caret lines; and the output's name is the
 * desk's, unless it matters: then it is a link to there. */
static void build_argv(const struct jail_order *order, struct strv *argv)
{
	const struct job_spec *spec = order->spec;
	strv_push(argv, order->compiler);
	for (size_t i = 0; i < spec->flags.n; i++)
		push_flag(argv, spec->flags.v[i]);
	if (order->tree && !order->is_gcc)
		strv_push(argv, "-Werror=date-time"); /* what macros make of parts, nobody finds */
	for (const char *const *flag = deps_flags[spec->deps]; order->tree && *flag; flag++)
		strv_push(argv, *flag);
	if (!order->tree && order->is_gcc) {
		/* One line for each message: nobody is shown them, but they are counted (core/noise.h).
		 * clang has other words for it, and its only text is the self-test's. */
		strv_push(argv, "-fno-diagnostics-show-caret");
		strv_push(argv, "-fdiagnostics-color=never");
	}
	strv_push(argv, "-x");
	strv_push(argv, lang_names[spec->lang]);
	strv_push(argv, output_flags[spec->output_kind]);
	strv_push(argv, "-o");
	strv_push(argv, order->tree && !spec->names_output ? VIEWPLAN_OUTPUT : spec->output);
	strv_push(argv, spec->source);
}

static void copy_plan(const struct viewplan *from, struct viewplan *to)
{
	for (size_t i = 0; from && i < from->n; i++) {
		const struct viewplan_step *s = &from->v[i];
		vec_push(to, (struct viewplan_step){s->kind, xstrdup(s->path),
				     s->target ? xstrdup(s->target) : NULL});
	}
}

static bool is_wanted(const struct jail_order *order, int out)
{
	switch (out) {
	case JAIL_OUT_OUTPUT: return true;
	case JAIL_OUT_DEPS: return order->tree && order->spec->deps != DEPS_NONE;
	default: return side_is_in(order->spec->sides, (enum side)(out - JAIL_OUT_SIDE));
	}
}

/* Where the compiler leaves it; malloc'd. */
static char *place_of(const struct jail_order *order, int out)
{
	const char *output = order->spec->output;
	switch (out) {
	case JAIL_OUT_OUTPUT: return xstrdup(order->tree ? VIEWPLAN_OUTPUT : output);
	case JAIL_OUT_DEPS: return xstrdup(VIEWPLAN_DEPS);
	default: break;
	}
	enum side side = (enum side)(out - JAIL_OUT_SIDE);
	return order->tree ? xstrdup(side_table[side].desk) : side_name(output, side);
}

/* The sealed description, or -errno. */
static int describe(const struct jail_order *order)
{
	const struct jail_box *box = order->box;
	const struct job_spec *spec = order->spec;
	struct jail_desc d = {
		.cwd = xstrdup(spec->cwd),
		.source = xstrdup(spec->source),
		.tree = xstrdup(order->tree ? order->tree : ""),
		.utf8 = order->tree && spec->messages == MESSAGES_UTF8,
		.tmpfs_bytes = box->tmpfs_bytes,
		.memory_bytes = box->memory_bytes,
		.cpu_s = box->wall_s,
		.wall_s = box->wall_s,
		.nice = JOB_NICE,
		.way = box->way,
		.level = box->level,
		.is_trial = order->is_trial,
		.has_cgroup = box->groups != NULL,
		.no_clock = order->is_gcc,
	};
	for (int i = 0; i < JAIL_OUT_COUNT; i++)
		d.out[i] = is_wanted(order, i) ? place_of(order, i) : xstrdup("");
	build_argv(order, &d.argv);
	copy_plan(order->plan, &d.plan);
	for (size_t i = 0; i < box->binds.n; i++)
		strv_push(&d.binds, box->binds.v[i]);
	struct buf out;
	buf_init(&out, DESC_BYTES_MAX);
	int err = jail_desc_encode(&d, &out);
	int fd = err ? err : jail_box_seal("farmjail-job", out.data, out.len);
	buf_fini(&out);
	jail_desc_fini(&d);
	return fd;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void destroy(struct jail *j)
{
	for (size_t i = 0; i < JAIL_FD_COUNT; i++)
		if (i != JAIL_FD_SECCOMP)
			close_fd(&j->fd[i]);
	if (j->groups)
		jail_groups_give_back(j->groups, j->place);
	free(j);
}

static bool is_filled(const struct jail_order *order, int fd)
{
	if (fd >= JAIL_FD_OUT)
		return is_wanted(order, fd - JAIL_FD_OUT);
	return fd < JAIL_FD_DESC || fd == JAIL_FD_REPORT;
}

static int open_memfds(struct jail *j, const struct jail_order *order)
{
	for (int i = STDOUT_FILENO; i < JAIL_FD_COUNT; i++) {
		if (!is_filled(order, i))
			continue;
		j->fd[i] = memfd_create("farmjail-out", MFD_CLOEXEC);
		if (j->fd[i] < 0)
			return -errno;
	}
	return 0;
}

/* Moves a memfd into the outcome. */
static void hand_over(struct jail *j, int from, enum stream to)
{
	struct stat st;
	int fd = j->fd[from];
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return;
	j->outcome.fd[to] = fd;
	j->outcome.bytes[to] = (uint64_t)st.st_size;
	j->fd[from] = -1;
}

static enum stream stream_of(int out)
{
	switch (out) {
	case JAIL_OUT_OUTPUT: return STREAM_OUTPUT;
	case JAIL_OUT_DEPS: return STREAM_DEPS;
	default: return side_table[out - JAIL_OUT_SIDE].stream;
	}
}

static void read_outcome(struct jail *j, const struct jail_report *r)
{
	struct jail_outcome *o = &j->outcome;
	o->wait_status = r->wait_status;
	o->cpu_us = r->cpu_us;
	o->wall_us = r->wall_us;
	o->max_rss_kib = r->max_rss_kib;
	o->loose = r->loose;
	o->over_limit = r->over_limit || r->timed_out;
	o->lacks_side = r->lacks_side;
	hand_over(j, STDOUT_FILENO, STREAM_STDOUT);
	hand_over(j, STDERR_FILENO, STREAM_STDERR);
	for (int i = 0; i < JAIL_OUT_COUNT; i++)
		if (r->has[i])
			hand_over(j, JAIL_FD_OUT + i, stream_of(i));
}

static void judge(struct jail *j, int64_t exit_status, int term_signal)
{
	struct jail_outcome *o = &j->outcome;
	struct jail_report r;
	bool reported = pread(j->fd[JAIL_FD_REPORT], &r, sizeof r, 0) == sizeof r;
	if (j->killed) {
		o->err = -ECANCELED;
		snprintf(o->why, sizeof o->why, "killed");
	} else if (!reported) {
		o->err = ERR_JAIL;
		snprintf(o->why, sizeof o->why, "farmjail ended with %s %d",
			term_signal ? "signal" : "status",
			term_signal ? term_signal : (int)exit_status);
	} else if (r.setup_err) {
		o->err = ERR_JAIL;
		snprintf(o->why, sizeof o->why, "%.*s: %s", (int)sizeof r.setup_step, r.setup_step,
			err_str(r.setup_err));
	} else {
		read_outcome(j, &r);
	}
}

static void on_closed(uv_handle_t *h)
{
	struct jail *j = h->data;
	struct jail_outcome o = j->outcome;
	void (*on_done)(void *ctx, struct jail_outcome *o) = j->on_done;
	void *ctx = j->ctx;
	destroy(j);
	if (on_done)
		on_done(ctx, &o);
}

static void on_exit_process(uv_process_t *p, int64_t exit_status, int term_signal)
{
	struct jail *j = p->data;
	judge(j, exit_status, term_signal);
	uv_close((uv_handle_t *)p, on_closed);
}

static int spawn(uv_loop_t *loop, const struct jail_box *box, struct jail *j)
{
	uv_stdio_container_t stdio[JAIL_FD_COUNT] = {{.flags = UV_IGNORE}};
	for (int i = 1; i < JAIL_FD_COUNT; i++) {
		stdio[i].flags = j->fd[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
		stdio[i].data.fd = j->fd[i];
	}
	char *args[] = {box->helper, NULL}, *env[] = {NULL};
	uv_process_options_t options = {
		.exit_cb = on_exit_process,
		.file = box->helper,
		.args = args,
		.env = env,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED, /* a terminal's ^C is for the node to handle */
		.stdio_count = JAIL_FD_COUNT,
		.stdio = stdio,
	};
	j->process.data = j;
	return uv_spawn(loop, &j->process, &options);
}

static int join_group(struct jail *j, struct jail_groups *groups)
{
	int fd = jail_groups_take(groups, &j->place);
	if (fd < 0)
		return fd;
	j->groups = groups;
	j->fd[JAIL_FD_CGROUP] = fd;
	return 0;
}

/* What farmjail is started with, but for the text. */
static int prepare(struct jail *j, const struct jail_order *order)
{
	int err = open_memfds(j, order);
	if (!err && order->box->groups)
		err = join_group(j, order->box->groups);
	if (err)
		return err;
	int fd = describe(order);
	j->fd[JAIL_FD_DESC] = fd;
	return fd < 0 ? fd : 0;
}

int jail_start(const struct jail_order *order, struct jail **ret)
{
	const struct job_spec *spec = order->spec;
	bool is_named = !order->tree || spec->names_output;
	if (!is_plain_name(spec->source) || (is_named && !is_plain_name(spec->output)))
		return -EINVAL;
	struct jail *j = xcalloc(1, sizeof *j);
	for (size_t i = 0; i < JAIL_FD_COUNT; i++)
		j->fd[i] = -1;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		j->outcome.fd[i] = -1;
	j->fd[JAIL_FD_SECCOMP] = order->box->seccomp_fd;
	int err = prepare(j, order);
	if (err) {
		destroy(j);
		return err;
	}
	j->fd[JAIL_FD_TEXT] = order->text_fd;
	err = spawn(order->loop, order->box, j);
	if (err) {
		/* libuv has initialised the handle all the same: it must be closed */
		j->fd[JAIL_FD_TEXT] = -1;
		uv_close((uv_handle_t *)&j->process, on_closed);
		return err;
	}
	j->on_done = order->on_done;
	j->ctx = order->ctx;
	*ret = j;
	return 0;
}

void jail_kill(struct jail *j)
{
	j->killed = true;
	uv_process_kill(&j->process, SIGKILL);
}
