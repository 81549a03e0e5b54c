/* nodeq - a node's queue: which job starts when, and how many jobs each client may have here.
 *
 * The life of a job, by events (in capitals) and actions (in brackets):
 *
 *     JOB -> receiving -READY-> waiting -[start]-> running -ENDED-> sending -DROP-> [forget]
 *
 * DROP forgets a job at any other time too, but a running one is first killed, and keeps its slot
 * until ENDED. A job beyond all the room there is, or while the node drains, is refused.
 *
 * Clients are equals, in two ways. Slots: a waiting job starts the moment a slot is free, and that
 * is one of the client which holds fewest slots, then of the one which has used least slot time,
 * then of the next in turn. Within a client, first come, first served; but a job counts as if it had
 * come as much earlier as it is expected to take: then all end early, and the build with them, and a
 * short job is not passed by long ones for ever. Credits: slots and preload
 * are divided max-min fairly (core/share.h) by what clients were seen to use. Who uses all it has
 * is hungry and gets more at once; who does not leaves the rest to the others after half a second.
 * Credits that are taken away end nothing: they say what may be sent from now on.
 *
 * Contract: pure. nodeq_step() takes one event and says what has to be done, in order; whoever
 * carries it out reports failures as further events. A client's number is used once, a job's number
 * once at a time. Events for jobs that were forgotten are ignored.
 *
 * Ownership: the plan belongs to the caller, who ends it with vec_fini(); each step empties it.
 */
#pragma once

#include "core/msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nodeq;

enum nodeq_event_type {
	NODEQ_JOIN,  /* a client that builds has said HELLO */
	NODEQ_LEAVE, /* it is gone, and nobody wants its jobs any more */
	NODEQ_JOB,   /* it begins to send a job */
	NODEQ_READY, /* the job's text is here */
	NODEQ_ENDED, /* its compiler has ended, or could not be started */
	NODEQ_DROP,  /* its result is sent; or it is cancelled or given up */
	NODEQ_DRAIN, /* the node is going away */
	NODEQ_TICK,  /* time has passed; due a few times a second while there are jobs */
};

struct nodeq_event {
	enum nodeq_event_type type;
	uint32_t client, job;
	uint64_t now_us;  /* of a clock that does not go back */
	uint32_t cost_ms; /* NODEQ_READY: what the client expects of the job; 0 for nothing */
};

enum nodeq_action_type {
	NODEQ_CREDITS, /* tell client how many credits it has now */
	NODEQ_START,   /* start the job's compiler */
	NODEQ_KILL,    /* kill it; ENDED follows */
	NODEQ_REFUSE,  /* tell client that the job is refused, and forget it */
	NODEQ_FORGET,  /* free what is kept for the job */
};

struct nodeq_action {
	enum nodeq_action_type type;
	uint32_t client, job;
	unsigned credits;     /* NODEQ_CREDITS */
	enum refusal refusal; /* NODEQ_REFUSE */
};

struct nodeq_plan { /* a vec */
	struct nodeq_action *v;
	size_t n, cap;
};

/* slots >= 1 */
struct nodeq *nodeq_create(unsigned slots, unsigned preload);
void nodeq_destroy(struct nodeq *q);
void nodeq_step(struct nodeq *q, const struct nodeq_event *e, struct nodeq_plan *ret);

unsigned nodeq_running(const struct nodeq *q); /* slots that are taken */
unsigned nodeq_waiting(const struct nodeq *q); /* jobs whose text is here and that have no slot */
unsigned nodeq_jobs(const struct nodeq *q);    /* all that are not forgotten */
