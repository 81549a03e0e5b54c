/* A call is over when its handles are closed: end() tells the owner, once, and closes them; what then still comes
 * of the connect and of the write finds nobody to tell. */
#include "io/distcall.h"

#include "base/err.h"
#include "base/str.h"
#include "io/netif.h"

enum { READ_BYTES = 64 * 1024 };

struct distcall {
	struct distcall_conf conf; /* without its request */
	struct buf request;
	struct distcc_reply reply;
	uv_tcp_t tcp;
	uv_timer_t timer;
	unsigned handles;
	bool connected, over;
	uv_connect_t connect;
	uv_write_t write;
	uint8_t in[READ_BYTES];
};

static void on_closed(uv_handle_t *h)
{
	struct distcall *c = h->data;
	if (--c->handles)
		return;
	buf_fini(&c->request);
	distcc_reply_fini(&c->reply);
	free(c);
}

static void close_handles(struct distcall *c)
{
	c->over = true;
	uv_close((uv_handle_t *)&c->tcp, on_closed);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void end(struct distcall *c, int err)
{
	if (c->over)
		return;
	close_handles(c);
	c->conf.on_end(c->conf.ctx, &(struct distcall_end){err, !c->connected,
					    c->reply.is_whole && !err ? &c->reply : NULL});
}

static void on_timeout(uv_timer_t *timer)
{
	end(timer->data, ERR_TIMEOUT);
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *ret)
{
	struct distcall *c = h->data;
	(void)suggested;
	*ret = uv_buf_init((char *)c->in, sizeof c->in);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct distcall *c = stream->data;
	if (n == 0 || c->over)
		return;
	int err = n == UV_EOF ? ERR_CLOSED : n < 0 ? (int)n : 0;
	if (!err)
		err = distcc_reply_feed(&c->reply, (const uint8_t *)buf->base, (size_t)n);
	if (err || c->reply.is_whole)
		end(c, err);
}

static void on_written(uv_write_t *req, int status)
{
	struct distcall *c = req->data;
	if (c->over)
		return;
	buf_fini(&c->request);
	if (status < 0)
		end(c, status);
	else if (c->conf.on_sent)
		c->conf.on_sent(c->conf.ctx);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct distcall *c = req->data;
	if (c->over)
		return;
	if (status < 0) {
		end(c, status);
		return;
	}
	int fd;
	c->connected = true;
	uv_timer_stop(&c->timer);
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
		netif_set_patience(fd);
	if (c->request.len == 0) {
		end(c, 0);
		return;
	}
	uv_buf_t all = uv_buf_init((char *)c->request.data, (unsigned)c->request.len);
	int err = uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read);
	if (!err)
		err = uv_write(&c->write, (uv_stream_t *)&c->tcp, &all, 1, on_written);
	if (err)
		end(c, err);
}

int distcall_start(const struct distcall_conf *conf, struct distcall **ret)
{
	struct distcall *c = xcalloc(1, sizeof *c);
	c->conf = *conf;
	c->conf.request = NULL;
	c->request = *conf->request;
	*conf->request = (struct buf){0};
	distcc_reply_init(&c->reply, conf->lzo);
	uv_tcp_init(conf->loop, &c->tcp);
	uv_timer_init(conf->loop, &c->timer);
	c->handles = 2;
	c->tcp.data = c->timer.data = c->connect.data = c->write.data = c;
	int err = uv_tcp_connect(&c->connect, &c->tcp, conf->addr, on_connected);
	if (err) {
		close_handles(c);
		return err;
	}
	uv_timer_start(&c->timer, on_timeout, DISTCALL_CONNECT_MS, 0);
	*ret = c;
	return 0;
}

void distcall_cancel(struct distcall *c)
{
	if (!c->over)
		close_handles(c);
}
