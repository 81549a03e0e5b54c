/* The happy path: setup, the loop, a signal, drain (running jobs end and are sent), close, exit 0.
 * What cuts it short: a second signal, or DRAIN_MS, after which running jobs are killed; their
 * clients do them elsewhere. */
#include "node_impl.h"

#include "base/capacity.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "daemon.h"
#include "io/netif.h"
#include "io/notify.h"
#include "io/workers.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DRAIN_MS = 30 * 1000, BUDGET_PART = 4 };

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

static struct beacon make_beacon(const struct node *n)
{
	struct beacon b = {.version = WIRE_VERSION,
		.tcp_port = n->port,
		.slots = (uint16_t)n->slots,
		.free = (uint16_t)n->server->free,
		.queued = (uint16_t)n->server->queued,
		.jail_level = (uint16_t)n->jail_level,
		.draining = n->draining};
	memcpy(b.boot_id, n->boot_id, sizeof b.boot_id);
	toolchains_digest(&n->toolchains, b.toolchains);
	snprintf(b.name, sizeof b.name, "%s", n->name);
	return b;
}

static void on_load(void *ctx)
{
	struct node *n = ctx;
	panel_show(n->panel, n->slots - n->server->free);
	if (!n->announce || n->closing)
		return;
	struct beacon b = make_beacon(n);
	announce_update(n->announce, &b);
}

/* The loop ends when the last handle is closed. */
static void close_handles(struct node *n)
{
	if (!n->handles)
		return;
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		uv_close((uv_handle_t *)&n->signals[i], NULL);
	exporter_close(n->exporter);
	n->exporter = NULL;
	panel_close(n->panel);
	n->panel = NULL;
	uv_close((uv_handle_t *)&n->drain_limit, NULL);
	uv_close((uv_handle_t *)&n->watchdog, NULL);
	n->handles = false;
}

static void on_announce_closed(void *ctx)
{
	struct node *n = ctx;
	n->announce = NULL;
	close_handles(n);
}

static void on_server_closed(void *ctx)
{
	struct node *n = ctx;
	n->server = NULL;
	if (n->announce)
		announce_close(n->announce, on_announce_closed, n);
	else
		close_handles(n);
}

static void shut_down(struct node *n)
{
	if (n->closing)
		return;
	n->closing = true;
	if (n->server)
		server_close(n->server, on_server_closed, n);
	else
		close_handles(n);
}

static void on_idle(void *ctx)
{
	shut_down(ctx);
}

static void on_drain_limit(uv_timer_t *timer)
{
	log_warning("jobs still run after %d s: killed", DRAIN_MS / 1000);
	shut_down(timer->data);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct node *n = handle->data;
	if (n->draining || n->closing) {
		shut_down(n);
		return;
	}
	log_info("stopped by signal %d: %u jobs run, %u are handed back", signum,
		n->slots - n->server->free, n->server->queued);
	n->draining = true;
	notify_send("STOPPING=1");
	uv_timer_start(&n->drain_limit, on_drain_limit, DRAIN_MS, 0);
	on_load(n);
	server_drain(n->server);
}

/* From the loop, so that a loop that hangs is heard of. */
static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_send("WATCHDOG=1");
}

static void open_handles(struct node *n)
{
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		uv_signal_init(n->loop, &n->signals[i]);
		n->signals[i].data = n;
		uv_signal_start(&n->signals[i], on_signal, stop_signals[i]);
	}
	uv_timer_init(n->loop, &n->drain_limit);
	n->drain_limit.data = n;
	uv_timer_init(n->loop, &n->watchdog);
	uint64_t watchdog_ms = notify_watchdog_ms();
	if (watchdog_ms)
		uv_timer_start(&n->watchdog, on_watchdog, watchdog_ms, watchdog_ms);
	n->panel = panel_open(n->loop, n->opts->led, n->opts->dvfs, n->slots);
	n->handles = true;
}

static int start_server(struct node *n)
{
	struct server_conf conf = {.loop = n->loop,
		.keys = &n->keys,
		.name = n->name,
		.slots = n->slots,
		.preload = n->preload,
		.jail_level = (unsigned)n->jail_level,
		.budget_bytes = capacity_memory_bytes() / BUDGET_PART,
		.toolchains = &n->toolchains,
		.closed = &n->binds,
		.box = n->box,
		.views = n->views,
		.on_load = on_load,
		.on_idle = on_idle,
		.ctx = n};
	if (n->views)
		n->views->loop = n->loop;
	memcpy(conf.boot_id, n->boot_id, sizeof conf.boot_id);
	return server_create(&conf, &n->listen, &n->server);
}

static int start_beacons(struct node *n)
{
	if (n->opts->no_beacon && n->opts->beacons.n == 0)
		return 0;
	const struct announce_conf conf = {.loop = n->loop,
		.keys = &n->keys,
		.interfaces = &n->opts->interfaces,
		.addresses = &n->opts->beacons,
		.automatic = !n->opts->no_beacon,
		.port = NETIF_PORT};
	struct beacon b = make_beacon(n);
	return announce_start(&conf, &b, &n->announce);
}

/* The one line that scripts wait for. */
static void say_ready(const struct node *n, const char *address)
{
	printf("farmnode: %s listens on %s, %u slots + %u preload, jail level %d, %zu toolchains\n",
		n->name, address, n->slots, n->preload, n->jail_level, n->toolchains.n);
	fflush(stdout);
}

static int write_port(const struct node *n)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%u\n", n->port);
	return n->opts->port_file ? fs_write_atomic(n->opts->port_file, text, (size_t)len, 0644)
				  : 0;
}

static void fill_metrics(void *ctx, struct metrics *ret)
{
	const struct node *n = ctx;
	if (n->server)
		server_measure(n->server, ret);
	ret->node = n->name;
	ret->version = FARMMAKE_VERSION;
}

static int start_exporter(struct node *n)
{
	int port;
	if (!n->opts->metrics)
		return 0;
	const struct exporter_conf conf = {n->loop, n->opts->metrics, fill_metrics, n};
	int err = exporter_open(&conf, &n->exporter, &port);
	if (err)
		log_error("--metrics %s: %s", n->opts->metrics, err_str(err));
	else
		log_info("metrics are at port %d", port);
	return err;
}

static int go(struct node *n, int ready_fd)
{
	char address[64];
	netif_format_address((const struct sockaddr *)&n->listen.address, address, sizeof address);
	int err = start_server(n);
	if (!err)
		err = start_beacons(n);
	if (!err)
		err = start_exporter(n);
	if (!err)
		err = write_port(n);
	if (err) {
		log_error("cannot start: %s", err_str(err));
		return err;
	}
	say_ready(n, address);
	notify_send("READY=1");
	if (ready_fd >= 0) {
		_cleanup_free_ char *path =
			n->state_dir ? xasprintf("%s/farmnode.log", n->state_dir) : NULL;
		daemon_ready(ready_fd, path);
	}
	return 0;
}

/* Returns when every handle is closed. */
static void run_loop(struct node *n)
{
	uv_run(n->loop, UV_RUN_DEFAULT);
	int busy = uv_loop_close(n->loop);
	assert(busy == 0);
	(void)busy;
}

enum node_exit node_run(const struct opts *opts, int ready_fd)
{
	uv_loop_t loop;
	struct node n = {.opts = opts, .loop = &loop};
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that cannot grow is an error code */
	enum node_exit status = setup_node(&n);
	if (status == NODE_OK && uv_loop_init(&loop) < 0)
		status = NODE_FAILED;
	else if (status == NODE_OK) {
		workers_start(&loop);
		open_handles(&n);
		if (go(&n, ready_fd) < 0) {
			status = NODE_FAILED;
			shut_down(&n);
		}
		run_loop(&n);
		if (opts->port_file)
			unlink(opts->port_file);
	}
	setup_undo(&n);
	return status;
}
