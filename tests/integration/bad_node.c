/* bad_node - a node that holds a key, knows the compiler, and breaks the protocol behind TLS.
 *
 *     bad_node KEY NAME ADDRESS:PORT TOOLCHAIN-TEXT WAY
 *
 * TOOLCHAIN-TEXT is a file. WAY is one of the table at the end; what it says is done with the first job,
 * and with each one after it. Prints a line for each connection. Ends when its parent does.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "core/lz.h"
#include "io/conn.h"
#include "io/digest.h"
#include "io/keyring.h"
#include "io/netif.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { TEXT_MAX = 1 << 16 };

struct guest;

struct node {
	uv_loop_t loop;
	uv_tcp_t listener;
	struct keyring keys;
	const char *name;
	char *toolchain;
	void (*misbehave)(struct guest *g, uint32_t job);
};

struct guest {
	struct node *node;
	struct conn *conn;
	struct msg flood; /* a block of a result without end; job 0: there is none */
	uint64_t flood_bytes;
};

static _Noreturn void die(const char *what, int err)
{
	fprintf(stderr, "bad_node: %s: %s\n", what, err_str(err));
	exit(1);
}

static int tell(struct guest *g, struct msg m)
{
	return conn_send(g->conn, &m);
}

static struct msg data(uint32_t job, enum stream stream, const char *text)
{
	struct msg m = {.type = MSG_DATA, .job = job};
	m.data.stream = stream;
	m.data.packing = PACKING_STORED;
	m.data.raw_bytes = (uint32_t)strlen(text);
	m.data.bytes = (const uint8_t *)text;
	m.data.n = strlen(text);
	return m;
}

static struct msg result(uint32_t job, const char *text)
{
	struct msg m = {.type = MSG_RESULT, .job = job};
	m.result.wall_us = 1000;
	m.result.raw_bytes[STREAM_OUTPUT] = strlen(text);
	return m;
}

/* A second introduction. */
static void say_welcome(struct guest *g, uint32_t job)
{
	struct msg m = {.type = MSG_WELCOME, .job = job};
	m.welcome.version = WIRE_VERSION;
	m.welcome.name = (char[]){"again"};
	tell(g, m);
}

/* A block that does not unpack, among the words of the compiler. */
static void say_garbage(struct guest *g, uint32_t job)
{
	struct msg m = data(job, STREAM_STDERR, "this is no LZO block");
	m.data.packing = PACKING_LZO1X;
	m.data.raw_bytes = 60000;
	tell(g, m);
}

/* A source, from a node. */
static void say_text(struct guest *g, uint32_t job)
{
	tell(g, data(job, STREAM_TEXT, "int x;"));
}

static void name_another_job(struct guest *g, uint32_t job)
{
	tell(g, (struct msg){.type = MSG_STARTED, .job = job + 1000000});
}

static void give_wrong_digest(struct guest *g, uint32_t job)
{
	tell(g, (struct msg){.type = MSG_STARTED, .job = job});
	tell(g, data(job, STREAM_OUTPUT, "an object"));
	tell(g, result(job, "an object"));
}

static void give_wrong_length(struct guest *g, uint32_t job)
{
	struct msg block = data(job, STREAM_OUTPUT, "an object"), end = result(job, "an");
	struct buf b;
	buf_init(&b, WIRE_FRAME_MAX);
	tell(g, block);
	if (msg_encode(&block, &b) == 0)
		digest_sha256(
			b.data + WIRE_HEADER_BYTES, b.len - WIRE_HEADER_BYTES, end.result.digest);
	tell(g, end);
	buf_fini(&b);
}

static void refuse(struct guest *g, uint32_t job)
{
	struct msg m = {.type = MSG_REFUSED, .job = job};
	m.refused.refusal = REFUSED_FULL;
	m.refused.text = (char[]){"no"};
	tell(g, m);
}

/* The compiler fails, for no reason that the source gives. */
static void fail(struct guest *g, uint32_t job)
{
	struct msg end = {.type = MSG_RESULT, .job = job};
	end.result.wait_status = 256;
	digest_sha256("", 0, end.result.digest);
	tell(g, (struct msg){.type = MSG_STARTED, .job = job});
	tell(g, end);
}

static void be_silent(struct guest *g, uint32_t job)
{
	(void)g, (void)job;
}

static void go_on(void *ctx)
{
	struct guest *g = ctx;
	while (g->flood.job && conn_queued_bytes(g->conn) < CONN_HIGH_BYTES) {
		if (tell(g, g->flood) < 0)
			g->flood.job = 0;
		g->flood_bytes += g->flood.data.n;
	}
}

static void begin_flood(struct guest *g, uint32_t job, const uint8_t *raw, uint8_t *packed)
{
	struct lz *lz = lz_create();
	lz_pack(lz, raw, LZ_BLOCK_BYTES, packed, &g->flood);
	lz_destroy(lz);
	g->flood.job = job;
	g->flood.data.stream = STREAM_OUTPUT;
	tell(g, (struct msg){.type = MSG_STARTED, .job = job});
	go_on(g);
}

/* An object without end, of which nothing can be packed; and no other one. */
static void send_without_end(struct guest *g, uint32_t job)
{
	static uint8_t noise[LZ_BLOCK_BYTES], packed[LZ_PACKED_MAX];
	if (g->flood_bytes) {
		refuse(g, job);
		return;
	}
	uv_random(NULL, NULL, noise, sizeof noise, 0, NULL);
	begin_flood(g, job, noise, packed);
}

/* An object that is next to nothing, and too large when it is unpacked. */
static void send_bomb(struct guest *g, uint32_t job)
{
	static const uint8_t zeros[LZ_BLOCK_BYTES];
	static uint8_t packed[LZ_PACKED_MAX];
	if (!g->flood.job)
		begin_flood(g, job, zeros, packed);
}

static const struct {
	const char *name;
	void (*misbehave)(struct guest *g, uint32_t job);
} ways[] = {
	{"welcome", say_welcome},
	{"garbage", say_garbage},
	{"text", say_text},
	{"job", name_another_job},
	{"digest", give_wrong_digest},
	{"length", give_wrong_length},
	{"refuse", refuse},
	{"fail", fail},
	{"huge", send_without_end},
	{"bomb", send_bomb},
	{"silent", be_silent},
};

static void on_ready(void *ctx)
{
	(void)ctx;
}

static void welcome(struct guest *g)
{
	struct msg m = {.type = MSG_WELCOME};
	m.welcome.version = WIRE_VERSION;
	m.welcome.name = xstrdup(g->node->name);
	m.welcome.slots = 4;
	m.welcome.preload = 4;
	m.welcome.jail_level = 3;
	m.welcome.credits = 8;
	strv_push(&m.welcome.toolchains, g->node->toolchain);
	tell(g, m);
	msg_fini(&m);
}

static void on_msg(void *ctx, struct msg *m)
{
	struct guest *g = ctx;
	if (m->type == MSG_HELLO) {
		conn_opened(g->conn);
		puts("connected");
		fflush(stdout);
		if (m->hello.role == ROLE_BUILD)
			welcome(g);
	} else if (m->type == MSG_JOB_TEXT_END) {
		g->node->misbehave(g, m->job);
	} else if (m->type == MSG_CANCEL && m->job == g->flood.job) {
		g->flood.job = 0;
		printf("cancelled after %llu MiB\n", (unsigned long long)g->flood_bytes >> 20);
		fflush(stdout);
	}
}

static void on_closed(void *ctx, int err)
{
	(void)err;
	free(ctx);
}

static void on_connection(uv_stream_t *listener, int status)
{
	static const struct conn_ops ops = {on_ready, on_msg, go_on, on_closed};
	struct node *n = listener->data;
	struct guest *g = xcalloc(1, sizeof *g);
	g->node = n;
	const struct conn_conf conf = {
		.loop = &n->loop, .peer = MSG_FROM_CLIENT, .ops = &ops, .ctx = g};
	if (status < 0 || conn_accept_tls(&conf, listener, &n->keys, &g->conn) < 0)
		free(g);
}

static void open_node(struct node *n, char *argv[])
{
	struct keyring farm;
	struct sockaddr_storage addr;
	int err = keyring_load(argv[1], &farm);
	if (!err)
		err = keyring_for_node(&farm, argv[2], &n->keys);
	if (!err)
		err = netif_parse_address(argv[3], 0, true, &addr);
	if (!err)
		err = fs_read_file(argv[4], TEXT_MAX, &n->toolchain, NULL);
	if (err)
		die("arguments", err);
	n->name = argv[2];
	uv_loop_init(&n->loop);
	uv_tcp_init(&n->loop, &n->listener);
	n->listener.data = n;
	err = uv_tcp_bind(&n->listener, (struct sockaddr *)&addr, 0);
	if (!err)
		err = uv_listen((uv_stream_t *)&n->listener, 16, on_connection);
	if (err)
		die(argv[3], err);
}

int main(int argc, char *argv[])
{
	static struct node n;
	for (size_t i = 0; argc == 6 && i < sizeof ways / sizeof *ways; i++)
		if (strcmp(ways[i].name, argv[5]) == 0)
			n.misbehave = ways[i].misbehave;
	if (!n.misbehave) {
		fputs("usage: bad_node KEY NAME ADDRESS:PORT TOOLCHAIN-TEXT WAY\n", stderr);
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	open_node(&n, argv);
	return uv_run(&n.loop, UV_RUN_DEFAULT);
}
