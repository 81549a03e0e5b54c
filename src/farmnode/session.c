/* What can fail: the link; a client that breaks the protocol (both end the session); a job that is
 * not allowed here or that there is no room for (it alone is refused). Messages for jobs that are
 * not known are late ones for jobs that were refused or cancelled, and are passed over. */
#include "session_impl.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

/* A client that sends, but does not read the answers, is not listened to beyond this. Results stop
 * earlier. */
enum { DEAF_BYTES = 2 * CONN_HIGH_BYTES };

void session_end(struct session *s, int err)
{
	if (!s || s->ended)
		return;
	s->ended = true;
	if (err)
		conn_abort(s->conn, err);
	else
		conn_close(s->conn);
	if (s->builds)
		server_post(s->server, NODEQ_LEAVE, s->client, 0);
}

static void tell(struct session *s, const struct msg *m)
{
	if (!s || s->ended)
		return;
	int err = conn_send(s->conn, m);
	if (err)
		session_end(s, err);
}

static void welcome(struct session *s, unsigned credits)
{
	const struct server_conf *conf = &s->server->conf;
	char text[TOOLCHAIN_TEXT_MAX];
	struct msg m = {.type = MSG_WELCOME};
	m.welcome.version = WIRE_VERSION;
	m.welcome.name = xstrdup(conf->name);
	memcpy(m.welcome.boot_id, conf->boot_id, sizeof m.welcome.boot_id);
	m.welcome.slots = (uint16_t)conf->slots;
	m.welcome.preload = (uint16_t)conf->preload;
	m.welcome.jail_level = (uint16_t)conf->jail_level;
	m.welcome.credits = (uint16_t)credits;
	m.welcome.shows_views = conf->views;
	for (size_t i = 0; i < conf->toolchains->n; i++) {
		toolchain_format(&conf->toolchains->v[i].id, false, text, sizeof text);
		strv_push(&m.welcome.toolchains, text);
	}
	s->welcomed = true;
	tell(s, &m);
	msg_fini(&m);
}

void session_credits(struct session *s, unsigned credits)
{
	if (s && !s->welcomed)
		welcome(s, credits);
	else
		tell(s, &(struct msg){.type = MSG_CREDITS, .credits = (uint16_t)credits});
}

void session_started(struct session *s, uint32_t job)
{
	tell(s, &(struct msg){.type = MSG_STARTED, .job = job});
}

void session_refuse(struct session *s, uint32_t job, enum refusal code, const char *text)
{
	struct msg m = {.type = MSG_REFUSED, .job = job};
	if (s)
		s->server->totals.jobs[code == REFUSED_LIMIT ? METRICS_LIMITED : METRICS_REFUSED]++;
	m.refused.refusal = code;
	m.refused.text = xstrdup(text);
	tell(s, &m);
	msg_fini(&m);
}

void session_pump(struct session *s)
{
	while (s && !s->ended && !outbox_is_empty(&s->outbox) &&
		conn_queued_bytes(s->conn) <= CONN_HIGH_BYTES) {
		struct slot *sent = NULL;
		int err = outbox_step(&s->outbox, s->conn, &s->server->tools, &sent);
		if (err)
			session_end(s, err);
		else if (sent)
			server_post(s->server, NODEQ_DROP, s->client, sent->job);
	}
}

void session_deliver(struct session *s, struct slot *slot)
{
	if (s)
		outbox_add(&s->outbox, slot);
}

/* Whether it owes us the rest of a text or contents for a job, or its ear for results. */
static bool has_to_move(const struct session *s)
{
	bool receiving = false;
	list_for_each(l, &s->server->slots) {
		const struct slot *slot = list_entry(l, struct slot, link);
		receiving = receiving ||
			    (slot->client == s->client && (!slot->complete || slot->waits));
	}
	return receiving || !outbox_is_empty(&s->outbox);
}

static bool has_jobs(const struct session *s)
{
	list_for_each(l, &s->server->slots)
		if (list_entry(l, struct slot, link)->client == s->client)
			return true;
	return false;
}

void session_tick(struct session *s)
{
	if (s->ended)
		return;
	if (progress_stalled(
		    &s->progress, has_to_move(s), conn_moved_bytes(s->conn), clock_now_ms())) {
		session_end(s, ERR_TIMEOUT);
		return;
	}
	/* behind bulk data that does not move a heartbeat proves nothing, and they would pile up */
	if (conn_queued_bytes(s->conn) <= CONN_HIGH_BYTES && has_jobs(s))
		tell(s, &(struct msg){.type = MSG_BEAT});
}

void session_drain(struct session *s)
{
	if (s->introduced)
		tell(s, &(struct msg){.type = MSG_DRAIN});
	else
		session_end(s, 0);
}

/* A job that cannot be kept: the client is told, the rest of its messages are passed over. */
static void give_up(struct session *s, uint32_t job, enum refusal code, const char *text)
{
	session_refuse(s, job, code, text);
	server_post(s->server, NODEQ_DROP, s->client, job);
}

static void on_hello(struct session *s, struct msg *m)
{
	char name[80];
	if (m->hello.version != WIRE_VERSION || session_count(s->server) >= SERVER_CLIENTS_MAX) {
		session_end(s, m->hello.version != WIRE_VERSION ? ERR_VERSION : ERR_REFUSED);
		return;
	}
	snprintf(s->who, sizeof s->who, "%s (%s)", log_escape(m->hello.client, name, sizeof name),
		conn_peer_text(s->conn));
	s->introduced = true;
	s->builds = m->hello.role == ROLE_BUILD;
	if (s->builds && s->server->conf.views)
		s->views = views_create(s->server->conf.views);
	conn_opened(s->conn);
	log_info("%s %u: %s%s", s->builds ? "client" : "observer", s->client, s->who,
		conn_has_old_key(s->conn) ? ", with the old key" : "");
	if (s->builds)
		server_post(s->server, NODEQ_JOIN, s->client, 0);
	else
		welcome(s, 0);
}

static void on_job(struct session *s, struct msg *m)
{
	struct server *server = s->server;
	if (!s->builds || server_find_slot(server, s->client, m->job)) {
		session_end(s, ERR_STATE);
		return;
	}
	struct job_spec *spec = &m->job_spec.spec;
	if (spec->input_kind == INPUT_VIEW && !(s->views && views_has(s->views, spec->view))) {
		session_end(s, ERR_STATE);
		return;
	}
	const struct toolchains_entry *compiler =
		toolchains_find(server->conf.toolchains, spec->toolchain);
	struct check_refusal refusal;
	if (!check_job(spec, compiler ? &compiler->id : NULL, server->conf.closed, &refusal)) {
		log_debug("job %u of client %u refused: %s", m->job, s->client, refusal.text);
		session_refuse(s, m->job, refusal.code, refusal.text);
		return;
	}
	struct slot *slot;
	int err = slot_create(spec, &slot);
	if (err) {
		session_refuse(s, m->job, REFUSED_FULL, err_str(err));
		return;
	}
	slot->client = s->client;
	slot->job = m->job;
	slot->compiler = compiler;
	if (slot->spec.input_kind == INPUT_VIEW)
		slot->view = views_take(s->views, &slot->view_entries);
	server_add_slot(server, slot);
	server_post(server, NODEQ_JOB, s->client, m->job);
}

static bool has_room(const struct session *s, size_t n)
{
	uint64_t budget = s->server->conf.budget_bytes;
	return server_held_bytes(s->server, 0) + n <= budget &&
	       server_held_bytes(s->server, s->client) + n <= budget / 2;
}

static void on_data(struct session *s, struct msg *m)
{
	struct server *server = s->server;
	struct slot *slot = server_find_slot(server, s->client, m->job);
	if (!slot)
		return;
	if (slot->complete || slot->view || m->data.stream != STREAM_TEXT) {
		session_end(s, ERR_STATE);
		return;
	}
	buf_clear(&server->block);
	int err = lz_unpack(m, &server->block);
	if (err) {
		session_end(s, err);
		return;
	}
	if (!has_room(s, server->block.len)) {
		give_up(s, m->job, REFUSED_FULL, "no memory for more texts");
		return;
	}
	err = slot_append(slot, server->block.data, server->block.len);
	if (err == ERR_TOOBIG)
		session_end(s, err);
	else if (err)
		give_up(s, m->job, REFUSED_FULL, err_str(err));
}

/* A view's job starts when the contents are here, or never. False: it has to wait. */
static bool decide(struct session *s, struct slot *slot)
{
	enum refusal code = REFUSED_VIEW;
	const char *why;
	enum views_state state = views_check(slot->view, slot->view_entries, &code, &why);
	slot->waits = state == VIEWS_WAITING;
	if (slot->waits)
		return false;
	if (state == VIEWS_READY && slot_plan(slot, &why))
		server_post_ready(s->server, s->client, slot->job, slot->cost_ms);
	else
		give_up(s, slot->job, code, why);
	return true;
}

static struct slot *next_waiting(const struct session *s, const struct slot *behind)
{
	bool seen = !behind;
	list_for_each(l, &s->server->slots) {
		struct slot *slot = list_entry(l, struct slot, link);
		if (seen && slot->client == s->client && slot->waits)
			return slot;
		seen = seen || slot == behind;
	}
	return NULL;
}

/* A decision may take any slot away: then those that wait are looked for anew. */
static void decide_all(struct session *s)
{
	struct slot *slot = next_waiting(s, NULL);
	while (slot && !s->ended)
		slot = next_waiting(s, decide(s, slot) ? NULL : slot);
}

static void on_text_end(struct session *s, struct msg *m)
{
	struct slot *slot = server_find_slot(s->server, s->client, m->job);
	if (!slot)
		return;
	int err = slot->complete ? ERR_STATE : slot_complete(slot, m->job_text_end.raw_bytes);
	if (err) {
		session_end(s, err);
		return;
	}
	if (slot->view) {
		slot->cost_ms = m->job_text_end.cost_ms;
		decide(s, slot);
		return;
	}
	log_debug("job %u of client %u waits: %llu bytes", m->job, s->client,
		(unsigned long long)slot->text_bytes);
	server_post_ready(s->server, s->client, m->job, m->job_text_end.cost_ms);
}

static void on_cancel(struct session *s, struct msg *m)
{
	server_post(s->server, NODEQ_DROP, s->client, m->job);
}

static int take_files(struct session *s, struct msg *m)
{
	struct buf need;
	buf_init(&need, WIRE_PAYLOAD_MAX);
	int err = views_files(s->views, m, &need);
	struct msg answer = {
		.type = MSG_NEED, .need = {(uint16_t)(need.len / sizeof(uint32_t)), need.data}};
	if (!err && answer.need.count)
		tell(s, &answer);
	buf_fini(&need);
	return err;
}

static int take_content(struct session *s, struct msg *m)
{
	struct buf *block = &s->server->block;
	const struct msg packed = {.data = {.packing = m->content.packing,
					   .raw_bytes = m->content.raw_bytes,
					   .bytes = m->content.bytes,
					   .n = m->content.n}};
	buf_clear(block);
	int err = lz_unpack(&packed, block);
	return err ? err : views_content(s->views, m->content.number, block);
}

/* FILES, CONTENT, CONTENT_GONE: what a view has, or will not have, may be what jobs wait for. */
static void on_view(struct session *s, struct msg *m)
{
	int err = !s->views                ? ERR_STATE
		  : m->type == MSG_FILES   ? take_files(s, m)
		  : m->type == MSG_CONTENT ? take_content(s, m)
					   : views_gone(s->views, m->content_gone);
	if (err)
		session_end(s, err);
	else
		decide_all(s);
}

static const struct {
	enum msg_type type;
	void (*handle)(struct session *s, struct msg *m);
} handlers[] = {
	{MSG_HELLO, on_hello},
	{MSG_JOB, on_job},
	{MSG_DATA, on_data},
	{MSG_JOB_TEXT_END, on_text_end},
	{MSG_CANCEL, on_cancel},
	{MSG_FILES, on_view},
	{MSG_CONTENT, on_view},
	{MSG_CONTENT_GONE, on_view},
};

/* A BEAT has done its work by arriving. */
static void on_msg(void *ctx, struct msg *m)
{
	struct session *s = ctx;
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers && !s->ended; i++) {
		if (handlers[i].type == m->type) {
			handlers[i].handle(s, m);
			break;
		}
	}
	if (!s->ended && !s->paused && conn_queued_bytes(s->conn) > DEAF_BYTES) {
		s->paused = true;
		conn_pause(s->conn, true);
	}
}

static void on_drain(void *ctx)
{
	struct session *s = ctx;
	if (s->paused) {
		s->paused = false;
		conn_pause(s->conn, false);
	}
	session_pump(s);
}

static void on_ready(void *ctx)
{
	(void)ctx; /* the client speaks first */
}

/* Strangers may be port scanners: they do not get to fill the log. */
static void report_end(struct session *s, int err)
{
	if (s->introduced) {
		log_info("client %u, %s, left: %s", s->client, s->who,
			err_str(err ? err : ERR_CLOSED));
		return;
	}
	if (server_may_complain(s->server))
		log_info("no client at %s: %s", conn_peer_text(s->conn),
			err_str(err ? err : ERR_CLOSED));
}

static void on_closed(void *ctx, int err)
{
	struct session *s = ctx;
	struct server *server = s->server;
	report_end(s, err);
	server->totals.moved_bytes += conn_moved_bytes(s->conn);
	list_remove(&s->link);
	if (!s->ended && s->builds)
		server_post(server, NODEQ_LEAVE, s->client, 0);
	views_destroy(s->views);
	free(s);
	server_session_gone(server);
}

void session_accept(struct server *server, uv_stream_t *listener)
{
	static const struct conn_ops ops = {on_ready, on_msg, on_drain, on_closed};
	struct session *s = xcalloc(1, sizeof *s);
	s->server = server;
	s->client = ++server->last_client;
	outbox_init(&s->outbox);
	const struct conn_conf conf = {
		.loop = server->conf.loop, .peer = MSG_FROM_CLIENT, .ops = &ops, .ctx = s};
	int err = conn_accept_tls(&conf, listener, server->conf.keys, &s->conn);
	if (err) {
		log_warning("cannot accept a client: %s", err_str(err));
		free(s);
		return;
	}
	list_append(&server->sessions, &s->link);
	session_limit_strangers(s);
}
