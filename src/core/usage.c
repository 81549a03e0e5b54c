/* The spans, and how a compile becomes some. */
#include "usage_impl.h"

#include "base/str.h"

#include <assert.h>

struct usage *usage_create(void)
{
	return xcalloc(1, sizeof(struct usage));
}

void usage_destroy(struct usage *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->items.n; i++)
		free(u->items.v[i].name);
	vec_fini(&u->slots);
	vec_fini(&u->spans);
	vec_fini(&u->items);
	vec_fini(&u->stretches);
	vec_fini(&u->presences);
	free(u);
}

void usage_set_node(struct usage *u, int node, unsigned slots)
{
	assert(node >= 0);
	while (u->slots.n <= (size_t)node)
		vec_push(&u->slots, 0);
	u->slots.v[node] = slots;
}

void usage_add_presence(struct usage *u, int node, double begin, double end)
{
	assert(node >= 0 && (size_t)node < u->slots.n);
	vec_push(&u->presences, (struct presence){node, begin, end});
}

static void add_item(struct usage *u, const char *name, double begin, double end, bool is_step)
{
	vec_push(&u->items, (struct item){xstrdup(name), begin, end, is_step});
}

static void add_span(struct usage *u, int place, enum usage_work work, double begin, double end)
{
	if (begin >= 0)
		vec_push(&u->spans, (struct span){place, work, begin, end});
}

static void add_stretch(struct usage *u, enum phase phase, double begin, double end)
{
	if (begin >= 0)
		vec_push(&u->stretches, (struct stretch){phase, begin, end});
}

/* The first of them that ever was; -1: none. */
static double first(double a, double b, double c)
{
	return a >= 0 ? a : b >= 0 ? b : c;
}

void usage_add_job(struct usage *u, const struct usage_job *j)
{
	const struct usage_times *t = &j->t;
	int node = j->node;
	assert(node == USAGE_HERE || (node >= 0 && (size_t)node < u->slots.n));
	add_item(u, j->name, t->start, t->done, false);
	double away = first(t->staged, t->local, t->done);
	add_span(u, USAGE_HERE, WORK_PREPARE, t->start, away);
	add_span(u, USAGE_HERE, j->is_overflow ? WORK_OVERFLOW : WORK_COMPILE, t->local, t->done);
	if (t->staged < 0)
		return;
	double back = first(t->finished, t->local, t->done);
	add_stretch(u, PHASE_CREDIT, t->staged, first(t->sent, back, -1));
	add_stretch(u, PHASE_LINK, t->sent, first(t->started, back, -1));
	if (node != USAGE_HERE)
		add_span(u, node, WORK_COMPILE, t->started, first(t->compiled, back, -1));
	add_stretch(u, PHASE_LINK, t->compiled, back);
	if (t->local < 0)
		add_span(u, USAGE_HERE, WORK_COMMIT, t->finished, t->done);
}

void usage_add_step(struct usage *u, const char *name, double begin, double end)
{
	add_item(u, name, begin, end, true);
	add_span(u, USAGE_HERE, WORK_STEP, begin, end);
}
