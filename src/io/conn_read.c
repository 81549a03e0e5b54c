/* conn, the reading part
 *
 * The happy path: bytes of the socket are, in this order, the node's greeting (where we dialled),
 * TLS, and in it frames; each frame that is complete, legal for this peer in this phase and well
 * formed goes to on_msg.
 *
 * Failures: whatever a peer must not send ends the connection, with the reason. An end of the
 * stream while the handshake runs means, for the side that dialled, that the node did not like our
 * key; in the middle of a TLS session it is a truncation, since an orderly end is announced.
 */
#include "conn_impl.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>

enum { RECORD_BYTES = 16 * 1024 };

/* What the socket gave, until it has been fed to the connection, which is at once: one for all. */
static uint8_t received[64 * 1024];

/* The next frame at in + *at: 1 delivered, 0 not complete, or an error. */
static int deliver_one(struct conn *c, size_t *at)
{
	struct wire_header h;
	size_t n = c->in.len - *at;
	if (n < WIRE_HEADER_BYTES)
		return 0;
	int err = wire_header_decode(c->in.data + *at, &h);
	if (err)
		return err;
	if (!msg_name(h.type))
		return ERR_PROTO;
	if (!msg_allowed(h.type, c->conf.peer, c->phase))
		return ERR_STATE;
	if (n < WIRE_HEADER_BYTES + h.length)
		return 0;
	struct msg m;
	err = msg_decode(&h, c->in.data + *at + WIRE_HEADER_BYTES, &m);
	if (err)
		return err;
	*at += WIRE_HEADER_BYTES + h.length;
	c->conf.ops->on_msg(c->conf.ctx, &m);
	msg_fini(&m);
	return 1;
}

static int deliver(struct conn *c)
{
	size_t at = 0;
	int rc = 1;
	while (rc == 1 && c->state == CONN_OPEN)
		rc = deliver_one(c, &at);
	buf_consume(&c->in, at);
	return rc < 0 ? rc : 0;
}

static int read_tls(struct conn *c)
{
	while (c->state == CONN_OPEN) {
		size_t n = 0;
		int err = buf_reserve(&c->in, RECORD_BYTES);
		if (!err)
			err = tls_read(c->tls, c->in.data + c->in.len, RECORD_BYTES, &n);
		if (err)
			return err == -EAGAIN ? 0 : err;
		c->in.len += n;
		err = deliver(c);
		if (err)
			return err;
	}
	return 0;
}

static int shake_hands(struct conn *c)
{
	int err = tls_handshake(c->tls);
	conn_write_tls(c);
	if (err || c->state != CONN_HANDSHAKE)
		return err == -EAGAIN ? 0 : err;
	if (!c->dialled)
		c->old_key = tls_key_index(c->tls) != 0;
	c->state = CONN_OPEN;
	c->ready = true;
	c->conf.ops->on_ready(c->conf.ctx);
	return 0;
}

static int feed_tls(struct conn *c, const uint8_t *data, size_t n)
{
	int err = n ? tls_feed(c->tls, data, n) : 0;
	if (!err && c->state == CONN_HANDSHAKE)
		err = shake_hands(c);
	if (!err)
		err = read_tls(c);
	if (c->state != CONN_CLOSED)
		conn_write_tls(c);
	return err;
}

/* Everything that can be known before TLS, so that people are told more than "handshake failed". A
 * node that names a key that we do not have may hold ours besides: TLS will tell. */
static int check_greeting(struct conn *c)
{
	struct wire_greeting g;
	int err = wire_greeting_decode(c->in.data, &g);
	if (err)
		return err;
	if (g.version != WIRE_VERSION)
		return ERR_VERSION;
	if (c->node_name[0] && strcmp(c->node_name, g.name) != 0)
		return ERR_NAME;
	const struct key *key = keyring_find(c->keys, g.key_id);
	c->foreign = !key;
	if (!key)
		key = &c->keys->keys[0];
	c->old_key = key != &c->keys->keys[0];
	struct key node_key;
	err = key_for_node(key, g.name, &node_key);
	if (err)
		return err;
	err = tls_create_client(&node_key, &c->tls);
	key_wipe(&node_key);
	strcpy(c->node_name, g.name);
	return err;
}

static int feed_greeting(struct conn *c, const uint8_t *data, size_t n)
{
	size_t missing = WIRE_GREETING_BYTES - c->in.len;
	size_t used = n < missing ? n : missing;
	int err = buf_append(&c->in, data, used);
	if (err || used < missing)
		return err;
	err = check_greeting(c);
	if (err)
		return err;
	buf_clear(&c->in);
	c->state = CONN_HANDSHAKE;
	return feed_tls(c, data + used, n - used);
}

static int feed(struct conn *c, const uint8_t *data, size_t n)
{
	if (c->state == CONN_GREETING)
		return feed_greeting(c, data, n);
	if (c->tls)
		return feed_tls(c, data, n);
	int err = buf_append(&c->in, data, n);
	return err ? err : deliver(c);
}

/* A handshake that fails, after a greeting that named another key, failed because of that. */
static int blame(const struct conn *c, int err)
{
	return err == ERR_TLS && c->foreign && c->state == CONN_HANDSHAKE ? ERR_KEY : err;
}

/* What a failed read, or the end of the stream, means in this state. */
static int reason_of_end(const struct conn *c, int err)
{
	if (c->state == CONN_FLUSHING)
		return c->err;
	if (c->state == CONN_HANDSHAKE && c->dialled && (err == UV_EOF || err == UV_ECONNRESET))
		return ERR_TLS;
	if (err != UV_EOF)
		return err;
	bool in_session = c->state == CONN_OPEN && c->tls;
	return in_session || c->in.len ? ERR_TRUNCATED : ERR_CLOSED;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	(void)handle, (void)suggested;
	*ret = uv_buf_init((char *)received, sizeof received);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct conn *c = stream->data;
	if (n == 0)
		return;
	if (n < 0) {
		conn_die(c, blame(c, reason_of_end(c, (int)n)));
		return;
	}
	c->heard_ms = clock_now_ms();
	c->moved_bytes += (uint64_t)n;
	if (c->state == CONN_FLUSHING)
		return;
	int err = feed(c, (const uint8_t *)b->base, (size_t)n);
	if (err)
		conn_die(c, blame(c, err));
}

void conn_start_reading(struct conn *c)
{
	int err = uv_read_start(&c->stream, on_alloc, on_read);
	if (err && err != UV_EALREADY)
		conn_die(c, err);
}

void conn_pause(struct conn *c, bool paused)
{
	if (c->state != CONN_OPEN)
		return;
	if (paused)
		uv_read_stop(&c->stream);
	else
		conn_start_reading(c);
}
