/* Nodes: what is known of each, what is learned from its results, and where that puts it.
 *
 * Speed is learned from how long a node took for jobs of known cost, in the order of magnitude first
 * and then finer; a link from how long a text took to arrive where a slot was free. Both forget.
 */
#include "sched_impl.h"

#include "base/str.h"

#include <math.h>

enum {
	SPEED_PARTS = 16,   /* a new speed counts one part in so many, once there are that many */
	LATENCY_PARTS = 64, /* so slowly the latency rises; it falls at once */
	LINK_BYTES_US = 12, /* a link is taken for 100 Mbit/s until it has shown itself */
	LINK_FORGETS = 16,  /* recent uploads are about so many */
	PRELOAD_PARTS = 2,  /* see preload() */
	REFUSALS_MAX = 2,   /* in a row, and the node rests */
	REST_MIN_US = 500000,
	REST_MAX_US = 8000000,
};

double sched_blend(double speed, double seen, double parts)
{
	double ratio = seen / speed;
	if (ratio > 4)
		ratio = 4;
	if (ratio < 0.25)
		ratio = 0.25;
	return ratio > 1 ? speed * (1 + (ratio - 1) / parts)
			 : speed / (1 + (1 / ratio - 1) / parts);
}

struct sched_node *sched_node_find(const struct sched *s, uint32_t id)
{
	return idmap_get(&s->nodes, id);
}

struct sched_node *sched_node_get(struct sched *s, uint32_t id)
{
	struct sched_node *n = sched_node_find(s, id);
	if (n)
		return n;
	n = xcalloc(1, sizeof *n);
	n->id = id;
	n->speed = s->speed;
	list_init(&n->copies);
	list_init(&n->suspects);
	list_init(&n->rests);
	idmap_put(&s->nodes, id, n);
	return n;
}

void sched_nodes_free(struct sched *s)
{
	struct sched_node *n;
	for (size_t pos = 0; (n = idmap_next(&s->nodes, &pos));) {
		vec_fini(&n->load);
		free(n);
	}
	idmap_fini(&s->nodes);
	for (size_t i = 0; i < s->herd_count; i++) {
		free(s->herds[i]->open.v);
		free(s->herds[i]->full.v);
		free(s->herds[i]);
	}
	free(s->herds);
	vec_fini(&s->slots_us);
}

static unsigned speed_bin(double speed)
{
	uint64_t q = (uint64_t)(speed * 65536);
	if (q < 256)
		q = 256; /* 1/256 of the usual speed, and less */
	unsigned high = 63 - (unsigned)__builtin_clzll(q);
	unsigned bin = 4 * (high - 8) + (unsigned)(q >> (high - 2) & 3);
	return bin < SCHED_SPEED_BINS ? bin : SCHED_SPEED_BINS - 1;
}

static struct sched_herd *find_herd(struct sched *s, uint64_t toolchains, unsigned bin)
{
	for (size_t i = 0; i < s->herd_count; i++)
		if (s->herds[i]->toolchains == toolchains && s->herds[i]->speed_bin == bin)
			return s->herds[i];
	struct sched_herd *h = xcalloc(1, sizeof *h);
	h->toolchains = toolchains;
	h->speed_bin = bin;
	s->herds = xrealloc(s->herds, (s->herd_count + 1) * sizeof(struct sched_herd *));
	s->herds[s->herd_count++] = h;
	return h;
}

static double goodput(const struct sched_node *n)
{
	return n->link_us > 0 ? n->link_bytes / n->link_us : LINK_BYTES_US;
}

/* How many jobs should wait there: enough that no slot waits for an upload. The rest is better kept
 * here, where the node that turns out to be free first can have it. */
static uint32_t preload(const struct sched *s, const struct sched_node *n)
{
	if (n->samples == 0)
		return n->slots;
	double waits = n->slots * n->latency_us * n->speed / s->cost_us;
	return 1 + n->slots / PRELOAD_PARTS + (waits < n->slots ? (uint32_t)waits : n->slots);
}

/* How many jobs may be there. */
static uint32_t room(const struct sched *s, const struct sched_node *n)
{
	if (!n->up || n->suspect)
		return 0;
	uint32_t want = n->slots + (s->conf.blind ? n->credits : preload(s, n));
	return n->credits < want ? n->credits : want;
}

/* In a heap of times, the earliest at the top, the one at i has become later. */
static void sink(double *v, uint32_t n, uint32_t i)
{
	double us = v[i];
	for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && v[child + 1] < v[child])
			child++;
		if (v[child] >= us)
			break;
		v[i] = v[child];
	}
	v[i] = us;
}

/* Of what should end then. If it is late, it may be late by as much again. */
static double left_us(double end_us, double now_us)
{
	return fabs(end_us - now_us);
}

double sched_copy_left(const struct sched_copy *c, uint64_t now_us)
{
	double end_us = c->running ? (double)c->started_us + c->job->cost_us / c->node->speed
				   : c->expected_us;
	return left_us(end_us, (double)now_us);
}

/* When the slots are free of what has begun, as a heap. */
static double *slots_of(struct sched *s, const struct sched_node *n, double now_us)
{
	double *v = s->slots_us.v, us_per_cost = 1 / n->speed;
	uint32_t filled = 0;
	for (size_t i = 0; i < n->load.n && filled < n->slots; i++) {
		const struct sched_load *l = &n->load.v[i];
		if (l->started_us >= 0)
			v[filled++] =
				now_us + left_us(l->started_us + l->cost_us * us_per_cost, now_us);
	}
	while (filled < n->slots)
		v[filled++] = now_us;
	for (uint32_t i = n->slots / 2; i-- > 0;)
		sink(v, n->slots, i);
	return v;
}

/* With a free slot a node is ready now, and the less loaded one comes first: 1 at most, unless blind. Else
 * its jobs have to come to an end, and those that wait there to begin, until there is one for the next. */
static double ready(struct sched *s, const struct sched_node *n, uint64_t now_us)
{
	if (n->used < n->slots || s->conf.blind)
		return (double)(n->used + 1) / n->slots;
	while (s->slots_us.n < n->slots)
		vec_push(&s->slots_us, 0);
	double *free_us = slots_of(s, n, (double)now_us), us_per_cost = 1 / n->speed;
	for (size_t i = 0; i < n->load.n; i++) {
		if (n->load.v[i].started_us >= 0)
			continue;
		free_us[0] += n->load.v[i].cost_us * us_per_cost;
		sink(free_us, n->slots, 0);
	}
	return 2 + free_us[0];
}

static void count_in_lanes(struct sched *s, const struct sched_node *n, int sign)
{
	for (uint64_t left = n->toolchains; left; left &= left - 1) {
		struct sched_lane *lane = &s->lanes[__builtin_ctzll(left)];
		lane->power += sign * n->power;
		lane->capacity += (uint64_t)(sign * (int64_t)n->granted);
	}
	s->capacity += (uint64_t)(sign * (int64_t)n->granted);
}

static void recount(struct sched *s, struct sched_node *n)
{
	uint32_t credits = n->up && list_empty(&n->rests) ? n->credits : 0;
	double power = credits ? n->speed * n->slots : 0;
	if (credits == n->granted && !(power < n->power) && !(power > n->power))
		return;
	count_in_lanes(s, n, -1);
	n->granted = credits;
	n->power = power;
	count_in_lanes(s, n, 1);
}

void sched_node_refresh(struct sched *s, struct sched_node *n, uint64_t now_us)
{
	recount(s, n);
	n->ready_us = ready(s, n, now_us);
	struct sched_heap *heap = NULL;
	if (!n->suspect && n->granted) {
		struct sched_herd *herd = n->herd;
		unsigned bin = s->conf.blind ? 0 : speed_bin(n->speed);
		if (!herd || herd->speed_bin != bin || herd->toolchains != n->toolchains)
			n->herd = herd = find_herd(s, n->toolchains, bin);
		heap = n->used < room(s, n) ? &herd->open : &herd->full;
	}
	if (heap == n->heap) {
		if (heap)
			sched_heap_move(n);
		return;
	}
	if (n->heap)
		sched_heap_remove(n);
	if (heap)
		sched_heap_add(heap, n);
}

void sched_node_offer(struct sched *s, struct sched_node *n, uint64_t toolchains, uint64_t now_us)
{
	count_in_lanes(s, n, -1);
	n->toolchains = toolchains;
	count_in_lanes(s, n, 1);
	sched_node_refresh(s, n, now_us);
}

void sched_node_refused(struct sched *s, struct sched_node *n, bool refused, uint64_t now_us)
{
	if (!refused) {
		n->refusals = 0;
		n->rest_us = 0;
		return;
	}
	/* with jobs of ours there, others may just have been given our share */
	if (n->used || ++n->refusals < REFUSALS_MAX || !list_empty(&n->rests))
		return;
	n->rest_us = n->rest_us ? n->rest_us * 2 : REST_MIN_US;
	if (n->rest_us > REST_MAX_US)
		n->rest_us = REST_MAX_US;
	n->rests_until_us = now_us + n->rest_us;
	list_append(&s->rests, &n->rests);
	sched_node_refresh(s, n, now_us);
}

void sched_nodes_wake(struct sched *s, uint64_t now_us)
{
	list_for_each_safe(l, &s->rests) {
		struct sched_node *n = list_entry(l, struct sched_node, rests);
		if (n->rests_until_us > now_us)
			continue;
		list_remove(&n->rests);
		sched_node_refresh(s, n, now_us);
	}
}

double sched_node_finish(
	const struct sched_node *n, double cost_us, uint64_t bytes, uint64_t now_us)
{
	double now = (double)now_us, slot_us = n->ready_us > now ? n->ready_us : now;
	double link_us = n->link_free_us > now_us ? (double)n->link_free_us : now;
	link_us += n->latency_us + (double)bytes / goodput(n);
	return (slot_us > link_us ? slot_us : link_us) + cost_us / n->speed;
}

void sched_copy_begin(struct sched *s, struct sched_copy *c, struct sched_node *n, uint64_t now_us)
{
	const struct sched_job *j = c->job;
	uint64_t begin_us = n->link_free_us > now_us ? n->link_free_us : now_us;
	c->node = n;
	c->running = false;
	c->had_slot = n->used < n->slots;
	c->sent_us = now_us;
	c->expected_us = sched_node_finish(n, j->cost_us, j->bytes, now_us);
	c->ahead_bytes = j->bytes + (uint64_t)((double)(begin_us - now_us) * goodput(n));
	n->link_free_us = begin_us + (uint64_t)((double)j->bytes / goodput(n));
	list_append(&n->copies, &c->link);
	c->load_at = (uint32_t)n->load.n;
	vec_push(&n->load, (struct sched_load){j->cost_us, -1, c});
	n->used++;
	sched_node_refresh(s, n, now_us);
}

/* What a text takes beyond the shortest time ever seen is its bytes' share. */
static void learn_link(struct sched_node *n, const struct sched_copy *c, uint64_t now_us)
{
	double us = (double)(now_us - c->sent_us);
	if (n->latency_us <= 0 || us < n->latency_us)
		n->latency_us = us;
	else
		n->latency_us += (us - n->latency_us) / LATENCY_PARTS;
	if (us <= n->latency_us)
		return;
	n->link_bytes += (double)c->ahead_bytes - n->link_bytes / LINK_FORGETS;
	n->link_us += us - n->latency_us - n->link_us / LINK_FORGETS;
}

void sched_copy_start(struct sched *s, struct sched_copy *c, uint64_t now_us)
{
	struct sched_node *n = c->node;
	if (c->had_slot && !s->conf.blind)
		learn_link(n, c, now_us);
	c->running = true;
	c->started_us = now_us;
	n->load.v[c->load_at].started_us = (double)now_us;
	sched_node_refresh(s, n, now_us);
}

void sched_copy_end(struct sched *s, struct sched_copy *c, uint64_t now_us)
{
	struct sched_node *n = c->node;
	list_remove(&c->link);
	n->load.v[c->load_at] = n->load.v[--n->load.n];
	n->load.v[c->load_at].copy->load_at = c->load_at;
	c->node = NULL;
	n->used--;
	sched_node_refresh(s, n, now_us);
}

void sched_node_learn(struct sched *s, struct sched_copy *c, uint64_t wall_us, uint64_t now_us)
{
	struct sched_node *n = c->node;
	if (!wall_us && c->running)
		wall_us = now_us - c->started_us;
	if (!wall_us || s->conf.blind)
		return;
	double seen = c->job->cost_us / (double)wall_us;
	if (n->samples < SPEED_PARTS)
		n->samples++;
	n->speed = sched_blend(n->speed, seen, n->samples);
	s->speed = sched_blend(s->speed, n->speed, SPEED_PARTS * 4);
}

void sched_node_learn_least(struct sched *s, struct sched_copy *c, uint64_t now_us)
{
	if (!c->running)
		return;
	uint64_t us = now_us - c->started_us;
	if ((double)us * c->node->speed > c->job->cost_us)
		sched_node_learn(s, c, us, now_us);
}

double sched_node_speed(const struct sched *s, uint32_t node)
{
	if (node == 0)
		return s->local_speed;
	const struct sched_node *n = sched_node_find(s, node);
	return n ? n->speed : s->speed;
}
