/* member - holds the farm's key, and asks for more than its share.
 *
 *   member crowd KEYFILE HOST:PORT N   N clients, one after the other, that all stay: "N welcome, N not"
 *   member deaf KEYFILE HOST:PORT N    N jobs that are refused, without listening to the answers; then
 *                                      it listens: "N answers"
 *   member beacons KEYFILE HOST:PORT N one beacon of each of N nodes, n1, n2, ..., of which none is there
 *   member stall KEYFILE HOST:PORT     begins a job's text and says no more: "closed after N ms: REASON"
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "core/beacon.h"
#include "io/conn.h"
#include "io/netif.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEAF_MS = 1500, LINGER_MS = 500, BEACON_PAUSE_NS = 700000, CROWD_MAX = 512 };

struct run {
	uv_loop_t loop;
	uv_timer_t timer;
	struct keyring keys;
	struct sockaddr_storage addr;
	enum { CROWD, DEAF, STALL } mode;
	struct member *members[CROWD_MAX];
	unsigned n, wanted, welcome, lost, sent, answers;
	uint64_t start_ms;
};

struct member {
	struct run *run;
	struct conn *conn;
	bool welcome;
};

static void dial(struct run *r);

static void finish(struct run *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->members[i]->conn)
			conn_abort(r->members[i]->conn, ERR_CLOSED);
	if (!uv_is_closing((uv_handle_t *)&r->timer))
		uv_close((uv_handle_t *)&r->timer, NULL);
}

static void on_linger(uv_timer_t *timer)
{
	finish(timer->data);
}

static void on_ready(void *ctx)
{
	struct member *m = ctx;
	char name[] = "member@lo";
	struct msg hello = {.type = MSG_HELLO};
	hello.hello.version = WIRE_VERSION;
	hello.hello.role = m->run->mode == CROWD ? ROLE_OBSERVER : ROLE_BUILD;
	hello.hello.client = name;
	conn_send(m->conn, &hello);
}

static int send_job(struct member *m, uint32_t number)
{
	char cwd[] = "/farm", source[] = "t.c", output[] = "t.o";
	struct msg job = {.type = MSG_JOB, .job = number};
	job.job_spec.spec = (struct job_spec){.cwd = cwd, .source = source, .output = output};
	return conn_send(m->conn, &job);
}

/* As fast as the link takes them, not reading anything. */
static void send_jobs(struct member *m)
{
	struct run *r = m->run;
	while (r->sent < r->wanted && conn_queued_bytes(m->conn) < CONN_HIGH_BYTES)
		if (send_job(m, ++r->sent) < 0)
			return;
}

static void on_listen_again(uv_timer_t *timer)
{
	struct run *r = timer->data;
	if (r->members[0]->conn)
		conn_pause(r->members[0]->conn, false);
}

/* A toolchain that the node has, so that it waits for the text. */
static void begin_text(struct member *m, const struct msg *welcome)
{
	char cwd[] = "/farm", source[] = "t.c", output[] = "t.o";
	struct msg job = {.type = MSG_JOB, .job = 1}, data = {.type = MSG_DATA, .job = 1};
	job.job_spec.spec = (struct job_spec){.cwd = cwd, .source = source, .output = output};
	const char *id = welcome->welcome.toolchains.n
				 ? strstr(welcome->welcome.toolchains.v[0], "\nid ")
				 : NULL;
	_cleanup_free_ char *hex = id ? xstrndup(id + 4, 2 * TOOLCHAIN_ID_BYTES) : xstrdup("");
	str_unhex(hex, job.job_spec.spec.toolchain, TOOLCHAIN_ID_BYTES);
	data.data.bytes = (const uint8_t *)"int x;\n";
	data.data.n = data.data.raw_bytes = 7;
	conn_send(m->conn, &job);
	conn_send(m->conn, &data);
	m->run->start_ms = clock_now_ms();
}

static void on_welcome(struct member *m, const struct msg *welcome)
{
	struct run *r = m->run;
	m->welcome = true;
	r->welcome++;
	conn_opened(m->conn);
	if (r->mode == CROWD) {
		dial(r);
	} else if (r->mode == DEAF) {
		conn_pause(m->conn, true);
		uv_timer_start(&r->timer, on_listen_again, DEAF_MS, 0);
		send_jobs(m);
	} else {
		begin_text(m, welcome);
	}
}

static void on_msg(void *ctx, struct msg *m)
{
	struct member *member = ctx;
	struct run *r = member->run;
	if (m->type == MSG_WELCOME)
		on_welcome(member, m);
	else if (m->type == MSG_REFUSED && ++r->answers == r->wanted)
		finish(r);
}

static void on_drain(void *ctx)
{
	struct member *m = ctx;
	if (m->run->mode == DEAF)
		send_jobs(m);
}

static void on_closed(void *ctx, int err)
{
	struct member *m = ctx;
	struct run *r = m->run;
	m->conn = NULL;
	r->lost += !m->welcome;
	if (uv_is_closing((uv_handle_t *)&r->timer))
		return;
	if (r->mode == STALL)
		printf("closed after %llu ms: %s\n",
			(unsigned long long)(clock_now_ms() - r->start_ms), err_str(err));
	if (r->mode == CROWD)
		dial(r);
	else
		finish(r);
}

static void dial(struct run *r)
{
	static const struct conn_ops ops = {on_ready, on_msg, on_drain, on_closed};
	if (r->mode == CROWD && r->n == r->wanted) {
		uv_timer_start(&r->timer, on_linger, LINGER_MS, 0);
		return;
	}
	struct member *m = r->members[r->n++] = xcalloc(1, sizeof *m);
	m->run = r;
	const struct conn_conf conf = {&r->loop, MSG_FROM_NODE, &ops, m};
	if (conn_dial(&conf, (struct sockaddr *)&r->addr, &r->keys, NULL, &m->conn) < 0)
		finish(r);
}

/* As many a second as a listener looks at, and fewer. */
static int send_beacons(const struct run *r)
{
	uint8_t datagram[BEACON_BYTES];
	int fd = socket(r->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (unsigned i = 1; i <= r->wanted; i++) {
		struct beacon b = {
			.version = WIRE_VERSION, .sequence = 1, .tcp_port = 1, .slots = 1};
		struct keyring node;
		snprintf(b.name, sizeof b.name, "n%u", i);
		if (keyring_for_node(&r->keys, b.name, &node) < 0)
			return 1;
		memcpy(b.key_id, node.keys[0].farm_id, sizeof b.key_id);
		memcpy(b.boot_id, &i, sizeof i);
		beacon_encode(&b, datagram);
		key_sign_beacon(&node.keys[0], datagram);
		if (sendto(fd, datagram, sizeof datagram, 0, (const struct sockaddr *)&r->addr,
			    netif_address_len((const struct sockaddr *)&r->addr)) < 0)
			return 1;
		nanosleep(&(struct timespec){0, BEACON_PAUSE_NS}, NULL);
	}
	return close(fd);
}

int main(int argc, char *argv[])
{
	static const char *const modes[] = {"crowd", "deaf", "stall"};
	static struct run r;
	long n = 1;
	signal(SIGPIPE, SIG_IGN);
	if (argc < 4 || keyring_load(argv[2], &r.keys) < 0 ||
		netif_parse_address(argv[3], NETIF_PORT, true, &r.addr) < 0 ||
		(argc > 4 && str_to_long(argv[4], 1, 1000000, &n) < 0))
		return 2;
	while (r.mode < STALL && strcmp(modes[r.mode], argv[1]) != 0)
		r.mode++;
	r.wanted = r.mode == CROWD && n > CROWD_MAX ? CROWD_MAX : (unsigned)n;
	if (strcmp(argv[1], "beacons") == 0)
		return send_beacons(&r);
	uv_loop_init(&r.loop);
	uv_timer_init(&r.loop, &r.timer);
	r.timer.data = &r;
	dial(&r);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	if (r.mode == CROWD)
		printf("%u welcome, %u not\n", r.welcome, r.lost);
	else if (r.mode == DEAF)
		printf("%u answers\n", r.answers);
	for (unsigned i = 0; i < r.n; i++)
		free(r.members[i]);
	return 0;
}
