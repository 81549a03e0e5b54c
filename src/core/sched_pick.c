/* The policies: who gets a job, and whether the farm wants one more. */
#include "sched_impl.h"

static bool has_toolchain(const struct sched_node *n, int toolchain)
{
	return n->up && (n->toolchains >> toolchain & 1);
}

static bool any_up(const struct sched *s)
{
	for (size_t i = 0; i < s->node_count; i++)
		if (s->nodes[i]->up)
			return true;
	return false;
}

/* Is a less loaded than b, for its size? Compares (used + 1) / slots without dividing. */
static bool less_loaded(const struct sched_node *a, const struct sched_node *b)
{
	return (uint64_t)(a->used + 1) * b->slots < (uint64_t)(b->used + 1) * a->slots;
}

struct sched_node *sched_pick(const struct sched *s, const struct sched_job *j)
{
	struct sched_node *best = NULL, *avoided = NULL;
	for (size_t i = 0; i < s->node_count; i++) {
		struct sched_node *n = s->nodes[i];
		if (!has_toolchain(n, j->toolchain) || n->used >= n->credits)
			continue;
		if (n == j->avoid)
			avoided = n;
		else if (!best || less_loaded(n, best))
			best = n;
	}
	return best ? best : avoided;
}

uint64_t sched_capacity(const struct sched *s, int toolchain)
{
	uint64_t capacity = 0;
	for (size_t i = 0; i < s->node_count; i++)
		if (has_toolchain(s->nodes[i], toolchain))
			capacity += s->nodes[i]->credits;
	return capacity;
}

const char *sched_no_room(const struct sched *s, int toolchain)
{
	if (!any_up(s))
		return "no node";
	if (toolchain < 0)
		return "not a usable compiler";
	uint64_t capacity = sched_capacity(s, toolchain);
	if (capacity == 0)
		return "no node has this toolchain";
	/* The stage holds as many jobs as keep the farm busy until the next one is preprocessed. */
	uint64_t stage = capacity / 4 > s->conf.local_slots ? capacity / 4 : s->conf.local_slots;
	uint64_t in_flight = (uint64_t)s->count[JOB_CPP] + s->count[JOB_STAGED] +
			     s->count[JOB_SENT] + s->count[JOB_RUNNING];
	if (in_flight >= capacity + stage)
		return "the farm is fully fed";
	if (s->stage_bytes >= s->conf.stage_bytes_max)
		return "the stage is full";
	return NULL;
}
