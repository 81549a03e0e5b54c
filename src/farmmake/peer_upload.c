/* Jobs on their way to a node: a text is sent block by block, a view's job in two messages, once the node
 * knows of the files. Behind jobs come the contents that it still needs.
 */
#include "distccd.h"
#include "peer.h"
#include "tell.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>

/* The first that can go on; NULL: none. */
static struct copy *next_upload(struct peer *p)
{
	list_for_each(l, &p->uploads) {
		struct copy *c = list_entry(l, struct copy, upload_link);
		if (!c->waits)
			return c;
	}
	return NULL;
}

void peer_refuse(struct peer *p, struct copy *c, bool retry)
{
	uint32_t job = c->wrapper->id;
	copy_detach(c);
	copy_reset(c);
	farm_event(p->farm,
		(struct sched_event){SCHED_JOB_REFUSED, .job = job, .node = p->id, .retry = retry});
}

static int begin_job(struct peer *p, struct copy *c)
{
	struct wrapper *w = c->wrapper;
	if (peer_view_is_stale(p, w)) {
		c->waits = true;
		direct_look(w);
		return 0;
	}
	int err = w->spec.input_kind == INPUT_VIEW ? peer_view_announce(p, w) : 0;
	struct msg m = {.type = MSG_JOB, .job = w->id, .job_spec.spec = w->spec};
	c->job_sent = true;
	return err ? err : conn_send(p->conn, &m);
}

static int end_job(struct peer *p, struct copy *c)
{
	struct wrapper *w = c->wrapper;
	struct msg m = {.type = MSG_JOB_TEXT_END, .job = w->id};
	m.job_text_end.raw_bytes = w->text.raw_bytes;
	m.job_text_end.cost_ms =
		w->cost_us / 1000 < UINT32_MAX ? (uint32_t)(w->cost_us / 1000) : UINT32_MAX;
	list_remove(&c->upload_link);
	return conn_send(p->conn, &m);
}

static int upload_some(struct peer *p, struct copy *c)
{
	struct msg m;
	if (!c->job_sent)
		return begin_job(p, c);
	if (!chunks_next(&c->wrapper->text, &c->upload_cursor, &m))
		return end_job(p, c);
	c->wrapper->up_bytes += m.data.n;
	m.job = c->wrapper->id;
	return conn_send(p->conn, &m);
}

void peer_pump(struct peer *p)
{
	struct copy *c;
	int err = 0;
	while (!err && conn_queued_bytes(p->conn) < CONN_HIGH_BYTES && (c = next_upload(p)))
		err = upload_some(p, c);
	if (!err)
		err = peer_view_pump(p);
	if (err)
		conn_abort(p->conn, -ENOBUFS); /* ours, and no offence of the node's */
}

void peer_send(struct peer *p, struct wrapper *w)
{
	assert(p->state == PEER_UP);
	if (list_empty(&p->jobs))
		p->owed_since_ms = clock_now_ms();
	if (w->dispatches++ == 0)
		w->t.sent = farm_seconds(p->farm);
	if (w->id > p->last_job)
		p->last_job = w->id;
	struct copy *c = wrapper_copy(w, NULL);
	copy_attach(c, p);
	tell_phase(w, p, false);
	if (w->spec.input_kind == INPUT_VIEW && !p->shows_views)
		peer_refuse(p, c, false);
	else if (p->distccd)
		distccd_send(p, c);
	else
		peer_pump(p);
}

void peer_go_on(struct wrapper *w, bool ok)
{
	for (size_t i = 0; i < sizeof w->copies / sizeof *w->copies; i++) {
		struct copy *c = &w->copies[i];
		struct peer *p = c->peer;
		if (!p || !c->waits)
			continue;
		c->waits = false;
		if (ok)
			peer_pump(p);
		else
			peer_refuse(p, c, false);
	}
}

void peer_cancel(struct peer *p, uint32_t job)
{
	struct copy *c = peer_find_job(p, job);
	if (!c)
		return;
	bool is_there = c->job_sent; /* never true of a distccd's */
	copy_detach(c);
	copy_reset(c);
	if (is_there)
		conn_send(p->conn, &(struct msg){.type = MSG_CANCEL, .job = job});
}
