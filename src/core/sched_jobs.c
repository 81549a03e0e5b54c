/* Jobs: which states may follow which, and the one place where a job changes its own.
 *
 * All waiting jobs are in one of three queues (asked, a lane's stage, returning), all copies in their node's
 * list, so no event ever searches more than it changes.
 */
#include "sched_impl.h"

#include "base/str.h"

#include <assert.h>

static const struct {
	const char *name;
	unsigned next; /* states that may follow */
} states[] = {
#define TO(s) (1u << JOB_##s)
	[JOB_ASKED] = {"asked", TO(CPP) | TO(LOCAL)},
	[JOB_CPP] = {"cpp", TO(STAGED) | TO(LOCAL)},
	[JOB_STAGED] = {"staged", TO(AWAY) | TO(REDO)},
	[JOB_AWAY] = {"away", TO(STAGED) | TO(READY) | TO(REDO)},
	[JOB_READY] = {"ready", TO(BACK) | TO(REDO)},
	[JOB_BACK] = {"back", TO(LOCAL)},
	[JOB_REDO] = {"redo", TO(ASKED)},
	[JOB_LOCAL] = {"local", 0},
#undef TO
};

static bool is_in_flight(const struct sched_job *j)
{
	return j->state == JOB_CPP || j->state == JOB_STAGED || j->state == JOB_AWAY;
}

bool sched_job_has_text(const struct sched_job *j)
{
	return j->state == JOB_STAGED || j->state == JOB_AWAY;
}

struct sched_job *sched_job_find(const struct sched *s, uint32_t id)
{
	return idmap_get(&s->jobs, id);
}

void sched_job_leave(struct sched *s, struct sched_job *j)
{
	if (is_in_flight(j))
		s->lanes[j->toolchain].in_flight--;
	if (sched_job_has_text(j))
		s->stage_bytes -= j->bytes;
	if (j->state == JOB_STAGED)
		sched_stage_remove(s, j);
	else
		list_remove(&j->link);
	s->count[j->state]--;
}

void sched_job_enter(
	struct sched *s, struct sched_job *j, enum sched_job_state state, uint64_t now_us)
{
	j->state = state;
	j->since_us = now_us;
	s->count[state]++;
	if (is_in_flight(j))
		s->lanes[j->toolchain].in_flight++;
	if (sched_job_has_text(j))
		s->stage_bytes += j->bytes;
	if (state == JOB_ASKED)
		list_append(&s->asked, &j->link);
	else if (state == JOB_STAGED)
		sched_stage_add(s, j);
	else if (state == JOB_AWAY)
		list_append(&s->away, &j->link);
	else if (state == JOB_READY || state == JOB_REDO)
		list_append(&s->returning, &j->link);
}

/* The only place where a job's state, queue and counters change. */
void sched_job_move(struct sched *s, struct sched_job *j, enum sched_job_state to, uint64_t now_us)
{
	assert(states[j->state].next >> to & 1);
	sched_job_leave(s, j);
	sched_job_enter(s, j, to, now_us);
}

struct sched_job *sched_job_create(const struct sched *s, const struct sched_event *ev)
{
	struct sched_job *j = xcalloc(1, sizeof *j);
	j->id = ev->job;
	j->toolchain = ev->toolchain;
	j->known = ev->cost_us && !s->conf.blind;
	j->cost_us = j->known ? (double)ev->cost_us : s->cost_us;
	list_init(&j->link);
	list_init(&j->age_link);
	list_init(&j->claim_link);
	for (int i = 0; i < SCHED_COPIES; i++) {
		j->copy[i].job = j;
		list_init(&j->copy[i].link);
	}
	return j;
}

struct sched_copy *sched_job_copy_on(struct sched_job *j, const struct sched_node *n)
{
	for (int i = 0; i < SCHED_COPIES; i++)
		if (j->copy[i].node == n)
			return &j->copy[i];
	return NULL;
}

bool sched_job_has_copy(const struct sched_job *j)
{
	for (int i = 0; i < SCHED_COPIES; i++)
		if (j->copy[i].node)
			return true;
	return false;
}

bool sched_job_has_begun(const struct sched_job *j)
{
	for (int i = 0; i < SCHED_COPIES; i++)
		if (j->copy[i].node && j->copy[i].running)
			return true;
	return false;
}
