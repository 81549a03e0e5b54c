#include "core/live.h"

#include "base/str.h"

#include <string.h>

void live_init(struct live *l)
{
	*l = (struct live){.make = xstrdup(""), .dir = xstrdup("")};
}

static void free_node(struct live_node *n)
{
	free(n->name);
	free(n->address);
	free(n->why);
}

void live_fini(struct live *l)
{
	for (size_t i = 0; i < l->jobs.n; i++)
		free(l->jobs.v[i].source);
	for (size_t i = 0; i < l->nodes.n; i++)
		free_node(&l->nodes.v[i]);
	for (size_t i = 0; i < l->steps.n; i++) {
		free(l->steps.v[i].name);
		free(l->steps.v[i].command);
	}
	vec_fini(&l->jobs);
	vec_fini(&l->nodes);
	vec_fini(&l->steps);
	free(l->make);
	free(l->dir);
	*l = (struct live){0};
}

/* Those that are under way are the youngest: it is looked for from the end. */
static struct live_job *find_job(struct live *l, uint64_t id)
{
	for (size_t i = l->jobs.n; i-- > 0;)
		if (l->jobs.v[i].id == id)
			return &l->jobs.v[i];
	return NULL;
}

static struct live_node *find_node(const struct live *l, uint64_t id)
{
	for (size_t i = 0; i < l->nodes.n; i++)
		if (l->nodes.v[i].id == id)
			return &l->nodes.v[i];
	return NULL;
}

const struct live_node *live_find_node(const struct live *l, uint64_t id)
{
	return find_node(l, id);
}

static void set_text(char **at, const char *text)
{
	free(*at);
	*at = text ? xstrdup(text) : NULL;
}

static void on_build(struct live *l, const struct journal_event *e)
{
	set_text(&l->make, e->name);
	set_text(&l->dir, e->text);
	l->slots = e->slots;
	l->expected = e->expected;
}

/* What the job's phase means to the node that it names. */
static unsigned *count_of(const struct live *l, const struct live_job *j)
{
	struct live_node *n = j->node ? find_node(l, j->node) : NULL;
	if (!n)
		return NULL;
	return j->phase == JOURNAL_RUNNING ? &n->running
	       : j->phase == JOURNAL_SENT  ? &n->waiting
					   : NULL;
}

/* Jobs can have been there before it is known. */
static struct live_node *add_node(struct live *l, uint64_t id)
{
	vec_push(&l->nodes, (struct live_node){.id = id});
	for (size_t i = 0; i < l->jobs.n; i++) {
		unsigned *at = l->jobs.v[i].node == id ? count_of(l, &l->jobs.v[i]) : NULL;
		if (at)
			++*at;
	}
	return &l->nodes.v[l->nodes.n - 1];
}

static void on_node(struct live *l, const struct journal_event *e)
{
	if (e->id == 0)
		return;
	struct live_node *n = find_node(l, e->id);
	if (!n)
		n = add_node(l, e->id);
	set_text(&n->name, e->name);
	set_text(&n->address, e->text);
	set_text(&n->why, NULL);
	n->slots = e->slots;
	n->level = e->level;
}

static void on_gone(struct live *l, const struct journal_event *e)
{
	struct live_node *n = find_node(l, e->id);
	if (n)
		set_text(&n->why, e->text ? e->text : "");
}

static void set_phase(struct live *l, struct live_job *j, const struct journal_event *e)
{
	unsigned *before = count_of(l, j);
	if (before)
		--*before;
	j->phase = e->phase;
	j->node = e->node;
	j->since = e->t;
	unsigned *after = count_of(l, j);
	if (after)
		++*after;
}

static void on_begin(struct live *l, const struct journal_event *e)
{
	vec_push(&l->jobs, (struct live_job){.id = e->id, .since = e->t, .begin = e->t});
	l->jobs.v[l->jobs.n - 1].source = xstrdup(e->name ? e->name : "");
	l->begun++;
}

static void on_phase(struct live *l, const struct journal_event *e)
{
	struct live_job *j = find_job(l, e->id);
	if (j)
		set_phase(l, j, e);
}

/* Forgets the seconds that have passed since, and those that nobody looked at. */
static void turn_to(struct live *l, uint64_t second)
{
	uint64_t passed = second > l->ends_second ? second - l->ends_second : 0;
	for (uint64_t i = 1; i <= passed && i <= LIVE_RATE_S; i++)
		l->ends[(l->ends_second + i) % LIVE_RATE_S] = 0;
	if (passed)
		l->ends_second = second;
}

static void on_end(struct live *l, const struct journal_event *e)
{
	struct live_job *j = find_job(l, e->id);
	struct live_node *n = e->node ? find_node(l, e->node) : NULL;
	if (!j)
		return;
	set_phase(l, j, &(struct journal_event){.phase = JOURNAL_BACK, .t = e->t});
	free(j->source);
	*j = l->jobs.v[--l->jobs.n];
	l->done++;
	l->on_nodes += e->node != 0;
	l->failed += !e->ok;
	if (n) {
		n->done++;
		n->failed += !e->ok;
	}
	turn_to(l, (uint64_t)e->t);
	l->ends[(uint64_t)e->t % LIVE_RATE_S]++;
}

static void on_step(struct live *l, const struct journal_event *e)
{
	struct live_step s = {.id = e->id, .begin = e->t};
	s.name = xstrdup(e->name ? e->name : "");
	s.command = xstrdup(e->text ? e->text : "");
	vec_push(&l->steps, s);
}

static void on_step_end(struct live *l, const struct journal_event *e)
{
	for (size_t i = 0; i < l->steps.n; i++) {
		if (l->steps.v[i].id != e->id)
			continue;
		free(l->steps.v[i].name);
		free(l->steps.v[i].command);
		l->steps.v[i] = l->steps.v[--l->steps.n];
		return;
	}
}

static void on_load(struct live *l, const struct journal_event *e)
{
	struct live_node *n = find_node(l, e->id);
	if (!n)
		return;
	double dt = e->t - n->load_t;
	if (dt > 0)
		n->rate = n->load_t > 0 && e->moved > n->moved ? (double)(e->moved - n->moved) / dt
							       : 0;
	n->moved = e->moved;
	n->speed = e->speed;
	n->load_t = e->t;
}

static void on_pool(struct live *l, const struct journal_event *e)
{
	l->lent = e->lent;
	l->is_short = e->is_short;
}

static void on_over(struct live *l, const struct journal_event *e)
{
	l->over = true;
	l->status = e->status;
}

void live_apply(struct live *l, const struct journal_event *e)
{
	static void (*const handlers[JOURNAL_TYPES])(
		struct live * l, const struct journal_event *e) = {
		[JOURNAL_BUILD] = on_build,
		[JOURNAL_NODE] = on_node,
		[JOURNAL_GONE] = on_gone,
		[JOURNAL_BEGIN] = on_begin,
		[JOURNAL_PHASE] = on_phase,
		[JOURNAL_END] = on_end,
		[JOURNAL_STEP] = on_step,
		[JOURNAL_STEP_END] = on_step_end,
		[JOURNAL_LOAD] = on_load,
		[JOURNAL_POOL] = on_pool,
		[JOURNAL_OVER] = on_over,
	};
	l->t = e->t;
	handlers[e->type](l, e);
}

unsigned live_here(const struct live *l)
{
	unsigned n = (unsigned)l->steps.n;
	for (size_t i = 0; i < l->jobs.n; i++) {
		enum journal_phase p = l->jobs.v[i].phase;
		n += p == JOURNAL_PREPARE || p == JOURNAL_HERE || p == JOURNAL_BACK;
	}
	return n;
}

/* The second that has begun is not over, so it counts for what there was of it. */
double live_rate(const struct live *l, double now)
{
	uint64_t second = now > 0 ? (uint64_t)now : 0, n = 0;
	for (uint64_t i = 0; i < LIVE_RATE_S; i++)
		if (l->ends_second >= i && second - (l->ends_second - i) < LIVE_RATE_S)
			n += l->ends[(l->ends_second - i) % LIVE_RATE_S];
	double span = second >= LIVE_RATE_S ? LIVE_RATE_S - 1 + (now - (double)second) : now;
	return span > 0.1 ? (double)n / span : 0;
}

double live_left_s(const struct live *l, double now)
{
	double rate = live_rate(l, now);
	if (l->over || l->expected <= l->done || rate <= 0)
		return -1;
	return (double)(l->expected - l->done) / rate;
}
