/* conn, the making of connections
 *
 * The happy path of dialling: connect, then wait for the greeting (conn_read.c). Of accepting: send
 * the greeting, wait for the handshake. Each has its deadline.
 *
 * Failures: a connect that fails ends in on_closed; an accept that fails never was a connection, so
 * the caller is told and no callback follows.
 */
#include "conn_impl.h"

#include "base/clock.h"
#include "base/err.h"
#include "io/netif.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set_socket_options(struct conn *c)
{
	int fd;
	if (uv_fileno(&c->handle, &fd) == 0)
		netif_set_patience(fd);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct conn *c = req->data;
	if (status < 0) {
		conn_die(c, status);
	} else if (c->state == CONN_CONNECTING) {
		c->state = CONN_GREETING;
		c->heard_ms = clock_now_ms();
		set_socket_options(c);
		conn_start_timer(c, CONN_HANDSHAKE_MS);
		conn_start_reading(c);
	}
	conn_release(c);
}

int conn_dial(const struct conn_conf *conf, const struct sockaddr *addr, const struct keyring *keys,
	const char *node_name, struct conn **ret)
{
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	if (node_name && wire_name_check(node_name) < 0)
		return -EINVAL;
	struct conn *c = conn_new(conf);
	c->state = CONN_CONNECTING;
	c->dialled = true;
	c->keys = keys;
	if (node_name)
		strcpy(c->node_name, node_name);
	memcpy(&c->peer, addr, netif_address_len(addr));
	netif_format_address(addr, c->peer_text, sizeof c->peer_text);
	uv_tcp_init(conf->loop, &c->tcp);
	conn_hold(c);
	c->connect.data = c;
	int err = uv_tcp_connect(&c->connect, &c->tcp, addr, on_connected);
	if (err) {
		conn_die(c, err);
	} else {
		conn_hold(c);
		conn_start_timer(c, CONN_CONNECT_MS);
	}
	*ret = c;
	return 0;
}

/* Ends a conn that its owner never saw. */
static int forget(struct conn *c, int err)
{
	c->conf.ops = NULL;
	conn_die(c, err);
	return err;
}

static void send_greeting(struct conn *c)
{
	uint8_t bytes[WIRE_GREETING_BYTES];
	struct wire_greeting g = {.version = WIRE_VERSION};
	memcpy(g.key_id, c->keys->keys[0].farm_id, sizeof g.key_id);
	memcpy(g.name, c->keys->keys[0].node, sizeof g.name);
	wire_greeting_encode(&g, bytes);
	conn_write(c, bytes, sizeof bytes);
}

static void name_tcp_peer(struct conn *c)
{
	int n = sizeof c->peer;
	uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&c->peer, &n);
	netif_format_address((struct sockaddr *)&c->peer, c->peer_text, sizeof c->peer_text);
}

int conn_accept_tls(const struct conn_conf *conf, uv_stream_t *listener, const struct keyring *keys,
	struct conn **ret)
{
	struct conn *c = conn_new(conf);
	c->state = CONN_HANDSHAKE;
	c->keys = keys;
	strcpy(c->node_name, keys->keys[0].node);
	uv_tcp_init(conf->loop, &c->tcp);
	conn_hold(c);
	int err = uv_accept(listener, &c->stream);
	if (!err)
		err = tls_create_server(keys, &c->tls);
	if (err)
		return forget(c, err);
	c->heard_ms = clock_now_ms();
	set_socket_options(c);
	name_tcp_peer(c);
	conn_start_timer(c, CONN_HANDSHAKE_MS);
	conn_start_reading(c);
	send_greeting(c);
	*ret = c;
	return 0;
}

static void name_pipe_peer(struct conn *c)
{
	struct ucred who = {0};
	socklen_t n = sizeof who;
	int fd;
	if (uv_fileno(&c->handle, &fd) == 0)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
	c->peer_pid = who.pid;
	snprintf(c->peer_text, sizeof c->peer_text, "pid %d", who.pid);
}

int conn_accept_pipe(const struct conn_conf *conf, uv_stream_t *listener, struct conn **ret)
{
	struct conn *c = conn_new(conf);
	c->state = CONN_OPEN;
	uv_pipe_init(conf->loop, &c->pipe, 0);
	conn_hold(c);
	int err = uv_accept(listener, &c->stream);
	if (err)
		return forget(c, err);
	c->heard_ms = clock_now_ms();
	name_pipe_peer(c);
	conn_start_reading(c);
	*ret = c;
	return 0;
}
