/* One sweep over all beginnings and ends: between two of them nothing changes, so each moment is one of few
 * kinds, and its time goes to the sums of that kind.
 */
#include "usage_impl.h"

#include "base/str.h"

#include <stdint.h>

enum { FULL_PART = 10 }; /* all but one of so many are as good as all */

enum change_kind { CHANGE_HERE, CHANGE_NODE, CHANGE_PHASE, CHANGE_PRESENCE, CHANGE_ITEM };

struct change {
	double t;
	enum change_kind kind;
	int by;       /* 1 or -1 */
	size_t which; /* work, node, phase, node or item */
};

struct node_now {
	unsigned running, present;
};

struct sweep {
	const struct usage *u;
	unsigned local_slots;
	VEC(struct change) changes;
	unsigned here[WORK_COUNT], phases[PHASE_COUNT];
	struct node_now *nodes;
	unsigned cores, busy; /* of nodes that are there; busy ones are counted up to their slots */
	unsigned items;
	size_t items_xor; /* of the numbers of all that go on: of one, when there is one */
	double *alone_s;  /* by item */
};

static void add_change(
	struct sweep *s, enum change_kind kind, size_t which, double begin, double end)
{
	if (end <= begin)
		return;
	vec_push(&s->changes, (struct change){begin, kind, 1, which});
	vec_push(&s->changes, (struct change){end, kind, -1, which});
}

static void collect(struct sweep *s, double wall_s)
{
	const struct usage *u = s->u;
	for (size_t i = 0; i < u->here.spans.n; i++) {
		const struct usage_span *p = &u->here.spans.v[i];
		add_change(s, CHANGE_HERE, p->work, p->begin, usage_end(p->end, wall_s));
	}
	for (size_t node = 0; node < u->nodes.n; node++)
		for (size_t i = 0; i < u->nodes.v[node].spans.n; i++) {
			const struct usage_span *p = &u->nodes.v[node].spans.v[i];
			add_change(s, CHANGE_NODE, node, p->begin, usage_end(p->end, wall_s));
		}
	for (size_t i = 0; i < u->stretches.n; i++) {
		const struct stretch *p = &u->stretches.v[i];
		add_change(s, CHANGE_PHASE, p->phase, p->begin, usage_end(p->end, wall_s));
	}
	for (size_t i = 0; i < u->presences.n; i++) {
		const struct presence *p = &u->presences.v[i];
		add_change(
			s, CHANGE_PRESENCE, (size_t)p->node, p->begin, usage_end(p->end, wall_s));
	}
	for (size_t i = 0; i < u->items.n; i++) {
		const struct item *p = &u->items.v[i];
		add_change(s, CHANGE_ITEM, i, p->begin, usage_end(p->end, wall_s));
	}
}

/* Ends come before beginnings, so that a core that changes hands is not counted twice. */
static int by_time(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->by - y->by;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned busy_cores(const struct sweep *s, size_t node)
{
	const struct node_now *n = &s->nodes[node];
	return n->present ? least(n->running, s->u->nodes.v[node].slots) : 0;
}

static void change_node(struct sweep *s, const struct change *c)
{
	struct node_now *n = &s->nodes[c->which];
	s->busy -= busy_cores(s, c->which);
	s->cores -= n->present ? s->u->nodes.v[c->which].slots : 0;
	unsigned *count = c->kind == CHANGE_NODE ? &n->running : &n->present;
	*count += (unsigned)c->by;
	s->busy += busy_cores(s, c->which);
	s->cores += n->present ? s->u->nodes.v[c->which].slots : 0;
}

static void apply(struct sweep *s, const struct change *c)
{
	switch (c->kind) {
	case CHANGE_HERE: s->here[c->which] += (unsigned)c->by; break;
	case CHANGE_PHASE: s->phases[c->which] += (unsigned)c->by; break;
	case CHANGE_NODE:
	case CHANGE_PRESENCE: change_node(s, c); break;
	case CHANGE_ITEM:
		s->items += (unsigned)c->by;
		s->items_xor ^= c->which;
		break;
	}
}

/* Takes up to n of what is left. */
static unsigned take(unsigned *left, unsigned n)
{
	n = least(n, *left);
	*left -= n;
	return n;
}

static void pass_here(const struct sweep *s, double dt, struct usage_sums *sums)
{
	unsigned free_cores = s->local_slots;
	for (size_t i = 0; i < WORK_COUNT; i++) {
		if (i == WORK_OVERFLOW && free_cores == 0)
			sums->here_full_wall_s += dt;
		sums->work_s[i] += dt * take(&free_cores, s->here[i]);
	}
	sums->idle_here_s += dt * free_cores;
}

static bool is_here_full(const struct sweep *s)
{
	unsigned n = 0;
	for (size_t i = 0; i < WORK_COUNT; i++)
		n += s->here[i];
	return n >= s->local_slots;
}

static bool has_waiting(const struct sweep *s)
{
	return s->phases[PHASE_CREDIT] + s->phases[PHASE_LINK] + s->here[WORK_OVERFLOW] > 0;
}

static void pass_nodes(const struct sweep *s, double dt, struct usage_sums *sums)
{
	unsigned idle = s->cores - s->busy;
	sums->nodes_busy_s += dt * s->busy;
	if (s->cores && idle * FULL_PART <= s->cores && has_waiting(s))
		sums->nodes_full_wall_s += dt;
	if (s->cores > sums->nodes_peak)
		sums->nodes_peak = s->cores;
	sums->nodes_idle_s[WAIT_LINK] += dt * take(&idle, s->phases[PHASE_LINK]);
	sums->nodes_idle_s[WAIT_CREDIT] += dt * take(&idle, s->phases[PHASE_CREDIT]);
	sums->nodes_idle_s[WAIT_PREPARE] += dt * take(&idle, s->here[WORK_PREPARE]);
	sums->nodes_idle_s[is_here_full(s) ? WAIT_CLIENT : WAIT_MAKE] += dt * idle;
}

static void pass(struct sweep *s, double dt, struct usage_sums *sums)
{
	pass_here(s, dt, sums);
	pass_nodes(s, dt, sums);
	if (s->items == 1 && !is_here_full(s)) {
		sums->lone_wall_s += dt;
		s->alone_s[s->items_xor] += dt;
	}
}

/* The rest of what all of them have. */
static void find_absence(const struct usage *u, struct usage_sums *sums)
{
	double there_s = sums->nodes_busy_s, all_s = 0;
	for (size_t i = 0; i < WAIT_COUNT; i++)
		there_s += sums->nodes_idle_s[i];
	for (size_t i = 0; i < u->nodes.n; i++)
		all_s += u->nodes.v[i].slots * sums->wall_s;
	sums->nodes_absent_s = all_s > there_s ? all_s - there_s : 0;
}

static void find_longest(const struct sweep *s, struct usage_sums *sums)
{
	for (size_t i = 0; i < s->u->items.n; i++) {
		if (s->alone_s[i] <= sums->longest_lone_s)
			continue;
		sums->longest_lone_s = s->alone_s[i];
		sums->longest_lone = s->u->items.v[i].name;
		sums->longest_lone_is_step = s->u->items.v[i].is_step;
	}
}

void usage_sum(const struct usage *u, const struct usage_frame *f, struct usage_sums *ret)
{
	struct sweep s = {.u = u, .local_slots = f->local_slots};
	s.nodes = xcalloc(u->nodes.n, sizeof *s.nodes);
	s.alone_s = xcalloc(u->items.n, sizeof *s.alone_s);
	collect(&s, f->wall_s);
	if (s.changes.n)
		qsort(s.changes.v, s.changes.n, sizeof *s.changes.v, by_time);
	*ret = (struct usage_sums){.wall_s = f->wall_s};
	double now = 0;
	for (size_t i = 0; i < s.changes.n; i++) {
		if (s.changes.v[i].t > now) {
			pass(&s, s.changes.v[i].t - now, ret);
			now = s.changes.v[i].t;
		}
		apply(&s, &s.changes.v[i]);
	}
	pass(&s, f->wall_s - now, ret);
	find_absence(u, ret);
	find_longest(&s, ret);
	vec_fini(&s.changes);
	free(s.nodes);
	free(s.alone_s);
}
