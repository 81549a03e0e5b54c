/* farm - what the parts of farmmake share during one build.
 *
 * The flow: wrapper.c (farmcc's links), peer.c (nodes' links), nodes.c (discovery, clock) and make.c
 * (make, tokens) turn callbacks into events for core/sched; farm.c steps it and carries the plan out.
 * Nobody else decides where a job goes.
 *
 * Ownership: struct farm lives in main() for the whole program; wrappers are owned by their
 * connection (freed when it closed), peers live as long as the farm.
 */
#pragma once

#include "base/idmap.h"
#include "base/list.h"
#include "base/vec.h"
#include "core/conf.h"
#include "core/guard.h"
#include "core/heavy.h"
#include "core/live.h"
#include "core/sched.h"
#include "io/discover.h"
#include "io/jobserver.h"

#include <uv.h>

struct compilers;
struct inputs;
struct cost_table;
struct record;
struct rundir;
struct texts;
struct make_run;
struct tell;
struct watch;

struct farm {
	uv_loop_t loop;
	struct conf conf;
	unsigned local_slots;
	struct keyring keys; /* the farm's */
	bool has_key;
	uint64_t start_us;

	struct sched *sched;
	struct sched_plan plan;
	VEC(struct sched_event) events; /* waiting, while a step is being carried out */
	bool stepping;

	struct jobserver *js;
	struct guard guard; /* between the scheduler and the jobserver */
	struct heavy heavy; /* by wrapper number */
	bool has_idle_slot; /* some local slot has no work, as watch.h sees it */
	uv_timer_t machine_timer;
	struct discover *discover;
	struct compilers *compilers;
	struct record *record;
	struct cost_table *costs;
	struct rundir *rundir;
	struct texts *texts;
	struct inputs *inputs;
	uint64_t content_bytes; /* packed, of files that were sent to nodes */
	uint64_t check_seed;    /* of the sample of results that are checked */

	uv_pipe_t listener; /* for farmcc */
	uv_timer_t tick;
	uint64_t last_tick_ms;
	struct list lobby;     /* struct wrapper.lobby_link */
	bool expects_nodes;    /* the last build had some */
	struct idmap wrappers; /* struct wrapper by job number */
	struct idmap watched;  /* and by process, with the shells around them: watch.h */
	struct watch *watch;
	struct tell *tell;
	struct live live; /* of tell */
	uint32_t last_job;
	struct list peers; /* struct peer.link */
	uint32_t last_peer;

	uint64_t result_bytes,
		result_bytes_max;       /* packed, of what came back and is not delivered */
	unsigned at_work, at_work_peak; /* compiles and preprocessors running here */
	bool closing;
};

/* farm.c: steps the scheduler with this event (the time is filled in) and carries the plan out. May
 * be called from inside itself: then the event waits its turn. */
void farm_event(struct farm *f, struct sched_event ev);
/* Lends n tokens to make, or holds them back while memory is short. */
void farm_lend(struct farm *f, unsigned n);
/* Seconds since the build's start. */
double farm_seconds(const struct farm *f);
