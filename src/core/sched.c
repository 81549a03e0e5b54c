/* The state machine: one function for each event, one place where a job changes its state.
 *
 * The life of a job is in sched.h. All waiting jobs are in one of two queues (a lane's stage,
 * returning), all copies in their node's list, so no event ever searches more than it changes.
 */
#include "sched_impl.h"

#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MEAN_PARTS = 16 }; /* a new value counts one part in so many */

static const struct {
	const char *name;
	unsigned next; /* states that may follow */
} states[] = {
#define TO(s) (1u << JOB_##s)
	[JOB_CPP] = {"cpp", TO(STAGED) | TO(LOCAL)},
	[JOB_STAGED] = {"staged", TO(AWAY) | TO(REDO)},
	[JOB_AWAY] = {"away", TO(STAGED) | TO(READY) | TO(REDO)},
	[JOB_READY] = {"ready", TO(BACK)},
	[JOB_BACK] = {"back", TO(LOCAL)},
	[JOB_REDO] = {"redo", TO(LOCAL)},
	[JOB_LOCAL] = {"local", 0},
#undef TO
};

static bool is_in_flight(const struct sched_job *j)
{
	return j->state == JOB_CPP || j->state == JOB_STAGED || j->state == JOB_AWAY;
}

static bool has_text(const struct sched_job *j)
{
	return j->state == JOB_STAGED || j->state == JOB_AWAY;
}

static struct sched_job *find_job(const struct sched *s, uint32_t id)
{
	return idmap_get(&s->jobs, id);
}

static void leave(struct sched *s, struct sched_job *j)
{
	if (is_in_flight(j))
		s->lanes[j->toolchain].in_flight--;
	if (has_text(j))
		s->stage_bytes -= j->bytes;
	if (j->state == JOB_STAGED)
		sched_stage_remove(s, j);
	else
		list_remove(&j->link);
	s->count[j->state]--;
}

static void enter(struct sched *s, struct sched_job *j, enum sched_job_state state, uint64_t now_us)
{
	j->state = state;
	j->since_us = now_us;
	s->count[state]++;
	if (is_in_flight(j))
		s->lanes[j->toolchain].in_flight++;
	if (has_text(j))
		s->stage_bytes += j->bytes;
	if (state == JOB_STAGED)
		sched_stage_add(s, j);
	else if (state == JOB_AWAY)
		list_append(&s->away, &j->link);
	else if (state == JOB_READY || state == JOB_REDO)
		list_append(&s->returning, &j->link);
}

/* The only place where a job's state, queue and counters change. */
static void move_job(struct sched *s, struct sched_job *j, enum sched_job_state to, uint64_t now_us)
{
	assert(states[j->state].next >> to & 1);
	leave(s, j);
	enter(s, j, to, now_us);
}

static struct sched_job *create_job(const struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = xcalloc(1, sizeof *j);
	j->id = ev->job;
	j->toolchain = ev->toolchain;
	j->known = ev->cost_us && !s->conf.blind;
	j->cost_us = j->known ? (double)ev->cost_us : s->cost_us;
	list_init(&j->link);
	list_init(&j->age_link);
	for (int i = 0; i < SCHED_COPIES; i++) {
		j->copy[i].job = j;
		list_init(&j->copy[i].link);
	}
	return j;
}

void sched_put(struct sched_plan *plan, struct sched_action a)
{
	if (plan->n == plan->cap) {
		plan->cap = plan->cap ? plan->cap * 2 : 16;
		plan->v = xrealloc(plan->v, plan->cap * sizeof *plan->v);
	}
	plan->v[plan->n++] = a;
}

/* Before a job that was away may use a core here, a token has to come back for it. */
static void bring_back(struct sched *s, struct sched_job *j, enum sched_job_state how,
	uint64_t now_us, struct sched_plan *plan)
{
	j->until_us = now_us + (how == JOB_READY ? s->conf.deliver_wait_us : s->conf.redo_wait_us);
	move_job(s, j, how, now_us);
	sched_put(plan, (struct sched_action){SCHED_DO_OWE, .n = 1});
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
		move_job(s, j, JOB_BACK, now_us);
	} else {
		sched_put(plan, (struct sched_action){SCHED_DO_LOCAL, .job = j->id, .why = j->why});
		move_job(s, j, JOB_LOCAL, now_us);
	}
}

static struct sched_copy *copy_on(struct sched_job *j, const struct sched_node *n)
{
	for (int i = 0; i < SCHED_COPIES; i++)
		if (j->copy[i].node == n)
			return &j->copy[i];
	return NULL;
}

static bool has_copy(const struct sched_job *j)
{
	for (int i = 0; i < SCHED_COPIES; i++)
		if (j->copy[i].node)
			return true;
	return false;
}

/* Nobody waits for these any more. */
static void cancel_copies(
	struct sched *s, struct sched_job *j, uint64_t now_us, struct sched_plan *plan)
{
	for (int i = 0; i < SCHED_COPIES; i++) {
		struct sched_copy *c = &j->copy[i];
		if (!c->node)
			continue;
		sched_put(plan,
			(struct sched_action){SCHED_DO_CANCEL, .job = j->id, .node = c->node->id});
		sched_copy_end(s, c, now_us);
	}
}

void sched_send(struct sched *s, struct sched_job *j, struct sched_node *n, uint64_t now_us,
	struct sched_plan *plan)
{
	sched_copy_begin(s, copy_on(j, NULL), n, now_us);
	if (j->state == JOB_STAGED) {
		j->tries++;
		move_job(s, j, JOB_AWAY, now_us);
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
	if (has_copy(j))
		return;
	if (j->tries < SCHED_TRIES_MAX)
		move_job(s, j, JOB_STAGED, now_us);
	else
		redo(s, j, why, now_us, plan);
}

static double mean(double old, double seen)
{
	return old > 0 ? old + (seen - old) / MEAN_PARTS : seen;
}

static void on_ask(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	assert(!find_job(s, ev->job));
	struct sched_job *j = create_job(s, ev);
	const char *why = sched_why_local(s, j);
	bool idle = ev->toolchain >= 0 && s->lanes[ev->toolchain].capacity;
	idmap_put(&s->jobs, j->id, j);
	enter(s, j, why ? JOB_LOCAL : JOB_CPP, ev->now_us);
	s->asked_us = ev->now_us;
	if (why)
		sched_put(plan, (struct sched_action){
					SCHED_DO_LOCAL, .job = j->id, .why = why, .idle = idle});
	else
		sched_put(plan, (struct sched_action){SCHED_DO_PREPROCESS, .job = j->id});
}

static void on_staged(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = find_job(s, ev->job);
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
		move_job(s, j, JOB_LOCAL, ev->now_us);
		return;
	}
	move_job(s, j, JOB_STAGED, ev->now_us);
	sched_put(plan, (struct sched_action){SCHED_DO_LEND, .n = 1});
	dispatch(s, ev->now_us, plan);
}

/* From a node that has the job, or too late and of no interest. */
static struct sched_copy *find_copy(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = find_job(s, ev->job);
	struct sched_node *n = sched_node_find(s, ev->node);
	return j && n ? copy_on(j, n) : NULL;
}

static void on_started(struct sched *s, const struct sched_event *ev)
{
	struct sched_copy *c = find_copy(s, ev);
	if (c && !c->running)
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
		send_back(s, c, "refused by several nodes", ev->now_us, plan);
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
	struct sched_job *j = find_job(s, ev->job);
	assert(j);
	if (ev->ok)
		learn_local_speed(s, j, ev->now_us);
	cancel_copies(s, j, ev->now_us, plan);
	if (has_text(j))
		sched_put(plan, (struct sched_action){SCHED_DO_OWE, .n = 1});
	if (has_text(j) || j->state == JOB_READY || j->state == JOB_REDO)
		s->owed_gone++;
	idmap_remove(&s->jobs, j->id);
	leave(s, j);
	free(j);
	dispatch(s, ev->now_us, plan);
}

static void on_node_up(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_get(s, ev->node);
	assert(!n->up);
	n->up = true;
	n->credits = ev->credits;
	n->slots = ev->slots ? ev->slots : 1;
	n->toolchains = ev->toolchains;
	n->link_free_us = 0;
	s->up_count++;
	sched_node_refresh(s, n, ev->now_us);
	dispatch(s, ev->now_us, plan);
}

static void on_node_down(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up);
	n->up = n->suspect = false;
	n->credits = 0;
	s->up_count--;
	sched_node_refresh(s, n, ev->now_us);
	list_for_each_safe(l, &n->copies)
		send_back(s, list_entry(l, struct sched_copy, link), "lost by several nodes",
			ev->now_us, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_credits(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up);
	n->credits = ev->credits;
	sched_node_refresh(s, n, ev->now_us);
	dispatch(s, ev->now_us, plan);
}

static void on_suspect(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = sched_node_find(s, ev->node);
	assert(n && n->up);
	n->suspect = ev->suspect;
	sched_node_refresh(s, n, ev->now_us);
	dispatch(s, ev->now_us, plan);
}

static void on_job_local(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = find_job(s, ev->job);
	assert(j && (j->state == JOB_CPP || j->state == JOB_BACK));
	/* a wrapper that could not commit its result: its debt is repaid when its recipe ends */
	move_job(s, j, JOB_LOCAL, ev->now_us);
}

/* First the debts of jobs whose recipe has just ended: what make gives back now is theirs. Last those
 * of jobs that went on without: theirs may be lost. */
static void on_repaid(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	uint32_t n = ev->n, gone = n < s->owed_gone ? n : s->owed_gone;
	s->owed_gone -= gone;
	n -= gone;
	list_for_each_safe(l, &s->returning) {
		if (n == 0)
			break;
		go_on(s, list_entry(l, struct sched_job, link), ev->now_us, plan);
		n--;
	}
	assert(n <= s->owed_late);
	s->owed_late -= n;
}

/* A job whose token never came: the core budget yields to progress. */
static void on_tick(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	list_for_each_safe(l, &s->returning) {
		struct sched_job *j = list_entry(l, struct sched_job, link);
		if (j->until_us > ev->now_us)
			continue;
		go_on(s, j, ev->now_us, plan);
		s->owed_late++;
	}
	dispatch(s, ev->now_us, plan);
}

void sched_step(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	switch (ev->type) {
	case SCHED_JOB_ASK: on_ask(s, ev, plan); break;
	case SCHED_JOB_STAGED: on_staged(s, ev, plan); break;
	case SCHED_JOB_LOCAL: on_job_local(s, ev); break;
	case SCHED_JOB_STARTED: on_started(s, ev); break;
	case SCHED_JOB_RESULT: on_result(s, ev, plan); break;
	case SCHED_JOB_REFUSED: on_refused(s, ev, plan); break;
	case SCHED_JOB_GONE: on_gone(s, ev, plan); break;
	case SCHED_NODE_UP: on_node_up(s, ev, plan); break;
	case SCHED_NODE_CREDITS: on_credits(s, ev, plan); break;
	case SCHED_NODE_SUSPECT: on_suspect(s, ev, plan); break;
	case SCHED_NODE_DOWN: on_node_down(s, ev, plan); break;
	case SCHED_REPAID: on_repaid(s, ev, plan); break;
	case SCHED_TICK: on_tick(s, ev, plan); break;
	}
}

struct sched *sched_create(const struct sched_conf *conf)
{
	struct sched *s = xcalloc(1, sizeof *s);
	s->conf = *conf;
	s->cost_us = SCHED_COST_US;
	s->speed = s->local_speed = 1;
	for (int i = 0; i < SCHED_TOOLCHAINS; i++)
		sched_stage_init(&s->lanes[i]);
	list_init(&s->away);
	list_init(&s->returning);
	list_init(&s->suspects);
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
