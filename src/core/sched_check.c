/* What must hold between any two events, and the words for what the scheduler decided. */
#include "sched_impl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* Sums over jobs and nodes, counted anew. */
struct sums {
	uint32_t count[JOB_LOCAL + 1];
	uint64_t bytes, capacity;
	size_t copies, used, up;
	struct {
		uint32_t staged, in_flight;
		uint64_t capacity;
		double staged_us, power;
	} lanes[SCHED_TOOLCHAINS];
};

static size_t list_length(const struct list *head)
{
	size_t n = 0;
	list_for_each(l, head)
		n++;
	return n;
}

/* Sums that were kept step by step have lost some of their last digits. */
static bool is_about(double a, double b)
{
	return fabs(a - b) <= 1e-6 * (fabs(a) + fabs(b)) + 1e-3;
}

static void check_copies(const struct sched_job *j, struct sums *sums)
{
	size_t n = 0;
	for (int i = 0; i < SCHED_COPIES; i++) {
		const struct sched_copy *c = &j->copy[i];
		assert(c->job == j);
		assert((c->node == NULL) == list_empty(&c->link));
		assert(!c->node || c->node->up); /* no job on a dead node */
		n += c->node != NULL;
	}
	assert((n > 0) == (j->state == JOB_AWAY));
	assert(n < 2 || j->copy[0].node != j->copy[1].node);
	sums->copies += n;
}

static void check_job(const struct sched_job *j, struct sums *sums)
{
	bool queued = j->state == JOB_ASKED || j->state == JOB_STAGED || j->state == JOB_AWAY ||
		      j->state == JOB_READY || j->state == JOB_REDO;
	assert(queued == !list_empty(&j->link));
	assert((j->state == JOB_STAGED) == !list_empty(&j->age_link));
	(void)queued;
	assert(list_empty(&j->claim_link) || j->state == JOB_STAGED || j->state == JOB_AWAY);
	check_copies(j, sums);
	sums->count[j->state]++;
	if (j->state == JOB_STAGED || j->state == JOB_AWAY)
		sums->bytes += j->bytes;
	if (j->state == JOB_CPP || j->state == JOB_STAGED || j->state == JOB_AWAY)
		sums->lanes[j->toolchain].in_flight++;
	if (j->state == JOB_STAGED) {
		sums->lanes[j->toolchain].staged++;
		sums->lanes[j->toolchain].staged_us += j->cost_us;
	}
}

static void check_node(const struct sched_node *n, struct sums *sums)
{
	list_for_each(l, &n->copies) {
		const struct sched_copy *c = list_entry(l, struct sched_copy, link);
		const struct sched_load *load = &n->load.v[c->load_at];
		assert(c->load_at < n->load.n && load->copy == c);
		assert(c->running == (load->started_us >= 0));
		(void)load;
	}
	assert(list_length(&n->copies) == n->used && n->load.n == n->used);
	assert(n->up || n->used == 0);
	assert((n->heap != NULL) == (!n->suspect && n->granted > 0));
	assert(!n->distrusted || !n->up);
	assert(!n->heap || n->heap->v[n->heap_pos] == n);
	assert(!n->heap || n->heap != &n->herd->open || n->used < n->credits);
	assert(n->suspect == !list_empty(&n->suspects));
	assert(n->granted == (n->up && list_empty(&n->rests) ? n->credits : 0));
	sums->used += n->used;
	sums->up += n->up;
	sums->capacity += n->granted;
	for (int t = 0; t < SCHED_TOOLCHAINS; t++) {
		if (!(n->toolchains >> t & 1))
			continue;
		sums->lanes[t].capacity += n->granted;
		sums->lanes[t].power += n->power;
	}
}

static void check_lane(const struct sched *s, int t, const struct sums *sums)
{
	const struct sched_lane *lane = &s->lanes[t];
	assert(lane->staged == sums->lanes[t].staged);
	assert(list_length(&lane->age) == lane->staged);
	assert((lane->staged > 0) == (s->staged_lanes >> t & 1));
	assert(lane->in_flight == sums->lanes[t].in_flight);
	assert(lane->capacity == sums->lanes[t].capacity);
	assert(is_about(lane->staged_us, sums->lanes[t].staged_us));
	assert(is_about(lane->power, sums->lanes[t].power));
	for (int i = 0; i < SCHED_COST_BINS; i++)
		assert(list_empty(&lane->bins[i]) == !(lane->filled >> i & 1));
	/* what cannot go anywhere does not wait */
	assert(lane->staged == 0 || lane->capacity > 0);
	(void)lane, (void)sums, (void)is_about;
}

static void check_heap(const struct sched_heap *h)
{
	for (uint32_t i = 1; i < h->n; i++)
		assert(h->v[(i - 1) / 2]->ready_us <= h->v[i]->ready_us);
	(void)h;
}

void sched_check(const struct sched *s)
{
	struct sums sums = {0};
	const struct sched_job *j;
	const struct sched_node *n;
	for (size_t pos = 0; (j = idmap_next(&s->jobs, &pos));)
		check_job(j, &sums);
	for (size_t pos = 0; (n = idmap_next(&s->nodes, &pos));)
		check_node(n, &sums);
	for (int t = 0; t < SCHED_TOOLCHAINS; t++)
		check_lane(s, t, &sums);
	for (size_t i = 0; i < s->herd_count; i++) {
		check_heap(&s->herds[i]->open);
		check_heap(&s->herds[i]->full);
	}
	for (int i = 0; i <= JOB_LOCAL; i++)
		assert(sums.count[i] == s->count[i]);
	assert(sums.bytes == s->stage_bytes && sums.capacity == s->capacity);
	assert(sums.up == s->up_count && sums.used == sums.copies);
	assert(list_length(&s->asked) == sums.count[JOB_ASKED]);
	/* who waits for a core does so because there is none */
	assert(list_empty(&s->asked) ||
		sums.count[JOB_CPP] + sums.count[JOB_LOCAL] >= s->conf.local_slots);
	assert(list_length(&s->away) == sums.count[JOB_AWAY]);
	assert(list_length(&s->returning) == sums.count[JOB_READY] + sums.count[JOB_REDO]);
	assert(list_length(&s->claims) == s->claim_count);
	(void)list_length;
}

const char *sched_action_format(const struct sched_action *a, char *out, size_t out_size)
{
	switch (a->type) {
	case SCHED_DO_PREPROCESS: snprintf(out, out_size, "preprocess %u", a->job); break;
	case SCHED_DO_LOCAL:
		snprintf(out, out_size, "%s %u: %s", a->idle ? "idle" : "local", a->job, a->why);
		break;
	case SCHED_DO_ASK: snprintf(out, out_size, "ask %u", a->job); break;
	case SCHED_DO_SEND: snprintf(out, out_size, "send %u to %u", a->job, a->node); break;
	case SCHED_DO_CANCEL: snprintf(out, out_size, "cancel %u on %u", a->job, a->node); break;
	case SCHED_DO_DELIVER: snprintf(out, out_size, "deliver %u", a->job); break;
	case SCHED_DO_LEND: snprintf(out, out_size, "lend %u", a->n); break;
	case SCHED_DO_OWE: snprintf(out, out_size, "owe %u", a->n); break;
	}
	return out;
}
