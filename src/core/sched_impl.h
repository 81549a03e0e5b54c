/* sched_impl - what sched.c, sched_nodes.c and sched_pick.c share; nobody else includes it. */
#pragma once

#include "base/idmap.h"
#include "base/list.h"
#include "core/sched.h"

enum { SCHED_TRIES_MAX = 3 }; /* dispatches of one job before it is compiled here */

enum sched_job_state {
	JOB_CPP,
	JOB_STAGED,
	JOB_SENT,
	JOB_RUNNING,
	JOB_READY, /* its result is here and waits for a token */
	JOB_BACK,
	JOB_REDO, /* to be compiled here, and waits for a token */
	JOB_LOCAL
};

struct sched_node {
	uint32_t id;
	uint32_t credits, slots;
	uint32_t used; /* jobs that are there */
	uint64_t toolchains;
	bool up;
	struct list jobs; /* struct sched_job.link: JOB_SENT and JOB_RUNNING */
};

struct sched_job {
	uint32_t id;
	enum sched_job_state state;
	int toolchain;
	uint32_t tries;
	uint64_t bytes;
	uint64_t until_us; /* JOB_READY, JOB_REDO: not to wait longer than this */
	struct sched_node *node;
	const struct sched_node *avoid; /* refused it last */
	const char *why;                /* JOB_REDO: the reason that the wrapper is given */
	struct list link;               /* in stage, returning or a node's jobs; else unlinked */
};

struct sched {
	struct sched_conf conf;
	struct idmap jobs; /* struct sched_job, while its wrapper lives */
	struct sched_node **nodes;
	size_t node_count;
	struct list stage;     /* JOB_STAGED, oldest first */
	struct list returning; /* JOB_READY and JOB_REDO, oldest first */
	uint32_t count[JOB_LOCAL + 1];
	uint64_t stage_bytes; /* texts of staged, sent and running jobs */
	uint32_t owed_gone;   /* debts of jobs that are gone, */
	uint32_t owed_late;   /* and of those that could not wait for their token */
};

/* The node that should get this job now, or NULL. */
struct sched_node *sched_pick(const struct sched *s, const struct sched_job *j);
/* Jobs that the nodes with this toolchain take at once; 0 when there are none. */
uint64_t sched_capacity(const struct sched *s, int toolchain);
/* NULL when one more job may be preprocessed now; else why not. */
const char *sched_no_room(const struct sched *s, int toolchain);
