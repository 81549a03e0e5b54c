/* The loop, the scheduler's plan carried out, and what must hold. */
#include "base/str.h"
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

enum { TICK_US = 100000, STUCK_US = 120000000 };

void sim_fail(const struct sim *w, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "%s, seed %" PRIu64 ", at %.6f s: ", w->sc->name, w->seed,
		(double)w->now_us / 1e6);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	for (size_t i = 0; i < w->plan.n; i++) {
		char text[128];
		fprintf(stderr, "  %s\n", sched_action_format(&w->plan.v[i], text, sizeof text));
	}
	if (w->trace)
		fflush(w->trace);
	exit(1);
}

void sim_say(struct sim *w, struct sched_event ev)
{
	if (w->said == w->say_cap) {
		w->say_cap = w->say_cap ? w->say_cap * 2 : 64;
		w->say = xrealloc(w->say, w->say_cap * sizeof *w->say);
	}
	w->say[w->said++] = ev;
}

static void apply(struct sim *w, const struct sched_action *a)
{
	struct sim_job *j = &w->jobs[a->job];
	switch (a->type) {
	case SCHED_DO_PREPROCESS: sim_preprocess(w, j); break;
	case SCHED_DO_LOCAL: sim_compile_here(w, j); break;
	case SCHED_DO_ASK:
		sim_fail(w, "job %u asks again, and every toolchain is known", a->job);
		break;
	case SCHED_DO_SEND: sim_send(w, j, a->node); break;
	case SCHED_DO_CANCEL: sim_cancel(w, j, a->node); break;
	case SCHED_DO_DELIVER: sim_commit(w, j); break;
	case SCHED_DO_LEND: sim_lend(w, a->n); break;
	case SCHED_DO_OWE: sim_owe(w, a->n); break;
	}
}

static void print_step(const struct sim *w, const struct sched_event *ev)
{
	static const char *const names[] = {
		[SCHED_JOB_ASK] = "ask",
		[SCHED_JOB_STAGED] = "staged",
		[SCHED_JOB_LOCAL] = "local",
		[SCHED_JOB_STARTED] = "started",
		[SCHED_JOB_RESULT] = "result",
		[SCHED_JOB_REFUSED] = "refused",
		[SCHED_JOB_GONE] = "gone",
		[SCHED_NODE_UP] = "up",
		[SCHED_NODE_CREDITS] = "credits",
		[SCHED_NODE_TOOLCHAINS] = "toolchains",
		[SCHED_NODE_SUSPECT] = "suspect",
		[SCHED_NODE_DOWN] = "down",
		[SCHED_NODE_DISTRUSTED] = "distrusted",
		[SCHED_RECALL] = "recall",
		[SCHED_REPAID] = "repaid",
		[SCHED_TICK] = "tick",
	};
	if (!w->trace || (ev->type == SCHED_TICK && !w->plan.n))
		return;
	fprintf(w->trace, "%9.3f %s", (double)w->now_us / 1e3, names[ev->type]);
	if (ev->job)
		fprintf(w->trace, " %u", ev->job);
	if (ev->node)
		fprintf(w->trace, " @%u", ev->node);
	if (ev->n)
		fprintf(w->trace, " %u", ev->n);
	for (size_t i = 0; i < w->plan.n; i++) {
		char text[128];
		fprintf(w->trace, "%s %s", i ? "," : ":",
			sched_action_format(&w->plan.v[i], text, sizeof text));
	}
	fputc('\n', w->trace);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned ns_bin(uint64_t ns)
{
	if (ns < 8)
		return (unsigned)ns;
	unsigned high = 63 - (unsigned)__builtin_clzll(ns);
	unsigned bin = 8 * (high - 2) + (unsigned)(ns >> (high - 3) & 7);
	return bin < SIM_NS_BINS ? bin : SIM_NS_BINS - 1;
}

uint64_t sim_percentile(const struct sim_stats *stats, unsigned percent)
{
	uint64_t seen = 0, wanted = stats->steps * percent / 100;
	unsigned bin = 0;
	while (bin < SIM_NS_BINS - 1 && (seen += stats->took[bin]) < wanted)
		bin++;
	return bin < 8 ? bin : (UINT64_C(8) + bin % 8) << (bin / 8 - 1);
}

static void step(struct sim *w, struct sched_event *ev)
{
	ev->now_us = w->now_us;
	w->plan.n = 0;
	uint64_t begin = now_ns();
	sched_step(w->sched, ev, &w->plan);
	uint64_t ns = now_ns() - begin;
	w->stats.took[ns_bin(ns)]++;
	if (w->stats.steps++ % w->check_every == 0)
		sched_check(w->sched);
	print_step(w, ev);
	for (size_t i = 0; i < w->plan.n; i++)
		apply(w, &w->plan.v[i]);
}

/* Tokens are neither made nor lost, and the local machine does what it has slots for. */
static void check(struct sim *w)
{
	unsigned out = w->recipes ? w->recipes - 1 : 0;
	if (w->pool + out != w->ledger.base + w->ledger.lent)
		sim_fail(w, "%u tokens idle and %u taken, of %u and %u lent", w->pool, out,
			w->ledger.base, w->ledger.lent);
	if (w->working > w->sc->local_slots)
		sim_fail(w, "%u processes at work on %u slots", w->working, w->sc->local_slots);
	if (w->now_us > w->last_end_us + STUCK_US)
		sim_fail(w, "no job has ended for two minutes");
}

static void settle(struct sim *w)
{
	do {
		for (; w->heard < w->said; w->heard++) {
			struct sched_event ev = w->say[w->heard]; /* the array may move */
			step(w, &ev);
		}
		w->heard = w->said = 0;
		sim_make_start(w);
	} while (w->said);
	check(w);
}

static void handle(struct sim *w, const struct sim_event *ev)
{
	switch (ev->type) {
	case SIM_TICK:
		sim_say(w, (struct sched_event){SCHED_TICK});
		sim_push(w, TICK_US, (struct sim_event){.type = SIM_TICK});
		break;
	case SIM_CPP_DONE:
	case SIM_LOCAL_DONE:
	case SIM_COMMITTED:
	case SIM_SLEPT:
	case SIM_KILLED:
	case SIM_REAPED: sim_make_event(w, ev); break;
	case SIM_UPLOADED:
	case SIM_COMPILED:
	case SIM_RESULT:
	case SIM_FREEZE:
	case SIM_SUSPECT:
	case SIM_THAW:
	case SIM_FALL:
	case SIM_RISE:
	case SIM_REGRANT: sim_node_event(w, ev); break;
	}
}

/* No phase can be shorter: all cores at work from beginning to end, the local ones preprocessing what
 * the others compile; or the local ones with what only they can do; or the longest job. */
static double phase_bound(const struct sim *w, uint32_t from, uint32_t to)
{
	double cost = 0, cpp = 0, asleep = 0, longest = 0;
	double slots = w->sc->local_slots, speed = w->sc->local_speed, power = 0, best = speed;
	for (int k = 0; k < SIM_KINDS; k++) {
		const struct sim_kind *kind = &w->sc->kinds[k];
		power += kind->count * kind->slots * kind->speed;
		if (kind->count && kind->speed > best)
			best = kind->speed;
	}
	for (uint32_t i = from; i < to; i++) {
		const struct sim_job *j = &w->jobs[i];
		double us = (double)j->cost_us;
		cost += j->sleeper ? 0 : us;
		cpp += j->sleeper ? 0 : (double)j->cpp_us;
		asleep += j->sleeper ? us : 0;
		double least = j->sleeper ? us : us / best;
		longest = least > longest ? least : longest;
	}
	/* cpp for each unit of cost: beyond this power, more nodes are of no use */
	double useful = cost > 0 && slots * cost / cpp < power ? slots * cost / cpp : power;
	double all = (cost + asleep * speed) /
		     (slots * speed + useful - (cost > 0 ? useful * cpp / cost * speed : 0));
	return all > longest ? all : longest;
}

static uint64_t bound(const struct sim *w)
{
	double us = 0;
	uint32_t size = sim_phase_size(w->sc);
	for (uint32_t from = 1; from <= w->sc->jobs; from += size) {
		uint32_t to = from + size;
		us += phase_bound(w, from, to <= w->sc->jobs ? to : w->sc->jobs + 1);
	}
	return (uint64_t)us;
}

static void create(struct sim *w)
{
	struct sched_conf conf = {.local_slots = w->sc->local_slots,
		.stage_bytes_max = UINT64_C(1) << 30,
		.token_wait_us = UINT64_C(1) << 40, /* in here tokens always come back */
		.blind = w->sc->blind};
	w->sched = sched_create(&conf);
	w->rng = w->seed;
	w->check_every = w->sc->jobs > 5000 ? 5000 : 1;
	tokens_init(&w->ledger, w->sc->local_slots - 1);
	w->pool = w->ledger.base;
	sim_make_jobs(w);
	sim_make_nodes(w);
	sim_push(w, TICK_US, (struct sim_event){.type = SIM_TICK});
}

static void destroy(struct sim *w)
{
	sched_destroy(w->sched);
	free(w->plan.v);
	free(w->queue.v);
	free(w->say);
	free(w->nodes);
	free(w->jobs);
}

struct sim_stats sim_run(const struct sim_scenario *sc, uint64_t seed, FILE *trace)
{
	struct sim w = {.sc = sc, .seed = seed, .trace = trace};
	struct sim_event ev;
	create(&w);
	settle(&w);
	while (w.done < sc->jobs && sim_pop(&w, &ev)) {
		w.now_us = ev.at_us;
		handle(&w, &ev);
		settle(&w);
	}
	sched_check(w.sched);
	if (w.ledger.lent || w.ledger.owed || w.pool != w.ledger.base)
		sim_fail(&w, "at the end %u tokens are lent, %u owed and %u idle", w.ledger.lent,
			w.ledger.owed, w.pool);
	w.stats.makespan_us = w.now_us;
	w.stats.bound_us = bound(&w);
	destroy(&w);
	return w.stats;
}
