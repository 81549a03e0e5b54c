/* What peers and networks must not do, and what the other end makes of it. */
#include "lib/conn_pair.h"

#include <errno.h>

/* A relay between client and node that spoils or cuts one direction at one byte. */
struct relay {
	uv_tcp_t listener, legs[2]; /* legs[0] to the client, legs[1] to the node */
	uv_connect_t connect;
	struct sockaddr_in addr;
	struct pair *pair;
	int spoiled_leg;     /* whose input */
	uint64_t at;         /* which byte of it */
	uint8_t mask;        /* 0: cut instead */
	uint64_t seen[2];    /* bytes */
	struct buf recorded; /* what the client sent */
	char buffers[2][64 * 1024];
};

struct relayed {
	uv_write_t req;
	char data[];
};

static int leg_index(const struct relay *r, const void *leg)
{
	return leg == &r->legs[1];
}

static void close_legs(struct relay *r)
{
	for (int i = 0; i < 2; i++)
		if (!uv_is_closing((uv_handle_t *)&r->legs[i]))
			uv_close((uv_handle_t *)&r->legs[i], NULL);
}

static void on_relayed(uv_write_t *req, int status)
{
	(void)status;
	free(req->data);
}

static void on_leg_alloc(uv_handle_t *leg, size_t suggested, uv_buf_t *ret)
{
	struct relay *r = leg->data;
	(void)suggested;
	*ret = uv_buf_init(r->buffers[leg_index(r, leg)], sizeof r->buffers[0]);
}

static void on_leg_read(uv_stream_t *leg, ssize_t n, const uv_buf_t *b)
{
	struct relay *r = leg->data;
	int from = leg_index(r, leg);
	uint64_t at = r->seen[from];
	if (n < 0) {
		close_legs(r);
		return;
	}
	r->seen[from] += (uint64_t)n;
	if (from == 0)
		cr_assert_eq(buf_append(&r->recorded, b->base, (size_t)n), 0);
	bool hit = from == r->spoiled_leg && r->at >= at && r->at < r->seen[from];
	size_t keep = hit && !r->mask ? (size_t)(r->at - at) : (size_t)n;
	if (hit)
		b->base[r->at - at] = (char)(b->base[r->at - at] ^ r->mask);
	struct relayed *w = xmalloc(sizeof *w + keep);
	memcpy(w->data, b->base, keep);
	w->req.data = w;
	uv_buf_t out = uv_buf_init(w->data, (unsigned)keep);
	cr_assert_eq(uv_write(&w->req, (uv_stream_t *)&r->legs[!from], &out, 1, on_relayed), 0);
	if (hit && !r->mask)
		close_legs(r);
}

static void on_leg_connected(uv_connect_t *req, int status)
{
	struct relay *r = req->data;
	cr_assert_eq(status, 0);
	for (int i = 0; i < 2; i++)
		uv_read_start((uv_stream_t *)&r->legs[i], on_leg_alloc, on_leg_read);
}

static void on_relay_connection(uv_stream_t *listener, int status)
{
	struct relay *r = listener->data;
	cr_assert_eq(status, 0);
	for (int i = 0; i < 2; i++) {
		uv_tcp_init(listener->loop, &r->legs[i]);
		r->legs[i].data = r;
	}
	cr_assert_eq(uv_accept(listener, (uv_stream_t *)&r->legs[0]), 0);
	r->connect.data = r;
	uv_tcp_connect(
		&r->connect, &r->legs[1], (struct sockaddr *)&r->pair->addr, on_leg_connected);
	uv_close((uv_handle_t *)listener, NULL);
}

static struct relay *relay_create(struct pair *p, int leg, uint64_t at, uint8_t mask)
{
	struct relay *r = xcalloc(1, sizeof *r);
	int n = sizeof r->addr;
	*r = (struct relay){.pair = p, .spoiled_leg = leg, .at = at, .mask = mask};
	buf_init(&r->recorded, 4 << 20);
	uv_ip4_addr("127.0.0.1", 0, &r->addr);
	uv_tcp_init(&p->loop, &r->listener);
	r->listener.data = r;
	cr_assert_eq(uv_tcp_bind(&r->listener, (struct sockaddr *)&r->addr, 0), 0);
	cr_assert_eq(uv_listen((uv_stream_t *)&r->listener, 1, on_relay_connection), 0);
	uv_tcp_getsockname(&r->listener, (struct sockaddr *)&r->addr, &n);
	return r;
}

static void relay_free(struct relay *r)
{
	buf_fini(&r->recorded);
	free(r);
}

static void send_bulk_when_ready(struct end *e)
{
	conn_opened(e->conn);
	end_start_bulk(e, e->left);
}

/* Both ends send BULK bytes through a relay; returns when both have been told of the end. */
static struct pair *run_spoiled(int leg, uint64_t at, uint8_t mask, struct relay **ret)
{
	enum { BULK = 1000 * 1000 };
	struct pair *p = pair_create();
	struct end *ends[] = {&p->client, &p->servers[0]};
	for (int i = 0; i < 2; i++) {
		ends[i]->on_ready = send_bulk_when_ready;
		ends[i]->left = BULK;
	}
	*ret = relay_create(p, leg, at, mask);
	pair_dial_to(p, (struct sockaddr *)&(*ret)->addr, NULL);
	pair_wait(p, p->client.closed && p->accepted && p->servers[0].closed);
	return p;
}

Test(conn_faults, a_flipped_bit_in_the_session_is_a_tls_failure)
{
	/* the handshake takes less than 500 bytes in each direction */
	static const uint64_t places[] = {1000, 1005, 5000, 20000, 70001, 300000};
	for (size_t i = 0; i < 2 * sizeof places / sizeof *places; i++) {
		struct relay *r;
		int leg = (int)(i % 2);
		struct pair *p = run_spoiled(leg, places[i / 2], 0x04, &r);
		struct end *victim = leg == 0 ? &p->servers[0] : &p->client;
		cr_expect_eq(victim->err, ERR_TLS, "leg %d, byte %lu: %s", leg,
			(unsigned long)places[i / 2], err_str(victim->err));
		cr_expect_eq(victim->sum, bulk_sum(victim->bytes), "what came before is intact");
		pair_destroy(p);
		relay_free(r);
	}
}

Test(conn_faults, a_flipped_bit_in_the_handshake_lets_nobody_in)
{
	for (uint64_t at = 0; at < 74 + 128; at += 9) {
		struct relay *r;
		if (at >= 6 && at < 10)
			continue; /* another key's id: a hint, TLS is made with ours */
		struct pair *p = run_spoiled(1, at, 0x01, &r);
		cr_expect_eq(p->client.ready, 0, "byte %lu", (unsigned long)at);
		cr_expect_eq(p->client.msgs + p->servers[0].msgs, 0);
		cr_expect_neq(p->client.err, 0);
		pair_destroy(p);
		relay_free(r);
	}
	for (uint64_t at = 5; at < 300; at += 23) {
		struct relay *r;
		struct pair *p = run_spoiled(0, at, 0x80, &r);
		cr_expect_eq(p->servers[0].ready, 0, "byte %lu", (unsigned long)at);
		cr_expect_eq(p->servers[0].msgs, 0);
		pair_destroy(p);
		relay_free(r);
	}
}

static void say_hello(struct end *e)
{
	struct msg hello = sample_msg(MSG_HELLO);
	cr_assert_eq(conn_send(e->conn, &hello), 0);
}

Test(conn_faults, a_recorded_session_lets_nobody_in)
{
	struct pair *p = pair_create();
	struct relay *r = relay_create(p, 1, UINT64_MAX, 1); /* which spoils nothing */
	p->client.on_ready = say_hello;
	pair_dial_to(p, (struct sockaddr *)&r->addr, NULL);
	pair_wait(p, p->accepted && p->servers[0].msgs == 1);
	cr_assert_gt(r->recorded.len, 300u);

	/* all of it, to the same node, which has not even been started again */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&p->addr, sizeof p->addr), 0);
	cr_assert_eq(send(fd, r->recorded.data, r->recorded.len, MSG_NOSIGNAL),
		(ssize_t)r->recorded.len);
	pair_wait(p, p->accepted == 2 && p->servers[1].closed);
	cr_expect_eq(p->servers[1].err, ERR_TLS, "%s", err_str(p->servers[1].err));
	cr_expect_eq(p->servers[1].ready + p->servers[1].msgs, 0);
	cr_expect_eq(p->servers[0].closed, 0, "the honest session goes on");
	close(fd);
	conn_abort(p->client.conn, ERR_CLOSED);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	pair_destroy(p);
	relay_free(r);
}

Test(conn_faults, a_stream_that_is_cut_is_a_truncation)
{
	for (int leg = 0; leg < 2; leg++) {
		struct relay *r;
		struct pair *p = run_spoiled(leg, 100000, 0, &r);
		struct end *victim = leg == 0 ? &p->servers[0] : &p->client;
		cr_expect(victim->err == ERR_TRUNCATED || victim->err == -ECONNRESET ||
				  victim->err == -EPIPE,
			"%s", err_str(victim->err));
		cr_expect_eq(victim->sum, bulk_sum(victim->bytes));
		pair_destroy(p);
		relay_free(r);
	}
}

Test(conn_faults, another_key_fails_the_handshake_on_both_ends)
{
	struct pair *p = pair_create();
	p->node.keys[0].secret[0] ^= 1; /* the same id in the greeting, another secret */
	pair_dial(p);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->client.err, ERR_TLS);
	cr_expect_eq(p->servers[0].err, ERR_TLS);
	cr_expect_eq(p->client.ready + p->servers[0].ready, 0);
	pair_destroy(p);
}

Test(conn_faults, another_farm_is_seen_in_the_greeting)
{
	struct pair *p = pair_create();
	cr_assert_eq(keyring_generate(&p->farm), 0);
	pair_dial(p);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->client.err, ERR_KEY);
	cr_expect_eq(p->servers[0].err, ERR_TLS);
	pair_destroy(p);
}

Test(conn_faults, another_node_is_seen_in_the_greeting)
{
	struct pair *p = pair_create();
	pair_dial_to(p, (struct sockaddr *)&p->addr, "board-8");
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->client.err, ERR_NAME);
	pair_destroy(p);

	p = pair_create();
	struct keyring other;
	cr_assert_eq(keyring_for_node(&p->farm, "board-8", &other), 0);
	p->farm = other;
	pair_dial(p);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->client.err, ERR_KEY);
	pair_destroy(p);
}

/* A node that says what it is told to, and then closes if it shall. */
static void dial_liar(struct pair *p, const void *says, size_t n, bool closes)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	cr_assert_eq(bind(fd, (struct sockaddr *)&addr, len), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	pair_dial_to(p, (struct sockaddr *)&addr, NULL);
	int peer = accept(fd, NULL, NULL);
	cr_assert_geq(peer, 0);
	cr_assert_eq(send(peer, says, n, MSG_NOSIGNAL), (ssize_t)n);
	if (closes)
		shutdown(peer, SHUT_WR);
	pair_wait(p, p->client.closed);
	close(peer);
	close(fd);
}

static void greeting(const struct pair *p, unsigned version, uint8_t out[WIRE_GREETING_BYTES])
{
	struct wire_greeting g = {.version = (uint16_t)version, .name = "board-7"};
	memcpy(g.key_id, p->farm.keys[0].farm_id, sizeof g.key_id);
	wire_greeting_encode(&g, out);
}

Test(conn_faults, nodes_that_are_none)
{
	enum { NOTHING, GARBAGE, HELLO, OLD, HELLO_GARBAGE, HALF };
	static const struct {
		int says;
		bool closes;
		int err;
	} cases[] = {
		{NOTHING, true, ERR_CLOSED},
		{HALF, true, ERR_TRUNCATED},
		{GARBAGE, false, ERR_PROTO},
		{OLD, false, ERR_VERSION},
		{HELLO_GARBAGE, false, ERR_TLS},
		{HELLO, true, ERR_TLS},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair *p = pair_create();
		uint8_t text[2 * WIRE_GREETING_BYTES];
		memset(text, '?', sizeof text);
		if (cases[i].says != GARBAGE)
			greeting(p, cases[i].says == OLD ? WIRE_VERSION + 1 : WIRE_VERSION, text);
		size_t n = cases[i].says == NOTHING ? 0
			   : cases[i].says == HALF  ? WIRE_GREETING_BYTES / 2
			   : cases[i].says == HELLO || cases[i].says == OLD ? WIRE_GREETING_BYTES
									    : sizeof text;
		dial_liar(p, text, n, cases[i].closes);
		cr_expect_eq(
			p->client.err, cases[i].err, "case %zu: %s", i, err_str(p->client.err));
		cr_expect_eq(p->client.ready, 0);
		pair_destroy(p);
	}
}

Test(conn_faults, silence_ends_after_the_deadline)
{
	struct pair *p = pair_create();
	uint64_t start = clock_now_ms();
	dial_liar(p, "", 0, false);
	cr_expect_eq(p->client.err, ERR_TIMEOUT);
	cr_expect_geq(clock_now_ms() - start, CONN_HANDSHAKE_MS - 100);
	pair_destroy(p);
}

Test(conn_faults, who_does_not_introduce_itself_in_time_goes)
{
	struct pair *p = pair_create();
	pair_dial(p); /* holds the key, and then says nothing */
	pair_wait(p, p->client.ready && p->accepted && p->servers[0].ready);
	uint64_t start_ms = clock_now_ms();
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect(p->client.err == ERR_TIMEOUT || p->servers[0].err == ERR_TIMEOUT);
	cr_expect_geq(clock_now_ms() - start_ms, CONN_HANDSHAKE_MS - 300);
	pair_destroy(p);

	p = pair_open();
	start_ms = clock_now_ms();
	uv_timer_start(&p->guard, on_guard, CONN_HANDSHAKE_MS + 500, 0);
	while (!p->late)
		uv_run(&p->loop, UV_RUN_ONCE);
	cr_expect_eq(
		p->client.closed + p->servers[0].closed, 0, "afterwards there is no such limit");
	p->late = false;
	pair_destroy(p);
}

/* A client that sends bytes to a real node; returns what the node thinks of it. */
static int send_to_node(const void *says, size_t n, bool closes)
{
	struct pair *p = pair_create();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&p->addr, sizeof p->addr), 0);
	cr_assert_eq(send(fd, says, n, MSG_NOSIGNAL), (ssize_t)n);
	if (closes)
		shutdown(fd, SHUT_WR);
	pair_wait(p, p->servers[0].closed);
	int err = p->servers[0].err;
	cr_expect_eq(p->servers[0].ready + p->servers[0].msgs, 0);
	close(fd);
	pair_destroy(p);
	return err;
}

Test(conn_faults, clients_that_are_none)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: board-7\r\n\r\n";
	struct buf plain;
	struct msg hello = sample_msg(MSG_HELLO);
	buf_init(&plain, 4096);
	cr_assert_eq(msg_encode(&hello, &plain), 0);
	cr_expect_eq(send_to_node(plain.data, plain.len, false), ERR_TLS, "plaintext");
	cr_expect_eq(send_to_node(http, sizeof http - 1, false), ERR_TLS);
	cr_expect_eq(send_to_node("", 0, true), ERR_CLOSED, "a port scan");
	cr_expect_eq(send_to_node("\x16\x03\x01", 3, true), ERR_CLOSED, "gone in mid-handshake");
	cr_expect_eq(send_to_node("", 0, false), ERR_TIMEOUT);
	buf_fini(&plain);
}

Test(conn_faults, messages_out_of_turn_end_the_connection)
{
	static const struct {
		enum msg_type type;
		bool from_node, opened;
		int err;
	} cases[] = {
		{MSG_JOB, false, false, ERR_STATE},
		{MSG_DATA, false, false, ERR_STATE},
		{MSG_HELLO, false, true, ERR_STATE},
		{MSG_WELCOME, false, false, ERR_STATE},
		{MSG_CC_BEGIN, false, false, ERR_STATE},
		{MSG_RESULT, false, true, ERR_STATE},
		{MSG_HELLO, true, false, ERR_STATE},
		{MSG_CREDITS, true, false, ERR_STATE},
		{MSG_CANCEL, true, true, ERR_STATE},
		{MSG_WELCOME, true, true, ERR_STATE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair *p = pair_create();
		struct end *server = &p->servers[0];
		pair_dial(p);
		pair_wait(p, p->client.ready && p->accepted && server->ready);
		if (cases[i].opened) {
			conn_opened(p->client.conn);
			conn_opened(server->conn);
		}
		struct end *from = cases[i].from_node ? server : &p->client;
		struct end *to = cases[i].from_node ? &p->client : server;
		struct msg m = sample_msg(cases[i].type);
		cr_assert_eq(conn_send(from->conn, &m), 0);
		pair_wait(p, from->closed && to->closed);
		cr_expect_eq(to->err, cases[i].err, "case %zu: %s", i, err_str(to->err));
		cr_expect_eq(to->msgs, 0);
		pair_destroy(p);
	}
}

Test(conn_faults, frames_that_are_none)
{
	static const struct {
		const char *bytes;
		size_t n;
		int err;
	} cases[] = {
		{"\377\377\377\377\0\1\0\0\0\0\0\0", 12, ERR_TOOBIG},
		{"\0\0\377\365\0\1\0\0\0\0\0\0", 12,
			ERR_TOOBIG},                             /* one above the largest payload */
		{"\0\0\0\0\0\1\0\1\0\0\0\0", 12, ERR_PROTO},     /* the reserved field */
		{"\0\0\0\0\0\143\0\0\0\0\0\0", 12, ERR_PROTO},   /* no such message */
		{"\0\0\0\0\0\40\0\0\0\0\0\0", 12, ERR_STATE},    /* HELLO */
		{"\0\0\0\0\0\1\0\0\0\0\0\0", 12, ERR_TRUNCATED}, /* an empty CC_BEGIN */
		{"\0\0\300\1\0\1\0\0\0\0\0\0", 12, ERR_TRUNCATED}, /* longer than its row allows */
		{"\0\0\0\5\0\1\0\0\0\0\0\0ab", 14, ERR_TRUNCATED},
		{"\0\0\0\5\0\1\0\0\0\0\0", 11, ERR_TRUNCATED},
		{"", 0, ERR_CLOSED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair *p = pair_create();
		struct wrapper_link l;
		int fd = dial_wrapper(p, &l);
		cr_assert_eq(write(fd, cases[i].bytes, cases[i].n), (ssize_t)cases[i].n);
		shutdown(fd, SHUT_WR);
		pair_wait(p, l.end->closed);
		cr_expect_eq(l.end->err, cases[i].err, "case %zu: %s", i, err_str(l.end->err));
		cr_expect_eq(l.end->msgs, 0);
		close(fd);
		pair_destroy(p);
	}
}

Test(conn_faults, a_peer_that_vanishes_while_we_send)
{
	struct pair *p = pair_create();
	struct wrapper_link l;
	int fd = dial_wrapper(p, &l);
	end_start_bulk(l.end, 8 << 20);
	close(fd);
	pair_wait(p, l.end->closed);
	cr_expect_lt(l.end->err, 0);
	pair_destroy(p);
}
