/* make with its token pool, and the wrappers that its recipes run. */
#include "base/str.h"
#include "sim.h"

enum { COMMIT_US = 300, REAP_US = 100 };

static double size_of(struct sim *w)
{
	switch (w->sc->sizes) {
	case SIM_EQUAL: return 1;
	case SIM_MIXED: return 0.2 + 1.6 * sim_draw(w) * (0.5 + sim_draw(w));
	case SIM_HEAVY: return sim_chance(w, 20) ? 8 + 8 * sim_draw(w) : 0.3 + sim_draw(w);
	}
	return 1;
}

void sim_make_jobs(struct sim *w)
{
	const struct sim_scenario *sc = w->sc;
	w->jobs = xcalloc(sc->jobs + 1, sizeof *w->jobs);
	for (uint32_t i = 1; i <= sc->jobs; i++) {
		struct sim_job *j = &w->jobs[i];
		j->id = i;
		j->sleeper = sim_chance(w, sc->sleepers);
		j->cost_us = (uint64_t)(size_of(w) * sc->mean_us);
		j->guess_us = (uint64_t)((0.9 + 0.2 * sim_draw(w)) * (double)j->cost_us);
		if (sc->strangers) /* the text's size says a little */
			j->guess_us = (uint64_t)((0.5 + sim_draw(w)) *
						 (0.7 * sc->mean_us + 0.3 * (double)j->cost_us));
		j->cpp_us = (uint64_t)sc->mean_us * sc->cpp_percent / 100;
		j->bytes = (uint64_t)((0.5 + sim_draw(w)) * sc->text_kib * 1024);
		for (int c = 0; c < SIM_COPIES; c++) {
			j->copy[c].job = j;
			list_init(&j->copy[c].link);
			list_init(&j->copy[c].node_link);
		}
	}
	w->next = 1;
}

static bool works(enum sim_job_state s)
{
	return s == SIM_ASKED || s == SIM_CPP || s == SIM_LOCAL || s == SIM_ASLEEP;
}

void sim_set_state(struct sim *w, struct sim_job *j, enum sim_job_state state)
{
	static const unsigned next[] = {
		[SIM_NEW] = 1u << SIM_ASKED | 1u << SIM_ASLEEP,
		[SIM_ASKED] = 1u << SIM_CPP | 1u << SIM_LOCAL | 1u << SIM_DONE,
		[SIM_CPP] = 1u << SIM_AWAY | 1u << SIM_LOCAL | 1u << SIM_DONE,
		[SIM_AWAY] = 1u << SIM_BACK | 1u << SIM_LOCAL | 1u << SIM_DONE,
		[SIM_BACK] = 1u << SIM_DONE,
		[SIM_LOCAL] = 1u << SIM_DONE,
		[SIM_ASLEEP] = 1u << SIM_DONE,
		[SIM_DONE] = 0,
	};
	if (!(next[j->state] >> state & 1))
		sim_fail(w, "job %u goes from state %d to %d", j->id, j->state, state);
	w->working = w->working - works(j->state) + works(state);
	j->state = state;
	j->gen++;
}

static void later(struct sim *w, struct sim_job *j, uint64_t in_us, enum sim_event_type type)
{
	sim_push(w, in_us, (struct sim_event){.type = type, .who = j->id, .gen = j->gen});
}

void sim_preprocess(struct sim *w, struct sim_job *j)
{
	sim_set_state(w, j, SIM_CPP);
	later(w, j, j->cpp_us, SIM_CPP_DONE);
}

void sim_compile_here(struct sim *w, struct sim_job *j)
{
	sim_expect_no_copy(w, j);
	sim_set_state(w, j, SIM_LOCAL);
	later(w, j, (uint64_t)((double)j->cost_us / w->sc->local_speed), SIM_LOCAL_DONE);
	w->stats.local++;
}

void sim_commit(struct sim *w, struct sim_job *j)
{
	sim_expect_no_copy(w, j);
	sim_set_state(w, j, SIM_BACK);
	later(w, j, COMMIT_US, SIM_COMMITTED);
	w->stats.remote++;
}

static void repaid(struct sim *w, unsigned n)
{
	if (n)
		sim_say(w, (struct sched_event){SCHED_REPAID, .n = n});
}

void sim_lend(struct sim *w, unsigned n)
{
	uint32_t settled;
	w->pool += tokens_lend(&w->ledger, n, &settled);
	repaid(w, settled);
}

/* What lies idle is kept at once; the rest when recipes end. */
void sim_owe(struct sim *w, unsigned n)
{
	tokens_owe(&w->ledger, n);
	unsigned idle = w->pool < w->ledger.owed ? w->pool : w->ledger.owed;
	w->pool -= idle;
	if (tokens_returned(&w->ledger, idle))
		sim_fail(w, "the ledger gives back what it is owed");
	repaid(w, idle);
}

/* The first recipe needs no token: make has one that is in no pool. */
static bool has_token(const struct sim *w)
{
	return w->recipes == 0 || w->pool > 0;
}

uint32_t sim_phase_size(const struct sim_scenario *sc)
{
	unsigned phases = sc->phases ? sc->phases : 1;
	return (sc->jobs + phases - 1) / phases;
}

static bool is_phase_open(const struct sim *w)
{
	uint32_t size = sim_phase_size(w->sc);
	return w->done >= (w->next - 1) / size * size;
}

void sim_make_start(struct sim *w)
{
	while (w->next <= w->sc->jobs && has_token(w) && is_phase_open(w)) {
		struct sim_job *j = &w->jobs[w->next++];
		if (w->recipes++)
			w->pool--;
		if (j->sleeper) {
			sim_set_state(w, j, SIM_ASLEEP);
			later(w, j, j->cost_us, SIM_SLEPT);
			continue;
		}
		sim_set_state(w, j, SIM_ASKED);
		j->in_sched = true;
		if (sim_chance(w, w->sc->faults.killed))
			sim_push(w, sim_interval(w, (double)j->cost_us),
				(struct sim_event){.type = SIM_KILLED, .who = j->id});
		sim_say(w, (struct sched_event){SCHED_JOB_ASK, .job = j->id,
				   .cost_us = w->sc->strangers ? 0 : j->guess_us});
	}
}

static void end(struct sim *w, struct sim_job *j, bool ok)
{
	sim_set_state(w, j, SIM_DONE);
	if (j->in_sched)
		sim_say(w, (struct sched_event){SCHED_JOB_GONE, .job = j->id, .ok = ok});
	later(w, j, REAP_US, SIM_REAPED);
}

/* make has noticed, and gives the recipe's token back. */
static void reap(struct sim *w)
{
	w->last_end_us = w->now_us;
	w->done++;
	if (--w->recipes == 0)
		return;
	uint32_t on = tokens_returned(&w->ledger, 1);
	w->pool += on;
	repaid(w, 1 - on);
}

static void stage(struct sim *w, struct sim_job *j)
{
	sim_set_state(w, j, SIM_AWAY);
	sim_say(w, (struct sched_event){SCHED_JOB_STAGED, .job = j->id, .bytes = j->bytes,
			   .cost_us = j->guess_us});
}

void sim_make_event(struct sim *w, const struct sim_event *ev)
{
	struct sim_job *j = &w->jobs[ev->who];
	if (ev->type == SIM_KILLED) {
		if (j->state == SIM_DONE)
			return;
		w->stats.killed++;
		end(w, j, false);
	} else if (ev->gen == j->gen) {
		if (ev->type == SIM_CPP_DONE)
			stage(w, j);
		else if (ev->type == SIM_REAPED)
			reap(w);
		else
			end(w, j, true);
	}
}
