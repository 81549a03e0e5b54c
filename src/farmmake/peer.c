#include "peer_end.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "compilers.h"
#include "distccd.h"
#include "io/netif.h"
#include "lobby.h"
#include "peer_result.h"
#include "tell.h"
#include "ways.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAMESAKE_TURNS = 2 }; /* beacons of two starts of a node take turns: so often */

struct peer *peer_create(struct farm *f, const struct sockaddr *addr, const char *name)
{
	struct peer *p = xcalloc(1, sizeof *p);
	p->farm = f;
	p->id = ++f->last_peer;
	p->retry_pause_ms = PEER_RETRY_MIN_MS;
	list_init(&p->jobs);
	list_init(&p->uploads);
	peer_view_init(&p->view);
	list_append(&f->peers, &p->link);
	memcpy(&p->addr, addr, netif_address_len(addr));
	snprintf(p->name, sizeof p->name, "%s", name);
	return p;
}

struct peer *peer_find(struct farm *f, uint32_t id)
{
	list_for_each(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		if (p->id == id)
			return p;
	}
	return NULL;
}

struct peer *peer_find_name(struct farm *f, const char *name)
{
	list_for_each(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		if (!p->duplicate && strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

bool peer_any_up(const struct farm *f)
{
	list_for_each(l, &f->peers)
		if (list_entry(l, struct peer, link)->state == PEER_UP)
			return true;
	return false;
}

bool peer_any_farmnode_up(const struct farm *f)
{
	list_for_each(l, &f->peers) {
		const struct peer *p = list_entry(l, struct peer, link);
		if (p->state == PEER_UP && !p->distccd)
			return true;
	}
	return false;
}

uint64_t peer_moved_bytes(const struct peer *p)
{
	return p->distccd ? p->moved_bytes : conn_moved_bytes(p->conn);
}

struct copy *peer_find_job(const struct peer *p, uint32_t id)
{
	struct wrapper *w = idmap_get(&p->farm->wrappers, id);
	return w ? wrapper_copy(w, p) : NULL;
}

static void say_hello(struct peer *p)
{
	char host[64] = "", client[128];
	gethostname(host, sizeof host - 1);
	const char *user = getenv("USER");
	snprintf(client, sizeof client, "%s@%s", user ? user : "?", host);
	struct msg m = {.type = MSG_HELLO};
	m.hello.version = WIRE_VERSION;
	m.hello.role = ROLE_BUILD;
	m.hello.client = client;
	conn_send(p->conn, &m);
}

static void on_ready(void *ctx)
{
	struct peer *p = ctx;
	snprintf(p->name, sizeof p->name, "%s", conn_node_name(p->conn));
	say_hello(p);
}

static uint64_t intern_toolchains(struct peer *p, const struct strv *texts)
{
	uint64_t mask = 0;
	for (size_t i = 0; i < texts->n; i++) {
		struct compiler_bits bits;
		if (compilers_bits(p->farm->compilers, texts->v[i], NULL, &bits) < 0)
			continue;
		mask |= UINT64_C(1) << bits.all;
		if (bits.native >= 0)
			mask |= UINT64_C(1) << bits.native;
	}
	return mask;
}

/* The same node by another address, or another node of that name, that is or was in use. */
static const struct peer *find_namesake(const struct peer *p)
{
	list_for_each(l, &p->farm->peers) {
		const struct peer *other = list_entry(l, struct peer, link);
		if (other != p && (other->state == PEER_UP || other->state == PEER_QUARANTINE) &&
			strcmp(other->name, p->name) == 0)
			return other;
	}
	return NULL;
}

static void say_namesake(const struct peer *p, const char *other)
{
	log_warning("two nodes are named %s, at %s and at %s, and one of them is used: give each a "
		    "--name of its own",
		p->name, p->address, other);
}

uint32_t peer_usable_credits(const struct peer *p)
{
	return p->left_out ? 0 : p->credits;
}

static int on_welcome(struct peer *p, const struct msg *m)
{
	if (m->welcome.version != WIRE_VERSION)
		return ERR_VERSION;
	const struct peer *other = find_namesake(p);
	if (other) {
		p->duplicate = true; /* known by beacon already, and given by address too */
		if (other->state == PEER_UP &&
			memcmp(m->welcome.boot_id, other->boot_id, sizeof other->boot_id) != 0)
			say_namesake(other, p->address);
		return ERR_CLOSED;
	}
	conn_opened(p->conn);
	p->state = PEER_UP;
	p->draining = p->lost = p->suspect = false;
	p->t_up = farm_seconds(p->farm);
	memcpy(p->boot_id, m->welcome.boot_id, sizeof p->boot_id);
	p->slots = m->welcome.slots;
	p->jail_level = m->welcome.jail_level;
	p->shows_views = m->welcome.shows_views;
	p->credits = m->welcome.credits;
	ways_join(p);
	snprintf(p->address, sizeof p->address, "%s", conn_peer_text(p->conn));
	log_debug("%.3f node %s is %u", farm_seconds(p->farm), p->name, p->id);
	if (p->farm->conf.verbose)
		log_info("node %s (%s): %u slots", p->name, p->address, p->slots);
	farm_event(p->farm, (struct sched_event){SCHED_NODE_UP, .node = p->id,
				    .credits = peer_usable_credits(p), .slots = m->welcome.slots,
				    .here = netif_is_here((const struct sockaddr *)&p->addr),
				    .toolchains = intern_toolchains(p, &m->welcome.toolchains)});
	tell_node(p);
	ways_review(p->farm);
	lobby_call(p->farm);
	return 0;
}

static void on_started(struct peer *p, const struct msg *m)
{
	struct copy *c = peer_find_job(p, m->job);
	if (c)
		peer_result_begin(p, c);
}

static void on_result(struct peer *p, const struct msg *m)
{
	struct copy *c = peer_find_job(p, m->job);
	if (!c)
		return;
	enum peer_result verdict = peer_result_finish(c, &m->result);
	if (verdict == PEER_RESULT_BROKEN)
		peer_strike(p, TRUST_DIGEST, c->wrapper->spec.source);
	else
		peer_result_return(p, c, &m->result, verdict);
}

/* What keeps it from showing one view will keep it from the next, unless a file had changed. */
static void note_view_refused(struct peer *p)
{
	if (!p->shows_views || ++p->view_refusals < PEER_VIEW_REFUSALS_MAX)
		return;
	p->shows_views = false;
	if (p->farm->conf.verbose)
		log_info("node %s cannot show what is compiled here", p->name);
	ways_review(p->farm);
}

static void on_refused(struct peer *p, const struct msg *m)
{
	struct copy *c = peer_find_job(p, m->job);
	if (!c)
		return;
	char why[160];
	log_debug("node %s refused %s: %s", p->name, c->wrapper->spec.source,
		log_escape(m->refused.text, why, sizeof why));
	enum refusal r = m->refused.refusal;
	if (r == REFUSED_VIEW)
		note_view_refused(p);
	peer_refuse(p, c, r != REFUSED_FLAG && r != REFUSED_LIMIT && r != REFUSED_VIEW);
}

/* A result that there is no room for is given up, and its source compiled here. */
static int on_data(struct peer *p, const struct msg *m)
{
	struct copy *c = peer_find_job(p, m->job);
	int err = c ? peer_result_add(c, m) : 0;
	if (err != -ENOMEM)
		return err;
	log_warning("no memory for the result of %s: it is compiled here", c->wrapper->spec.source);
	peer_cancel(p, m->job);
	farm_event(p->farm, (struct sched_event){SCHED_JOB_REFUSED, .job = m->job, .node = p->id});
	return 0;
}

static int on_need(struct peer *p, const struct msg *m)
{
	int err = peer_view_on_need(p, m);
	if (!err)
		peer_pump(p);
	return err;
}

void peer_set_credits(struct peer *p, uint32_t credits)
{
	p->credits = credits;
	farm_event(p->farm, (struct sched_event){SCHED_NODE_CREDITS, .node = p->id,
				    .credits = peer_usable_credits(p)});
}

/* Late words about a job that it had are no offence. */
static bool is_made_up(const struct peer *p, const struct msg *m)
{
	bool of_job = m->type == MSG_DATA || m->type == MSG_STARTED || m->type == MSG_RESULT ||
		      m->type == MSG_REFUSED;
	return of_job && (m->job == 0 || m->job > p->last_job);
}

static int dispatch(struct peer *p, const struct msg *m)
{
	if (m->type == MSG_WELCOME)
		return p->state == PEER_DIALING ? on_welcome(p, m) : ERR_STATE;
	if (is_made_up(p, m))
		peer_strike(p, TRUST_JOB, msg_name(m->type));
	if (p->state != PEER_UP)
		return 0;
	if (m->type == MSG_DATA)
		return on_data(p, m);
	if (m->type == MSG_STARTED)
		on_started(p, m);
	else if (m->type == MSG_RESULT)
		on_result(p, m);
	else if (m->type == MSG_REFUSED)
		on_refused(p, m);
	else if (m->type == MSG_CREDITS && !p->draining)
		peer_set_credits(p, m->credits);
	else if (m->type == MSG_DRAIN)
		p->draining = true, peer_set_credits(p, 0);
	else if (m->type == MSG_NEED)
		return on_need(p, m);
	return 0;
}

static void on_msg(void *ctx, struct msg *m)
{
	struct peer *p = ctx;
	int err = dispatch(p, m);
	if (trust_is_offence(err))
		peer_strike(p, TRUST_FRAME, err_str(err));
	else if (err)
		conn_abort(p->conn, err);
}

static void on_drain(void *ctx)
{
	peer_pump(ctx);
}

void peer_dial(struct peer *p)
{
	static const struct conn_ops ops = {.on_ready = on_ready,
		.on_msg = on_msg,
		.on_drain = on_drain,
		.on_closed = peer_on_closed};
	if (p->state != PEER_IDLE || p->duplicate || clock_now_ms() < p->retry_at_ms)
		return;
	if (p->distccd) {
		distccd_dial(p);
		return;
	}
	struct conn_conf conf = {
		.loop = &p->farm->loop, .peer = MSG_FROM_NODE, .ops = &ops, .ctx = p};
	netif_format_address((struct sockaddr *)&p->addr, p->address, sizeof p->address);
	int err = conn_dial(&conf, (struct sockaddr *)&p->addr, &p->farm->keys,
		p->name[0] ? p->name : NULL, &p->conn);
	if (err) {
		p->retry_at_ms = clock_now_ms() + p->retry_pause_ms;
		return;
	}
	p->state = PEER_DIALING;
}

/* A node that has started anew is another one from then on; two that have one name take turns. */
static void look_for_namesake(
	struct peer *p, const struct sockaddr *addr, const uint8_t boot_id[PEER_BOOT_BYTES])
{
	char other[sizeof p->address];
	if (memcmp(boot_id, p->boot_id, PEER_BOOT_BYTES) == 0 ||
		memcmp(p->heard_boot, p->boot_id, PEER_BOOT_BYTES) != 0 ||
		++p->namesakes != NAMESAKE_TURNS)
		return;
	netif_format_address(addr, other, sizeof other);
	say_namesake(p, other);
}

void peer_heard(struct peer *p, const struct sockaddr *addr, const uint8_t boot_id[PEER_BOOT_BYTES])
{
	if (p->state == PEER_UP)
		look_for_namesake(p, addr, boot_id);
	if (p->state == PEER_UP && memcmp(boot_id, p->boot_id, PEER_BOOT_BYTES) != 0)
		/* started anew, or an old beacon played again: who has lost this connection says so
		 * when something comes on it, who has it passes a heartbeat over */
		conn_send(p->conn, &(struct msg){.type = MSG_BEAT});
	if (p->state == PEER_IDLE && memcmp(boot_id, p->heard_boot, PEER_BOOT_BYTES) != 0) {
		uint64_t soon_ms = clock_now_ms() + PEER_RETRY_MIN_MS;
		p->retry_pause_ms = PEER_RETRY_MIN_MS;
		p->retry_at_ms = p->retry_at_ms < soon_ms ? p->retry_at_ms : soon_ms;
	}
	memcpy(p->heard_boot, boot_id, PEER_BOOT_BYTES);
	if (p->state == PEER_IDLE)
		memcpy(&p->addr, addr, netif_address_len(addr));
	peer_dial(p);
}

static void set_suspect(struct peer *p, bool suspect)
{
	if (p->suspect == suspect)
		return;
	p->suspect = suspect;
	log_debug("%.3f node %s is %s", farm_seconds(p->farm), p->name,
		suspect ? "suspect" : "heard again");
	farm_event(p->farm,
		(struct sched_event){SCHED_NODE_SUSPECT, .node = p->id, .suspect = suspect});
}

void peer_check(struct peer *p, uint64_t now_ms, bool late)
{
	if (p->state != PEER_UP)
		return;
	if (late)
		p->owed_since_ms = now_ms;
	if (p->distccd) {
		distccd_check(p);
		return;
	}
	uint64_t heard = conn_last_heard_ms(p->conn);
	uint64_t since = heard > p->owed_since_ms ? heard : p->owed_since_ms;
	bool owes = !list_empty(&p->jobs) || p->suspect; /* its jobs may be elsewhere by now */
	if (owes && now_ms > since + PEER_SILENCE_MS)
		conn_abort(p->conn, ERR_TIMEOUT);
	else
		set_suspect(p, owes && now_ms > since + PEER_SUSPECT_MS);
}

void peer_close_all(struct farm *f)
{
	list_for_each(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		if (p->distccd)
			distccd_close(p->distccd);
		if (!p->conn)
			continue;
		conn_close(
			p->conn); /* so that the node sees an orderly end, where nothing is queued */
		conn_abort(p->conn, ERR_CLOSED);
	}
}

void peer_destroy_all(struct farm *f)
{
	list_for_each_safe(l, &f->peers) {
		struct peer *p = list_entry(l, struct peer, link);
		assert(!p->conn);
		list_remove(&p->link);
		peer_view_fini(&p->view);
		distccd_destroy(p->distccd);
		free(p);
	}
}
