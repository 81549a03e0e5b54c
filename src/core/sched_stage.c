/* The stage: jobs whose text is complete and that wait for a node, by cost and by age.
 *
 * Costs are estimates, so they are kept in bins, two for each doubling: the longest and the shortest
 * job are found by a bit, and whatever happens to the stage takes a constant time.
 */
#include "sched_impl.h"

void sched_stage_init(struct sched_lane *lane)
{
	for (int i = 0; i < SCHED_COST_BINS; i++)
		list_init(&lane->bins[i]);
	list_init(&lane->age);
}

static unsigned bin_of(double cost_us)
{
	uint64_t us = cost_us < 2 ? 2 : cost_us > UINT32_MAX ? UINT32_MAX : (uint64_t)cost_us;
	unsigned high = 63 - (unsigned)__builtin_clzll(us);
	return 2 * high + (us >> (high - 1) & 1);
}

void sched_stage_add(struct sched *s, struct sched_job *j)
{
	struct sched_lane *lane = &s->lanes[j->toolchain];
	unsigned bin = bin_of(j->cost_us);
	list_append(&lane->bins[bin], &j->link);
	list_append(&lane->age, &j->age_link);
	lane->filled |= UINT64_C(1) << bin;
	lane->staged++;
	lane->staged_us += j->cost_us;
	s->staged_lanes |= UINT64_C(1) << j->toolchain;
}

void sched_stage_remove(struct sched *s, struct sched_job *j)
{
	struct sched_lane *lane = &s->lanes[j->toolchain];
	unsigned bin = bin_of(j->cost_us);
	list_remove(&j->link);
	list_remove(&j->age_link);
	if (list_empty(&lane->bins[bin]))
		lane->filled &= ~(UINT64_C(1) << bin);
	lane->staged_us -= j->cost_us;
	if (--lane->staged == 0) {
		lane->staged_us = 0;
		s->staged_lanes &= ~(UINT64_C(1) << j->toolchain);
	}
}

static struct sched_job *first_of(const struct sched_lane *lane, int bin)
{
	return list_entry(lane->bins[bin].next, struct sched_job, link);
}

struct sched_job *sched_stage_longest(const struct sched_lane *lane)
{
	return first_of(lane, 63 - __builtin_clzll(lane->filled));
}

struct sched_job *sched_stage_shortest(const struct sched_lane *lane)
{
	return first_of(lane, __builtin_ctzll(lane->filled));
}

struct sched_job *sched_stage_oldest(const struct sched_lane *lane)
{
	return list_entry(lane->age.next, struct sched_job, age_link);
}
