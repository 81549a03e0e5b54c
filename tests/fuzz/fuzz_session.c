/* farmmake and two nodes, back to back: wrapper.c, peer.c and core/sched on one side, session.c,
 * server.c and core/nodeq on the other, everything real but what needs a kernel: links, jails, make's
 * tokens and the clock are played here, by the input's bytes: two for each thing that happens.
 *
 * Laws: no invariant of the scheduler breaks; a wrapper is told to compile here, or is given just what
 * a compiler makes of its own text, whatever a node sends; no node runs more compilers than it has
 * slots, nor keeps more than it may, of texts or of files; and when nothing happens any more, every wrapper has had its
 * answer, every token lent is owed or back, and nothing is left. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "compilers.h"
#include "core/cost.h"
#include "core/lz.h"
#include "fake_link.h"
#include "io/digest.h"
#include "lobby.h"
#include "peer.h"
#include "player.h"
#include "record.h"
#include "session.h"
#include "show.h"
#include "stage.h"
#include "texts.h"

#include <stdio.h>

enum {
	NODES = 2,
	SLOTS = 2,
	PRELOAD = 2,
	CCS_MAX = 24,
	BUDGET_BYTES = 400000,
	VIEWS_BYTES = 65536
};

static struct farm farm;
static struct jobserver js;
static struct server *servers[NODES];
static struct viewstore *views[NODES];
static struct keyring keys[NODES];
static struct cc ccs[CCS_MAX];
static struct toolchains toolchains;
static char toolchain_text[TOOLCHAIN_TEXT_MAX];

static void pump_ccs(void)
{
	for (size_t i = 0; i < CCS_MAX; i++)
		if (ccs[i].conn)
			player_pump(&ccs[i]);
}

/* --- the world */

static bool accept_on(int port)
{
	struct server *s = port < NODES + 1 && port > 0 ? servers[port - 1] : NULL;
	if (!s || s->draining)
		return false;
	session_accept(s, NULL);
	return true;
}

static void do_nothing(void *ctx)
{
	(void)ctx;
}

static void on_server_closed(void *ctx)
{
	*(struct server **)ctx = NULL;
}

static void make_toolchain(void)
{
	struct toolchain *t = &toolchains.v[0].id;
	char text[TOOLCHAIN_TEXT_MAX];
	*t = (struct toolchain){.kind = "gcc",
		.target = "x",
		.version = "1",
		.specs = "-",
		.cxx = "-",
		.bare_cxx = "-",
		.native = "-"};
	memset(t->defaults, 'a', TOOLCHAIN_DIGEST_HEX);
	memset(t->canary, 'b', TOOLCHAIN_DIGEST_HEX);
	memset(t->specs, 'c', TOOLCHAIN_DIGEST_HEX);
	memset(t->bare, 'd', TOOLCHAIN_DIGEST_HEX);
	toolchain_format(t, true, text, sizeof text);
	digest_sha256(text, strlen(text), t->id);
	toolchain_format(t, false, toolchain_text, sizeof toolchain_text);
	toolchains.v[0].path = xstrdup("/usr/bin/gcc");
	toolchains.n = 1;
	struct toolchain again;
	assert(toolchain_parse(toolchain_text, &again) == 0);
}

static void start_node(int i, const struct strv *closed)
{
	static const char *const names[NODES] = {"anvil", "bellows"};
	struct listen_set none = {.n = 0};
	keys[i].n = 1;
	strcpy(keys[i].keys[0].node, names[i]);
	assert(viewstore_create("/none", VIEWS_BYTES, closed, &views[i]) == 0);
	views[i]->loop = &farm.loop;
	const struct server_conf conf = {.loop = &farm.loop,
		.keys = &keys[i],
		.name = names[i],
		.slots = SLOTS,
		.preload = PRELOAD,
		.jail_level = 3,
		.budget_bytes = BUDGET_BYTES,
		.toolchains = &toolchains,
		.closed = closed,
		.views = views[i],
		.on_load = do_nothing,
		.on_idle = do_nothing};
	assert(server_create(&conf, &none, &servers[i]) == 0);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(i + 1))};
	addr.sin_addr.s_addr = htonl(0x0a000001);
	struct peer *p = peer_create(&farm, (struct sockaddr *)&addr, names[i]);
	peer_dial(p);
}

static void create_world(const struct strv *closed)
{
	log_init("fuzz", LOG_ERROR);
	stage_now_us = 1000000000;
	stage_jails = stage_trees = stage_contents = 0;
	player = (struct player){&farm, lz_create(), toolchain_text, false};
	memset(ccs, 0, sizeof ccs);
	farm = (struct farm){.local_slots = 2, .js = &js, .result_bytes_max = 300000};
	js = (struct jobserver){.tokens = {.base = 2}};
	farm.start_us = stage_now_us;
	list_init(&farm.peers);
	uv_loop_init(&farm.loop);
	farm.texts = texts_create("/nonexistent/blocks");
	const struct sched_conf sc = {
		.local_slots = 2, .stage_bytes_max = 1 << 20, .token_wait_us = 5000000};
	farm.sched = sched_create(&sc);
	farm.compilers = compilers_create();
	farm.record = record_create();
	farm.costs = cost_create();
	lobby_open(&farm);
	farm.expects_nodes = true;
	make_toolchain();
	for (int i = 0; i < NODES; i++)
		start_node(i, closed);
	fake_link_settle();
}

static void check_laws(void)
{
	sched_check(farm.sched);
	assert(farm.result_bytes <= farm.result_bytes_max);
	for (int i = 0; i < NODES; i++) {
		assert(servers[i]->conf.slots - servers[i]->free <= SLOTS);
		assert(server_held_bytes(servers[i], 0) <=
			2 * BUDGET_BYTES + SLOTS * STAGE_TEXT_BYTES_MAX);
		assert(store_bytes(views[i]->store) <= VIEWS_BYTES);
	}
	assert(stage_jails <= NODES * SLOTS);
}

static void tick(unsigned ms)
{
	stage_now_us += ms * 1000;
	list_for_each(l, &farm.peers) {
		struct peer *p = list_entry(l, struct peer, link);
		peer_check(p, clock_now_ms(), false);
		peer_dial(p);
	}
	lobby_tick(&farm);
	farm_event(&farm, (struct sched_event){SCHED_TICK});
	for (int i = 0; i < NODES; i++) {
		session_each(servers[i], session_tick);
		server_post(servers[i], NODEQ_TICK, 0, 0);
	}
}

static void give_token_back(void)
{
	if (js.tokens.owed == 0)
		return;
	uint32_t again = tokens_returned(&js.tokens, 1);
	if (again == 0)
		farm_event(&farm, (struct sched_event){SCHED_REPAID, .n = 1});
}

static void deliver(enum msg_sender from, unsigned n)
{
	struct conn *c;
	for (unsigned k = 0; k < n; k++)
		for (size_t i = 0; (c = fake_link_nth(from, i)); i++)
			fake_link_deliver(c);
}

/* --- what can happen */

struct input {
	const uint8_t *p, *end;
};

static void new_cc(uint8_t arg, struct input *in)
{
	static unsigned number;
	(void)in;
	for (size_t i = 0; i < CCS_MAX; i++) {
		if (!ccs[i].text) {
			player_begin(&ccs[i], arg, number++ % 100);
			return;
		}
	}
}

static void let_ccs_talk(uint8_t arg, struct input *in)
{
	(void)arg, (void)in;
	pump_ccs();
}

static void deliver_up(uint8_t arg, struct input *in)
{
	(void)in;
	deliver(MSG_FROM_CLIENT, arg % 8 + 1u);
}

static void deliver_down(uint8_t arg, struct input *in)
{
	(void)in;
	deliver(MSG_FROM_NODE, arg % 8 + 1u);
}

static void end_compiler(uint8_t arg, struct input *in)
{
	(void)in;
	if (stage_jails)
		stage_finish_jail(arg % stage_jails);
}

static void pass_time(uint8_t arg, struct input *in)
{
	(void)in;
	tick((arg + 1u) * 8);
}

static void cut_link(uint8_t arg, struct input *in)
{
	(void)in;
	struct conn *c = fake_link_nth(MSG_FROM_NODE, arg % NODES);
	if (c)
		fake_link_cut(c);
}

/* A node that is broken: a bit of what it sends is another. */
static void flip_bit(uint8_t arg, struct input *in)
{
	struct conn *c = fake_link_nth(MSG_FROM_NODE, arg % NODES);
	struct buf *b = c ? fake_link_incoming(c) : NULL;
	if (!b || !b->len || in->p == in->end)
		return;
	b->data[(*in->p++ * 37u) % b->len] ^= (uint8_t)(1 << arg / 32);
}

static void inject(struct conn *c, uint8_t arg, struct input *in)
{
	size_t n = arg % 64u, left = (size_t)(in->end - in->p);
	if (c)
		buf_append(fake_link_incoming(c), in->p, n < left ? n : left);
	in->p += n < left ? n : left;
}

/* A node that says something else. */
static void lie(uint8_t arg, struct input *in)
{
	inject(fake_link_nth(MSG_FROM_NODE, arg / 64 % NODES), arg, in);
}

/* A client that says something else. */
static void intrude(uint8_t arg, struct input *in)
{
	player.tainted = true;
	inject(fake_link_nth(MSG_FROM_CLIENT, arg / 64 % NODES), arg, in);
}

/* A client that shows views: what each message is about is the next byte's choice. */
static void show(uint8_t arg, struct input *in)
{
	struct conn *c = fake_link_nth(MSG_FROM_CLIENT, arg % NODES);
	unsigned what = in->p < in->end ? *in->p++ : 0;
	if (!c)
		return;
	player.tainted = true;
	show_say(fake_link_incoming(c), toolchains.v[0].id.id, arg / NODES, what);
}

static void kill_cc(uint8_t arg, struct input *in)
{
	struct cc *cc = &ccs[arg % CCS_MAX];
	(void)in;
	if (!cc->conn)
		return;
	conn_abort(cc->conn, ERR_CLOSED);
	cc->conn = NULL;
	cc->delivered = true;
}

static void drain_node(uint8_t arg, struct input *in)
{
	(void)in;
	if (!servers[arg % NODES]->draining)
		server_drain(servers[arg % NODES]);
}

static void return_token(uint8_t arg, struct input *in)
{
	(void)arg, (void)in;
	give_token_back();
}

static void (*const happenings[])(uint8_t arg, struct input *in) = {new_cc, let_ccs_talk,
	deliver_up, deliver_down, end_compiler, pass_time, cut_link, flip_bit, lie, intrude,
	kill_cc, drain_node, return_token, show, let_ccs_talk, deliver_up};

static bool is_at_rest(void)
{
	bool moving = stage_jails || js.tokens.owed || farm.wrappers.used;
	for (int i = 0; i < NODES; i++)
		moving = moving || !list_empty(&servers[i]->slots);
	return !moving;
}

/* Nothing more goes wrong: everybody gets an answer. */
static void come_to_rest(void)
{
	for (int i = 0; i < 200 && !is_at_rest(); i++) {
		pump_ccs();
		fake_link_settle();
		deliver(MSG_FROM_CLIENT, 4);
		deliver(MSG_FROM_NODE, 4);
		fake_link_settle();
		if (stage_jails)
			stage_finish_jail(0);
		give_token_back();
		tick(400);
		fake_link_settle();
		check_laws();
	}
	for (size_t i = 0; i < CCS_MAX; i++)
		assert(!ccs[i].text || ccs[i].delivered);
	assert(farm.wrappers.used == 0 && farm.result_bytes == 0);
	assert(js.tokens.lent == js.tokens.owed);
}

static void destroy_world(void)
{
	farm.closing = true;
	peer_close_all(&farm);
	for (int i = 0; i < NODES; i++)
		server_close(servers[i], on_server_closed, &servers[i]);
	fake_link_settle();
	while (stage_jails)
		stage_finish_jail(0);
	for (int i = 0; i < 10; i++)
		uv_run(&farm.loop, UV_RUN_NOWAIT);
	for (int i = 0; i < NODES; i++)
		assert(!servers[i]);
	assert(stage_trees == 0);
	for (int i = 0; i < NODES; i++) {
		assert(store_reserve(views[i]->store, VIEWS_BYTES - 1)); /* nobody uses anything */
		viewstore_destroy(views[i]);
	}
	assert(stage_contents == 0);
	assert(fake_link_count() == 0);
	assert(uv_loop_close(&farm.loop) == 0);
	sched_destroy(farm.sched);
	vec_fini(&farm.plan);
	vec_fini(&farm.events);
	vec_fini(&farm.heavy);
	idmap_fini(&farm.wrappers);
	peer_destroy_all(&farm);
	compilers_destroy(farm.compilers);
	texts_destroy(farm.texts);
	record_destroy(farm.record);
	cost_destroy(farm.costs);
	lz_destroy(player.lz);
	free(toolchains.v[0].path);
	for (size_t i = 0; i < CCS_MAX; i++) {
		free(ccs[i].text);
		buf_fini(&ccs[i].object);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct strv closed = {0};
	struct input in = {data, data + (size < 600 ? size : 600)};
	fake_link_accept = accept_on;
	create_world(&closed);
	while (in.end - in.p >= 2) {
		uint8_t what = *in.p++, arg = *in.p++;
		happenings[what % (sizeof happenings / sizeof *happenings)](arg, &in);
		fake_link_settle();
		check_laws();
	}
	come_to_rest();
	destroy_world();
	return 0;
}
