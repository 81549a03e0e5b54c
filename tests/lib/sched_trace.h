/* sched_trace - steps a scheduler and compares what it decided with what is written down. */
#pragma once

#include "base/str.h"
#include "core/sched.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct fixture {
	struct sched *s;
	struct sched_plan plan;
	uint64_t now_us;
	char trace[2048];
};

static inline void set_up(struct fixture *f, unsigned local_slots)
{
	*f = (struct fixture){0};
	struct sched_conf conf = {
		.local_slots = local_slots, .stage_bytes_max = 1000, .token_wait_us = 100};
	f->s = sched_create(&conf);
}

static inline void tear_down(struct fixture *f)
{
	sched_destroy(f->s);
	free(f->plan.v);
}

static inline void step(struct fixture *f, struct sched_event ev)
{
	ev.now_us = f->now_us;
	f->plan.n = 0;
	sched_step(f->s, &ev, &f->plan);
	sched_check(f->s);
	for (size_t i = 0; i < f->plan.n; i++) {
		char line[128];
		size_t n = strlen(f->trace);
		snprintf(f->trace + n, sizeof f->trace - n, "%s\n",
			sched_action_format(&f->plan.v[i], line, sizeof line));
	}
}

static inline void expect(struct fixture *f, const char *trace)
{
	cr_assert_str_eq(f->trace, trace, "decided\n%sexpected\n%s", f->trace, trace);
	f->trace[0] = '\0';
}

static inline struct sched_event up(
	uint32_t node, uint32_t credits, uint32_t slots, uint64_t toolchains)
{
	return (struct sched_event){SCHED_NODE_UP, .node = node, .credits = credits, .slots = slots,
		.toolchains = toolchains};
}

static inline struct sched_event ask(uint32_t job)
{
	return (struct sched_event){SCHED_JOB_ASK, .job = job, .toolchain = 0};
}

static inline struct sched_event staged(uint32_t job)
{
	return (struct sched_event){SCHED_JOB_STAGED, .job = job, .bytes = 10};
}

static inline struct sched_event costly(uint32_t job, uint64_t cost_us)
{
	return (struct sched_event){SCHED_JOB_STAGED, .job = job, .bytes = 10, .cost_us = cost_us};
}

static inline struct sched_event on(enum sched_event_type type, uint32_t job, uint32_t node)
{
	return (struct sched_event){type, .job = job, .node = node, .ok = true, .retry = true};
}
