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
	for (size_t i = 0; i < u->nodes.n; i++)
		vec_fini(&u->nodes.v[i].spans);
	vec_fini(&u->here.spans);
	vec_fini(&u->nodes);
	vec_fini(&u->items);
	vec_fini(&u->stretches);
	vec_fini(&u->presences);
	free(u);
}

void usage_set_node(struct usage *u, int node, unsigned slots)
{
	assert(node >= 0);
	while (u->nodes.n <= (size_t)node)
		vec_push(&u->nodes, (struct usage_place){0});
	u->nodes.v[node].slots = slots;
}

void usage_add_presence(struct usage *u, int node, double begin, double end)
{
	assert(node >= 0 && (size_t)node < u->nodes.n);
	vec_push(&u->presences, (struct presence){node, begin, end});
}

static void add_item(struct usage *u, const char *name, double begin, double end, bool is_step)
{
	vec_push(&u->items, (struct item){xstrdup(name), begin, end, is_step});
}

static void add_span(struct usage *u, const struct usage_span *s)
{
	struct usage_place *p = s->place == USAGE_HERE ? &u->here : &u->nodes.v[s->place];
	vec_push(&p->spans, *s);
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

/* When it was away and back. */
static double back_at(const struct usage_times *t)
{
	return first(t->finished, t->local, t->done);
}

size_t usage_spans(const struct usage_job *j, struct usage_span ret[USAGE_SPANS_MAX])
{
	const struct usage_times *t = &j->t;
	bool was_away = t->staged >= 0;
	size_t n = 0;
	if (t->start >= 0)
		ret[n++] = (struct usage_span){
			USAGE_HERE, WORK_PREPARE, t->start, first(t->staged, t->local, t->done)};
	if (was_away && j->node != USAGE_HERE && t->started >= 0)
		ret[n++] = (struct usage_span){
			j->node, WORK_COMPILE, t->started, first(t->compiled, back_at(t), -1)};
	if (t->local >= 0)
		ret[n++] = (struct usage_span){USAGE_HERE,
			j->is_overflow ? WORK_OVERFLOW : WORK_COMPILE, t->local, t->done};
	else if (was_away && t->finished >= 0)
		ret[n++] = (struct usage_span){USAGE_HERE, WORK_COMMIT, t->finished, t->done};
	return n;
}

void usage_add_job(struct usage *u, const struct usage_job *j)
{
	const struct usage_times *t = &j->t;
	struct usage_span spans[USAGE_SPANS_MAX];
	assert(j->node == USAGE_HERE || (j->node >= 0 && (size_t)j->node < u->nodes.n));
	add_item(u, j->name, t->start, t->done, false);
	size_t n = usage_spans(j, spans);
	for (size_t i = 0; i < n; i++)
		add_span(u, &spans[i]);
	if (t->staged < 0)
		return;
	add_stretch(u, PHASE_CREDIT, t->staged, first(t->sent, back_at(t), -1));
	add_stretch(u, PHASE_LINK, t->sent, first(t->started, back_at(t), -1));
	add_stretch(u, PHASE_LINK, t->compiled, back_at(t));
}

void usage_add_step(struct usage *u, const char *name, double begin, double end)
{
	add_item(u, name, begin, end, true);
	add_span(u, &(struct usage_span){USAGE_HERE, WORK_STEP, begin, end});
}
