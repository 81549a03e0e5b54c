/* conn
 *
 * The happy path of a message: conn_send() encodes it into the queue; pump() moves the queue in
 * chunks through TLS into uv_write(), as long as no more than IN_FLIGHT_MAX bytes are under way.
 * So nothing but the queue, which is bounded, grows when the peer does not read.
 *
 * The happy path of an end: conn_close() lets the queue go out, then says goodbye and waits for the
 * peer to close. Closing at once with unread input would make the kernel send a reset, which throws
 * away what it has not yet delivered. A failed write, a failed read or the timer cuts it short.
 */
#include "conn_impl.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

enum {
	IN_FLIGHT_MAX = 256 * 1024,
	CHUNK_BYTES = 64 * 1024,
	FLUSH_MS = 1000,
	QUEUE_KEEP_BYTES = CONN_HIGH_BYTES, /* an empty queue larger than this is given back */
};

/* A write under way. */
struct out {
	uv_write_t req;
	struct conn *conn;
	size_t n;
	uint8_t data[];
};

void conn_hold(struct conn *c)
{
	c->pending++;
}

void conn_release(struct conn *c)
{
	if (--c->pending)
		return;
	if (c->conf.ops)
		c->conf.ops->on_closed(c->conf.ctx, c->err);
	tls_destroy(c->tls);
	buf_fini(&c->queue);
	buf_fini(&c->in);
	free(c);
}

static void on_handle_closed(uv_handle_t *handle)
{
	conn_release(handle->data);
}

void conn_die(struct conn *c, int err)
{
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	c->err = err;
	uv_close(&c->handle, on_handle_closed);
	uv_close((uv_handle_t *)&c->timer, on_handle_closed);
}

static void on_timeout(uv_timer_t *timer)
{
	struct conn *c = timer->data;
	conn_die(c, c->state == CONN_FLUSHING ? c->err : ERR_TIMEOUT);
}

void conn_start_timer(struct conn *c, uint64_t timeout_ms)
{
	uv_timer_start(&c->timer, on_timeout, timeout_ms, 0);
}

struct conn *conn_new(const struct conn_conf *conf)
{
	struct conn *c = xcalloc(1, sizeof *c);
	c->conf = *conf;
	c->phase = MSG_IN_HELLO;
	c->handle.data = c;
	c->timer.data = c;
	buf_init(&c->queue, CONN_QUEUE_MAX + WIRE_FRAME_MAX);
	buf_init(&c->in, 2 * WIRE_FRAME_MAX);
	uv_timer_init(conf->loop, &c->timer);
	conn_hold(c);
	return c;
}

static size_t queued(const struct conn *c)
{
	return c->queue.len - c->queue_head;
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
	struct conn *c = req->data;
	if (status < 0)
		conn_die(c, c->err);
	conn_release(c);
}

/* Everything is under way: the peer's end of the stream, or the timer, closes. */
static void say_goodbye(struct conn *c)
{
	if (c->tls) {
		tls_shutdown(c->tls);
		conn_write_tls(c);
	}
	if (c->state != CONN_FLUSHING || c->shutdown.data)
		return;
	c->shutdown.data = c;
	if (uv_shutdown(&c->shutdown, &c->stream, on_shutdown) == 0)
		conn_hold(c);
	else
		conn_die(c, c->err);
}

static int encrypt(struct conn *c, size_t n)
{
	while (n) {
		size_t done = 0;
		int err = tls_write(c->tls, c->queue.data + c->queue_head, n, &done);
		if (err)
			return err;
		c->queue_head += done;
		n -= done;
	}
	return 0;
}

static void write_chunk(struct conn *c)
{
	size_t n = queued(c) < CHUNK_BYTES ? queued(c) : CHUNK_BYTES;
	if (!c->tls) {
		conn_write(c, c->queue.data + c->queue_head, n);
		c->queue_head += n;
		return;
	}
	int err = encrypt(c, n);
	if (err)
		conn_die(c, err);
	else
		conn_write_tls(c);
}

static void pump(struct conn *c)
{
	while ((c->state == CONN_OPEN || c->state == CONN_FLUSHING) && queued(c) &&
		c->in_flight_bytes < IN_FLIGHT_MAX)
		write_chunk(c);
	if (queued(c) == 0) {
		c->queue_head = 0;
		buf_clear(&c->queue);
		if (c->queue.cap > QUEUE_KEEP_BYTES)
			buf_fini(&c->queue);
		if (c->state == CONN_FLUSHING && !c->shutdown.data)
			say_goodbye(c);
	}
}

static bool take_drained(struct conn *c)
{
	if (c->state != CONN_OPEN || !c->above_high || conn_queued_bytes(c) >= CONN_LOW_BYTES)
		return false;
	c->above_high = false;
	return c->conf.ops->on_drain != NULL;
}

static void on_written(uv_write_t *req, int status)
{
	struct out *o = req->data;
	struct conn *c = o->conn;
	c->in_flight_bytes -= o->n;
	c->moved_bytes += status < 0 ? 0 : o->n;
	free(o);
	if (status < 0)
		conn_die(c, c->state == CONN_FLUSHING ? c->err : status);
	pump(c);
	if (take_drained(c))
		c->conf.ops->on_drain(c->conf.ctx);
	conn_release(c);
}

static struct out *make_out(struct conn *c, size_t n)
{
	struct out *o = xmalloc(sizeof *o + n);
	o->req.data = o;
	o->conn = c;
	o->n = n;
	return o;
}

static void submit(struct conn *c, struct out *o)
{
	uv_buf_t b = uv_buf_init((char *)o->data, (unsigned)o->n);
	int err = c->state == CONN_CLOSED ? UV_ECANCELED
					  : uv_write(&o->req, &c->stream, &b, 1, on_written);
	if (err) {
		free(o);
		conn_die(c, err);
		return;
	}
	c->in_flight_bytes += o->n;
	conn_hold(c);
}

void conn_write(struct conn *c, const void *data, size_t n)
{
	struct out *o = make_out(c, n);
	memcpy(o->data, data, n);
	submit(c, o);
}

void conn_write_tls(struct conn *c)
{
	size_t n = tls_pending(c->tls);
	if (n == 0)
		return;
	struct out *o = make_out(c, n);
	tls_take(c->tls, o->data, n);
	submit(c, o);
}

void conn_opened(struct conn *c)
{
	c->phase = MSG_IN_OPEN;
	if (c->state == CONN_OPEN)
		uv_timer_stop(&c->timer);
}

/* Moves the queue to the front of its storage when at least half of that is used up: the cost per
 * byte stays constant. */
static void compact(struct conn *c)
{
	if (c->queue_head < c->queue.len / 2)
		return;
	buf_consume(&c->queue, c->queue_head);
	c->queue_head = 0;
}

int conn_send(struct conn *c, const struct msg *m)
{
	if (c->state != CONN_OPEN)
		return c->state < CONN_OPEN ? ERR_STATE : ERR_CLOSED;
	compact(c);
	size_t before = c->queue.len;
	int err = msg_encode(m, &c->queue);
	if (err)
		return err;
	if (conn_queued_bytes(c) > CONN_QUEUE_MAX) {
		c->queue.len = before;
		return ERR_TOOBIG;
	}
	pump(c);
	if (conn_queued_bytes(c) > CONN_HIGH_BYTES)
		c->above_high = true;
	return 0;
}

size_t conn_queued_bytes(const struct conn *c)
{
	return queued(c) + c->in_flight_bytes;
}

void conn_close(struct conn *c)
{
	if (c->state < CONN_OPEN)
		conn_die(c, ERR_CLOSED);
	if (c->state != CONN_OPEN)
		return;
	c->state = CONN_FLUSHING;
	c->err = ERR_CLOSED;
	conn_start_timer(c, FLUSH_MS);
	conn_start_reading(c);
	pump(c);
}

void conn_abort(struct conn *c, int err)
{
	conn_die(c, err);
}

const char *conn_peer_text(const struct conn *c)
{
	return c->peer_text;
}

pid_t conn_peer_pid(const struct conn *c)
{
	return c->peer_pid;
}

const char *conn_node_name(const struct conn *c)
{
	return c->ready ? c->node_name : "";
}

const struct sockaddr *conn_peer_address(const struct conn *c)
{
	return (const struct sockaddr *)&c->peer;
}

uint64_t conn_moved_bytes(const struct conn *c)
{
	return c->moved_bytes;
}

bool conn_has_old_key(const struct conn *c)
{
	return c->old_key;
}

uint64_t conn_last_heard_ms(const struct conn *c)
{
	return c->heard_ms;
}
