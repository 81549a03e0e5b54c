/* A list: there are hardly more than the machine has cores. */
#include "core/steps.h"

#include "base/str.h"
#include "base/vec.h"

struct seen {
	uint32_t pid;
	uint64_t ticks;
	double begin;
	char *name, *command;
	unsigned looks;
	bool there; /* in this look */
};

struct steps {
	steps_fn fn;
	void *ctx;
	double now, last;
	VEC(struct seen) seen;
};

struct steps *steps_create(steps_fn fn, void *ctx)
{
	struct steps *s = xcalloc(1, sizeof *s);
	s->fn = fn;
	s->ctx = ctx;
	return s;
}

static void forget(struct steps *s, size_t i)
{
	free(s->seen.v[i].name);
	free(s->seen.v[i].command);
	s->seen.v[i] = s->seen.v[--s->seen.n];
}

void steps_destroy(struct steps *s)
{
	if (!s)
		return;
	while (s->seen.n)
		forget(s, 0);
	vec_fini(&s->seen);
	free(s);
}

void steps_begin(struct steps *s, double now)
{
	s->last = s->now;
	s->now = now;
	for (size_t i = 0; i < s->seen.n; i++)
		s->seen.v[i].there = false;
}

bool steps_see(struct steps *s, uint32_t pid, uint64_t ticks)
{
	for (size_t i = 0; i < s->seen.n; i++) {
		struct seen *p = &s->seen.v[i];
		if (p->pid != pid || p->ticks != ticks)
			continue;
		p->looks += !p->there;
		p->there = true;
		return true;
	}
	return false;
}

void steps_add(struct steps *s, uint32_t pid, uint64_t ticks, const struct report_step *step)
{
	struct seen p = {.pid = pid,
		.ticks = ticks,
		.begin = step->begin < 0 ? 0 : step->begin,
		.name = xstrdup(step->name),
		.command = xstrdup(step->command),
		.looks = 1,
		.there = true};
	vec_push(&s->seen, p);
}

bool steps_drop(struct steps *s, uint32_t pid)
{
	bool any = false;
	for (size_t i = s->seen.n; i-- > 0;)
		if (s->seen.v[i].pid == pid) {
			forget(s, i);
			any = true;
		}
	return any;
}

void steps_end(struct steps *s)
{
	for (size_t i = s->seen.n; i-- > 0;) {
		const struct seen *p = &s->seen.v[i];
		if (p->there)
			continue;
		double end = p->looks == 1 ? s->now : (s->last + s->now) / 2;
		s->fn(s->ctx, p->pid,
			&(struct report_step){
				p->name, p->command, p->begin, end > p->begin ? end : p->begin});
		forget(s, i);
	}
}

unsigned steps_count(const struct steps *s)
{
	return (unsigned)s->seen.n;
}
