/* The state machine: one function for each event. The life of a job is in sched.h. */
#include "sched_impl.h"

#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MEAN_PARTS = 16 }; /* a new value counts one part in so many */

void sched_put(struct sched_plan *plan, struct sched_action a)
{
	if (plan->n == plan->cap) {
		plan->cap = plan->cap ? plan->cap * 2 : 16;
		plan->v = xrealloc(plan->v, plan->cap * sizeof *plan->v);
	}
	plan->v[plan->n++] = a;
}

/* Its debt is due, if it was not called in before. */
static void call_in(struct sched *s, struct sched_job *j, struct sched_plan *plan)
{
	if (sched_is_claimed(j))
		sched_unclaim(s, j);
	else
		sched_put(plan, (struct sched_action){SCHED_DO_OWE, .n = 1});
}

/* Before a job that was away may use a core here, a token has to come back for it. */
static void bring_back(struct sched *s, struct sched_job *j, enum sched_job_state how,
	uint64_t now_us, struct sched_plan *plan)
{
	sched_job_move(s, j, how, now_us);
	call_in(s, j, plan);
}

static void redo(struct sched *s, struct sched_job *j, const char *why, uint64_t now_us,
	struct sched_plan *plan)
{
	j->why = why;
	bring_back(s, j, JOB_REDO, now_us, plan);
}

/* A job that waited for its token goes on. */
static void go_on(struct sched *s, struct sched_job *j, uint64_t now_us, struct sched_plan *plan)
{
	if (j->state == JOB_READY) {
		sched_put(plan, (struct sched_action){SCHED_DO_DELIVER, .job = j->id});
		sched_job_move(s, j, JOB_BACK, now_us);
	} else {
		sched_job_move(s, j, JOB_ASKED, now_us);
		sched_admit(s, now_us, plan);
	}
}

static void cancel(struct sched *s, struct sched_copy *c, uint64_t now_us, struct sched_plan *plan)
{
	sched_put(plan,
		(struct sched_action){SCHED_DO_CANCEL, .job = c->job->id, .node = c->node->id});
	sched_node_learn_least(s, c, now_us);
	sched_copy_end(s, c, now_us);
}

/* Nobody waits for these any more. */
static void cancel_copies(
	struct sched *s, struct sched_job *j, uint64_t now_us, struct sched_plan *plan)
{
	for (int i = 0; i < SCHED_COPIES; i++)
		if (j->copy[i].node)
			cancel(s, &j->copy[i], now_us, plan);
}

void sched_send(struct sched *s, struct sched_job *j, struct sched_node *n, uint64_t now_us,
	struct sched_plan *plan)
{
	sched_copy_begin(s, sched_job_copy_on(j, NULL), n, now_us);
	j->hedged = j->state == JOB_AWAY;
	if (!j->hedged) {
		j->tries++;
		sched_job_move(s, j, JOB_AWAY, now_us);
	}
	sched_put(plan, (struct sched_action){SCHED_DO_SEND, .job = j->id, .node = n->id});
}

/* Jobs that no node will ever take are compiled here; the others go where they should. */
static void dispatch(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	for (uint64_t left = s->staged_lanes; left; left &= left - 1) {
		struct sched_lane *lane = &s->lanes[__builtin_ctzll(left)];
		while (lane->staged && lane->capacity == 0)
			redo(s, sched_stage_oldest(lane),
				"the last node with this toolchain is gone", now_us, plan);
	}
	sched_dispatch(s, now_us, plan);
}

/* A copy has come to nothing. Unless there is another, the job goes to another node, or here when it
 * has been tried enough. */
static void send_back(struct sched *s, struct sched_copy *c, const char *why, uint64_t now_us,
	struct sched_plan *plan)
{
	struct sched_job *j = c->job;
	j->avoid = c->node;
	sched_copy_end(s, c, now_us);
	if (sched_job_has_copy(j))
		return;
	if (j->tries < SCHED_TRIES_MAX)
		sched_job_move(s, j, JOB_STAGED, now_us);
	else
		redo(s, j, why, now_us, plan);
}

static double mean(double old, double seen)
{
	return old > 0 ? old + (seen - old) / MEAN_PARTS : seen;
}

static void on_ask(struct sched *s, const struct sched_event *ev)
{
	assert(!sched_job_find(s, ev->job));
	struct sched_job *j = sched_job_create(s, ev);
	idmap_put(&s->jobs, j->id, j);
	sched_job_enter(s, j, JOB_ASKED, ev->now_us);
	s->asked_us = ev->now_us;
}

static void on_staged(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = sched_job_find(s, ev->job);
	assert(j && j->state == JOB_CPP);
	j->bytes = ev->bytes;
	if (ev->cost_us && !s->conf.blind) {
		j->cost_us = (double)ev->cost_us;
		s->cost_us = mean(s->cost_us, j->cost_us);
	}
	s->cpp_us = mean(s->cpp_us, (double)(ev->now_us - j->since_us));
	if (s->lanes[j->toolchain].capacity == 0) {
		/* its token was never lent, so it may go on at once */
		sched_put(plan, (struct sched_action){SCHED_DO_LOCAL, .job = j->id,
					.why = "the last node with this toolchain is gone"});
		sched_job_move(s, j, JOB_LOCAL, ev->now_us);
		return;
	}
	sched_job_move(s, j, JOB_STAGED, ev->now_us);
	sched_put(plan, (struct sched_action){SCHED_DO_LEND, .n = 1});
	dispatch(s, ev->now_us, plan);
}

/* From a node that has the job, or too late and of no interest. */
static struct sched_copy *find_copy(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = sched_job_find(s, ev->job);
	struct sched_node *n = sched_node_find(s, ev->node);
	return j && n ? sched_job_copy_on(j, n) : NULL;
}

/* A second copy that has not begun has lost already. */
static void on_started(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_copy *c = find_copy(s, ev);
	if (!c || c->running)
		return;
	struct sched_copy *other = &c->job->copy[c == c->job->copy];
	if (other->node && !other->running) {
		cancel(s, other, ev->now_us, plan);
		c->job->tries =
			SCHED_TRIES_MAX; /* that node may still be busy with forgetting it */
	}
	sched_copy_start(s, c, ev->now_us);
}

static void on_result(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_copy *c = find_copy(s, ev);
	if (!c)
		return;
	struct sched_job *j = c->job;
	if (ev->ok)
		sched_node_learn(s, c, ev->wall_us, ev->now_us);
	j->by = c->node;
	sched_node_refused(s, c->node, false, ev->now_us);
	sched_copy_end(s, c, ev->now_us);
	cancel_copies(s, j, ev->now_us, plan);
	if (ev->ok)
		bring_back(s, j, JOB_READY, ev->now_us, plan);
	else
		redo(s, j, "the node's compiler had something to say", ev->now_us, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_refused(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_copy *c = find_copy(s, ev);
	if (!c)
		return;
	struct sched_job *j = c->job;
	if (ev->retry) {
		struct sched_node *n = c->node;
		send_back(s, c, "refused by several nodes", ev->now_us, plan);
		sched_node_refused(s, n, true, ev->now_us);
	} else {
		sched_copy_end(s, c, ev->now_us);
		cancel_copies(s, j, ev->now_us, plan);
		redo(s, j, "refused by the node", ev->now_us, plan);
	}
	dispatch(s, ev->now_us, plan);
}

static void learn_local_speed(struct sched *s, const struct sched_job *j, uint64_t now_us)
{
	if (j->state == JOB_LOCAL && j->known && now_us > j->since_us)
		s->local_speed = sched_blend(
			s->local_speed, j->cost_us / (double)(now_us - j->since_us), MEAN_PARTS);
}

static void on_gone(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = sched_job_find(s, ev->job);
	assert(j);
	if (ev->ok)
		learn_local_speed(s, j, ev->now_us);
	cancel_copies(s, j, ev->now_us, plan);
	if (sched_job_has_text(j))
		call_in(s, j, plan);
	if (sched_job_has_text(j) || j->state == JOB_READY || j->state == JOB_REDO)
		s->owed_gone++;
	idmap_remove(&s->jobs, j->id);
	sched_job_leave(s, j);
	free(j);
	dispatch(s, ev->now_us, plan);
}

static void on_node_up(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_get(s, ev->node);
	assert(!n->up && !n->distrusted);
	n->up = true;
	n->credits = ev->credits;
	n->slots = ev->slots ? ev->slots : 1;
	n->toolchains = ev->toolchains;
	n->here = ev->here;
	n->link_free_us = 0;
	s->up_count++;
	s->elsewhere_count += !n->here;
	sched_node_refresh(s, n, ev->now_us);
	sched_recall(s, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_node_down(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up);
	n->up = n->suspect = false;
	list_remove(&n->suspects);
	list_remove(&n->rests);
	n->refusals = 0;
	n->credits = 0;
	s->up_count--;
	s->elsewhere_count -= !n->here;
	sched_node_refresh(s, n, ev->now_us);
	list_for_each_safe(l, &n->copies)
		send_back(s, list_entry(l, struct sched_copy, link), "lost by several nodes",
			ev->now_us, plan);
	dispatch(s, ev->now_us, plan);
}

/* What it made and nobody has yet is not believed either. */
static void on_distrusted(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_get(s, ev->node);
	n->distrusted = true;
	list_for_each_safe(l, &s->returning) {
		struct sched_job *j = list_entry(l, struct sched_job, link);
		if (j->state != JOB_READY || j->by != n)
			continue;
		j->why = "the node that made it is in quarantine";
		sched_job_move(s, j, JOB_REDO, ev->now_us);
	}
	if (n->up)
		on_node_down(s, ev, plan);
}

static void on_credits(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up);
	n->credits = ev->credits;
	sched_node_refresh(s, n, ev->now_us);
	dispatch(s, ev->now_us, plan);
}

static void on_toolchains(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up && (n->toolchains & ~ev->toolchains) == 0);
	sched_node_offer(s, n, ev->toolchains, ev->now_us);
	sched_recall(s, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_suspect(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up);
	n->suspect = ev->suspect;
	list_remove(&n->suspects);
	if (n->suspect)
		list_append(&s->suspects, &n->suspects);
	sched_node_refresh(s, n, ev->now_us);
	dispatch(s, ev->now_us, plan);
	sched_hedge(s, ev->now_us, plan);
}

static void on_job_local(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = sched_job_find(s, ev->job);
	assert(j && (j->state == JOB_CPP || j->state == JOB_BACK));
	/* a wrapper that could not commit its result: its debt is repaid when its recipe ends */
	sched_job_move(s, j, JOB_LOCAL, ev->now_us);
}

/* A token has come for a claimed job: unless a node has begun, it is compiled here. */
static void take_claim(
	struct sched *s, struct sched_job *j, uint64_t now_us, struct sched_plan *plan)
{
	sched_unclaim(s, j);
	if (sched_job_has_begun(j)) {
		sched_put(plan, (struct sched_action){SCHED_DO_LEND, .n = 1});
		return;
	}
	cancel_copies(s, j, now_us, plan);
	sched_job_move(s, j, JOB_REDO, now_us);
	j->why = sched_why_early;
	go_on(s, j, now_us, plan);
}

static uint32_t repay_late(struct sched *s, uint32_t n)
{
	uint32_t late = n < s->owed_late ? n : s->owed_late;
	s->owed_late -= late;
	return n - late;
}

/* First the debts of jobs whose recipe has just ended: what make gives back now is theirs. Then those of jobs
 * that went on without, or more would be at work than there are cores; last if a slot is idle, for then
 * theirs may be lost. */
static void on_repaid(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	uint32_t n = ev->n, gone = n < s->owed_gone ? n : s->owed_gone;
	s->token_us = ev->now_us;
	s->owed_gone -= gone;
	n -= gone;
	if (!s->idle)
		n = repay_late(s, n);
	list_for_each_safe(l, &s->returning) {
		if (n == 0)
			break;
		go_on(s, list_entry(l, struct sched_job, link), ev->now_us, plan);
		n--;
	}
	list_for_each_safe(l, &s->claims) {
		if (n == 0)
			break;
		take_claim(s, list_entry(l, struct sched_job, claim_link), ev->now_us, plan);
		n--;
	}
	n = repay_late(s, n);
	assert(n == 0);
}

static void note_idle(struct sched *s, const struct sched_event *ev)
{
	if (ev->idle && !s->idle)
		s->idle_us = ev->now_us;
	s->idle = ev->idle;
}

/* Whoever has the tokens may be waiting for a job that waits for one. If they are, they use no core; else
 * the core budget yields to progress late, and by one job at a time. */
static void go_on_without(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	struct sched_job *j = list_entry(s->returning.next, struct sched_job, link);
	uint64_t since_us = j->since_us > s->token_us ? j->since_us : s->token_us;
	bool is_idle = s->idle && now_us >= s->idle_us + s->conf.token_wait_us;
	if (now_us < since_us + s->conf.token_wait_us * (is_idle ? 1 : SCHED_BUSY_WAITS))
		return;
	go_on(s, j, now_us, plan);
	s->owed_late++;
	s->token_us = now_us;
}

static void on_tick(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	note_idle(s, ev);
	if (!list_empty(&s->returning))
		go_on_without(s, ev->now_us, plan);
	sched_nodes_wake(s, ev->now_us);
	dispatch(s, ev->now_us, plan);
	sched_hedge(s, ev->now_us, plan);
}

void sched_step(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	switch (ev->type) {
	case SCHED_JOB_ASK: on_ask(s, ev); break;
	case SCHED_JOB_STAGED: on_staged(s, ev, plan); break;
	case SCHED_JOB_LOCAL: on_job_local(s, ev); break;
	case SCHED_JOB_STARTED: on_started(s, ev, plan); break;
	case SCHED_JOB_RESULT: on_result(s, ev, plan); break;
	case SCHED_JOB_REFUSED: on_refused(s, ev, plan); break;
	case SCHED_JOB_GONE: on_gone(s, ev, plan); break;
	case SCHED_NODE_UP: on_node_up(s, ev, plan); break;
	case SCHED_NODE_CREDITS: on_credits(s, ev, plan); break;
	case SCHED_NODE_TOOLCHAINS: on_toolchains(s, ev, plan); break;
	case SCHED_NODE_SUSPECT: on_suspect(s, ev, plan); break;
	case SCHED_NODE_DOWN: on_node_down(s, ev, plan); break;
	case SCHED_NODE_DISTRUSTED: on_distrusted(s, ev, plan); break;
	case SCHED_RECALL: sched_recall(s, plan); break;
	case SCHED_REPAID: on_repaid(s, ev, plan); break;
	case SCHED_TICK: on_tick(s, ev, plan); break;
	}
	sched_admit(s, ev->now_us, plan);
}

struct sched *sched_create(const struct sched_conf *conf)
{
	struct sched *s = xcalloc(1, sizeof *s);
	s->conf = *conf;
	s->cost_us = SCHED_COST_US;
	s->speed = s->local_speed = 1;
	for (int i = 0; i < SCHED_TOOLCHAINS; i++)
		sched_stage_init(&s->lanes[i]);
	list_init(&s->asked);
	list_init(&s->away);
	list_init(&s->returning);
	list_init(&s->suspects);
	list_init(&s->rests);
	list_init(&s->claims);
	return s;
}

void sched_destroy(struct sched *s)
{
	if (!s)
		return;
	struct sched_job *j;
	for (size_t pos = 0; (j = idmap_next(&s->jobs, &pos));)
		free(j);
	sched_nodes_free(s);
	idmap_fini(&s->jobs);
	free(s);
}

void sched_get_stats(const struct sched *s, struct sched_stats *ret)
{
	*ret = (struct sched_stats){
		.cpp = s->count[JOB_CPP],
		.staged = s->count[JOB_STAGED],
		.away = s->count[JOB_AWAY],
		.returning = s->count[JOB_READY] + s->count[JOB_REDO],
		.stage_bytes = s->stage_bytes,
	};
}
