/* conn_pair - a client and a node on 127.0.0.1, in one loop, for the tests of conn. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "io/conn.h"
#include "lib/sample_msg.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SERVERS_MAX = 64, DEADLINE_MS = 20000 };

struct end {
	struct conn *conn;
	unsigned ready, closed, drained;
	int err;
	unsigned msgs;
	struct buf said; /* what the peer said, encoded again; the first megabyte */
	uint64_t bytes;  /* of data */
	uint32_t sum;    /* of data, order included */
	void (*on_msg)(struct end *e, struct msg *m);
	void (*on_ready)(struct end *e);
	void (*on_drain)(struct end *e);
	uint64_t left; /* bulk data still to send */
	uint8_t next_byte;
	size_t peak_queued;
};

struct pair {
	uv_loop_t loop;
	uv_tcp_t listener;
	uv_timer_t guard;
	struct sockaddr_in addr;
	struct keyring farm, node;
	struct end client, servers[SERVERS_MAX];
	unsigned accepted;
	bool late;
};

static inline void end_ready(void *ctx)
{
	struct end *e = ctx;
	cr_assert(e->ready == 0 && e->closed == 0);
	e->ready++;
	if (e->on_ready)
		e->on_ready(e);
}

static inline void end_msg(void *ctx, struct msg *m)
{
	struct end *e = ctx;
	cr_assert_eq(e->closed, 0);
	e->msgs++;
	for (size_t i = 0; m->type == MSG_DATA && i < m->data.n; i++)
		e->sum = e->sum * 31 + m->data.bytes[i];
	e->bytes += m->type == MSG_DATA ? m->data.n : 0;
	if (e->said.len < 1 << 20)
		cr_assert_eq(msg_encode(m, &e->said), 0);
	if (e->on_msg)
		e->on_msg(e, m);
}

static inline void end_drain(void *ctx)
{
	struct end *e = ctx;
	cr_assert_lt(conn_queued_bytes(e->conn), (size_t)CONN_LOW_BYTES);
	e->drained++;
	if (e->on_drain)
		e->on_drain(e);
}

static inline void end_closed(void *ctx, int err)
{
	struct end *e = ctx;
	cr_assert_eq(e->closed, 0, "on_closed comes once");
	e->closed++;
	e->err = err;
	e->conn = NULL;
}

static const struct conn_ops end_ops = {end_ready, end_msg, end_drain, end_closed};

static inline struct conn_conf end_conf(uv_loop_t *loop, struct end *e, enum msg_sender peer)
{
	buf_init(&e->said, 2 << 20);
	return (struct conn_conf){.loop = loop, .peer = peer, .ops = &end_ops, .ctx = e};
}

static inline void on_pair_connection(uv_stream_t *listener, int status)
{
	struct pair *p = listener->data;
	cr_assert_eq(status, 0);
	cr_assert_lt(p->accepted, (unsigned)SERVERS_MAX);
	struct end *e = &p->servers[p->accepted++];
	struct conn_conf conf = end_conf(&p->loop, e, MSG_FROM_CLIENT);
	cr_assert_eq(conn_accept_tls(&conf, listener, &p->node, &e->conn), 0);
}

static inline struct pair *pair_create(void)
{
	struct pair *p = xcalloc(1, sizeof *p);
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&p->loop);
	uv_timer_init(&p->loop, &p->guard);
	cr_assert_eq(keyring_generate(&p->farm), 0);
	cr_assert_eq(keyring_for_node(&p->farm, "board-7", &p->node), 0);
	int n = sizeof p->addr;
	uv_ip4_addr("127.0.0.1", 0, &p->addr);
	uv_tcp_init(&p->loop, &p->listener);
	p->listener.data = p;
	cr_assert_eq(uv_tcp_bind(&p->listener, (struct sockaddr *)&p->addr, 0), 0);
	cr_assert_eq(uv_listen((uv_stream_t *)&p->listener, 128, on_pair_connection), 0);
	uv_tcp_getsockname(&p->listener, (struct sockaddr *)&p->addr, &n);
	return p;
}

static inline void on_guard(uv_timer_t *guard)
{
	struct pair *p = list_entry(guard, struct pair, guard);
	p->late = true;
}

/* Turns the loop until cond holds. */
#define pair_wait(p, cond)                                                                         \
	do {                                                                                       \
		uv_timer_start(&(p)->guard, on_guard, DEADLINE_MS, 0);                             \
		while (!(cond) && !(p)->late)                                                      \
			uv_run(&(p)->loop, UV_RUN_ONCE);                                           \
		uv_timer_stop(&(p)->guard);                                                        \
		cr_assert(!(p)->late, "in time: %s", #cond);                                       \
	} while (0)

/* Ends what is left, and proves that nothing stays behind in the loop. */
static inline void pair_destroy(struct pair *p)
{
	struct end *ends[SERVERS_MAX + 1] = {&p->client};
	for (unsigned i = 0; i < p->accepted; i++)
		ends[i + 1] = &p->servers[i];
	for (unsigned i = 0; i <= p->accepted; i++)
		if (ends[i]->conn)
			conn_abort(ends[i]->conn, ERR_CLOSED);
	uv_close((uv_handle_t *)&p->listener, NULL);
	uv_close((uv_handle_t *)&p->guard, NULL);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	for (unsigned i = 0; i <= p->accepted; i++) {
		cr_assert_null(ends[i]->conn);
		buf_fini(&ends[i]->said);
	}
	cr_assert_eq(uv_loop_close(&p->loop), 0);
	free(p);
}

static inline void pair_dial_to(struct pair *p, const struct sockaddr *to, const char *name)
{
	struct conn_conf conf = end_conf(&p->loop, &p->client, MSG_FROM_NODE);
	cr_assert_eq(conn_dial(&conf, to, &p->farm, name, &p->client.conn), 0);
	cr_assert_eq(p->client.closed, 0, "never from inside conn_dial");
}

static inline void pair_dial(struct pair *p)
{
	pair_dial_to(p, (struct sockaddr *)&p->addr, NULL);
}

/* Dialled, accepted, ready, and past the introductions. */
static inline struct pair *pair_open(void)
{
	struct pair *p = pair_create();
	pair_dial(p);
	pair_wait(p, p->client.ready && p->accepted && p->servers[0].ready);
	conn_opened(p->client.conn);
	conn_opened(p->servers[0].conn);
	return p;
}

static inline int end_send_data(struct end *e, const uint8_t *bytes, size_t n)
{
	const struct msg m = {
		.type = MSG_DATA, .data = {.raw_bytes = (uint32_t)n, .bytes = bytes, .n = n}};
	return conn_send(e->conn, &m);
}

/* Sends up to the high mark; on_drain brings it back here. */
static inline void end_send_bulk(struct end *e)
{
	uint8_t block[60000];
	while (e->left && conn_queued_bytes(e->conn) < CONN_HIGH_BYTES) {
		size_t n = e->left < sizeof block ? (size_t)e->left : sizeof block;
		for (size_t i = 0; i < n; i++)
			block[i] = e->next_byte++;
		cr_assert_eq(end_send_data(e, block, n), 0);
		e->left -= n;
		if (conn_queued_bytes(e->conn) > e->peak_queued)
			e->peak_queued = conn_queued_bytes(e->conn);
	}
}

static inline void end_start_bulk(struct end *e, uint64_t n)
{
	e->left = n;
	e->on_drain = end_send_bulk;
	end_send_bulk(e);
}

/* The sum that n bytes of bulk data have. */
static inline uint32_t bulk_sum(uint64_t n)
{
	uint32_t sum = 0;
	for (uint64_t i = 0; i < n; i++)
		sum = sum * 31 + (uint8_t)i;
	return sum;
}

struct wrapper_link {
	uv_pipe_t listener;
	struct end *end;
};

static inline void on_wrapper(uv_stream_t *listener, int status)
{
	struct wrapper_link *l = listener->data;
	struct conn_conf conf = end_conf(listener->loop, l->end, MSG_FROM_CC);
	cr_assert_eq(status, 0);
	cr_assert_eq(conn_accept_pipe(&conf, listener, &l->end->conn), 0);
	uv_close((uv_handle_t *)listener, NULL);
}

/* A unix socket whose other end is accepted as the pair's first server. */
static inline int dial_wrapper(struct pair *p, struct wrapper_link *l)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	snprintf(addr.sun_path, sizeof addr.sun_path, "/tmp/test_conn.%d", getpid());
	unlink(addr.sun_path);
	l->end = &p->servers[p->accepted++];
	uv_pipe_init(&p->loop, &l->listener, 0);
	l->listener.data = l;
	cr_assert_eq(uv_pipe_bind(&l->listener, addr.sun_path), 0);
	cr_assert_eq(uv_listen((uv_stream_t *)&l->listener, 8, on_wrapper), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	pair_wait(p, l->end->conn != NULL);
	return fd;
}
