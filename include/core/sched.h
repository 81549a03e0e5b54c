/* sched - every decision about where a job goes, and when.
 *
 * A pure state machine: sched_step() takes one event (with its time) and appends what is to be done
 * to a plan. Whoever calls it carries the plan out, in order, and mutates nothing else. Jobs and
 * nodes are named by numbers that the caller chooses; toolchains by a bit (0 to 63) that the caller
 * gives to each distinct one.
 *
 * A job's life: ASKED -> CPP -> STAGED -> AWAY -> READY -> BACK, or ASKED -> LOCAL, or from any that is away
 * REDO -> ASKED -> LOCAL. No more are in CPP and LOCAL together than there are local slots; the others wait as
 * ASKED. While a job is away a token is lent in its name. READY and REDO owe it, and wait
 * until one has come back: the rest of the recipe, or the compile, needs a core here again. They wait as
 * long as tokens come back at all. Whoever has the tokens may be waiting for such a job, though: so when
 * none comes, one job goes on without, soon if a slot here has no work, late if all have. What its recipe
 * gives back lets another follow while a slot has none, and else makes up for it. So a core here is never
 * used twice for long, and nobody waits for ever. A job can be on two nodes at once; the first result counts,
 * and the other node is told to cancel.
 *
 * A node that takes nothing, twice in a row and with no other job of ours, rests for a while: else
 * whatever is refused at once would go there again and again. A node that is distrusted gets no more
 * jobs, ever, and its results that wait to be delivered are redone here.
 *
 * Contract: an event that makes no sense for the job's state is our bug (assert), except those that
 * can race: starts, results and refusals for a job that the node no longer has are ignored.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sched;

struct sched_conf {
	unsigned local_slots;
	uint64_t stage_bytes_max; /* memory for texts that wait or are away */
	/* When no token has come back for so long, and a slot had no work, a job goes on without; when all had,
	 * after SCHED_BUSY_WAITS times that. */
	uint64_t token_wait_us;
	bool blind; /* learn nothing: the node with the fewest jobs for its size gets the next */
};

enum { SCHED_BUSY_WAITS = 60 };

enum {
	SCHED_NO_TOOLCHAIN = -1, /* no usable compiler */
	SCHED_NOT_YET = -2,      /* it was not examined yet */
};

enum sched_event_type {
	SCHED_JOB_ASK, /* job, toolchain, cost_us: a wrapper wants to compile; or SCHED_NO_TOOLCHAIN, SCHED_NOT_YET */
	SCHED_JOB_STAGED, /* job, bytes, cost_us: its text is here in full */
	SCHED_JOB_LOCAL,  /* job: the wrapper compiles it here after all (it still has its token) */
	SCHED_JOB_STARTED,  /* job, node */
	SCHED_JOB_RESULT,   /* job, node, wall_us, ok: false when it must be redone here */
	SCHED_JOB_REFUSED,  /* job, node, retry: elsewhere, or (false) here */
	SCHED_JOB_GONE,     /* job, ok: the wrapper has ended, well or (false) otherwise */
	SCHED_NODE_UP,      /* node, credits, slots, toolchains, here */
	SCHED_NODE_CREDITS, /* node, credits */
	SCHED_NODE_TOOLCHAINS, /* node, toolchains: it turned out to have these, its old ones among them */
	SCHED_NODE_SUSPECT, /* node, suspect: it owes results and is silent, or is so no longer */
	SCHED_NODE_DOWN,    /* node */
	SCHED_NODE_DISTRUSTED, /* node: likewise, and for ever; it need not be up */
	SCHED_RECALL,          /* more is known: who waits and was SCHED_NOT_YET asks again */
	SCHED_REPAID,          /* n debts were repaid */
	SCHED_TICK,            /* idle; ten times a second or so */
};

struct sched_event {
	enum sched_event_type type;
	uint64_t now_us;
	uint32_t job, node;
	int toolchain;       /* bit number */
	uint64_t toolchains; /* bit mask */
	uint32_t credits, slots;
	uint64_t bytes;
	uint64_t cost_us; /* estimate for a node of speed 1; 0: none */
	uint64_t wall_us; /* that the node's compiler took; 0: not known */
	bool ok, retry, suspect;
	bool here; /* the node is this machine: its slots are the same cores */
	bool idle; /* a slot of this machine has no work */
	uint32_t n;
};

enum sched_action_type {
	SCHED_DO_PREPROCESS, /* job: tell the wrapper to preprocess */
	SCHED_DO_LOCAL,      /* job, why, idle: tell the wrapper to compile here */
	SCHED_DO_ASK,        /* job: it is forgotten here, and asks anew */
	SCHED_DO_SEND,       /* job, node: upload it */
	SCHED_DO_CANCEL,     /* job, node: nobody wants this result any more */
	SCHED_DO_DELIVER,    /* job: hand the result to the wrapper */
	SCHED_DO_LEND,       /* n tokens to make */
	SCHED_DO_OWE,        /* n tokens to be kept when they come back */
};

struct sched_action {
	enum sched_action_type type;
	uint32_t job, node, n;
	const char *why; /* static text */
	bool idle;       /* others need the cores more: at idle priority */
};

struct sched_plan {
	struct sched_action *v;
	size_t n, cap;
};

struct sched_stats {
	uint32_t cpp, staged, away, returning; /* jobs now */
	uint64_t stage_bytes;
};

struct sched *sched_create(const struct sched_conf *conf);
void sched_destroy(struct sched *s);
/* Appends to plan; the caller empties it (n = 0) once carried out and frees v in the end. */
void sched_step(struct sched *s, const struct sched_event *ev, struct sched_plan *plan);
void sched_get_stats(const struct sched *s, struct sched_stats *ret);
/* A cost over the time that it takes there. Node 0 is this machine. */
double sched_node_speed(const struct sched *s, uint32_t node);
/* Is that the reason of a job that a node would have had, if one had had room? */
bool sched_is_overflow(const char *why);
/* Or of one that no node could have? */
bool sched_lacks_toolchain(const char *why);
/* Checks every invariant; a failed one aborts. For tests and debug builds. */
void sched_check(const struct sched *s);
/* "preprocess 3", "send 3 to 1", …: for golden traces. Returns out. */
const char *sched_action_format(const struct sched_action *a, char *out, size_t out_size);
