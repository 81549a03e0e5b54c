/* The state machine: one function for each event, one place where a job changes its state.
 *
 * The life of a job is in sched.h. All waiting jobs are in one of two queues (stage, returning), all that
 * are away in their node's list, so no event ever searches more than it changes.
 */
#include "sched_impl.h"

#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned next; /* states that may follow */
} states[] = {
#define TO(s) (1u << JOB_##s)
	[JOB_CPP] = {"cpp", TO(STAGED) | TO(LOCAL)},
	[JOB_STAGED] = {"staged", TO(SENT) | TO(REDO) | TO(LOCAL)},
	[JOB_SENT] = {"sent", TO(RUNNING) | TO(STAGED) | TO(READY) | TO(REDO)},
	[JOB_RUNNING] = {"running", TO(STAGED) | TO(READY) | TO(REDO)},
	[JOB_READY] = {"ready", TO(BACK)},
	[JOB_BACK] = {"back", TO(LOCAL)},
	[JOB_REDO] = {"redo", TO(LOCAL)},
	[JOB_LOCAL] = {"local", 0},
#undef TO
};

static bool is_away(const struct sched_job *j)
{
	return j->state == JOB_SENT || j->state == JOB_RUNNING;
}

static bool has_text(const struct sched_job *j)
{
	return j->state == JOB_STAGED || is_away(j);
}

static struct sched_job *find_job(const struct sched *s, uint32_t id)
{
	return idmap_get(&s->jobs, id);
}

static struct sched_job *add_job(struct sched *s, uint32_t id, enum sched_job_state state)
{
	struct sched_job *j = xcalloc(1, sizeof *j);
	j->id = id;
	j->state = state;
	list_init(&j->link);
	idmap_put(&s->jobs, id, j);
	s->count[state]++;
	return j;
}

static void remove_job(struct sched *s, struct sched_job *j)
{
	idmap_remove(&s->jobs, j->id);
	s->count[j->state]--;
	if (has_text(j))
		s->stage_bytes -= j->bytes;
	if (is_away(j))
		j->node->used--;
	list_remove(&j->link);
	free(j);
}

/* The only place where a job's state, queue and counters change. */
static void move_job(
	struct sched *s, struct sched_job *j, enum sched_job_state to, struct sched_node *node)
{
	assert(states[j->state].next >> to & 1);
	if (has_text(j))
		s->stage_bytes -= j->bytes;
	if (is_away(j))
		j->node->used--;
	list_remove(&j->link);
	s->count[j->state]--;
	j->state = to;
	s->count[to]++;
	j->node = node;
	if (has_text(j))
		s->stage_bytes += j->bytes;
	if (is_away(j)) {
		node->used++;
		list_append(&node->jobs, &j->link);
	} else if (to == JOB_STAGED) {
		list_append(&s->stage, &j->link);
	} else if (to == JOB_READY || to == JOB_REDO) {
		list_append(&s->returning, &j->link);
	}
}

static void put(struct sched_plan *plan, struct sched_action a)
{
	if (plan->n == plan->cap) {
		plan->cap = plan->cap ? plan->cap * 2 : 16;
		plan->v = xrealloc(plan->v, plan->cap * sizeof *plan->v);
	}
	plan->v[plan->n++] = a;
}

/* Before a job that was away may use a core here, a token has to come back for it. */
static void bring_back(struct sched *s, struct sched_job *j, enum sched_job_state how,
	uint64_t until_us, struct sched_plan *plan)
{
	j->until_us = until_us;
	move_job(s, j, how, NULL);
	put(plan, (struct sched_action){SCHED_DO_OWE, .n = 1});
}

static void redo(struct sched *s, struct sched_job *j, const char *why, uint64_t now_us,
	struct sched_plan *plan)
{
	j->why = why;
	bring_back(s, j, JOB_REDO, now_us + s->conf.redo_wait_us, plan);
}

/* A job that waited for its token goes on. */
static void go_on(struct sched *s, struct sched_job *j, struct sched_plan *plan)
{
	if (j->state == JOB_READY) {
		put(plan, (struct sched_action){SCHED_DO_DELIVER, .job = j->id});
		move_job(s, j, JOB_BACK, NULL);
	} else {
		put(plan, (struct sched_action){SCHED_DO_LOCAL, .job = j->id, .why = j->why});
		move_job(s, j, JOB_LOCAL, NULL);
	}
}

static void dispatch(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	list_for_each_safe(l, &s->stage) {
		struct sched_job *j = list_entry(l, struct sched_job, link);
		struct sched_node *n = sched_pick(s, j);
		if (n) {
			j->tries++;
			move_job(s, j, JOB_SENT, n);
			put(plan,
				(struct sched_action){SCHED_DO_SEND, .job = j->id, .node = n->id});
		} else if (sched_capacity(s, j->toolchain) == 0) {
			redo(s, j, "the last node with this toolchain is gone", now_us, plan);
		}
	}
}

/* Takes a job away from its node: to another one, or here when it has been tried enough. */
static void send_back(struct sched *s, struct sched_job *j, const char *why, uint64_t now_us,
	struct sched_plan *plan)
{
	j->avoid = j->node;
	if (j->tries < SCHED_TRIES_MAX)
		move_job(s, j, JOB_STAGED, NULL);
	else
		redo(s, j, why, now_us, plan);
}

static struct sched_node *find_node(const struct sched *s, uint32_t id)
{
	for (size_t i = 0; i < s->node_count; i++)
		if (s->nodes[i]->id == id)
			return s->nodes[i];
	return NULL;
}

static void on_ask(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	const char *why = sched_no_room(s, ev->toolchain);
	struct sched_job *j = add_job(s, ev->job, why ? JOB_LOCAL : JOB_CPP);
	j->toolchain = ev->toolchain;
	if (why)
		put(plan, (struct sched_action){SCHED_DO_LOCAL, .job = ev->job, .why = why});
	else
		put(plan, (struct sched_action){SCHED_DO_PREPROCESS, .job = ev->job});
}

static void on_staged(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = find_job(s, ev->job);
	assert(j);
	j->bytes = ev->bytes;
	if (sched_capacity(s, j->toolchain) == 0) {
		/* its token was never lent, so it may go on at once */
		put(plan, (struct sched_action){SCHED_DO_LOCAL, .job = j->id,
				  .why = "the last node with this toolchain is gone"});
		move_job(s, j, JOB_LOCAL, NULL);
		return;
	}
	move_job(s, j, JOB_STAGED, NULL);
	put(plan, (struct sched_action){SCHED_DO_LEND, .n = 1});
	dispatch(s, ev->now_us, plan);
}

/* A result, or a refusal: from the node that has the job, or too late and of no interest. */
static struct sched_job *find_away(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = find_job(s, ev->job);
	return j && is_away(j) && j->node->id == ev->node ? j : NULL;
}

static void on_started(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = find_away(s, ev);
	if (j && j->state == JOB_SENT)
		move_job(s, j, JOB_RUNNING, j->node);
}

static void on_result(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = find_away(s, ev);
	if (!j)
		return;
	if (ev->ok)
		bring_back(s, j, JOB_READY, ev->now_us + s->conf.deliver_wait_us, plan);
	else
		redo(s, j, "the node's compiler had something to say", ev->now_us, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_refused(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = find_away(s, ev);
	if (!j)
		return;
	if (ev->retry)
		send_back(s, j, "refused by several nodes", ev->now_us, plan);
	else
		redo(s, j, "refused by the node", ev->now_us, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_gone(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_job *j = find_job(s, ev->job);
	assert(j);
	if (is_away(j))
		put(plan,
			(struct sched_action){SCHED_DO_CANCEL, .job = j->id, .node = j->node->id});
	if (has_text(j))
		put(plan, (struct sched_action){SCHED_DO_OWE, .n = 1});
	if (has_text(j) || j->state == JOB_READY || j->state == JOB_REDO)
		s->owed_gone++;
	remove_job(s, j);
	dispatch(s, ev->now_us, plan);
}

static void on_node_up(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = find_node(s, ev->node);
	if (!n) {
		n = xcalloc(1, sizeof *n);
		n->id = ev->node;
		list_init(&n->jobs);
		s->nodes = xrealloc(s->nodes, (s->node_count + 1) * sizeof(struct sched_node *));
		s->nodes[s->node_count++] = n;
	}
	assert(!n->up);
	n->up = true;
	n->credits = ev->credits;
	n->slots = ev->slots ? ev->slots : 1;
	n->toolchains = ev->toolchains;
	dispatch(s, ev->now_us, plan);
}

static void on_node_down(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = find_node(s, ev->node);
	assert(n && n->up);
	n->up = false;
	n->credits = 0;
	list_for_each_safe(l, &n->jobs)
		send_back(s, list_entry(l, struct sched_job, link), "lost by several nodes",
			ev->now_us, plan);
	dispatch(s, ev->now_us, plan);
}

static void on_credits(struct sched *s, const struct sched_event *ev, struct sched_plan *plan)
{
	struct sched_node *n = find_node(s, ev->node);
	assert(n);
	n->credits = ev->credits;
	dispatch(s, ev->now_us, plan);
}

static void on_job_local(struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = find_job(s, ev->job);
	assert(j && (j->state == JOB_CPP || j->state == JOB_BACK));
	/* a wrapper that could not commit its result: its debt is repaid when its recipe ends */
	move_job(s, j, JOB_LOCAL, NULL);
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
		go_on(s, list_entry(l, struct sched_job, link), plan);
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
		go_on(s, j, plan);
		s->owed_late++;
	}
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
	case SCHED_NODE_DOWN: on_node_down(s, ev, plan); break;
	case SCHED_REPAID: on_repaid(s, ev, plan); break;
	case SCHED_TICK: on_tick(s, ev, plan); break;
	}
}

struct sched *sched_create(const struct sched_conf *conf)
{
	struct sched *s = xcalloc(1, sizeof *s);
	s->conf = *conf;
	list_init(&s->stage);
	list_init(&s->returning);
	return s;
}

void sched_destroy(struct sched *s)
{
	if (!s)
		return;
	struct sched_job *j;
	for (size_t pos = 0; (j = idmap_next(&s->jobs, &pos));)
		free(j);
	for (size_t i = 0; i < s->node_count; i++)
		free(s->nodes[i]);
	idmap_fini(&s->jobs);
	free(s->nodes);
	free(s);
}

void sched_get_stats(const struct sched *s, struct sched_stats *ret)
{
	*ret = (struct sched_stats){
		.cpp = s->count[JOB_CPP],
		.staged = s->count[JOB_STAGED],
		.away = s->count[JOB_SENT] + s->count[JOB_RUNNING],
		.returning = s->count[JOB_READY] + s->count[JOB_REDO],
		.stage_bytes = s->stage_bytes,
	};
}
