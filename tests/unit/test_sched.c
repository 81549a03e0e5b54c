/* Golden traces pin what the scheduler decides; the random walk checks that it always holds together. */
#include "base/str.h"
#include "core/sched.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct fixture {
	struct sched *s;
	struct sched_plan plan;
	uint64_t now_us;
	char trace[2048];
};

static void set_up(struct fixture *f, unsigned local_slots)
{
	*f = (struct fixture){0};
	struct sched_conf conf = {.local_slots = local_slots,
		.stage_bytes_max = 1000,
		.redo_wait_us = 500,
		.deliver_wait_us = 100};
	f->s = sched_create(&conf);
}

static void tear_down(struct fixture *f)
{
	sched_destroy(f->s);
	free(f->plan.v);
}

static void step(struct fixture *f, struct sched_event ev)
{
	ev.now_us = f->now_us;
	f->plan.n = 0;
	sched_step(f->s, &ev, &f->plan);
	sched_check(f->s);
	for (size_t i = 0; i < f->plan.n; i++) {
		char line[128];
		size_t n = strlen(f->trace);
		snprintf(f->trace + n, sizeof f->trace - n, "%s\n",
			sched_action_format(&f->plan.v[i], line, sizeof line));
	}
}

static void expect(struct fixture *f, const char *trace)
{
	cr_assert_str_eq(f->trace, trace, "decided\n%sexpected\n%s", f->trace, trace);
	f->trace[0] = '\0';
}

static struct sched_event up(uint32_t node, uint32_t credits, uint32_t slots, uint64_t toolchains)
{
	return (struct sched_event){SCHED_NODE_UP, .node = node, .credits = credits, .slots = slots,
		.toolchains = toolchains};
}

static struct sched_event ask(uint32_t job)
{
	return (struct sched_event){SCHED_JOB_ASK, .job = job, .toolchain = 0};
}

static struct sched_event staged(uint32_t job)
{
	return (struct sched_event){SCHED_JOB_STAGED, .job = job, .bytes = 10};
}

static struct sched_event on(enum sched_event_type type, uint32_t job, uint32_t node)
{
	return (struct sched_event){type, .job = job, .node = node, .ok = true, .retry = true};
}

Test(sched, no_node_is_local)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, ask(1));
	expect(&f, "local 1: no node\n");
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "");
	tear_down(&f);
}

Test(sched, life_of_a_remote_job)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(7, 4, 2, 1));
	step(&f, ask(1));
	expect(&f, "preprocess 1\n");
	step(&f, staged(1));
	expect(&f, "lend 1\nsend 1 to 7\n");
	step(&f, on(SCHED_JOB_STARTED, 1, 7));
	step(&f, on(SCHED_JOB_RESULT, 1, 7));
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "deliver 1\n");
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "");
	tear_down(&f);
}

Test(sched, other_toolchain_stays_here)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 2, 2));
	step(&f, ask(1));
	expect(&f, "local 1: no node has this toolchain\n");
	step(&f, (struct sched_event){SCHED_JOB_ASK, .job = 2, .toolchain = -1});
	expect(&f, "local 2: not a usable compiler\n");
	tear_down(&f);
}

Test(sched, least_loaded_for_its_size_first)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 2, 1));
	step(&f, up(2, 8, 4, 1));
	for (uint32_t job = 1; job <= 6; job++) {
		step(&f, ask(job));
		step(&f, staged(job));
	}
	expect(&f, "preprocess 1\nlend 1\nsend 1 to 2\n"
		   "preprocess 2\nlend 1\nsend 2 to 1\n"
		   "preprocess 3\nlend 1\nsend 3 to 2\n"
		   "preprocess 4\nlend 1\nsend 4 to 2\n"
		   "preprocess 5\nlend 1\nsend 5 to 1\n"
		   "preprocess 6\nlend 1\nsend 6 to 2\n");
	tear_down(&f);
}

/* Two credits and a stage of two (the local slots): the fifth job stays here. */
Test(sched, full_farm_leaves_work_here)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 1, 1));
	for (uint32_t job = 1; job <= 4; job++) {
		step(&f, ask(job));
		step(&f, staged(job));
	}
	f.trace[0] = '\0';
	step(&f, ask(5));
	expect(&f, "local 5: the farm is fully fed\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "owe 1\nsend 3 to 1\n");
	tear_down(&f);
}

Test(sched, node_death_moves_its_jobs)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, up(2, 1, 1, 1));
	f.trace[0] = '\0';
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	expect(&f, "send 1 to 2\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1)); /* too late, from the dead */
	expect(&f, "");
	step(&f, on(SCHED_JOB_RESULT, 1, 2));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

/* A job may use a core here again only when a token has come back for it. */
Test(sched, last_node_gone_waits_for_a_token)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	f.trace[0] = '\0';
	step(&f, on(SCHED_NODE_DOWN, 0, 1));
	expect(&f, "owe 1\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "local 1: the last node with this toolchain is gone\n");
	tear_down(&f);
}

Test(sched, redo_without_a_token_goes_on_at_its_limit)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, (struct sched_event){SCHED_JOB_RESULT, .job = 1, .node = 1, .ok = false});
	f.trace[0] = '\0';
	f.now_us = 499;
	step(&f, (struct sched_event){SCHED_TICK});
	expect(&f, "");
	f.now_us = 500;
	step(&f, (struct sched_event){SCHED_TICK});
	expect(&f, "local 1: the node's compiler had something to say\n");
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1}); /* the debt still comes in */
	tear_down(&f);
}

/* A token that never comes back must not hold a result for ever either. */
Test(sched, result_without_a_token_is_delivered_at_its_limit)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	f.trace[0] = '\0';
	f.now_us = 100;
	step(&f, (struct sched_event){SCHED_TICK});
	expect(&f, "deliver 1\n");
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	step(&f, (struct sched_event){SCHED_REPAID, .n = 1});
	expect(&f, "");
	tear_down(&f);
}

Test(sched, refused_goes_elsewhere_and_gives_up_in_the_end)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 4, 4, 1));
	step(&f, up(2, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	expect(&f, "preprocess 1\nlend 1\nsend 1 to 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 1));
	expect(&f, "send 1 to 2\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 2));
	expect(&f, "send 1 to 1\n");
	step(&f, on(SCHED_JOB_REFUSED, 1, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

Test(sched, wrapper_killed_while_away)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 1, 1, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, ask(2));
	step(&f, staged(2));
	f.trace[0] = '\0';
	step(&f, on(SCHED_JOB_GONE, 1, 0));
	expect(&f, "cancel 1 on 1\nowe 1\nsend 2 to 1\n");
	tear_down(&f);
}

Test(sched, credits_to_zero_drain_a_node)
{
	struct fixture f;
	set_up(&f, 2);
	step(&f, up(1, 2, 2, 1));
	step(&f, ask(1));
	step(&f, staged(1));
	step(&f, on(SCHED_NODE_CREDITS, 0, 1));
	f.trace[0] = '\0';
	step(&f, ask(2));
	expect(&f, "local 2: no node has this toolchain\n");
	step(&f, on(SCHED_JOB_RESULT, 1, 1));
	expect(&f, "owe 1\n");
	tear_down(&f);
}

/* A model of everything around the scheduler, driven at random: it must never do what makes no
 * sense, tokens must balance, and every job must end. */
enum { JOBS = 400, NODES = 5 };

enum model_state { M_NONE, M_ASKED, M_CPP, M_AWAY, M_BACK, M_LOCAL, M_ENDED };

struct model {
	struct fixture f;
	enum model_state job[JOBS];
	uint32_t at[JOBS]; /* node that has it, 0 for none */
	bool node_up[NODES + 1];
	int lent, owed;
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
			m->job[a->job] = M_LOCAL, m->at[a->job] = 0;
			break;
		case SCHED_DO_SEND:
			cr_assert(m->node_up[a->node]);
			m->job[a->job] = M_AWAY, m->at[a->job] = a->node;
			break;
		case SCHED_DO_CANCEL: cr_assert_eq(m->at[a->job], a->node); break;
		case SCHED_DO_DELIVER: m->job[a->job] = M_BACK, m->at[a->job] = 0; break;
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

static void move_job(struct model *m, uint32_t j)
{
	switch (m->job[j]) {
	case M_NONE:
		m->job[j] = M_ASKED;
		say(m, ask(j));
		break;
	case M_CPP:
		if (draw(m, 10) == 0) {
			m->job[j] = M_LOCAL;
			say(m, on(SCHED_JOB_LOCAL, j, 0));
		} else {
			m->job[j] = M_AWAY;
			say(m, staged(j));
		}
		break;
	case M_AWAY:
		if (m->at[j] && draw(m, 3)) {
			struct sched_event ev =
				on(draw(m, 5) ? SCHED_JOB_RESULT : SCHED_JOB_REFUSED, j, m->at[j]);
			ev.ok = draw(m, 8) != 0, ev.retry = draw(m, 4) != 0;
			m->at[j] = 0;
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
	if (!m->node_up[n]) {
		m->node_up[n] = true;
		say(m, up(n, 1 + draw(m, 6), 1 + draw(m, 4), 1));
	} else if (draw(m, 4) == 0) {
		m->node_up[n] = false;
		for (uint32_t j = 0; j < JOBS; j++)
			if (m->at[j] == n)
				m->at[j] = 0;
		say(m, on(SCHED_NODE_DOWN, 0, n));
	} else {
		struct sched_event ev = on(SCHED_NODE_CREDITS, 0, n);
		ev.credits = draw(m, 8);
		say(m, ev);
	}
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

static void walk(unsigned seed)
{
	static struct model m;
	m = (struct model){.rng = seed};
	set_up(&m.f, 1 + seed % 4);
	for (int i = 0; i < 200000 && count_unfinished(&m); i++) {
		m.f.now_us += draw(&m, 3);
		unsigned what = draw(&m, 20);
		if (what == 0)
			move_node(&m, 1 + draw(&m, NODES));
		else if (what == 1 && m.owed)
			repay(&m, 1 + draw(&m, (unsigned)m.owed));
		else if (what == 2)
			say(&m, (struct sched_event){SCHED_TICK});
		else
			move_job(&m, draw(&m, JOBS));
	}
	cr_assert_eq(count_unfinished(&m), 0, "seed %u: a job never ended", seed);
	if (m.owed)
		repay(&m, (unsigned)m.owed);
	cr_assert_eq(m.lent, 0, "seed %u: %d tokens are still lent", seed, m.lent);
	tear_down(&m.f);
}

Test(sched, random_walks)
{
	for (unsigned seed = 1; seed <= 60; seed++)
		walk(seed);
}
