/* Two well-behaved ends. What peers must not do is in test_conn_faults.c. */
#include "lib/conn_pair.h"

#include <errno.h>
#include <stdio.h>

Test(conn, both_ends_get_ready_and_know_each_other)
{
	struct pair *p = pair_create();
	char want[64];
	pair_dial_to(p, (struct sockaddr *)&p->addr, "board-7");
	cr_expect_eq(conn_send(p->client.conn, &(struct msg){.type = MSG_BEAT}), ERR_STATE);
	cr_expect_str_eq(conn_node_name(p->client.conn), "");
	pair_wait(p, p->client.ready && p->accepted && p->servers[0].ready);
	snprintf(want, sizeof want, "127.0.0.1:%d", ntohs(p->addr.sin_port));
	cr_expect_str_eq(conn_peer_text(p->client.conn), want);
	cr_expect(str_starts(conn_peer_text(p->servers[0].conn), "127.0.0.1:"));
	cr_expect_str_eq(conn_node_name(p->client.conn), "board-7");
	cr_expect_str_eq(conn_node_name(p->servers[0].conn), "board-7");
	cr_expect_leq(clock_now_ms() - conn_last_heard_ms(p->client.conn), (uint64_t)DEADLINE_MS);
	pair_destroy(p);
}

Test(conn, a_node_s_own_key_opens_its_own_node)
{
	struct pair *p = pair_create();
	p->farm = p->node;
	pair_dial(p);
	pair_wait(p, p->client.ready);
	pair_destroy(p);
}

/* Farm keys by letter: "ba" is b, and a beside it. */
static struct keyring ring_of(const struct key keys[2], const char *letters)
{
	struct keyring r = {.n = strlen(letters)};
	for (size_t i = 0; i < r.n; i++)
		r.keys[i] = keys[letters[i] - 'a'];
	return r;
}

Test(conn, while_the_farm_s_key_changes_either_opens)
{
	static const struct {
		const char *client, *node;
		int err;                   /* the client's */
		bool client_old, node_old; /* which of its keys each end says it was */
	} cases[] = {
		{"a", "a", 0, false, false},
		{"ba", "a", 0, true, false},
		{"a", "ba", 0, false, true},
		{"ba", "ba", 0, false, false},
		{"ba", "ab", 0, true, false},
		{"b", "ba", 0, false, false},
		{"ba", "b", 0, false, false},
		{"b", "a", ERR_KEY, false, false},
		{"a", "b", ERR_KEY, false, false},
	};
	struct key keys[2];
	for (int i = 0; i < 2; i++)
		cr_assert_eq(key_generate(&keys[i]), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair *p = pair_create();
		struct end *server = &p->servers[0];
		struct keyring node = ring_of(keys, cases[i].node);
		p->farm = ring_of(keys, cases[i].client);
		cr_assert_eq(keyring_for_node(&node, "board-7", &p->node), 0);
		pair_dial(p);
		pair_wait(p, p->client.ready + p->client.closed);
		pair_wait(p, p->accepted && server->ready + server->closed);
		cr_expect_eq(
			p->client.err, cases[i].err, "case %zu: %s", i, err_str(p->client.err));
		if (p->client.ready && server->ready) {
			cr_expect_eq(conn_has_old_key(p->client.conn), cases[i].client_old,
				"case %zu", i);
			cr_expect_eq(
				conn_has_old_key(server->conn), cases[i].node_old, "case %zu", i);
		}
		cr_expect_eq(server->ready, cases[i].err == 0);
		pair_destroy(p);
	}
}

/* Sends all that a sender may say in a phase; returns how many. */
static unsigned say_all(
	struct end *e, enum msg_sender sender, enum msg_phase phase, struct buf *log)
{
	unsigned n = 0;
	for (size_t i = 0; msg_row(i); i++) {
		if (!msg_allowed(msg_row(i)->type, sender, phase))
			continue;
		struct msg m = sample_msg(msg_row(i)->type);
		if (e)
			cr_assert_eq(conn_send(e->conn, &m), 0);
		cr_assert_eq(msg_encode(&m, log), 0);
		n++;
	}
	return n;
}

static void expect_heard(const struct end *e, const struct buf *log)
{
	cr_assert_eq(e->said.len, log->len);
	cr_expect_arr_eq(e->said.data, log->data, log->len);
}

Test(conn, every_message_arrives_on_a_node_link)
{
	struct pair *p = pair_create();
	struct end *server = &p->servers[0];
	struct buf up, down;
	unsigned ups, downs;
	buf_init(&up, 1 << 20);
	buf_init(&down, 1 << 20);
	pair_dial(p);
	pair_wait(p, p->client.ready && p->accepted && server->ready);
	ups = say_all(&p->client, MSG_FROM_CLIENT, MSG_IN_HELLO, &up);
	downs = say_all(server, MSG_FROM_NODE, MSG_IN_HELLO, &down);
	pair_wait(p, p->client.msgs == downs && server->msgs == ups);
	conn_opened(p->client.conn);
	conn_opened(server->conn);
	ups += say_all(&p->client, MSG_FROM_CLIENT, MSG_IN_OPEN, &up);
	downs += say_all(server, MSG_FROM_NODE, MSG_IN_OPEN, &down);
	pair_wait(p, p->client.msgs == downs && server->msgs == ups);
	expect_heard(&p->client, &down);
	expect_heard(server, &up);
	buf_fini(&up);
	buf_fini(&down);
	pair_destroy(p);
}

/* The last of the messages with which a wrapper may begin. */
static void introduce_on_heavy(struct end *e, struct msg *m)
{
	if (m->type == MSG_CC_HEAVY)
		conn_opened(e->conn);
}

Test(conn, every_message_arrives_on_a_wrapper_s_link)
{
	struct pair *p = pair_create();
	struct wrapper_link l;
	struct buf up, down, got;
	char want[32];
	buf_init(&up, 1 << 20);
	buf_init(&down, 1 << 20);
	buf_init(&got, 1 << 20);
	int fd = dial_wrapper(p, &l);
	l.end->on_msg = introduce_on_heavy;
	snprintf(want, sizeof want, "pid %d", getpid());
	cr_expect_str_eq(conn_peer_text(l.end->conn), want);
	cr_expect_str_eq(conn_node_name(l.end->conn), "");

	unsigned n = say_all(NULL, MSG_FROM_CC, MSG_IN_HELLO, &up);
	n += say_all(NULL, MSG_FROM_CC, MSG_IN_OPEN, &up);
	for (size_t i = 0; i < up.len; i++) { /* in the smallest pieces there are */
		cr_assert_eq(write(fd, up.data + i, 1), 1);
		uv_run(&p->loop, UV_RUN_NOWAIT);
	}
	pair_wait(p, l.end->msgs == n);
	expect_heard(l.end, &up);

	say_all(l.end, MSG_FROM_CTL, MSG_IN_OPEN, &down);
	conn_close(l.end->conn);
	buf_reserve(&got, down.len + 1);
	while (got.len < down.len) {
		ssize_t r = recv(fd, got.data + got.len, down.len + 1 - got.len, MSG_DONTWAIT);
		cr_assert(r > 0 || (r < 0 && errno == EAGAIN));
		got.len += r > 0 ? (size_t)r : 0;
		uv_run(&p->loop, UV_RUN_NOWAIT);
	}
	cr_expect_arr_eq(got.data, down.data, down.len);
	cr_expect_eq(recv(fd, got.data, 1, 0), 0, "then the end of the stream");
	close(fd);
	pair_wait(p, l.end->closed);
	cr_expect_eq(l.end->err, ERR_CLOSED);
	cr_expect_eq(l.end->ready, 0, "a wrapper's link is ready at once");
	buf_fini(&up);
	buf_fini(&down);
	buf_fini(&got);
	pair_destroy(p);
}

Test(conn, bulk_data_flows_both_ways_within_bounds)
{
	enum { BULK = 20 * 1000 * 1000 };
	struct pair *p = pair_open();
	struct end *server = &p->servers[0];
	end_start_bulk(&p->client, BULK);
	end_start_bulk(server, BULK);
	pair_wait(p, p->client.bytes == BULK && server->bytes == BULK);
	uint32_t want = bulk_sum(BULK);
	cr_expect_eq(p->client.sum, want);
	cr_expect_eq(server->sum, want);
	cr_expect_gt(p->client.drained, 0);
	cr_expect_gt(server->drained, 0);
	cr_expect_lt(p->client.peak_queued, (size_t)CONN_HIGH_BYTES + WIRE_FRAME_MAX);
	pair_wait(p, conn_queued_bytes(p->client.conn) == 0);
	pair_destroy(p);
}

Test(conn, a_paused_reader_stops_the_sender)
{
	enum { BULK = 30 * 1000 * 1000 };
	struct pair *p = pair_open();
	struct end *server = &p->servers[0];
	conn_pause(server->conn, true);
	conn_pause(server->conn, true);
	end_start_bulk(&p->client, BULK);
	/* the kernel's buffers fill up, then nothing moves any more */
	uint64_t left = 0, since = clock_now_ms();
	while (clock_now_ms() - since < 200) {
		uv_run(&p->loop, UV_RUN_NOWAIT);
		if (left != p->client.left)
			since = clock_now_ms();
		left = p->client.left;
	}
	cr_expect_gt(left, 0);
	cr_expect_leq(server->bytes, 64 * 1024, "at most what had been read before");
	conn_pause(server->conn, false);
	pair_wait(p, server->bytes == BULK);
	cr_expect_eq(server->sum, bulk_sum(BULK));
	pair_destroy(p);
}

Test(conn, the_queue_has_an_end)
{
	struct pair *p = pair_open();
	static uint8_t block[65000];
	int err = 0;
	conn_pause(p->servers[0].conn, true);
	for (unsigned i = 0; !err && i < 2000; i++)
		err = end_send_data(&p->client, block, sizeof block);
	cr_expect_eq(err, ERR_TOOBIG);
	cr_expect_leq(conn_queued_bytes(p->client.conn), (size_t)CONN_QUEUE_MAX);
	cr_expect_gt(conn_queued_bytes(p->client.conn), (size_t)CONN_QUEUE_MAX - 2 * sizeof block);
	cr_expect_eq(p->client.closed, 0);
	pair_destroy(p);
}

Test(conn, a_message_that_cannot_be_encoded_is_not_sent)
{
	struct pair *p = pair_open();
	struct msg m = sample_msg(MSG_DATA);
	m.data.raw_bytes++;
	cr_expect_eq(conn_send(p->client.conn, &m), ERR_PROTO);
	cr_expect_eq(conn_queued_bytes(p->client.conn), 0);
	pair_destroy(p);
}

Test(conn, closing_sends_what_is_queued)
{
	enum { BULK = 8 * 1000 * 1000 };
	struct pair *p = pair_open();
	struct end *server = &p->servers[0];
	static uint8_t block[50000];
	end_start_bulk(server, BULK); /* the other way: unread data must not cost us ours */
	for (unsigned i = 0; i < BULK / sizeof block; i++)
		cr_assert_eq(end_send_data(&p->client, block, sizeof block), 0);
	unsigned msgs = p->client.msgs;
	conn_close(p->client.conn);
	conn_close(p->client.conn);
	cr_expect_eq(conn_send(p->client.conn, &(struct msg){.type = MSG_BEAT}), ERR_CLOSED);
	cr_expect_eq(p->client.closed, 0, "never from inside conn_close");
	pair_wait(p, p->client.closed && server->closed);
	cr_expect_eq(server->bytes, BULK);
	cr_expect_eq(server->err, ERR_CLOSED);
	cr_expect_eq(p->client.err, ERR_CLOSED);
	cr_expect_eq(p->client.msgs, msgs, "after conn_close only on_closed follows");
	pair_destroy(p);
}

Test(conn, closing_does_not_wait_for_a_peer_that_does_not_read)
{
	struct pair *p = pair_open();
	struct end *server = &p->servers[0];
	static uint8_t block[65000];
	conn_pause(server->conn, true);
	while (end_send_data(&p->client, block, sizeof block) == 0)
		continue;
	uint64_t start = clock_now_ms();
	conn_close(p->client.conn);
	pair_wait(p, p->client.closed);
	cr_expect_lt(clock_now_ms() - start, 3000);
	cr_expect_eq(p->client.err, ERR_CLOSED);
	pair_destroy(p);
}

Test(conn, both_may_close_at_once)
{
	struct pair *p = pair_open();
	uint64_t start = clock_now_ms();
	conn_close(p->client.conn);
	conn_close(p->servers[0].conn);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_lt(clock_now_ms() - start, 900, "without waiting for the timer");
	pair_destroy(p);
}

static void close_end(struct end *e, struct msg *m)
{
	(void)m;
	conn_close(e->conn);
}

static void close_ready(struct end *e)
{
	conn_close(e->conn);
}

Test(conn, a_callback_may_close)
{
	struct pair *p = pair_open();
	p->servers[0].on_msg = close_end;
	for (unsigned i = 0; i < 5; i++)
		cr_assert_eq(conn_send(p->client.conn, &(struct msg){.type = MSG_BEAT}), 0);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->servers[0].msgs, 1);
	pair_destroy(p);

	p = pair_create();
	p->client.on_ready = close_ready;
	pair_dial(p);
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->servers[0].err, ERR_CLOSED);
	pair_destroy(p);
}

Test(conn, aborting_tells_the_owner_what_it_was_told)
{
	struct pair *p = pair_open();
	end_start_bulk(&p->client, 4 << 20);
	conn_abort(p->client.conn, ERR_DIGEST);
	conn_abort(p->client.conn, ERR_PROTO);
	conn_close(p->client.conn);
	cr_expect_eq(p->client.closed, 0, "never from inside conn_abort");
	pair_wait(p, p->client.closed && p->servers[0].closed);
	cr_expect_eq(p->client.err, ERR_DIGEST);
	cr_expect(p->servers[0].err == ERR_TRUNCATED || p->servers[0].err == -ECONNRESET);
	cr_expect_lt(p->servers[0].bytes, 4 << 20);
	pair_destroy(p);
}

Test(conn, a_connect_that_fails_is_told_later)
{
	struct pair *p = pair_create();
	struct sockaddr_in nobody = p->addr;
	uv_tcp_t bound; /* bound, but not listening */
	int n = sizeof nobody;
	nobody.sin_port = 0;
	uv_tcp_init(&p->loop, &bound);
	cr_assert_eq(uv_tcp_bind(&bound, (struct sockaddr *)&nobody, 0), 0);
	uv_tcp_getsockname(&bound, (struct sockaddr *)&nobody, &n);
	pair_dial_to(p, (struct sockaddr *)&nobody, NULL);
	pair_wait(p, p->client.closed);
	cr_expect_eq(p->client.err, -ECONNREFUSED);
	uv_close((uv_handle_t *)&bound, NULL);
	pair_destroy(p);
}

Test(conn, closing_while_connecting)
{
	struct pair *p = pair_create();
	pair_dial(p);
	conn_close(p->client.conn);
	pair_wait(p, p->client.closed);
	cr_expect_eq(p->client.err, ERR_CLOSED);
	cr_expect_eq(p->client.ready, 0);
	pair_destroy(p);
}

Test(conn, arguments_that_make_no_sense_are_refused_at_once)
{
	struct pair *p = pair_create();
	const struct sockaddr_un unix_addr = {.sun_family = AF_UNIX};
	struct conn_conf conf = end_conf(&p->loop, &p->client, MSG_FROM_NODE);
	struct conn *c = NULL;
	cr_expect_eq(conn_dial(&conf, (const struct sockaddr *)&unix_addr, &p->farm, NULL, &c),
		-EAFNOSUPPORT);
	cr_expect_eq(conn_dial(&conf, (struct sockaddr *)&p->addr, &p->farm, "a b", &c), -EINVAL);
	cr_expect_eq(conn_accept_tls(&conf, (uv_stream_t *)&p->listener, &p->node, &c), -EAGAIN,
		"nobody is there to be accepted");
	cr_expect_null(c);
	pair_destroy(p);
}

Test(conn, many_connections)
{
	enum { N = 50 };
	struct pair *p = pair_create();
	static struct end clients[N];
	for (unsigned i = 0; i < N; i++) {
		struct conn_conf conf = end_conf(&p->loop, &clients[i], MSG_FROM_NODE);
		cr_assert_eq(conn_dial(&conf, (struct sockaddr *)&p->addr, &p->farm, NULL,
				     &clients[i].conn),
			0);
		clients[i].on_ready = close_ready;
	}
	for (unsigned i = 0; i < N; i++) {
		pair_wait(p, clients[i].closed);
		cr_expect_eq(clients[i].ready, 1);
		cr_expect_eq(clients[i].err, ERR_CLOSED);
		buf_fini(&clients[i].said);
	}
	for (unsigned i = 0; i < N; i++)
		pair_wait(p, p->servers[i].closed);
	pair_destroy(p);
}
