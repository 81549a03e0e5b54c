/* sched_impl - what the parts of the scheduler share; nobody else includes it.
 *
 * sched.c is the state machine, sched_jobs.c has the jobs, sched_gate.c lets them begin,
 * sched_stage.c keeps those that wait for a node, sched_nodes.c the nodes and what is learned about
 * them, sched_pick.c decides who gets a job and whether the farm wants one more, sched_hedge.c which
 * jobs are worth a second attempt. No event costs more than the logarithm of the number of nodes,
 * times the kinds of nodes that there are.
 */
#pragma once

#include "base/idmap.h"
#include "base/list.h"
#include "base/vec.h"
#include "core/sched.h"
#include "sched_nodes.h"

enum {
	SCHED_TRIES_MAX = 3,    /* dispatches of one job before it is compiled here */
	SCHED_COPIES = 2,       /* of one job at the same time */
	SCHED_TOOLCHAINS = 64,  /* bits of a mask */
	SCHED_COST_BINS = 64,   /* two for each doubling of a job's cost */
	SCHED_SPEED_BINS = 64,  /* four for each doubling of a node's speed */
	SCHED_COST_US = 1000000 /* of a job, until the first one is known */
};

enum sched_job_state {
	JOB_ASKED, /* waits for a core here */
	JOB_CPP,
	JOB_STAGED,
	JOB_AWAY,  /* sent to one node, or to two */
	JOB_READY, /* its result is here and waits for a token */
	JOB_BACK,
	JOB_REDO, /* to be compiled here, and waits for a token */
	JOB_LOCAL
};

struct sched_job {
	uint32_t id;
	enum sched_job_state state;
	int toolchain;
	uint32_t tries;
	uint64_t bytes;
	double cost_us;    /* for a node of speed 1; */
	bool hedged;       /* was sent to a second node */
	bool known;        /* an estimate of its own, not a mean */
	uint64_t since_us; /* in its state */
	struct sched_copy copy[SCHED_COPIES];
	const struct sched_node *avoid; /* refused it last */
	const struct sched_node *by;    /* JOB_READY: whose result it is */
	const char *why;        /* it is to be done here, and this reason is told; else NULL */
	struct list link;       /* in asked, its bin, away or returning; else unlinked */
	struct list age_link;   /* JOB_STAGED: in its lane's age */
	struct list claim_link; /* in claims; else unlinked */
};

/* All that concerns one toolchain. */
struct sched_lane {
	struct list bins[SCHED_COST_BINS]; /* JOB_STAGED by cost; oldest first in each */
	uint64_t filled;                   /* bit for each bin that is not empty */
	struct list age;                   /* the same jobs, oldest first */
	uint32_t staged, in_flight;        /* jobs; in_flight: from CPP to AWAY */
	double staged_us;                  /* what the staged ones cost */
	uint64_t capacity;                 /* credits of its nodes */
	double power;                      /* cost that its nodes do in a microsecond */
};

struct sched {
	struct sched_conf conf;
	struct idmap jobs;  /* struct sched_job, while its wrapper lives */
	struct idmap nodes; /* struct sched_node, for ever */
	uint32_t up_count;
	uint32_t elsewhere_count; /* of them, on other machines */
	struct sched_herd **herds;
	VEC(double) slots_us; /* scratch: when the slots of a node are free */
	size_t herd_count;
	struct sched_lane lanes[SCHED_TOOLCHAINS];
	uint64_t staged_lanes; /* bit for each lane with staged jobs */
	struct list asked;     /* JOB_ASKED, oldest first */
	struct list away;      /* JOB_AWAY, longest not looked at by hedging first */
	struct list returning; /* JOB_READY and JOB_REDO, oldest first */
	struct list suspects;  /* struct sched_node.suspects */
	struct list rests;     /* struct sched_node.rests */
	struct list claims;    /* staged or away jobs whose debt was called in early */
	uint32_t claim_count;
	uint32_t count[JOB_LOCAL + 1];
	uint64_t capacity;    /* credits of all nodes */
	uint64_t stage_bytes; /* texts of staged and away jobs */
	uint32_t owed_gone;   /* debts of jobs that are gone, */
	uint32_t owed_late;   /* and of those that could not wait for their token */
	uint64_t token_us;    /* then a token came back, or a job went on without */
	bool idle;            /* a slot is, */
	uint64_t idle_us;     /* since then */
	double cost_us, cpp_us, local_speed, speed; /* means */
	uint64_t asked_us;                          /* the last job came then */
};

/* sched.c */
void sched_put(struct sched_plan *plan, struct sched_action a);
void sched_send(struct sched *s, struct sched_job *j, struct sched_node *n, uint64_t now_us,
	struct sched_plan *plan);

/* sched_jobs.c */
struct sched_job *sched_job_find(const struct sched *s, uint32_t id); /* NULL when there is none */
/* In no state yet. */
struct sched_job *sched_job_create(const struct sched *s, const struct sched_event *ev);
void sched_job_enter(
	struct sched *s, struct sched_job *j, enum sched_job_state state, uint64_t now_us);
void sched_job_leave(struct sched *s, struct sched_job *j);
void sched_job_move(struct sched *s, struct sched_job *j, enum sched_job_state to, uint64_t now_us);
bool sched_job_has_text(const struct sched_job *j);
/* NULL when there is none; n NULL: one that is not in use. */
struct sched_copy *sched_job_copy_on(struct sched_job *j, const struct sched_node *n);
bool sched_job_has_copy(const struct sched_job *j);
bool sched_job_has_begun(const struct sched_job *j); /* a node compiles it already */

/* sched_gate.c */
/* Those that wait for a core here go on, as long as there is one. */
void sched_admit(struct sched *s, uint64_t now_us, struct sched_plan *plan);
/* Those that wait and could not be placed when they asked are to ask again. */
void sched_recall(struct sched *s, struct sched_plan *plan);

/* sched_stage.c */
void sched_stage_init(struct sched_lane *lane);
void sched_stage_add(struct sched *s, struct sched_job *j);
void sched_stage_remove(struct sched *s, struct sched_job *j);
struct sched_job *sched_stage_longest(const struct sched_lane *lane);
struct sched_job *sched_stage_shortest(const struct sched_lane *lane);
struct sched_job *sched_stage_oldest(const struct sched_lane *lane);

/* sched_pick.c */
/* Sends what should be sent now. */
void sched_dispatch(struct sched *s, uint64_t now_us, struct sched_plan *plan);
/* The node with room where the job would be done first, and when; NULL when none has room. */
struct sched_node *sched_pick(const struct sched *s, const struct sched_job *j,
	const struct sched_node *except, uint64_t now_us, double *ret_finish_us);
/* When its result could be here at the earliest. */
double sched_best_finish(const struct sched *s, const struct sched_job *j, uint64_t now_us);
/* NULL when the job should be preprocessed for the farm; else why it should not. */
const char *sched_why_local(const struct sched *s, const struct sched_job *j);
/* Of a job that is away and that this machine takes back. */
extern const char sched_why_early[];

/* sched_hedge.c */
/* Sends copies and claims jobs where that is worth it. */
void sched_hedge(struct sched *s, uint64_t now_us, struct sched_plan *plan);
bool sched_is_claimed(const struct sched_job *j);
void sched_unclaim(struct sched *s, struct sched_job *j);
