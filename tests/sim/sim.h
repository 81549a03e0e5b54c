/* sim - a whole farm in one process and without a clock: make, wrappers, links and nodes as a
 * discrete-event simulation around the scheduler and the token ledger that farmmake itself uses.
 *
 * Everything that happens follows from a scenario and a seed. What must hold is checked after every
 * step of the scheduler; a breach ends the program with the seed, the time and the last decisions.
 */
#pragma once

#include "base/list.h"
#include "core/sched.h"
#include "core/tokens.h"

#include <stdio.h>

enum { SIM_KINDS = 4, SIM_COPIES = 2, SIM_NS_BINS = 256 };

enum sim_sizes {
	SIM_EQUAL, /* all compiles take the same time */
	SIM_MIXED, /* between a fifth and twice the mean, as most projects */
	SIM_HEAVY, /* one in fifty takes twelve times the mean, as in a kernel */
};

/* So many nodes that are alike. */
struct sim_kind {
	unsigned count, slots;
	double speed; /* 1: a compile takes what the scenario says */
	double mb_s;  /* its link */
	unsigned latency_us;
};

/* Faults per thousand jobs, or mean seconds between those of one node (0: never). */
struct sim_faults {
	unsigned refused, redone, slow, killed;
	unsigned down_s, frozen_s, credits_s;
};

struct sim_scenario {
	const char *name;
	unsigned local_slots;
	double local_speed;
	struct sim_kind kinds[SIM_KINDS];
	unsigned jobs;
	enum sim_sizes sizes;
	unsigned mean_us;     /* of a compile at speed 1 */
	unsigned cpp_percent; /* of a compile at speed 1, spent on preprocessing here */
	unsigned text_kib;
	unsigned sleepers; /* so many recipes per thousand are no compiles */
	unsigned phases;   /* make waits for all jobs of one before it starts the next; 0: one */
	bool blind;        /* the scheduler learns nothing */
	bool strangers;    /* nothing is known about the jobs but the size of their text */
	struct sim_faults faults;
};

enum sim_event_type {
	SIM_TICK,
	SIM_CPP_DONE,
	SIM_LOCAL_DONE,
	SIM_COMMITTED,
	SIM_SLEPT,
	SIM_KILLED,
	SIM_REAPED,
	SIM_UPLOADED,
	SIM_COMPILED,
	SIM_RESULT,
	SIM_FREEZE,
	SIM_SUSPECT,
	SIM_THAW,
	SIM_FALL,
	SIM_RISE,
	SIM_REGRANT,
};

/* An event for a job or a copy whose generation has moved on is void. */
struct sim_event {
	uint64_t at_us, seq;
	enum sim_event_type type;
	uint32_t who, gen; /* job, or node */
	int copy;
};

struct sim_queue {
	struct sim_event *v;
	size_t n, cap;
	uint64_t seq;
};

struct sim_node {
	uint32_t id;
	const struct sim_kind *kind;
	bool up, suspect;
	unsigned running, used, credits;
	uint32_t gen;          /* counts its lives */
	uint64_t thaw_us;      /* it stands still until then */
	uint64_t link_free_us; /* uploads come one after the other */
	struct list waiting;   /* struct sim_copy.link: uploaded, without a slot */
	struct list copies;    /* struct sim_copy.node_link: all that are here */
};

enum sim_copy_state { COPY_NONE, COPY_UPLOAD, COPY_WAIT, COPY_RUN, COPY_RETURN };

struct sim_copy {
	enum sim_copy_state state;
	struct sim_job *job;
	struct sim_node *node;
	uint32_t gen;
	uint64_t wall_us;
	int64_t urgent_us; /* COPY_WAIT: the smallest goes next, as in core/nodeq */
	const struct sim_node *cancelled_on; /* the last one that was told, and its life then */
	uint32_t cancelled_gen;
	struct list link, node_link;
};

enum sim_job_state {
	SIM_NEW,
	SIM_ASKED,
	SIM_CPP,
	SIM_AWAY,
	SIM_BACK,
	SIM_LOCAL,
	SIM_ASLEEP,
	SIM_DONE
};

struct sim_job {
	uint32_t id;
	enum sim_job_state state;
	bool sleeper, in_sched;
	uint32_t gen; /* counts its states */
	uint64_t cost_us, guess_us, cpp_us, bytes;
	struct sim_copy copy[SIM_COPIES];
};

struct sim_stats {
	uint64_t makespan_us, bound_us;
	uint64_t steps;
	uint64_t took[SIM_NS_BINS]; /* steps by time, eight bins for each doubling of nanoseconds */
	unsigned remote, local, copies, cancelled, killed;
	double busy_us; /* of the nodes' slots, at speed 1 */
};

struct sim {
	const struct sim_scenario *sc;
	uint64_t seed, rng, now_us;
	struct sched *sched;
	struct sched_plan plan;
	struct sim_queue queue;
	struct sched_event *say; /* a ring of events that wait for the step before them */
	size_t said, heard, say_cap;
	struct sim_node *nodes; /* numbered from 1 */
	uint32_t node_count;
	struct sim_job *jobs; /* numbered from 1 */
	uint32_t next, done;  /* next to be started; how many have ended */
	struct tokens ledger;
	unsigned pool, recipes;    /* tokens that lie idle; recipes that run */
	unsigned working, overrun; /* processes at work here; jobs that went on without a token */
	uint64_t check_every;      /* steps between two full checks */
	uint64_t last_end_us;
	FILE *trace;
	struct sim_stats stats;
};

/* queue.c */
void sim_push(struct sim *w, uint64_t in_us, struct sim_event ev);
bool sim_pop(struct sim *w, struct sim_event *ret);
double sim_draw(struct sim *w); /* [0, 1) */
bool sim_chance(struct sim *w, unsigned permille);
uint64_t sim_interval(struct sim *w, double mean_us); /* exponential */

/* make.c */
void sim_make_jobs(struct sim *w);
uint32_t sim_phase_size(const struct sim_scenario *sc);
/* Starts all the recipes that there are tokens for. */
void sim_make_start(struct sim *w);
void sim_make_event(struct sim *w, const struct sim_event *ev);
void sim_set_state(struct sim *w, struct sim_job *j, enum sim_job_state state);
void sim_preprocess(struct sim *w, struct sim_job *j);
void sim_compile_here(struct sim *w, struct sim_job *j);
void sim_commit(struct sim *w, struct sim_job *j);
void sim_lend(struct sim *w, unsigned n);
void sim_owe(struct sim *w, unsigned n);

/* nodes.c */
void sim_make_nodes(struct sim *w);
void sim_node_event(struct sim *w, const struct sim_event *ev);
void sim_send(struct sim *w, struct sim_job *j, uint32_t node);
void sim_cancel(struct sim *w, struct sim_job *j, uint32_t node);
/* The job ends or goes on: none of its copies may be left on a node. */
void sim_expect_no_copy(struct sim *w, const struct sim_job *j);

/* world.c */
void sim_say(struct sim *w, struct sched_event ev);
_Noreturn void sim_fail(const struct sim *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Nanoseconds that so many percent of the steps did not exceed. */
uint64_t sim_percentile(const struct sim_stats *stats, unsigned percent);
/* One build from beginning to end. trace may be NULL. */
struct sim_stats sim_run(const struct sim_scenario *sc, uint64_t seed, FILE *trace);

/* scenarios.c; NULL past the end. */
const struct sim_scenario *sim_scenario(size_t i);
/* In proportion to cores. */
struct sim_scenario sim_scale(unsigned cores, unsigned jobs);
