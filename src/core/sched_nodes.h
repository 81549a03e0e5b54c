/* sched_nodes - what the scheduler knows of nodes, and how it keeps them in order.
 *
 * Contract: whatever changes about a node, sched_node_refresh() puts it where it belongs; the copies'
 * functions do that themselves.
 */
#pragma once

#include "base/list.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct sched;
struct sched_job;

/* Nodes by when they could start another job. */
struct sched_heap {
	struct sched_node **v;
	uint32_t n, cap;
};

/* Nodes with the same toolchains and about the same speed: among them the one that is ready first is
 * the one to take, whatever the job. */
struct sched_herd {
	uint64_t toolchains;
	uint32_t speed_bin;
	struct sched_heap open; /* have room */
	struct sched_heap full; /* will have room */
};

/* What of a copy says when its slot is free: many are looked at, so they lie together. */
struct sched_load {
	double cost_us;
	double started_us; /* negative: it has not begun */
	struct sched_copy *copy;
};

struct sched_node {
	uint32_t id;
	uint32_t credits, slots;
	uint32_t used; /* jobs that are there */
	uint64_t toolchains;
	bool up, suspect, here, distrusted;
	struct list copies;          /* struct sched_copy.link */
	VEC(struct sched_load) load; /* of the same, in any order */
	struct list suspects;
	struct list rests; /* linked while it takes no jobs because it refused them */
	uint32_t refusals; /* since its last result, with no other job there */
	uint64_t rest_us, rests_until_us;

	double speed; /* cost done in a microsecond by one slot */
	uint32_t samples;
	double latency_us;          /* from sending a job to its start in a free slot */
	double link_bytes, link_us; /* of recent uploads: their quotient is the link's goodput */
	uint64_t link_free_us;      /* when what is being uploaded will be there */
	double ready_us;            /* the key in the heap, see sched_node_refresh() */
	double power;               /* what it adds to its lanes */
	uint32_t granted;           /* likewise, its credits; 0 while it rests */
	struct sched_herd *herd;
	struct sched_heap *heap; /* NULL: takes no jobs */
	uint32_t heap_pos;
};

/* A job on a node. */
struct sched_copy {
	struct sched_job *job;
	struct sched_node *node; /* NULL: none */
	struct list link;
	uint32_t load_at;       /* its place in the node's load */
	bool running, had_slot; /* begun; could begin when it had arrived */
	uint64_t sent_us, started_us;
	double expected_us; /* when its result should be here, by what was known when it was sent */
	uint64_t ahead_bytes; /* to be uploaded until it is there */
};

/* sched_heap.c */
void sched_heap_add(struct sched_heap *h, struct sched_node *n);
void sched_heap_remove(struct sched_node *n);
/* Its key has changed. */
void sched_heap_move(struct sched_node *n);
/* The first that is not except; NULL when there is none. */
struct sched_node *sched_heap_first(const struct sched_heap *h, const struct sched_node *except);

/* sched_nodes.c */
struct sched_node *sched_node_find(const struct sched *s, uint32_t id);
struct sched_node *sched_node_get(struct sched *s, uint32_t id); /* made when new */
/* Anything about the node has changed: puts it where it belongs now. */
void sched_node_refresh(struct sched *s, struct sched_node *n, uint64_t now_us);
/* From now on it has these toolchains. */
void sched_node_offer(struct sched *s, struct sched_node *n, uint64_t toolchains, uint64_t now_us);
void sched_nodes_free(struct sched *s);
/* It refused a job, or (false) returned one. */
void sched_node_refused(struct sched *s, struct sched_node *n, bool refused, uint64_t now_us);
/* Those that have rested enough take jobs again. */
void sched_nodes_wake(struct sched *s, uint64_t now_us);
/* When a job of this cost and size would be done there. */
double sched_node_finish(
	const struct sched_node *n, double cost_us, uint64_t bytes, uint64_t now_us);
void sched_copy_begin(struct sched *s, struct sched_copy *c, struct sched_node *n, uint64_t now_us);
void sched_copy_start(struct sched *s, struct sched_copy *c, uint64_t now_us);
void sched_copy_end(struct sched *s, struct sched_copy *c, uint64_t now_us);
/* It is taken away: has it run for longer than it should have taken, then the node is that slow, or slower. */
void sched_node_learn_least(struct sched *s, struct sched_copy *c, uint64_t now_us);
/* How long it may still take, by what is known of its node now. One that is late is expected to be late by as
 * much again: guesses err by factors. */
double sched_copy_left(const struct sched_copy *c, uint64_t now_us);
/* A good result: how long did the node compile? 0: not known. */
void sched_node_learn(struct sched *s, struct sched_copy *c, uint64_t wall_us, uint64_t now_us);
/* speed, moved towards what was just seen by one part in so many. */
double sched_blend(double speed, double seen, double parts);
