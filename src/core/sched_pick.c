/* The policies: who gets a job, and whether the farm wants one more.
 *
 * A job goes where its result is expected first. When that is a node which has no room yet, the job
 * waits for it, unless the farm is behind with its work: then no slot may stand idle, and the slow
 * nodes get the short jobs. So the long job that is left in the end never goes to a slow node.
 */
#include "sched_impl.h"

#include <string.h>

enum {
	STAGE_PARTS = 4, /* the stage: jobs for so large a part of the credits */
	STAGE_DEEP = 4,  /* and, while local cores are busy, so many times that */
	AGE_JOBS = 8,    /* a job that waits this many times the usual cost goes next */
};

static uint32_t stage_jobs(const struct sched *s, uint64_t capacity)
{
	uint64_t part = capacity / STAGE_PARTS;
	return (uint32_t)(part > s->conf.local_slots ? part : s->conf.local_slots);
}

struct best {
	struct sched_node *node;
	double finish_us;
};

static void compare(
	struct best *b, struct sched_node *n, const struct sched_job *j, uint64_t now_us)
{
	if (!n)
		return;
	double us = sched_node_finish(n, j->cost_us, j->bytes, now_us);
	if (!b->node || us < b->finish_us)
		*b = (struct best){n, us};
}

static void search(const struct sched *s, const struct sched_job *j,
	const struct sched_node *except, uint64_t now_us, struct best best[2])
{
	for (size_t i = 0; i < s->herd_count; i++) {
		const struct sched_herd *h = s->herds[i];
		if (!(h->toolchains >> j->toolchain & 1))
			continue;
		compare(&best[0], sched_heap_first(&h->open, except), j, now_us);
		compare(&best[1], sched_heap_first(&h->full, except), j, now_us);
	}
}

struct sched_node *sched_pick(const struct sched *s, const struct sched_job *j,
	const struct sched_node *except, uint64_t now_us, double *ret_finish_us)
{
	struct best best[2] = {0};
	search(s, j, except, now_us, best);
	*ret_finish_us = best[0].finish_us;
	return best[0].node;
}

double sched_best_finish(const struct sched *s, const struct sched_job *j, uint64_t now_us)
{
	struct best best[2] = {0};
	search(s, j, NULL, now_us, best);
	if (!best[0].node || (best[1].node && best[1].finish_us < best[0].finish_us))
		best[0] = best[1];
	return best[0].finish_us;
}

/* Where to send it now; NULL: keep it. ahead_us: cost of the jobs that would be sent before it. */
static struct sched_node *place(
	const struct sched *s, const struct sched_job *j, double ahead_us, uint64_t now_us)
{
	const struct sched_lane *lane = &s->lanes[j->toolchain];
	struct best best[2] = {0};
	search(s, j, j->avoid, now_us, best);
	if (!best[0].node)
		return j->avoid ? sched_pick(s, j, NULL, now_us, &best[0].finish_us) : NULL;
	if (s->conf.blind || !best[1].node)
		return best[0].node;
	double later_us = best[1].finish_us + ahead_us / lane->power;
	return best[0].finish_us <= later_us ? best[0].node : NULL;
}

/* Is more staged than the farm will have finished with soon? */
static bool is_behind(const struct sched *s, const struct sched_lane *lane)
{
	return lane->staged * 2 > stage_jobs(s, lane->capacity);
}

static bool is_old(const struct sched *s, const struct sched_job *j, uint64_t now_us)
{
	return (double)(now_us - j->since_us) > AGE_JOBS * s->cost_us / s->speed;
}

/* Sends one job of this lane; false when there is none that should go now. */
static bool send_one(
	struct sched *s, struct sched_lane *lane, uint64_t now_us, struct sched_plan *plan)
{
	struct sched_job *oldest = sched_stage_oldest(lane);
	struct sched_job *j = is_old(s, oldest, now_us) ? oldest : sched_stage_longest(lane);
	struct sched_node *n = place(s, j, 0, now_us);
	if (!n) {
		double ignored;
		j = sched_stage_shortest(lane);
		n = place(s, j, lane->staged_us - j->cost_us, now_us);
		if (!n && is_behind(s, lane))
			n = sched_pick(s, j, j->avoid, now_us, &ignored);
	}
	if (n)
		sched_send(s, j, n, now_us, plan);
	return n;
}

void sched_dispatch(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	for (uint64_t left = s->staged_lanes; left; left &= left - 1) {
		struct sched_lane *lane = &s->lanes[__builtin_ctzll(left)];
		while (lane->staged && lane->capacity && send_one(s, lane, now_us, plan))
			;
	}
}

/* The cores that are left keep the farm fed, or the stage does until this one is free again. At last,
 * when the stage cannot take more, it is better to compile here than to wait. */
static bool has_spare_core(const struct sched *s, const struct sched_job *j)
{
	const struct sched_lane *lane = &s->lanes[j->toolchain];
	double feeding = lane->power / s->cost_us * s->cpp_us;
	if (s->count[JOB_LOCAL] + 1 + feeding <= s->conf.local_slots)
		return true;
	if (j->cost_us / s->local_speed <= lane->staged_us / lane->power)
		return true;
	return lane->in_flight >= lane->capacity + STAGE_DEEP * stage_jobs(s, lane->capacity);
}

/* The stage holds as many jobs as keep the farm busy until the next one is preprocessed. */
static bool is_fed(const struct sched *s, const struct sched_lane *lane)
{
	uint64_t all = (uint64_t)s->count[JOB_CPP] + s->count[JOB_STAGED] + s->count[JOB_AWAY];
	return lane->in_flight >= lane->capacity + stage_jobs(s, lane->capacity) ||
	       all >= s->capacity + stage_jobs(s, s->capacity);
}

const char sched_why_early[] = "done here earlier than by a node";
static const char why_full[] = "the stage is full", why_fed[] = "the farm is fully fed";

bool sched_is_overflow(const char *why)
{
	return strcmp(why, why_full) == 0 || strcmp(why, why_fed) == 0 ||
	       strcmp(why, sched_why_early) == 0;
}

static const char why_unusable[] = "not a usable compiler",
		  why_unknown[] = "no node has this toolchain";

bool sched_lacks_toolchain(const char *why)
{
	return strcmp(why, why_unusable) == 0 || strcmp(why, why_unknown) == 0;
}

const char *sched_why_local(const struct sched *s, const struct sched_job *j)
{
	if (s->up_count == 0)
		return "no node";
	if (j->toolchain < 0)
		return j->toolchain == SCHED_NOT_YET ? "its compiler is being examined"
						     : why_unusable;
	const struct sched_lane *lane = &s->lanes[j->toolchain];
	if (lane->capacity == 0)
		return why_unknown;
	if (s->stage_bytes >= s->conf.stage_bytes_max)
		return why_full;
	if (is_fed(s, lane) && (s->conf.blind || has_spare_core(s, j)))
		return why_fed;
	return NULL;
}
