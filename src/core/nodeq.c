/* The numbers are small (a client has at most slots + preload jobs), so jobs are found by walking
 * lists. A client that left stays until the last of its compilers is dead. */
#include "core/nodeq.h"

#include "base/list.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/share.h"

#include <assert.h>

enum {
	/* Use is looked at over the last one to two of these. */
	WINDOW_US = 150 * 1000,
	/* One with nothing to do does not save up slot time, but for the gaps between its jobs. */
	ARREARS_US = 1000 * 1000,
};

enum state { RECEIVING, WAITING, RUNNING, SENDING, DYING, STATE_COUNT };

struct nodeq_job {
	struct list link; /* in the client's jobs; the waiting ones in the order of their READY */
	int64_t since_us; /* it is as urgent as one that waits since then and takes no time */
	uint32_t number;
	enum state state;
};

/* What a client was seen to use in a window. */
struct use {
	unsigned peak; /* jobs */
	bool full;     /* it had as many as credits */
};

struct nodeq_client {
	struct list link; /* in the order of their JOIN */
	uint32_t number;
	bool gone;
	unsigned credits;
	unsigned living;  /* jobs that are not dying */
	unsigned running; /* slots that it holds, those of dying jobs too */
	uint64_t used_us; /* slot time */
	struct use now, before;
	struct list jobs;
};

struct nodeq {
	unsigned slots, room, least; /* credits in all, and for each */
	bool draining;
	struct list clients;
	struct list *turn; /* the client whose job started last, or &clients */
	unsigned count[STATE_COUNT];
	uint64_t now_us, window_us; /* when the present window began */
	uint64_t used_us;           /* slot time of the busy client that has had least */
	VEC(struct share) shares;   /* one of each client, while credits are divided */
};

static struct nodeq_client *find_client(struct nodeq *q, uint32_t number)
{
	list_for_each(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		if (c->number == number)
			return c;
	}
	return NULL;
}

static struct nodeq_job *find_job(struct nodeq_client *c, uint32_t number)
{
	list_for_each(l, &c->jobs) {
		struct nodeq_job *j = list_entry(l, struct nodeq_job, link);
		if (j->number == number)
			return j;
	}
	return NULL;
}

static struct nodeq_job *first_waiting(struct nodeq_client *c)
{
	struct nodeq_job *first = NULL;
	list_for_each(l, &c->jobs) {
		struct nodeq_job *j = list_entry(l, struct nodeq_job, link);
		if (j->state == WAITING && (!first || j->since_us < first->since_us))
			first = j;
	}
	return first;
}

static void move(struct nodeq *q, struct nodeq_job *j, enum state to)
{
	q->count[j->state]--;
	q->count[to]++;
	j->state = to;
}

static void free_job(struct nodeq *q, struct nodeq_client *c, struct nodeq_job *j)
{
	if (j->state != DYING)
		c->living--;
	q->count[j->state]--;
	list_remove(&j->link);
	free(j);
}

static void free_client(struct nodeq *q, struct nodeq_client *c)
{
	if (q->turn == &c->link)
		q->turn = c->link.prev; /* the next in turn stays the same */
	list_remove(&c->link);
	free(c);
}

static bool is_busy(struct nodeq_client *c)
{
	return c->running || first_waiting(c);
}

/* What the slots were used for since the last event. */
static void charge(struct nodeq *q, uint64_t now_us)
{
	uint64_t passed_us = now_us - q->now_us, least = UINT64_MAX;
	q->now_us = now_us;
	list_for_each(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		c->used_us += passed_us * c->running;
		if (is_busy(c) && c->used_us < least)
			least = c->used_us;
	}
	if (least != UINT64_MAX && least > q->used_us)
		q->used_us = least;
}

static unsigned want(const struct nodeq_client *c)
{
	if (c->now.full || c->before.full)
		return SHARE_ALL;
	/* one more, so that it is seen when it begins to use more */
	return 1 + (c->now.peak > c->before.peak ? c->now.peak : c->before.peak);
}

/* Gives every client its share, and tells those whose share changed. */
static void divide(struct nodeq *q, struct nodeq_plan *plan)
{
	size_t i = 0;
	q->shares.n = 0;
	list_for_each(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		if (!c->gone)
			vec_push(&q->shares, (struct share){.want = want(c)});
	}
	share_divide(q->room, q->least, q->shares.v, q->shares.n);
	list_for_each(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		if (c->gone || c->credits == q->shares.v[i++].got)
			continue;
		c->credits = q->shares.v[i - 1].got;
		vec_push(plan, (struct nodeq_action){
				       NODEQ_CREDITS, .client = c->number, .credits = c->credits});
	}
}

static void observe(struct nodeq_client *c)
{
	if (c->living > c->now.peak)
		c->now.peak = c->living;
	c->now.full |= c->living >= c->credits;
}

/* Begins another window when this one is over, and divides by what was seen. */
static void turn_window(struct nodeq *q, struct nodeq_plan *plan)
{
	uint64_t age_us = q->now_us - q->window_us;
	if (age_us < WINDOW_US)
		return;
	q->window_us = q->now_us;
	list_for_each(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		c->before = age_us < 2 * WINDOW_US ? c->now : (struct use){0};
		c->now = (struct use){0};
		observe(c);
	}
	divide(q, plan);
}

static bool comes_before(const struct nodeq_client *a, const struct nodeq_client *b)
{
	return a->running != b->running ? a->running < b->running : a->used_us < b->used_us;
}

/* Among equals the first one behind the last that had a turn. */
static struct nodeq_client *next_client(struct nodeq *q)
{
	struct nodeq_client *best = NULL;
	struct list *l = q->turn;
	do {
		l = l->next;
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		if (l != &q->clients && first_waiting(c) && (!best || comes_before(c, best)))
			best = c;
	} while (l != q->turn);
	return best;
}

static void start_waiting(struct nodeq *q, struct nodeq_plan *plan)
{
	while (q->count[WAITING] && nodeq_running(q) < q->slots) {
		struct nodeq_client *c = next_client(q);
		struct nodeq_job *j = c ? first_waiting(c) : NULL;
		assert(j);
		q->turn = &c->link;
		move(q, j, RUNNING);
		c->running++;
		vec_push(plan, (struct nodeq_action){NODEQ_START, c->number, j->number});
	}
}

static void refuse(struct nodeq *q, struct nodeq_client *c, struct nodeq_job *j, enum refusal why,
	struct nodeq_plan *plan)
{
	vec_push(plan, (struct nodeq_action){NODEQ_REFUSE, c->number, j->number, .refusal = why});
	free_job(q, c, j);
}

static void drop(
	struct nodeq *q, struct nodeq_client *c, struct nodeq_job *j, struct nodeq_plan *plan)
{
	if (j->state == DYING)
		return;
	bool running = j->state == RUNNING;
	vec_push(plan,
		(struct nodeq_action){running ? NODEQ_KILL : NODEQ_FORGET, c->number, j->number});
	if (!running) {
		free_job(q, c, j);
		return;
	}
	move(q, j, DYING);
	c->living--;
}

static void join(struct nodeq *q, uint32_t number, struct nodeq_plan *plan)
{
	struct nodeq_client *c = xcalloc(1, sizeof *c);
	c->number = number;
	c->used_us = q->used_us;
	c->now.full = true; /* until the contrary is seen */
	list_init(&c->jobs);
	list_append(&q->clients, &c->link);
	divide(q, plan);
}

static void leave(struct nodeq *q, struct nodeq_client *c, struct nodeq_plan *plan)
{
	list_for_each_safe(l, &c->jobs)
		drop(q, c, list_entry(l, struct nodeq_job, link), plan);
	c->gone = true;
	if (list_empty(&c->jobs))
		free_client(q, c);
	divide(q, plan);
}

static void admit(struct nodeq *q, struct nodeq_client *c, uint32_t number, struct nodeq_plan *plan)
{
	assert(!find_job(c, number));
	struct nodeq_job *j = xcalloc(1, sizeof *j);
	j->number = number;
	j->state = RECEIVING;
	q->count[RECEIVING]++;
	list_append(&c->jobs, &j->link);
	/* More than its credits is no offence: they may have been cut while the job was under way. */
	if (++c->living > q->room)
		refuse(q, c, j, REFUSED_FULL, plan);
	else if (q->draining)
		refuse(q, c, j, REFUSED_DRAINING, plan);
	bool was_hungry = want(c) == SHARE_ALL;
	observe(c);
	if (!was_hungry && want(c) == SHARE_ALL)
		divide(q, plan);
}

static void ended(
	struct nodeq *q, struct nodeq_client *c, struct nodeq_job *j, struct nodeq_plan *plan)
{
	c->running--;
	if (j->state == RUNNING) {
		move(q, j, SENDING);
		return;
	}
	assert(j->state == DYING);
	vec_push(plan, (struct nodeq_action){NODEQ_FORGET, c->number, j->number});
	free_job(q, c, j);
	if (c->gone && list_empty(&c->jobs))
		free_client(q, c);
}

static void drain(struct nodeq *q, struct nodeq_plan *plan)
{
	q->draining = true;
	list_for_each(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		list_for_each_safe(k, &c->jobs) {
			struct nodeq_job *j = list_entry(k, struct nodeq_job, link);
			if (j->state == RECEIVING || j->state == WAITING)
				refuse(q, c, j, REFUSED_DRAINING, plan);
		}
	}
}

static void ready(struct nodeq *q, struct nodeq_client *c, struct nodeq_job *j, uint32_t cost_ms)
{
	assert(j->state == RECEIVING);
	j->since_us = (int64_t)q->now_us - (int64_t)cost_ms * 1000;
	if (!is_busy(c) && c->used_us + ARREARS_US < q->used_us)
		c->used_us = q->used_us - ARREARS_US;
	move(q, j, WAITING);
	list_remove(&j->link);
	list_append(&c->jobs, &j->link);
}

void nodeq_step(struct nodeq *q, const struct nodeq_event *e, struct nodeq_plan *ret)
{
	struct nodeq_client *c = find_client(q, e->client);
	struct nodeq_job *j = c ? find_job(c, e->job) : NULL;
	ret->n = 0;
	charge(q, e->now_us);
	turn_window(q, ret);
	switch (e->type) {
	case NODEQ_JOIN:
		assert(!c);
		join(q, e->client, ret);
		break;
	case NODEQ_LEAVE:
		if (c && !c->gone)
			leave(q, c, ret);
		break;
	case NODEQ_JOB:
		assert(c && !c->gone);
		admit(q, c, e->job, ret);
		break;
	case NODEQ_READY:
		if (j)
			ready(q, c, j, e->cost_ms);
		break;
	case NODEQ_ENDED:
		if (j)
			ended(q, c, j, ret);
		break;
	case NODEQ_DROP:
		if (j)
			drop(q, c, j, ret);
		break;
	case NODEQ_DRAIN: drain(q, ret); break;
	case NODEQ_TICK: break;
	}
	start_waiting(q, ret);
}

struct nodeq *nodeq_create(unsigned slots, unsigned preload)
{
	assert(slots > 0);
	struct nodeq *q = xcalloc(1, sizeof *q);
	q->slots = slots;
	q->room = slots + preload;
	q->least = preload ? 2 : 1; /* one waits while the other runs */
	list_init(&q->clients);
	q->turn = &q->clients;
	return q;
}

void nodeq_destroy(struct nodeq *q)
{
	if (!q)
		return;
	list_for_each_safe(l, &q->clients) {
		struct nodeq_client *c = list_entry(l, struct nodeq_client, link);
		list_for_each_safe(k, &c->jobs)
			free_job(q, c, list_entry(k, struct nodeq_job, link));
		free_client(q, c);
	}
	vec_fini(&q->shares);
	free(q);
}

unsigned nodeq_running(const struct nodeq *q)
{
	return q->count[RUNNING] + q->count[DYING];
}

unsigned nodeq_waiting(const struct nodeq *q)
{
	return q->count[WAITING];
}

unsigned nodeq_jobs(const struct nodeq *q)
{
	unsigned n = 0;
	for (size_t i = 0; i < STATE_COUNT; i++)
		n += q->count[i];
	return n;
}
