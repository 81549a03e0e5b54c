/* A core here for each job that works here. make's tokens see to that already, so for it nobody ever waits; but other
 * programs start as many compiles as they like, and so does a make with a -j of its own.
 */
#include "sched_impl.h"

static bool has_core(const struct sched *s)
{
	return s->count[JOB_CPP] + s->count[JOB_LOCAL] < s->conf.local_slots;
}

static void compile_here(struct sched *s, struct sched_job *j, const char *why, uint64_t now_us,
	struct sched_plan *plan)
{
	/* others need the cores more, unless a node was to have it and did not do it */
	bool idle = !j->why && j->toolchain >= 0 && s->lanes[j->toolchain].capacity;
	sched_put(plan,
		(struct sched_action){SCHED_DO_LOCAL, .job = j->id, .why = why, .idle = idle});
	sched_job_move(s, j, JOB_LOCAL, now_us);
}

void sched_admit(struct sched *s, uint64_t now_us, struct sched_plan *plan)
{
	while (!list_empty(&s->asked) && has_core(s)) {
		struct sched_job *j = list_entry(s->asked.next, struct sched_job, link);
		const char *why = j->why ? j->why : sched_why_local(s, j);
		if (why) {
			compile_here(s, j, why, now_us, plan);
		} else {
			sched_put(plan, (struct sched_action){SCHED_DO_PREPROCESS, .job = j->id});
			sched_job_move(s, j, JOB_CPP, now_us);
		}
	}
}

void sched_recall(struct sched *s, struct sched_plan *plan)
{
	list_for_each_safe(l, &s->asked) {
		struct sched_job *j = list_entry(l, struct sched_job, link);
		if (j->toolchain != SCHED_NOT_YET)
			continue;
		sched_put(plan, (struct sched_action){SCHED_DO_ASK, .job = j->id});
		idmap_remove(&s->jobs, j->id);
		sched_job_leave(s, j);
		free(j);
	}
}
