#include "fake_link.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "io/netif.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct conn {
	struct list link;
	struct conn_conf conf;
	struct conn *far; /* NULL: none yet, or not any more, or a wrapper's */
	enum msg_phase phase;
	bool dialled, ready, old, paused, above_high;
	bool dead;  /* on_closed is due */
	bool ended; /* the other end is gone: so is this one, once what it sent is delivered */
	int err;
	int port;
	char name[WIRE_NAME_MAX + 1];
	struct buf in, out; /* out: of a wrapper */
	uint64_t heard_ms, moved_bytes;
	struct sockaddr_storage peer;
};

bool (*fake_link_accept)(int port);

static struct list all = {&all, &all};
static struct conn *calling;      /* is being accepted */
static struct conn *last_wrapper; /* was accepted last */

static struct conn *entry(struct list *l)
{
	return list_entry(l, struct conn, link);
}

static struct conn *create(const struct conn_conf *conf)
{
	struct conn *c = xcalloc(1, sizeof *c);
	c->conf = *conf;
	c->phase = MSG_IN_HELLO;
	c->heard_ms = clock_now_ms();
	buf_init(&c->in, 64 << 20);
	buf_init(&c->out, 64 << 20);
	list_append(&all, &c->link);
	return c;
}

static void die(struct conn *c, int err)
{
	if (c->dead)
		return;
	c->dead = true;
	c->err = err;
	if (c->far) {
		c->far->ended = true;
		c->far->far = NULL;
		c->far = NULL;
	}
}

int conn_dial(const struct conn_conf *conf, const struct sockaddr *addr, const struct keyring *keys,
	const char *node_name, struct conn **ret)
{
	(void)keys;
	struct conn *c = create(conf);
	c->dialled = true;
	c->port = netif_address_port(addr);
	memcpy(&c->peer, addr, netif_address_len(addr));
	if (node_name)
		strcpy(c->name, node_name);
	*ret = c;
	return 0;
}

int conn_accept_tls(const struct conn_conf *conf, uv_stream_t *listener, const struct keyring *keys,
	struct conn **ret)
{
	(void)listener;
	struct conn *c = create(conf);
	memcpy(&c->peer, &calling->peer, sizeof c->peer);
	strcpy(c->name, keys->keys[0].node);
	strcpy(calling->name, keys->keys[0].node);
	c->far = calling;
	calling->far = c;
	*ret = c;
	return 0;
}

int conn_accept_pipe(const struct conn_conf *conf, uv_stream_t *listener, struct conn **ret)
{
	(void)listener;
	*ret = last_wrapper = create(conf);
	last_wrapper->ready = true;
	return 0;
}

void conn_opened(struct conn *c)
{
	c->phase = MSG_IN_OPEN;
}

static struct buf *outgoing(struct conn *c)
{
	return c->far ? &c->far->in : &c->out;
}

size_t conn_queued_bytes(const struct conn *c)
{
	return c->far ? c->far->in.len : c->out.len;
}

int conn_send(struct conn *c, const struct msg *m)
{
	if (c->dead || (c->ended && !c->far))
		return ERR_CLOSED;
	if (!c->ready)
		return ERR_STATE;
	struct buf *to = outgoing(c);
	size_t before = to->len;
	int err = msg_encode(m, to);
	if (!err && to->len > CONN_QUEUE_MAX) {
		to->len = before;
		err = ERR_TOOBIG;
	}
	c->above_high = c->above_high || to->len > CONN_HIGH_BYTES;
	return err;
}

void conn_pause(struct conn *c, bool paused)
{
	c->paused = paused;
}

void conn_close(struct conn *c)
{
	die(c, ERR_CLOSED);
}

void conn_abort(struct conn *c, int err)
{
	die(c, err);
}

pid_t conn_peer_pid(const struct conn *c)
{
	(void)c;
	return 0;
}

const char *conn_peer_text(const struct conn *c)
{
	return c->dialled ? "node" : "client";
}

const struct sockaddr *conn_peer_address(const struct conn *c)
{
	return (const struct sockaddr *)&c->peer;
}

const char *conn_node_name(const struct conn *c)
{
	return c->ready ? c->name : "";
}

bool conn_has_old_key(const struct conn *c)
{
	return c->old;
}

uint64_t conn_last_heard_ms(const struct conn *c)
{
	return c->heard_ms;
}

uint64_t conn_moved_bytes(const struct conn *c)
{
	return c->moved_bytes;
}

struct buf *fake_link_incoming(struct conn *c)
{
	return &c->in;
}

struct buf *fake_link_outgoing(struct conn *c)
{
	return &c->out;
}

/* The sender's queue has become shorter. */
static void drain(struct conn *c)
{
	if (c->dead || !c->above_high || conn_queued_bytes(c) >= CONN_LOW_BYTES)
		return;
	c->above_high = false;
	if (c->conf.ops->on_drain)
		c->conf.ops->on_drain(c->conf.ctx);
}

/* How many bytes were used up, or what is wrong. */
static int take_frame(struct conn *c)
{
	struct wire_header h;
	struct msg m;
	if (c->in.len < WIRE_HEADER_BYTES)
		return ERR_TRUNCATED;
	int err = wire_header_decode(c->in.data, &h);
	if (err)
		return err;
	if (!msg_name((enum msg_type)h.type))
		return ERR_PROTO;
	if (!msg_allowed((enum msg_type)h.type, c->conf.peer, c->phase))
		return ERR_STATE;
	size_t n = WIRE_HEADER_BYTES + h.length;
	if (c->in.len < n)
		return ERR_TRUNCATED;
	/* a copy of just its size, so that the sanitizers see a read past its end */
	uint8_t *frame = xmalloc(n);
	memcpy(frame, c->in.data, n);
	buf_consume(&c->in, n);
	c->heard_ms = clock_now_ms();
	c->moved_bytes += n;
	if (c->far)
		c->far->moved_bytes += n;
	err = msg_decode(&h, frame + WIRE_HEADER_BYTES, &m);
	if (!err) {
		c->conf.ops->on_msg(c->conf.ctx, &m);
		msg_fini(&m);
	}
	free(frame);
	return err;
}

bool fake_link_deliver(struct conn *c)
{
	if (c->dead || !c->ready || c->paused || c->in.len == 0)
		return false;
	int err = take_frame(c);
	if (err)
		die(c, err);
	if (c->far)
		drain(c->far);
	else
		drain(c);
	return true;
}

static void connect_now(struct conn *c)
{
	calling = c;
	if (!fake_link_accept(c->port) || !c->far) {
		die(c, -ECONNREFUSED);
		return;
	}
	c->ready = c->far->ready = true;
	c->far->conf.ops->on_ready(c->far->conf.ctx);
	c->conf.ops->on_ready(c->conf.ctx);
}

static void bury(struct conn *c)
{
	list_remove(&c->link);
	c->conf.ops->on_closed(c->conf.ctx, c->err);
	buf_fini(&c->in);
	buf_fini(&c->out);
	if (last_wrapper == c)
		last_wrapper = NULL;
	free(c);
}

/* One that needs to be told something. */
static struct conn *find_news(void)
{
	list_for_each(l, &all) {
		struct conn *c = entry(l);
		if (c->ended && !c->dead && (c->in.len == 0 || c->paused))
			die(c, ERR_CLOSED);
		if (c->dead || (c->dialled && !c->ready))
			return c;
	}
	return NULL;
}

void fake_link_settle(void)
{
	struct conn *c;
	while ((c = find_news()))
		if (c->dead)
			bury(c);
		else
			connect_now(c);
}

void fake_link_cut(struct conn *c)
{
	struct conn *far = c->far;
	die(c, -ECONNRESET);
	if (far)
		die(far, -ECONNRESET);
}

struct conn *fake_link_nth(enum msg_sender peer, size_t i)
{
	list_for_each(l, &all)
		if (entry(l)->conf.peer == peer && !entry(l)->dead && i-- == 0)
			return entry(l);
	return NULL;
}

struct conn *fake_link_last_wrapper(void)
{
	return last_wrapper;
}

size_t fake_link_count(void)
{
	size_t n = 0;
	list_for_each(l, &all)
		n++;
	return n;
}
