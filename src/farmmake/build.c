#include "build.h"

#include "base/capacity.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "command.h"
#include "compilers.h"
#include "farm.h"
#include "history.h"
#include "inputs.h"
#include "io/probe.h"
#include "io/workers.h"
#include "lobby.h"
#include "make.h"
#include "machine.h"
#include "nodes.h"
#include "peer.h"
#include "record.h"
#include "rundir.h"
#include "tell.h"
#include "texts.h"
#include "watch.h"
#include "settings.h"
#include "wrapper.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 512, TOKEN_WAIT_US = 1000000, STAGE_BYTES_CAP = 1 << 30 };

static unsigned local_slots(const struct conf *c, const struct make_args *args)
{
	if (args->has_jobs && args->jobs > 0)
		return (unsigned)args->jobs;
	return c->local_slots > 0 ? (unsigned)c->local_slots : capacity_cores();
}

static uint64_t stage_bytes(void)
{
	uint64_t eighth = capacity_memory_bytes() / 8;
	return eighth < STAGE_BYTES_CAP ? eighth : STAGE_BYTES_CAP;
}

int build_exec_make(const struct conf *conf, const struct strv *args, unsigned jobs)
{
	struct strv argv = {0};
	strv_push(&argv, conf->make);
	if (jobs)
		strv_pushf(&argv, "-j%u", jobs);
	for (size_t i = 0; i < args->n; i++)
		strv_push(&argv, args->v[i]);
	execvp(conf->make, argv.v);
	log_error("cannot run %s: %s", conf->make, strerror(errno));
	strv_fini(&argv);
	return EXIT_NO_MAKE;
}

/* Without the farm. */
static int exec_alone(const struct conf *conf, const struct make_args *args)
{
	return build_exec_make(conf, &args->args, conf->run ? 0 : local_slots(conf, args));
}

static void on_repaid(void *ctx, unsigned n)
{
	farm_event(ctx, (struct sched_event){SCHED_REPAID, .n = n});
}

static int create_jobserver(struct farm *f, enum make_style style)
{
	struct make_auth outer;
	const char *flags = getenv("MAKEFLAGS");
	makeflags_parse_auth(flags ? flags : "", &outer);
	struct jobserver_conf conf = {
		.loop = &f->loop,
		.style = style,
		.local_slots = f->local_slots,
		.width = f->local_slots,
		.dir = f->rundir->path,
		.outer = outer.kind == AUTH_NONE ? NULL : &outer,
		.on_repaid = on_repaid,
		.ctx = f,
	};
	int err = jobserver_create(&conf, &f->js);
	if (err == ERR_STATE && conf.outer) {
		log_warning(
			"the jobserver of the make above cannot be used (mark the recipe with +): "
			"one job at a time here");
		conf.outer = NULL;
		conf.local_slots = conf.width = f->local_slots = 1;
		err = jobserver_create(&conf, &f->js);
	}
	return err;
}

static void on_connection(uv_stream_t *listener, int status)
{
	if (status == 0)
		wrapper_accept(listener->data);
}

static int listen_for_wrappers(struct farm *f)
{
	uv_pipe_init(&f->loop, &f->listener, 0);
	f->listener.data = f;
	int err = uv_pipe_bind(&f->listener, f->rundir->socket);
	if (!err)
		err = uv_listen((uv_stream_t *)&f->listener, LISTEN_BACKLOG, on_connection);
	return err;
}

static void on_jobserver_closed(void *ctx)
{
	struct farm *f = ctx;
	f->js = NULL;
}

static void on_inputs_closed(void *ctx)
{
	struct farm *f = ctx;
	f->inputs = NULL;
}

static void on_make_done(struct make_run *run)
{
	uv_stop(&run->farm->loop);
}

static void destroy(struct farm *f)
{
	sched_destroy(f->sched);
	vec_fini(&f->plan);
	vec_fini(&f->events);
	vec_fini(&f->heavy);
	idmap_fini(&f->wrappers);
	idmap_fini(&f->watched);
	peer_destroy_all(f);
	compilers_destroy(f->compilers);
	texts_destroy(f->texts);
	record_destroy(f->record);
	history_save(f->costs);
	keyring_wipe(&f->keys);
	conf_fini(&f->conf);
}

/* Everything that the loop holds is closed, then the loop runs until nothing is left. */
static void shut_down(struct farm *f, struct make_run *run)
{
	f->closing = true;
	if (run)
		make_stop(run);
	uv_close((uv_handle_t *)&f->listener, NULL);
	nodes_stop(f);
	machine_stop(f);
	wrapper_close_all(f);
	peer_close_all(f);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	inputs_close(f->inputs, on_inputs_closed, f);
	jobserver_close(f->js, on_jobserver_closed, f);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	int busy = uv_loop_close(&f->loop);
	assert(busy == 0);
	(void)busy;
}

/* No node shall know which of its results are checked; tests do. */
static uint64_t check_seed(void)
{
	uint64_t seed = clock_now_us();
	const char *given = getenv("FARMMAKE_TEST_SEED");
	if (given)
		return strtoull(given, NULL, 10);
	if (getrandom(&seed, sizeof seed, 0) < 0)
		log_debug("no random numbers: the sample of checked results can be guessed");
	return seed;
}

static void create(struct farm *f, struct conf *conf, const struct make_args *args)
{
	f->conf = *conf;
	*conf = (struct conf){0};
	f->start_us = clock_now_us();
	f->local_slots = local_slots(&f->conf, args);
	list_init(&f->peers);
	uv_loop_init(&f->loop);
	workers_start(&f->loop);
	_cleanup_free_ char *blocks = xasprintf("%s/blocks", f->rundir->path);
	f->texts = texts_create(blocks);
	f->inputs = inputs_create(&f->loop);
	struct sched_conf sc = {.local_slots = f->local_slots,
		.stage_bytes_max = stage_bytes(),
		.token_wait_us = TOKEN_WAIT_US};
	f->result_bytes_max = 2 * stage_bytes();
	f->sched = sched_create(&sc);
	f->compilers = compilers_create();
	f->record = record_create();
	f->costs = history_load();
	lobby_open(f);
	f->check_seed = check_seed();
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	log_debug("0.000 is %lld.%03ld", (long long)t.tv_sec, t.tv_nsec / 1000000);
}

static int make_rundir(struct rundir *ret)
{
	_cleanup_free_ char *farmcc = probe_find_helper("farmcc");
	if (!farmcc) {
		log_error("farmcc is not installed beside farmmake");
		return ERR_CONFIG;
	}
	const char *path = getenv("PATH");
	return rundir_create(farmcc, path ? path : "/usr/bin:/bin", ret);
}

/* Sockets of many nodes and wrappers need more than the usual soft limit; make, already running, has
 * the user's own. */
static void raise_descriptor_limit(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

/* make is over: who is impatient now must not keep us from tidying up. They stay held until the end. */
static void hold_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Of a build that is soon over nothing can be said. */
static void note_nodes(const struct farm *f)
{
	bool any = peer_any_up(f);
	if (any || farm_seconds(f) > 1)
		history_note_nodes(any);
}

/* The farm is up; make runs in it until its end. */
static int run_make(
	struct farm *f, const struct make_args *args, const char *report, int *ret_signal)
{
	struct make_run run = {.on_done = on_make_done};
	char *none[] = {NULL}, **make_args = args->args.v ? args->args.v : none;
	nodes_start(f);
	machine_start(f);
	int err = make_start(&run, f, &args->args);
	int status = EXIT_NO_MAKE;
	if (err) {
		log_error("cannot run %s: %s", f->conf.make, err_str(err));
	} else {
		raise_descriptor_limit();
		watch_start(f, run.process.pid);
		tell_start(f, make_args);
		uv_run(&f->loop, UV_RUN_DEFAULT);
		watch_stop(f);
		status = make_shell_status(&run);
		tell_stop(f, status);
		*ret_signal = run.term_signal;
		bool show = f->conf.verbose || isatty(STDERR_FILENO);
		record_finish(f, report, show, status, make_args);
	}
	hold_signals();
	note_nodes(f);
	shut_down(f, &run);
	return status;
}

static int run_farm(
	struct farm *f, enum make_style style, const struct make_args *args, int *ret_signal)
{
	int err = listen_for_wrappers(f);
	if (!err)
		err = create_jobserver(f, style);
	if (err) {
		log_warning("cannot set the farm up (%s); make runs without it", err_str(err));
		signal(SIGPIPE, SIG_DFL);
		signal(SIGXFSZ, SIG_DFL);
		return exec_alone(&f->conf, args);
	}
	_cleanup_free_ char *report = settings_report(&f->conf);
	return run_make(f, args, report, ret_signal);
}

static int find_style(const struct conf *conf, const struct make_args *args, enum make_style *ret)
{
	char version[32];
	if (conf->run) {
		*ret = command_style(conf->make, &args->args);
		return 0;
	}
	int err = jobserver_probe_make(conf->make, ret, version);
	if (err)
		log_error(
			"%s: %s", conf->make, err == ERR_CONFIG ? "is not GNU make" : err_str(err));
	return err;
}

int build_run(struct conf *conf, const struct make_args *args, int *ret_signal)
{
	enum make_style style;
	int err = find_style(conf, args, &style);
	if (err)
		return EXIT_NO_MAKE;
	struct keyring keys = {0};
	bool has_key;
	int status = settings_keys(conf, &keys, &has_key);
	if (status)
		return status;
	struct rundir dir = {0};
	err = style == MAKE_NONE ? ERR_CONFIG : make_rundir(&dir);
	if (err) {
		log_warning("no farm for this build (%s): make runs alone",
			style == MAKE_NONE ? "make has no jobserver" : err_str(err));
		keyring_wipe(&keys);
		return exec_alone(conf, args);
	}
	struct farm farm = {.keys = keys, .has_key = has_key, .rundir = &dir};
	keyring_wipe(&keys);
	signal(SIGPIPE, SIG_IGN); /* a link that breaks is an error code, */
	signal(SIGXFSZ, SIG_IGN); /* and so is a file that cannot grow */
	create(&farm, conf, args);
	status = run_farm(&farm, style, args, ret_signal);
	destroy(&farm);
	rundir_remove(&dir);
	return status;
}
