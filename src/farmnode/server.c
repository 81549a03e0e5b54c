/* Clients come in by on_connection and live in session.c; jobs come in by server_post(). What
 * nodeq plans is carried out in apply(), and only there are slots started and destroyed. What can
 * fail: a jail that does not start or breaks (the job is refused, another node may do it). */
#include "server.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "session.h"

#include <assert.h>
#include <unistd.h>

enum { BEAT_MS = 200, COMPLAINT_MS = 1000, BACKLOG = 128 };

static struct slot *slot_entry(struct list *l)
{
	return list_entry(l, struct slot, link);
}

struct slot *server_find_slot(const struct server *s, uint32_t client, uint32_t job)
{
	list_for_each(l, &s->slots)
		if (slot_entry(l)->client == client && slot_entry(l)->job == job)
			return slot_entry(l);
	return NULL;
}

uint64_t server_held_bytes(const struct server *s, uint32_t client)
{
	uint64_t sum = 0;
	list_for_each(l, &s->slots)
		if (client == 0 || slot_entry(l)->client == client)
			sum += slot_held_bytes(slot_entry(l));
	return sum;
}

bool server_may_complain(struct server *s)
{
	uint64_t now_ms = clock_now_ms();
	if (now_ms - s->last_complaint_ms < COMPLAINT_MS)
		return false;
	s->last_complaint_ms = now_ms;
	return true;
}

/* The job was started in vain: its client may try elsewhere. */
static void fail(
	struct server *s, uint32_t client, uint32_t job, enum refusal code, const char *why)
{
	if (server_may_complain(s))
		log_warning("job %u of client %u: %s", job, client, why);
	session_refuse(session_find(s, client), job, code, why);
	server_post(s, NODEQ_ENDED, client, job);
	server_post(s, NODEQ_DROP, client, job);
}

/* A jail that cannot be built is this node's fault, unless a view asked for it. */
static enum refusal failure_of(const struct slot *slot)
{
	return slot->view ? REFUSED_VIEW : REFUSED_FULL;
}

void server_measure(const struct server *s, struct metrics *ret)
{
	*ret = s->totals;
	ret->slots = s->conf.slots;
	ret->busy = s->conf.slots - s->free;
	ret->waiting = s->queued;
	ret->jail_level = s->conf.jail_level;
	ret->toolchains = (unsigned)s->conf.toolchains->n;
	ret->draining = s->draining;
	session_measure(s, ret);
}

static void on_ended(void *ctx, struct slot *slot)
{
	struct server *s = ctx;
	uint32_t client = slot->client, job = slot->job;
	const struct jail_outcome *o = &slot->outcome;
	s->totals.compile_us += o->wall_us;
	if (slot->killed)
		log_debug("job %u of client %u: killed", job, client);
	else
		log_debug("job %u of client %u: status %d, %llu ms", job, client, o->wait_status,
			(unsigned long long)o->wall_us / 1000);
	if (slot->killed) {
		s->totals.jobs[METRICS_KILLED]++;
		server_post(s, NODEQ_ENDED, client, job);
	} else if (o->err) {
		fail(s, client, job, failure_of(slot), o->why[0] ? o->why : err_str(o->err));
	} else if (o->over_limit) {
		fail(s, client, job, REFUSED_LIMIT, "an output or time limit was exceeded");
	} else if (o->wait_status == 0 && o->lacks_side) {
		fail(s, client, job, REFUSED_LIMIT, "the compiler did not write all files");
	} else if (server_held_bytes(s, 0) > 2 * s->conf.budget_bytes) {
		fail(s, client, job, REFUSED_FULL, "no memory for its results");
	} else {
		s->totals.jobs[o->wait_status == 0 ? METRICS_OK : METRICS_FAILED]++;
		session_deliver(session_find(s, client), slot);
		/* the slot's next job starts before these results are packed and sent */
		server_post(s, NODEQ_ENDED, client, job);
		session_pump(session_find(s, client));
	}
}

static void start(struct server *s, struct slot *slot)
{
	assert(slot); /* nodeq starts only what is there */
	log_debug("job %u of client %u: %s", slot->job, slot->client, slot->compiler->path);
	int err = slot_start(slot, s->conf.loop, s->conf.box);
	if (err)
		fail(s, slot->client, slot->job, failure_of(slot), err_str(err));
	else
		session_started(session_find(s, slot->client), slot->job);
}

static const char *refusal_text(enum refusal code)
{
	return code == REFUSED_DRAINING ? "this node is going away"
					: "more jobs than this node takes";
}

static void apply(struct server *s, const struct nodeq_action *a)
{
	struct session *session = session_find(s, a->client);
	struct slot *slot = server_find_slot(s, a->client, a->job);
	switch (a->type) {
	case NODEQ_CREDITS: session_credits(session, a->credits); break;
	case NODEQ_START: start(s, slot); break;
	case NODEQ_KILL: slot_kill(slot); break;
	case NODEQ_REFUSE:
		session_refuse(session, a->job, a->refusal, refusal_text(a->refusal));
		slot_destroy(slot);
		break;
	case NODEQ_FORGET: slot_destroy(slot); break;
	}
}

static void on_beat(uv_timer_t *timer)
{
	session_each(timer->data, session_tick);
	server_post(timer->data, NODEQ_TICK, 0, 0);
}

static void on_beat_closed(uv_handle_t *handle)
{
	struct server *s = handle->data;
	void (*on_closed)(void *ctx) = s->on_closed;
	void *ctx = s->closed_ctx;
	nodeq_destroy(s->queue);
	vec_fini(&s->plan);
	outbox_tools_fini(&s->tools);
	buf_fini(&s->block);
	vec_fini(&s->pending);
	free(s);
	on_closed(ctx);
}

/* The timer is the last handle to be closed, so the server is always freed from the loop. */
static void finish(struct server *s)
{
	if (s->closing && list_empty(&s->sessions) && list_empty(&s->slots) &&
		s->open_listeners == 0 && !uv_is_closing((uv_handle_t *)&s->beat))
		uv_close((uv_handle_t *)&s->beat, on_beat_closed);
}

/* After a change of the queue: what the world should know of it. */
static void settle(struct server *s)
{
	unsigned idle_slots = s->conf.slots - nodeq_running(s->queue);
	unsigned queued = nodeq_waiting(s->queue);
	bool changed = idle_slots != s->free || queued != s->queued;
	s->free = idle_slots;
	s->queued = queued;
	bool owing = nodeq_jobs(s->queue) > 0;
	if (!owing)
		uv_timer_stop(&s->beat);
	else if (!uv_is_active((uv_handle_t *)&s->beat) && !s->closing)
		uv_timer_start(&s->beat, on_beat, BEAT_MS, BEAT_MS);
	finish(s);
	if (changed)
		s->conf.on_load(s->conf.ctx);
	if (s->draining && !owing && !s->idle) {
		s->idle = true;
		s->conf.on_idle(s->conf.ctx);
	}
}

static void post(struct server *s, struct nodeq_event event)
{
	event.now_us = clock_now_us();
	vec_push(&s->pending, event);
	if (s->applying)
		return;
	s->applying = true;
	for (size_t i = 0; i < s->pending.n; i++) {
		struct nodeq_event e = s->pending.v[i]; /* the array may move */
		nodeq_step(s->queue, &e, &s->plan);
		for (size_t k = 0; k < s->plan.n; k++)
			apply(s, &s->plan.v[k]);
	}
	s->pending.n = 0;
	s->applying = false;
	settle(s);
}

void server_post(struct server *s, enum nodeq_event_type type, uint32_t client, uint32_t job)
{
	post(s, (struct nodeq_event){.type = type, .client = client, .job = job});
}

void server_post_ready(struct server *s, uint32_t client, uint32_t job, uint32_t cost_ms)
{
	post(s, (struct nodeq_event){NODEQ_READY, client, job, .cost_ms = cost_ms});
}

void server_add_slot(struct server *s, struct slot *slot)
{
	static const struct slot_ops ops = {on_ended};
	slot->ops = &ops;
	slot->ctx = s;
	list_append(&s->slots, &slot->link);
}

void server_session_gone(struct server *s)
{
	finish(s);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct server *s = listener->data;
	if (status == 0)
		session_accept(s, listener);
	else if (server_may_complain(s))
		log_warning("cannot accept a client: %s", err_str(status));
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct server *s = handle->data;
	s->open_listeners--;
	finish(s);
}

static void close_listeners(struct server *s)
{
	while (s->n_listeners)
		uv_close((uv_handle_t *)&s->listeners[--s->n_listeners], on_listener_closed);
}

static int add_listener(struct server *s, int fd)
{
	uv_tcp_t *tcp = &s->listeners[s->n_listeners++];
	uv_tcp_init(s->conf.loop, tcp);
	tcp->data = s;
	s->open_listeners++;
	int err = uv_tcp_open(tcp, fd);
	if (err) {
		close(fd);
		return err;
	}
	return uv_listen((uv_stream_t *)tcp, BACKLOG, on_connection);
}

int server_create(const struct server_conf *conf, struct listen_set *listen, struct server **ret)
{
	struct server *s = xcalloc(1, sizeof *s);
	s->conf = *conf;
	s->queue = nodeq_create(conf->slots, conf->preload);
	s->free = conf->slots;
	list_init(&s->sessions);
	list_init(&s->slots);
	outbox_tools_init(&s->tools);
	buf_init(&s->block, LZ_BLOCK_BYTES);
	uv_timer_init(conf->loop, &s->beat);
	s->beat.data = s;
	int err = 0;
	while (listen->n && !err)
		err = add_listener(s, listen->fd[--listen->n]);
	*ret = s;
	return err;
}

void server_drain(struct server *s)
{
	s->draining = true;
	close_listeners(s);
	session_each(s, session_drain);
	server_post(s, NODEQ_DRAIN, 0, 0);
}

static void hang_up(struct session *session)
{
	session_end(session, 0);
}

void server_close(struct server *s, void (*on_closed)(void *ctx), void *ctx)
{
	s->closing = true;
	s->draining = s->idle = true; /* nobody waits for that any more */
	s->on_closed = on_closed;
	s->closed_ctx = ctx;
	close_listeners(s);
	session_each(s, hang_up);
	finish(s);
}
