/* usage - where the time of all cores of a build went: how long they worked, at what, and why they did not.
 *
 * It is told the spans of everything that ran, in any order and in seconds since the build's start, and sums
 * up when the build is over. At each moment a core is busy, idle for one reason, or (a node's) not there yet, so
 * what is said of a place adds up to its cores times the wall time.
 *
 * Contract: pure. A span that never began is negative at its beginning, and one without an end lasts as long as
 * the build. Places are USAGE_HERE, and the nodes, numbered from 0 on.
 *
 * Ownership: names are copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { USAGE_HERE = -1 };

/* When what happened to a compile; negative: never. */
struct usage_times {
	double start, cpp, staged, sent, started, compiled, finished, local, done;
};

struct usage_job {
	const char *name;
	int node; /* where the result came from, if there is one; else USAGE_HERE */
	bool is_overflow;
	struct usage_times t;
};

/* What a core here does. */
enum usage_work {
	WORK_COMPILE,
	WORK_STEP,     /* links, scripts, and whatever else is no compile */
	WORK_PREPARE,  /* preprocesses, or looks for what a source reads */
	WORK_COMMIT,   /* puts a result in place */
	WORK_OVERFLOW, /* a compile that a node would have had, if one had had room */
	WORK_COUNT
};

/* Why a node's core does nothing; the first that is true. */
enum usage_wait {
	WAIT_LINK,    /* a job, or its result, is on its way */
	WAIT_CREDIT,  /* jobs are ready, and no node takes them */
	WAIT_PREPARE, /* jobs are not ready yet */
	WAIT_CLIENT,  /* make has to wait for a core here */
	WAIT_MAKE,    /* make has nothing else to run */
	WAIT_COUNT
};

/* What occupies a core. */
struct usage_span {
	int place;
	enum usage_work work;
	double begin, end;
};

enum { USAGE_SPANS_MAX = 3 };

/* All in core-seconds, but those that say wall. */
struct usage_sums {
	double wall_s;
	double work_s[WORK_COUNT], idle_here_s;
	double nodes_busy_s, nodes_idle_s[WAIT_COUNT], nodes_absent_s;
	unsigned nodes_peak;     /* most node cores that were there at once */
	double here_full_wall_s; /* all cores here busy with what only they can do */
	double nodes_full_wall_s; /* nine tenths of the nodes' cores busy, and jobs waiting or done here for that */
	double lone_wall_s;       /* one single thing was going on, and cores here were free; */
	double longest_lone_s;    /* of these the one that lasted longest alone */
	const char *longest_lone; /* its name; NULL: there was none */
	bool longest_lone_is_step;
};

/* One link of the chain that the build's time hangs on: each began when the next one in the list had ended. */
struct usage_link {
	const char *name;
	double begin, end;
	bool is_step;
};

struct usage;

/* What the spans are a part of. */
struct usage_frame {
	double wall_s;
	unsigned local_slots;
};

struct usage *usage_create(void);
void usage_destroy(struct usage *u);
/* How many slots the node has. */
void usage_set_node(struct usage *u, int node, unsigned slots);
/* The node was there; a node may come and go. */
void usage_add_presence(struct usage *u, int node, double begin, double end);
void usage_add_job(struct usage *u, const struct usage_job *j);
/* The spans of a compile. Returns how many. */
size_t usage_spans(const struct usage_job *j, struct usage_span ret[USAGE_SPANS_MAX]);
void usage_add_step(struct usage *u, const char *name, double begin, double end);

/* Strings are the usage's. */
void usage_sum(const struct usage *u, const struct usage_frame *f, struct usage_sums *ret);
unsigned usage_slots(const struct usage *u, int place, const struct usage_frame *f);
/* How long each of the place's slots was busy, when whatever begins takes the first one that is free. ret_busy_s
 * has room for all of them. */
void usage_lanes(const struct usage *u, int place, const struct usage_frame *f, double *ret_busy_s);
/* The chain that ends with the build, from its end; at most room links. Returns how many. */
size_t usage_chain(const struct usage *u, struct usage_link *ret, size_t room);
