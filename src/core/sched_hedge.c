/* Second attempts: what stands in the way of the build's end is worth doing twice.
 *
 * While make hands out work, every slot has better things to do, and only jobs of suspect nodes are
 * sent again. When it has none left, free slots take copies of the jobs that are expected last, or are
 * late; and jobs that have not begun anywhere are claimed for idle cores here: their debt is called in
 * early, and when a token comes for it before a node has begun, the job is compiled here.
 *
 * A node on this machine has no cores but these: taking its jobs away from it would gain nothing.
 */
#include "sched_impl.h"

enum {
	QUIET_US = 200000, /* make has had nothing to hand out for so long */
	GAIN_US = 50000,   /* less is not worth the trouble */
	LOOKS = 64,        /* jobs that are looked at in one tick */
};

/* Cores here that do no compile. Scripts and links may use them: a token will tell. */
static uint32_t spare_cores(const struct sched *s)
{
	uint32_t busy = s->count[JOB_CPP] + s->count[JOB_LOCAL] + s->claim_count;
	return busy < s->conf.local_slots ? s->conf.local_slots - busy : 0;
}

/* Cores are free, and make has had nothing for them for a while. */
static bool is_quiet(const struct sched *s, uint64_t now_us)
{
	return spare_cores(s) && !s->count[JOB_CPP] && now_us >= s->asked_us + QUIET_US;
}

/* A quarter of what it costs is to be gained at least: the guess may be wrong. */
static bool is_worth(double us, double left)
{
	return us * 1.25 + GAIN_US < left;
}

/* NULL when there is, or was, another: no node is given the same job twice. */
static struct sched_copy *lone_copy(struct sched_job *j)
{
	return j->hedged ? NULL : &j->copy[!j->copy[0].node];
}

static void claim(struct sched *s, struct sched_job *j, struct sched_plan *plan)
{
	list_append(&s->claims, &j->claim_link);
	s->claim_count++;
	sched_put(plan, (struct sched_action){SCHED_DO_OWE, .n = 1});
}

void sched_unclaim(struct sched *s, struct sched_job *j)
{
	list_remove(&j->claim_link);
	s->claim_count--;
}

bool sched_is_claimed(const struct sched_job *j)
{
	return !list_empty(&j->claim_link);
}

/* Would it be done earlier here? us: what it may take elsewhere. */
static bool try_here(struct sched *s, struct sched_job *j, double us, struct sched_plan *plan)
{
	if (sched_is_claimed(j) || sched_job_has_begun(j) || !spare_cores(s) ||
		!is_worth(j->cost_us / s->local_speed, us))
		return false;
	claim(s, j, plan);
	return true;
}

static void look_at(struct sched *s, struct sched_job *j, uint64_t now_us, struct sched_plan *plan)
{
	struct sched_copy *c = lone_copy(j);
	if (!c)
		return;
	double left = sched_copy_left(c, now_us), finish_us;
	struct sched_node *n = sched_pick(s, j, c->node, now_us, &finish_us);
	double there = n && n->used < n->slots ? finish_us - (double)now_us : left;
	if (!c->node->here && try_here(s, j, there < left ? there : left, plan))
		return;
	if (is_worth(there, left))
		sched_send(s, j, n, now_us, plan);
}

/* The jobs that are away, in turn. */
static void look_around(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	uint32_t n = s->count[JOB_AWAY] < LOOKS ? s->count[JOB_AWAY] : LOOKS;
	while (n--) {
		struct sched_job *j = list_entry(s->away.next, struct sched_job, link);
		list_remove(&j->link);
		list_append(&s->away, &j->link);
		look_at(s, j, now_us, plan);
	}
}

/* Jobs that are kept for a better node than the one that has room. */
static void look_at_stage(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	for (uint64_t left = s->elsewhere_count ? s->staged_lanes : 0; left; left &= left - 1) {
		struct sched_lane *lane = &s->lanes[__builtin_ctzll(left)];
		list_for_each(l, &lane->age) {
			struct sched_job *j = list_entry(l, struct sched_job, age_link);
			double us = sched_best_finish(s, j, now_us) - (double)now_us;
			if (!spare_cores(s))
				return;
			try_here(s, j, us + lane->staged_us / lane->power, plan);
		}
	}
}

static void leave_suspects(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	list_for_each(l, &s->suspects) {
		struct sched_node *suspect = list_entry(l, struct sched_node, suspects);
		list_for_each(k, &suspect->copies) {
			struct sched_copy *c = list_entry(k, struct sched_copy, link);
			double ignored;
			if (!lone_copy(c->job))
				continue;
			struct sched_node *n = sched_pick(s, c->job, suspect, now_us, &ignored);
			if (n)
				sched_send(s, c->job, n, now_us, plan);
		}
	}
}

void sched_hedge(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	leave_suspects(s, now_us, plan);
	if (s->conf.blind || !is_quiet(s, now_us))
		return;
	look_at_stage(s, now_us, plan);
	look_around(s, now_us, plan);
}
