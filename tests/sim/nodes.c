/* Nodes: links that upload one text after the other, slots, queues, and what can go wrong there. */
#include "base/str.h"
#include "sim.h"

enum { SUSPECT_US = 600000, DEAD_US = 3000000, FROZEN_US = 2500000, AWAY_US = 4000000 };

static void node_later(
	struct sim *w, const struct sim_node *n, uint64_t in_us, enum sim_event_type type)
{
	sim_push(w, in_us, (struct sim_event){.type = type, .who = n->id, .gen = n->gen});
}

static void copy_later(struct sim *w, struct sim_copy *c, uint64_t in_us, enum sim_event_type type)
{
	sim_push(w, in_us,
		(struct sim_event){.type = type,
			.who = c->job->id,
			.gen = c->gen,
			.copy = (int)(c - c->job->copy)});
}

static void plan_fault(struct sim *w, const struct sim_node *n, unsigned mean_s, int type)
{
	if (mean_s)
		node_later(w, n, sim_interval(w, mean_s * 1e6), (enum sim_event_type)type);
}

static void rise(struct sim *w, struct sim_node *n)
{
	const struct sim_faults *f = &w->sc->faults;
	n->up = true;
	n->gen++;
	n->credits = 2 * n->kind->slots;
	n->link_free_us = n->thaw_us = 0;
	sim_say(w, (struct sched_event){SCHED_NODE_UP, .node = n->id, .credits = n->credits,
			   .slots = n->kind->slots, .toolchains = 1});
	plan_fault(w, n, f->down_s, SIM_FALL);
	plan_fault(w, n, f->frozen_s, SIM_FREEZE);
	plan_fault(w, n, f->credits_s, SIM_REGRANT);
}

void sim_make_nodes(struct sim *w)
{
	for (int k = 0; k < SIM_KINDS; k++)
		w->node_count += w->sc->kinds[k].count;
	w->nodes = xcalloc(w->node_count + 1, sizeof *w->nodes);
	uint32_t id = 1;
	for (int k = 0; k < SIM_KINDS; k++) {
		for (unsigned i = 0; i < w->sc->kinds[k].count; i++, id++) {
			struct sim_node *n = &w->nodes[id];
			n->id = id;
			n->kind = &w->sc->kinds[k];
			list_init(&n->waiting);
			list_init(&n->copies);
			rise(w, n);
		}
	}
}

static void run(struct sim *w, struct sim_copy *c)
{
	double us = (double)c->job->cost_us / c->node->kind->speed;
	if (sim_chance(w, w->sc->faults.slow))
		us *= 10;
	c->state = COPY_RUN;
	c->wall_us = (uint64_t)us;
	c->node->running++;
	w->stats.busy_us += (double)c->job->cost_us;
	copy_later(w, c, (uint64_t)us, SIM_COMPILED);
	sim_say(w, (struct sched_event){SCHED_JOB_STARTED, .job = c->job->id, .node = c->node->id});
}

static void free_slot(struct sim *w, struct sim_node *n)
{
	n->running--;
	if (list_empty(&n->waiting))
		return;
	struct sim_copy *next = NULL;
	list_for_each(l, &n->waiting) {
		struct sim_copy *c = list_entry(l, struct sim_copy, link);
		if (!next || c->urgent_us < next->urgent_us)
			next = c;
	}
	list_remove(&next->link);
	run(w, next);
}

/* The node knows nothing of this copy any more. */
static void forget(struct sim *w, struct sim_copy *c)
{
	bool ran = c->state == COPY_RUN;
	c->state = COPY_NONE;
	c->gen++;
	c->node->used--;
	list_remove(&c->link);
	list_remove(&c->node_link);
	if (ran)
		free_slot(w, c->node);
}

void sim_send(struct sim *w, struct sim_job *j, uint32_t node)
{
	struct sim_node *n = &w->nodes[node];
	struct sim_copy *c = j->copy[0].state == COPY_NONE ? &j->copy[0] : &j->copy[1];
	if (!n->up)
		sim_fail(w, "job %u is sent to node %u, which is down", j->id, node);
	if (n->used >= n->credits)
		sim_fail(w, "job %u is sent to node %u, which has no credit", j->id, node);
	if (j->state != SIM_AWAY || c->state != COPY_NONE)
		sim_fail(w, "job %u is sent once too often", j->id);
	if (c->cancelled_on == n && c->cancelled_gen == n->gen)
		sim_fail(w, "job %u is sent to node %u, which had to cancel it", j->id, node);
	if (c != j->copy && j->copy[0].node == n)
		sim_fail(w, "job %u is sent to node %u twice", j->id, node);
	c->node = n;
	c->state = COPY_UPLOAD;
	n->used++;
	list_append(&n->copies, &c->node_link);
	uint64_t begin = n->link_free_us > w->now_us ? n->link_free_us : w->now_us;
	n->link_free_us = begin + (uint64_t)((double)j->bytes / n->kind->mb_s);
	copy_later(w, c, n->link_free_us - w->now_us + n->kind->latency_us, SIM_UPLOADED);
	w->stats.copies++;
}

void sim_cancel(struct sim *w, struct sim_job *j, uint32_t node)
{
	for (int i = 0; i < SIM_COPIES; i++) {
		struct sim_copy *c = &j->copy[i];
		if (c->state != COPY_NONE && c->node->id == node) {
			w->stats.cancelled++;
			for (int k = 0; k < SIM_COPIES; k++) {
				j->copy[k].cancelled_on = c->node;
				j->copy[k].cancelled_gen = c->node->gen;
			}
			forget(w, c);
			return;
		}
	}
	sim_fail(w, "job %u is cancelled on node %u, which does not have it", j->id, node);
}

void sim_expect_no_copy(struct sim *w, const struct sim_job *j)
{
	for (int i = 0; i < SIM_COPIES; i++)
		if (j->copy[i].state != COPY_NONE)
			sim_fail(w, "job %u goes on while node %u has it", j->id,
				j->copy[i].node->id);
}

static void on_uploaded(struct sim *w, struct sim_copy *c)
{
	struct sim_node *n = c->node;
	if (sim_chance(w, w->sc->faults.refused)) {
		uint32_t job = c->job->id;
		forget(w, c);
		sim_say(w, (struct sched_event){SCHED_JOB_REFUSED, .job = job, .node = n->id,
				   .retry = !sim_chance(w, 200)});
	} else if (n->running < n->kind->slots) {
		run(w, c);
	} else {
		c->state = COPY_WAIT;
		c->urgent_us = (int64_t)w->now_us - (int64_t)c->job->guess_us;
		list_append(&n->waiting, &c->link);
	}
}

static void on_compiled(struct sim *w, struct sim_copy *c)
{
	c->state = COPY_RETURN;
	free_slot(w, c->node);
	copy_later(w, c, c->node->kind->latency_us, SIM_RESULT);
}

static void on_result(struct sim *w, struct sim_copy *c)
{
	struct sched_event ev = {SCHED_JOB_RESULT, .job = c->job->id, .node = c->node->id};
	ev.wall_us = c->wall_us;
	ev.ok = !sim_chance(w, w->sc->faults.redone);
	forget(w, c);
	sim_say(w, ev);
}

static void on_copy(struct sim *w, const struct sim_event *ev)
{
	struct sim_copy *c = &w->jobs[ev->who].copy[ev->copy];
	if (c->state == COPY_NONE || c->gen != ev->gen)
		return;
	if (c->node->thaw_us > w->now_us)
		copy_later(w, c, c->node->thaw_us - w->now_us, ev->type);
	else if (ev->type == SIM_UPLOADED)
		on_uploaded(w, c);
	else if (ev->type == SIM_COMPILED)
		on_compiled(w, c);
	else
		on_result(w, c);
}

static void fall(struct sim *w, struct sim_node *n)
{
	n->up = n->suspect = false;
	list_for_each_safe(l, &n->copies) {
		struct sim_copy *c = list_entry(l, struct sim_copy, node_link);
		c->state = COPY_NONE;
		c->gen++;
		list_remove(&c->link);
		list_remove(&c->node_link);
	}
	n->running = n->used = 0;
	n->gen++;
	sim_say(w, (struct sched_event){SCHED_NODE_DOWN, .node = n->id});
	node_later(w, n, sim_interval(w, AWAY_US), SIM_RISE);
}

/* It stands still: suspected after a while, dead after a longer one, unless it comes back before. */
static void freeze(struct sim *w, struct sim_node *n)
{
	uint64_t us = sim_interval(w, FROZEN_US);
	n->thaw_us = w->now_us + us;
	if (us > SUSPECT_US)
		node_later(w, n, SUSPECT_US, SIM_SUSPECT);
	if (us > DEAD_US)
		node_later(w, n, DEAD_US, SIM_FALL);
	else
		node_later(w, n, us, SIM_THAW);
}

static void suspect(struct sim *w, struct sim_node *n, bool on)
{
	if (n->suspect != on)
		sim_say(w, (struct sched_event){SCHED_NODE_SUSPECT, .node = n->id, .suspect = on});
	n->suspect = on;
}

static void thaw(struct sim *w, struct sim_node *n)
{
	suspect(w, n, false);
	plan_fault(w, n, w->sc->faults.frozen_s, SIM_FREEZE);
}

static void regrant(struct sim *w, struct sim_node *n)
{
	n->credits = (unsigned)(sim_draw(w) * (2 * n->kind->slots + 1));
	sim_say(w, (struct sched_event){SCHED_NODE_CREDITS, .node = n->id, .credits = n->credits});
	plan_fault(w, n, w->sc->faults.credits_s, SIM_REGRANT);
}

static void on_node(struct sim *w, const struct sim_event *ev)
{
	struct sim_node *n = &w->nodes[ev->who];
	if (n->gen != ev->gen)
		return;
	if (ev->type == SIM_FALL)
		fall(w, n);
	else if (ev->type == SIM_RISE)
		rise(w, n);
	else if (ev->type == SIM_FREEZE)
		freeze(w, n);
	else if (ev->type == SIM_REGRANT)
		regrant(w, n);
	else if (ev->type == SIM_SUSPECT)
		suspect(w, n, n->used > 0);
	else if (ev->type == SIM_THAW)
		thaw(w, n);
}

void sim_node_event(struct sim *w, const struct sim_event *ev)
{
	if (ev->type == SIM_UPLOADED || ev->type == SIM_COMPILED || ev->type == SIM_RESULT)
		on_copy(w, ev);
	else
		on_node(w, ev);
}
