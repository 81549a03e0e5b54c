/* A random walk checks that the scheduler always holds together. */
#include "lib/sched_trace.h"

/* A model of everything around the scheduler, driven at random, by a make that minds no tokens: it must never do what
 * makes no sense, no more may work here than there are slots, tokens must balance, and every job must end. */
enum { JOBS = 400, NODES = 5 };

enum model_state { M_NONE, M_ASKED, M_CPP, M_AWAY, M_BACK, M_LOCAL, M_ENDED };

struct model {
	struct fixture f;
	enum model_state job[JOBS];
	uint32_t at[JOBS]; /* bit for each node that has it */
	bool node_up[NODES + 1], suspect[NODES + 1], distrusted[NODES + 1];
	uint32_t made[JOBS]; /* by this node is its result; 0: it has none */
	int lent, owed;
	unsigned hedged;
	unsigned rng;
};

static unsigned draw(struct model *m, unsigned n)
{
	m->rng = m->rng * 1664525u + 1013904223u;
	return (m->rng >> 8) % n;
}

static void obey(struct model *m)
{
	for (size_t i = 0; i < m->f.plan.n; i++) {
		const struct sched_action *a = &m->f.plan.v[i];
		switch (a->type) {
		case SCHED_DO_PREPROCESS:
			cr_assert_eq(m->job[a->job], M_ASKED);
			m->job[a->job] = M_CPP;
			break;
		case SCHED_DO_LOCAL:
			cr_assert(m->job[a->job] == M_ASKED || m->job[a->job] == M_CPP ||
				  m->job[a->job] == M_AWAY);
			cr_assert_eq(m->at[a->job], 0);
			m->job[a->job] = M_LOCAL;
			break;
		case SCHED_DO_ASK:
			cr_assert_eq(m->job[a->job], M_ASKED);
			m->job[a->job] = M_NONE;
			break;
		case SCHED_DO_SEND:
			cr_assert(m->node_up[a->node] && !m->suspect[a->node]);
			cr_assert_eq(m->job[a->job], M_AWAY);
			cr_assert_eq(m->at[a->job] >> a->node & 1, 0);
			m->hedged += m->at[a->job] != 0;
			m->at[a->job] |= 1u << a->node;
			cr_assert_leq(__builtin_popcount(m->at[a->job]), 2);
			break;
		case SCHED_DO_CANCEL:
			cr_assert(m->at[a->job] >> a->node & 1);
			m->at[a->job] &= ~(1u << a->node);
			break;
		case SCHED_DO_DELIVER:
			cr_assert(m->job[a->job] == M_AWAY && m->at[a->job] == 0);
			cr_assert(m->made[a->job] && !m->distrusted[m->made[a->job]]);
			m->job[a->job] = M_BACK;
			break;
		case SCHED_DO_LEND: m->lent += (int)a->n; break;
		case SCHED_DO_OWE: m->owed += (int)a->n; break;
		}
	}
	m->f.trace[0] = '\0';
	cr_assert_geq(m->lent, m->owed);
}

static void say(struct model *m, struct sched_event ev)
{
	step(&m->f, ev);
	obey(m);
}

static uint32_t any_node(struct model *m, uint32_t j)
{
	uint32_t n;
	do
		n = draw(m, NODES + 1);
	while (!(m->at[j] >> n & 1));
	return n;
}

static void move_job(struct model *m, uint32_t j)
{
	switch (m->job[j]) {
	case M_NONE: {
		struct sched_event ev = ask(j);
		if (draw(m, 5) == 0)
			ev.toolchain = SCHED_NOT_YET;
		m->job[j] = M_ASKED;
		say(m, ev);
		break;
	}
	case M_CPP:
		if (draw(m, 10) == 0) {
			m->job[j] = M_LOCAL;
			say(m, on(SCHED_JOB_LOCAL, j, 0));
		} else {
			m->job[j] = M_AWAY;
			say(m, costly(j, 1 + draw(m, 5000)));
		}
		break;
	case M_AWAY:
		if (m->at[j] && draw(m, 3)) {
			static const enum sched_event_type types[] = {
				SCHED_JOB_STARTED, SCHED_JOB_RESULT, SCHED_JOB_REFUSED};
			struct sched_event ev = on(types[draw(m, 3)], j, any_node(m, j));
			ev.ok = draw(m, 8) != 0, ev.retry = draw(m, 4) != 0;
			ev.wall_us = draw(m, 3000);
			if (ev.type != SCHED_JOB_STARTED)
				m->at[j] &= ~(1u << ev.node);
			if (ev.type == SCHED_JOB_RESULT && ev.ok)
				m->made[j] = ev.node;
			say(m, ev);
		} else if (draw(m, 20) == 0) {
			say(m, on(SCHED_JOB_GONE, j, 0));
			m->job[j] = M_ENDED;
		}
		break;
	case M_BACK:
	case M_LOCAL:
		m->job[j] = M_ENDED;
		say(m, on(SCHED_JOB_GONE, j, 0));
		break;
	case M_ASKED:
	case M_ENDED: break;
	}
}

static void move_node(struct model *m, uint32_t n)
{
	if (m->distrusted[n])
		return;
	if (n < NODES && draw(m, 300) == 0) {
		m->distrusted[n] = true;
		m->node_up[n] = m->suspect[n] = false;
		for (uint32_t j = 0; j < JOBS; j++)
			m->at[j] &= ~(1u << n);
		say(m, on(SCHED_NODE_DISTRUSTED, 0, n));
	} else if (!m->node_up[n]) {
		m->node_up[n] = true;
		say(m, up(n, 1 + draw(m, 6), 1 + draw(m, 4), 1));
	} else if (draw(m, 4) == 0) {
		m->node_up[n] = m->suspect[n] = false;
		for (uint32_t j = 0; j < JOBS; j++)
			m->at[j] &= ~(1u << n);
		say(m, on(SCHED_NODE_DOWN, 0, n));
	} else if (draw(m, 3) == 0) {
		struct sched_event ev = on(SCHED_NODE_SUSPECT, 0, n);
		ev.suspect = m->suspect[n] = !m->suspect[n];
		say(m, ev);
	} else {
		struct sched_event ev = on(SCHED_NODE_CREDITS, 0, n);
		ev.credits = draw(m, 8);
		say(m, ev);
	}
}

/* Somewhere from here on; the scheduler moves those that have asked. */
static uint32_t next_movable(const struct model *m, uint32_t j)
{
	for (uint32_t n = 0; n < JOBS; n++, j = (j + 1) % JOBS)
		if (m->job[j] != M_ASKED && m->job[j] != M_ENDED)
			break;
	return j;
}

static unsigned count_in(const struct model *m, enum model_state state)
{
	unsigned n = 0;
	for (int j = 0; j < JOBS; j++)
		n += m->job[j] == state;
	return n;
}

static unsigned count_unfinished(const struct model *m)
{
	unsigned n = 0;
	for (int j = 0; j < JOBS; j++)
		n += m->job[j] != M_ENDED;
	return n;
}

static void repay(struct model *m, unsigned n)
{
	m->owed -= (int)n, m->lent -= (int)n;
	say(m, (struct sched_event){SCHED_REPAID, .n = n});
}

/* Returns how many jobs were sent to a second node. */
static unsigned walk(unsigned seed)
{
	static struct model m;
	m = (struct model){.rng = seed};
	unsigned slots = 1 + seed % 4;
	set_up(&m.f, slots);
	for (int i = 0; i < 200000 && count_unfinished(&m); i++) {
		m.f.now_us += draw(&m, 3000);
		unsigned what = draw(&m, 20);
		if (what == 0)
			move_node(&m, 1 + draw(&m, NODES));
		else if (what == 1 && m.owed)
			repay(&m, 1 + draw(&m, (unsigned)m.owed));
		else if (what == 2)
			say(&m, (struct sched_event){draw(&m, 3) ? SCHED_TICK : SCHED_RECALL,
					.idle = draw(&m, 2)});
		else
			move_job(&m, next_movable(&m, draw(&m, JOBS)));
		cr_assert_leq(count_in(&m, M_CPP) + count_in(&m, M_LOCAL), slots);
	}
	cr_assert_eq(count_unfinished(&m), 0, "seed %u: a job never ended", seed);
	if (m.owed)
		repay(&m, (unsigned)m.owed);
	cr_assert_eq(m.lent, 0, "seed %u: %d tokens are still lent", seed, m.lent);
	tear_down(&m.f);
	return m.hedged;
}

Test(sched_walk, random_walks)
{
	unsigned hedged = 0;
	for (unsigned seed = 1; seed <= 60; seed++)
		hedged += walk(seed);
	cr_assert_gt(hedged, 100, "%u second copies in all", hedged);
}
