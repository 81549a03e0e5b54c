/* libmicrohttpd speaks HTTP, driven by the loop: it is called when its descriptor says that something is to be
 * done, or when it has asked to be.
 */
#include "exporter.h"

#include "base/err.h"
#include "base/str.h"
#include "io/netif.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MAX = 16, PER_ADDRESS_MAX = 8, TIMEOUT_S = 5, MEMORY_BYTES = 8192 };

struct exporter {
	struct MHD_Daemon *daemon;
	exporter_fill_fn fill;
	void *ctx;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned open; /* handles */
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(
		r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
	enum MHD_Result done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result answer_metrics(struct exporter *e, struct MHD_Connection *c)
{
	struct metrics m = {0};
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return MHD_NO;
	e->fill(e->ctx, &m);
	metrics_write(&m, out);
	if (fclose(out) != 0)
		return MHD_NO;
	return answer(c, MHD_HTTP_OK, text);
}

/* What is uploaded is passed over: nothing here takes any. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n, void **state)
{
	struct exporter *e = ctx;
	(void)version, (void)upload;
	if (!*state) {
		*state = e; /* the head is here; the answer comes when the rest is */
		return MHD_YES;
	}
	if (*upload_n) {
		*upload_n = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") != 0)
		return answer(c, MHD_HTTP_NOT_FOUND, "only /metrics\n");
	return answer_metrics(e, c);
}

static void on_timer(uv_timer_t *timer);

static void run(struct exporter *e)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	MHD_run(e->daemon);
	if (MHD_get_timeout(e->daemon, &wait_ms) == MHD_YES)
		uv_timer_start(&e->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&e->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	run(poll->data);
}

static int resolve(const char *where, struct sockaddr_storage *ret)
{
	long port;
	if (str_to_long(where, 0, 65535, &port) < 0)
		return netif_parse_address(where, 0, true, ret);
	_cleanup_free_ char *local = xasprintf("127.0.0.1:%ld", port);
	return netif_parse_address(local, 0, true, ret);
}

static int start(struct exporter *e, const struct sockaddr_storage *addr, int *ret_port)
{
	unsigned flags = MHD_USE_EPOLL | (addr->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	errno = 0;
	e->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, e, MHD_OPTION_SOCK_ADDR,
		addr, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)PER_ADDRESS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES, MHD_OPTION_END);
	if (!e->daemon)
		return errno ? -errno : -EADDRINUSE;
	const union MHD_DaemonInfo *port =
		MHD_get_daemon_info(e->daemon, MHD_DAEMON_INFO_BIND_PORT);
	*ret_port = port ? port->port : 0;
	return 0;
}

int exporter_open(const struct exporter_conf *conf, struct exporter **ret, int *ret_port)
{
	struct sockaddr_storage addr;
	int err = resolve(conf->where, &addr);
	if (err)
		return err;
	struct exporter *e = xcalloc(1, sizeof *e);
	e->fill = conf->fill;
	e->ctx = conf->ctx;
	err = start(e, &addr, ret_port);
	if (err) {
		free(e);
		return err;
	}
	const union MHD_DaemonInfo *epoll =
		MHD_get_daemon_info(e->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	uv_poll_init(conf->loop, &e->poll, epoll->epoll_fd);
	uv_timer_init(conf->loop, &e->timer);
	e->poll.data = e->timer.data = e;
	e->open = 2;
	uv_poll_start(&e->poll, UV_READABLE, on_ready);
	*ret = e;
	return 0;
}

/* The daemon's descriptor may be closed only when the loop has let go of it. */
static void on_closed(uv_handle_t *handle)
{
	struct exporter *e = handle->data;
	if (--e->open)
		return;
	MHD_stop_daemon(e->daemon);
	free(e);
}

void exporter_close(struct exporter *e)
{
	if (!e)
		return;
	uv_close((uv_handle_t *)&e->poll, on_closed);
	uv_close((uv_handle_t *)&e->timer, on_closed);
}
