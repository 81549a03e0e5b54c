/* live - a running build, as its journal tells it so far.
 *
 * Contract: pure. Events come in order; those about what is not there are passed over.
 *
 * Ownership: live_init() to live_fini(); strings are copied. The arrays change with every event.
 */
#pragma once

#include "base/vec.h"
#include "journal.h"

enum { LIVE_RATE_S = 10 };

struct live_job {
	uint64_t id;
	char *source;
	enum journal_phase phase;
	uint64_t node; /* where it is, or is to go; 0: nowhere */
	double since;  /* the phase */
	double begin;
};

struct live_node {
	uint64_t id, slots, level, moved, speed;
	char *name, *address, *why; /* why: it is gone; NULL while it is there */
	unsigned running, waiting, done, failed;
	double rate; /* bytes a second, both ways, of late */
	double load_t;
};

struct live_step {
	uint64_t id;
	char *name, *command;
	double begin;
};

struct live {
	char *make, *dir;
	uint64_t slots, expected, lent;
	bool is_short;
	double t; /* of the last event */
	unsigned begun, done, on_nodes, failed;
	bool over;
	int64_t status;
	VEC(struct live_job) jobs;
	VEC(struct live_node) nodes;
	VEC(struct live_step) steps;
	unsigned ends[LIVE_RATE_S]; /* files that ended in each of the last seconds */
	uint64_t ends_second;
};

void live_init(struct live *l);
void live_fini(struct live *l);
void live_apply(struct live *l, const struct journal_event *e);

/* NULL when it is not known. */
const struct live_node *live_find_node(const struct live *l, uint64_t id);
/* Slots here that are in use, by compiles and steps. */
unsigned live_here(const struct live *l);
/* Files a second, of late. */
double live_rate(const struct live *l, double now);
/* Seconds until the expected number of files is reached, at this rate; negative: nobody knows. */
double live_left_s(const struct live *l, double now);
