/* What must hold between any two events, and the words for what the scheduler decided. */
#include "sched_impl.h"

#include <assert.h>
#include <stdio.h>

static size_t list_length(const struct list *head)
{
	size_t n = 0;
	list_for_each(l, head)
		n++;
	return n;
}

static void check_job(const struct sched_job *j)
{
	bool away = j->state == JOB_SENT || j->state == JOB_RUNNING;
	assert(away == (j->node != NULL));
	assert(!away || j->node->up); /* no job on a dead node */
	bool queued =
		away || j->state == JOB_STAGED || j->state == JOB_READY || j->state == JOB_REDO;
	assert(queued == !list_empty(&j->link));
	(void)away, (void)queued;
}

void sched_check(const struct sched *s)
{
	uint32_t count[JOB_LOCAL + 1] = {0};
	uint64_t bytes = 0;
	const struct sched_job *j;
	for (size_t pos = 0; (j = idmap_next(&s->jobs, &pos));) {
		check_job(j);
		count[j->state]++;
		if (j->state == JOB_STAGED || j->node)
			bytes += j->bytes;
	}
	size_t used = 0;
	for (size_t i = 0; i < s->node_count; i++) {
		assert(list_length(&s->nodes[i]->jobs) == s->nodes[i]->used);
		used += s->nodes[i]->used;
	}
	for (int i = 0; i <= JOB_LOCAL; i++)
		assert(count[i] == s->count[i]);
	assert(bytes == s->stage_bytes);
	assert(used == count[JOB_SENT] + count[JOB_RUNNING]);
	assert(list_length(&s->stage) == count[JOB_STAGED]);
	assert(list_length(&s->returning) == count[JOB_READY] + count[JOB_REDO]);
	(void)used, (void)bytes, (void)list_length;
}

const char *sched_action_format(const struct sched_action *a, char *out, size_t out_size)
{
	switch (a->type) {
	case SCHED_DO_PREPROCESS: snprintf(out, out_size, "preprocess %u", a->job); break;
	case SCHED_DO_LOCAL: snprintf(out, out_size, "local %u: %s", a->job, a->why); break;
	case SCHED_DO_SEND: snprintf(out, out_size, "send %u to %u", a->job, a->node); break;
	case SCHED_DO_CANCEL: snprintf(out, out_size, "cancel %u on %u", a->job, a->node); break;
	case SCHED_DO_DELIVER: snprintf(out, out_size, "deliver %u", a->job); break;
	case SCHED_DO_LEND: snprintf(out, out_size, "lend %u", a->n); break;
	case SCHED_DO_OWE: snprintf(out, out_size, "owe %u", a->n); break;
	}
	return out;
}
