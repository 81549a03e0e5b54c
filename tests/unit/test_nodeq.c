/* Golden traces: what the queue decides is written down as one line of text for each event. */
#include "core/nodeq.h"

#include "base/str.h"
#include "base/vec.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct trace {
	struct nodeq *q;
	struct nodeq_plan plan;
	uint64_t now_us;
	char line[1024]; /* the plan of the last event */
};

static void format(struct trace *t)
{
	static const char *const names[] = {"credits", "start", "kill", "refuse", "forget"};
	size_t n = 0;
	t->line[0] = '\0';
	for (size_t i = 0; i < t->plan.n; i++) {
		const struct nodeq_action *a = &t->plan.v[i];
		n += (size_t)snprintf(t->line + n, sizeof t->line - n, "%s%s %u", n ? ", " : "",
			names[a->type], a->client);
		if (a->type == NODEQ_CREDITS)
			n += (size_t)snprintf(t->line + n, sizeof t->line - n, "=%u", a->credits);
		else
			n += (size_t)snprintf(t->line + n, sizeof t->line - n, ".%u", a->job);
		if (a->type == NODEQ_REFUSE)
			n += (size_t)snprintf(t->line + n, sizeof t->line - n, " %s",
				a->refusal == REFUSED_FULL ? "full" : "draining");
	}
}

static struct trace begin(unsigned slots, unsigned preload)
{
	return (struct trace){.q = nodeq_create(slots, preload)};
}

static void end(struct trace *t)
{
	nodeq_destroy(t->q);
	vec_fini(&t->plan);
}

static const char *step(struct trace *t, enum nodeq_event_type type, uint32_t client, uint32_t job)
{
	nodeq_step(t->q, &(struct nodeq_event){type, client, job, t->now_us, 0}, &t->plan);
	format(t);
	return t->line;
}

/* A tick this much later. */
static const char *later(struct trace *t, unsigned ms)
{
	t->now_us += ms * UINT64_C(1000);
	return step(t, NODEQ_TICK, 0, 0);
}

#define expect(t, type, client, job, text)                                                         \
	cr_assert_str_eq(step(t, NODEQ_##type, client, job), text)

static void send_job(struct trace *t, uint32_t client, uint32_t job, const char *plan)
{
	cr_assert_str_eq(step(t, NODEQ_JOB, client, job), "");
	cr_assert_str_eq(step(t, NODEQ_READY, client, job), plan);
}

Test(nodeq, life_of_a_job)
{
	struct trace t = begin(1, 1);
	expect(&t, JOIN, 1, 0, "credits 1=2");
	expect(&t, JOB, 1, 7, "");
	cr_assert_eq(nodeq_waiting(t.q), 0);
	expect(&t, READY, 1, 7, "start 1.7");
	cr_assert_eq(nodeq_running(t.q), 1);
	expect(&t, ENDED, 1, 7, "");
	cr_assert_eq(nodeq_running(t.q), 0, "the slot is free before the result is sent");
	cr_assert_eq(nodeq_jobs(t.q), 1);
	expect(&t, DROP, 1, 7, "forget 1.7");
	cr_assert_eq(nodeq_jobs(t.q), 0);
	end(&t);
}

Test(nodeq, a_waiting_job_starts_when_a_compiler_ends)
{
	struct trace t = begin(1, 2);
	expect(&t, JOIN, 1, 0, "credits 1=3");
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 1, 2, "");
	send_job(&t, 1, 3, "");
	cr_assert_eq(nodeq_waiting(t.q), 2);
	expect(&t, ENDED, 1, 1, "start 1.2");
	expect(&t, DROP, 1, 1, "forget 1.1");
	expect(&t, ENDED, 1, 2, "start 1.3");
	end(&t);
}

static void wait_with_cost(struct trace *t, uint32_t job, uint32_t cost_ms)
{
	cr_assert_str_eq(step(t, NODEQ_JOB, 1, job), "");
	nodeq_step(t->q, &(struct nodeq_event){NODEQ_READY, 1, job, t->now_us, cost_ms}, &t->plan);
	format(t);
	cr_assert_str_eq(t->line, "");
}

Test(nodeq, a_job_counts_as_come_earlier_by_what_it_will_take)
{
	struct trace t = begin(1, 9);
	step(&t, NODEQ_JOIN, 1, 0);
	send_job(&t, 1, 1, "start 1.1");
	wait_with_cost(&t, 2, 100);
	wait_with_cost(&t, 3, 0);
	t.now_us += 50 * 1000;
	wait_with_cost(&t, 4, 149); /* as long as 99 ms, from 50 ms before */
	wait_with_cost(&t, 5, 4000);
	t.now_us += 3800 * 1000;
	wait_with_cost(&t, 6, 3950); /* cannot pass who waits longer than that */
	wait_with_cost(&t, 7, UINT32_MAX);
	const char *const order[] = {
		"start 1.7", "start 1.5", "start 1.2", "start 1.6", "start 1.4", "start 1.3"};
	uint32_t running = 1;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		cr_expect_str_eq(step(&t, NODEQ_ENDED, 1, running), order[i], "%zu: %s", i, t.line);
		running = (uint32_t)(order[i][8] - '0');
	}
	end(&t);
}

Test(nodeq, first_ready_first_started)
{
	struct trace t = begin(1, 3);
	step(&t, NODEQ_JOIN, 1, 0);
	for (uint32_t job = 1; job <= 4; job++)
		expect(&t, JOB, 1, job, "");
	expect(&t, READY, 1, 4, "start 1.4");
	expect(&t, READY, 1, 3, "");
	expect(&t, READY, 1, 1, "");
	expect(&t, READY, 1, 2, "");
	expect(&t, ENDED, 1, 4, "start 1.3");
	expect(&t, ENDED, 1, 3, "start 1.1");
	expect(&t, ENDED, 1, 1, "start 1.2");
	end(&t);
}

Test(nodeq, clients_take_turns)
{
	struct trace t = begin(1, 7);
	for (uint32_t client = 1; client <= 3; client++)
		step(&t, NODEQ_JOIN, client, 0);
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 1, 2, "");
	send_job(&t, 1, 3, "");
	send_job(&t, 3, 1, "");
	send_job(&t, 2, 1, "");
	send_job(&t, 2, 2, "");
	expect(&t, ENDED, 1, 1, "start 2.1");
	expect(&t, ENDED, 2, 1, "start 3.1");
	expect(&t, ENDED, 3, 1, "start 1.2");
	expect(&t, ENDED, 1, 2, "start 2.2");
	expect(&t, ENDED, 2, 2, "start 1.3");
	end(&t);
}

Test(nodeq, the_turn_survives_a_leaving_client)
{
	struct trace t = begin(1, 7);
	for (uint32_t client = 1; client <= 3; client++)
		step(&t, NODEQ_JOIN, client, 0);
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 2, 1, "");
	send_job(&t, 3, 1, "");
	expect(&t, ENDED, 1, 1, "start 2.1");
	expect(&t, ENDED, 2, 1, "start 3.1");
	expect(&t, LEAVE, 2, 0, "forget 2.1, credits 1=4, credits 3=4");
	send_job(&t, 3, 2, "");
	send_job(&t, 1, 2, "");
	expect(&t, ENDED, 3, 1, "start 1.2");
	end(&t);
}

Test(nodeq, credits_are_divided_again_as_clients_come_and_go)
{
	struct trace t = begin(4, 4);
	expect(&t, JOIN, 1, 0, "credits 1=8");
	expect(&t, JOIN, 2, 0, "credits 1=4, credits 2=4");
	expect(&t, JOIN, 3, 0, "credits 1=3, credits 2=3, credits 3=2");
	expect(&t, LEAVE, 2, 0, "credits 1=4, credits 3=4");
	expect(&t, LEAVE, 1, 0, "credits 3=8");
	expect(&t, LEAVE, 3, 0, "");
	end(&t);
}

/* n jobs begin to come; the last one's plan is what is expected. */
static void begin_jobs(
	struct trace *t, uint32_t client, uint32_t first, unsigned n, const char *plan)
{
	for (unsigned i = 0; i < n; i++)
		cr_assert_str_eq(step(t, NODEQ_JOB, client, first + i), i == n - 1 ? plan : "");
}

Test(nodeq, who_wants_less_leaves_the_rest)
{
	struct trace t = begin(4, 4);
	expect(&t, JOIN, 1, 0, "credits 1=8");
	expect(&t, JOIN, 2, 0, "credits 1=4, credits 2=4");
	begin_jobs(&t, 1, 1, 4, "");
	begin_jobs(&t, 2, 1, 1, "");
	cr_assert_str_eq(later(&t, 200), "", "a newcomer is given time");
	cr_assert_str_eq(later(&t, 200), "credits 1=6, credits 2=2", "one, and room for one more");
	begin_jobs(&t, 1, 5, 2, "");
	cr_assert_str_eq(later(&t, 200), "");
	begin_jobs(&t, 2, 2, 1, "credits 1=4, credits 2=4"); /* at once */
	cr_assert_eq(nodeq_jobs(t.q), 8, "nothing is taken back");
	end(&t);
}

Test(nodeq, a_gap_between_jobs_is_no_lack_of_hunger)
{
	struct trace t = begin(2, 2);
	step(&t, NODEQ_JOIN, 1, 0);
	expect(&t, JOIN, 2, 0, "credits 1=2, credits 2=2");
	for (uint32_t job = 1; job < 40; job += 2) {
		begin_jobs(&t, 1, job, 2, "");
		begin_jobs(&t, 2, job, 2, "");
		for (uint32_t client = 1; client <= 2; client++)
			for (uint32_t i = 0; i < 2; i++)
				step(&t, NODEQ_DROP, client, job + i);
		cr_assert_str_eq(later(&t, 200), "");
	}
	end(&t);
}

Test(nodeq, when_nobody_is_hungry_all_may_begin)
{
	struct trace t = begin(4, 4);
	step(&t, NODEQ_JOIN, 1, 0);
	step(&t, NODEQ_JOIN, 2, 0);
	cr_assert_str_eq(later(&t, 1000), "");
	cr_assert_str_eq(later(&t, 1000), "");
	begin_jobs(&t, 2, 1, 4, "credits 1=2, credits 2=6");
	begin_jobs(&t, 1, 1, 2, "credits 1=4, credits 2=4");
	end(&t);
}

Test(nodeq, what_was_seen_long_ago_is_forgotten)
{
	struct trace t = begin(4, 4);
	step(&t, NODEQ_JOIN, 1, 0);
	step(&t, NODEQ_JOIN, 2, 0);
	begin_jobs(&t, 1, 1, 4, "");
	begin_jobs(&t, 2, 1, 3, "");
	for (uint32_t job = 1; job <= 4; job++)
		step(&t, NODEQ_DROP, 1, job);
	cr_assert_str_eq(later(&t, 60000), "", "one wants 4, nobody wants the rest");
	begin_jobs(&t, 2, 4, 1, "credits 1=2, credits 2=6");
	end(&t);
}

/* The slot time of two clients whose jobs take different times; each has two here, always. */
struct worker {
	uint32_t client;
	unsigned job_ms;
	uint64_t ends_ms[1000]; /* of running jobs, by number; 0: not running */
	uint32_t next;
	uint64_t used_ms;
};

static void run_started(struct trace *t, struct worker w[2], uint64_t now_ms)
{
	for (size_t i = 0; i < t->plan.n; i++) {
		const struct nodeq_action *a = &t->plan.v[i];
		if (a->type == NODEQ_START)
			w[a->client].ends_ms[a->job] = now_ms + w[a->client].job_ms;
	}
}

static void add_job(struct trace *t, struct worker w[2], struct worker *of, uint64_t now_ms)
{
	uint32_t job = of->next++;
	cr_assert(job < 1000);
	step(t, NODEQ_JOB, of->client, job);
	run_started(t, w, now_ms);
	step(t, NODEQ_READY, of->client, job);
	run_started(t, w, now_ms);
}

static void end_jobs(struct trace *t, struct worker w[2], uint64_t now_ms)
{
	for (uint32_t client = 0; client < 2; client++) {
		for (uint32_t job = 0; job < w[client].next; job++) {
			if (w[client].ends_ms[job] != now_ms)
				continue;
			w[client].used_ms += w[client].job_ms;
			step(t, NODEQ_ENDED, client, job);
			run_started(t, w, now_ms);
			step(t, NODEQ_DROP, client, job);
			add_job(t, w, &w[client], now_ms);
		}
	}
}

/* The part of the slot time that the first of two has had. */
static double race(unsigned slots, unsigned first_ms, unsigned second_ms)
{
	enum { RUN_MS = 30000 };
	struct trace t = begin(slots, slots);
	struct worker w[2] = {{0, first_ms}, {1, second_ms}};
	for (uint32_t client = 0; client < 2; client++)
		step(&t, NODEQ_JOIN, client, 0);
	for (unsigned i = 0; i <= slots; i++)
		for (uint32_t client = 0; client < 2; client++)
			add_job(&t, w, &w[client], 0);
	for (uint64_t now_ms = 10; now_ms <= RUN_MS; now_ms += 10) {
		t.now_us = now_ms * 1000;
		end_jobs(&t, w, now_ms);
	}
	end(&t);
	return (double)w[0].used_ms / (double)(w[0].used_ms + w[1].used_ms);
}

Test(nodeq, slot_time_is_shared)
{
	static const unsigned rows[][3] = {
		{1, 100, 100}, {1, 100, 700}, {2, 50, 1300}, {3, 60, 900}, {4, 700, 100}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double part = race(rows[i][0], rows[i][1], rows[i][2]);
		cr_expect(part > 0.45 && part < 0.55, "%u slots: %u ms and %u ms: %.3f", rows[i][0],
			rows[i][1], rows[i][2], part);
	}
}

Test(nodeq, every_client_has_a_credit)
{
	struct trace t = begin(1, 0);
	expect(&t, JOIN, 1, 0, "credits 1=1");
	expect(&t, JOIN, 2, 0, "credits 2=1");
	expect(&t, JOIN, 3, 0, "credits 3=1");
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 2, 1, "");
	send_job(&t, 3, 1, "");
	end(&t);
}

Test(nodeq, more_than_credits_is_taken_more_than_the_room_is_not)
{
	struct trace t = begin(1, 1);
	step(&t, NODEQ_JOIN, 1, 0);
	step(&t, NODEQ_JOIN, 2, 0);
	expect(&t, JOB, 1, 1, "");
	expect(&t, JOB, 1, 2, "");
	expect(&t, JOB, 1, 3, "refuse 1.3 full");
	cr_assert_eq(nodeq_jobs(t.q), 2);
	expect(&t, DROP, 1, 2, "forget 1.2");
	expect(&t, JOB, 1, 4, "");
	end(&t);
}

Test(nodeq, cancel)
{
	struct trace t = begin(1, 2);
	step(&t, NODEQ_JOIN, 1, 0);
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 1, 2, "");
	expect(&t, JOB, 1, 3, "");
	expect(&t, DROP, 1, 3, "forget 1.3");
	expect(&t, DROP, 1, 3, "");
	expect(&t, READY, 1, 3, "");
	expect(&t, DROP, 1, 1, "kill 1.1");
	expect(&t, DROP, 1, 1, "");
	cr_assert_eq(nodeq_running(t.q), 1, "the slot is taken until the compiler is dead");
	expect(&t, ENDED, 1, 1, "forget 1.1, start 1.2");
	end(&t);
}

Test(nodeq, a_client_that_leaves_takes_its_jobs_along)
{
	struct trace t = begin(1, 3);
	step(&t, NODEQ_JOIN, 1, 0);
	step(&t, NODEQ_JOIN, 2, 0);
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 1, 2, "");
	expect(&t, JOB, 1, 3, "");
	send_job(&t, 2, 1, "");
	expect(&t, LEAVE, 1, 0, "kill 1.1, forget 1.2, forget 1.3, credits 2=4");
	expect(&t, LEAVE, 1, 0, "");
	expect(&t, ENDED, 1, 1, "forget 1.1, start 2.1");
	expect(&t, ENDED, 1, 1, "");
	end(&t);
}

Test(nodeq, draining_hands_back_what_has_not_started)
{
	struct trace t = begin(1, 5);
	step(&t, NODEQ_JOIN, 1, 0);
	step(&t, NODEQ_JOIN, 2, 0);
	send_job(&t, 1, 1, "start 1.1");
	send_job(&t, 2, 1, "");
	expect(&t, JOB, 2, 2, "");
	expect(&t, DRAIN, 0, 0, "refuse 2.1 draining, refuse 2.2 draining");
	expect(&t, JOB, 1, 2, "refuse 1.2 draining");
	expect(&t, ENDED, 1, 1, "");
	cr_assert_eq(nodeq_jobs(t.q), 1, "its result is still to be sent");
	expect(&t, DROP, 1, 1, "forget 1.1");
	cr_assert_eq(nodeq_jobs(t.q), 0);
	end(&t);
}

/* A seeded storm of events; the counters and the plan must agree with a simple model. */
enum model { NONE, RECEIVING, WAITING, RUNNING, SENDING, DYING };
enum { CLIENTS = 5, JOBS = 12, SLOTS = 3, PRELOAD = 4, STEPS = 20000 };

static void follow(enum model m[CLIENTS][JOBS], const struct nodeq_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct nodeq_action *a = &plan->v[i];
		enum model *job = &m[a->client % CLIENTS][a->job];
		switch (a->type) {
		case NODEQ_CREDITS: break;
		case NODEQ_START:
			cr_assert_eq(*job, WAITING);
			*job = RUNNING;
			break;
		case NODEQ_KILL:
			cr_assert_eq(*job, RUNNING);
			*job = DYING;
			break;
		case NODEQ_REFUSE:
			cr_assert_eq(*job, RECEIVING);
			*job = NONE;
			break;
		case NODEQ_FORGET:
			cr_assert(*job != NONE && *job != RUNNING);
			*job = NONE;
			break;
		}
	}
}

static unsigned count(enum model m[CLIENTS][JOBS], enum model state)
{
	unsigned n = 0;
	for (size_t i = 0; i < CLIENTS * JOBS; i++)
		n += m[i / JOBS][i % JOBS] == state;
	return n;
}

Test(nodeq, storm)
{
	enum model m[CLIENTS][JOBS] = {{NONE}};
	struct trace t = begin(SLOTS, PRELOAD);
	unsigned random = 1;
	for (uint32_t client = 0; client < CLIENTS; client++)
		step(&t, NODEQ_JOIN, client, 0);
	for (unsigned i = 0; i < STEPS; i++) {
		random = random * 1103515245 + 12345;
		uint32_t client = (random >> 8) % CLIENTS, job = (random >> 16) % JOBS;
		enum model *state = &m[client][job];
		enum nodeq_event_type type = (random >> 28) == 0   ? NODEQ_DROP
					     : *state == NONE      ? NODEQ_JOB
					     : *state == RECEIVING ? NODEQ_READY
					     : *state == SENDING   ? NODEQ_DROP
								   : NODEQ_ENDED;
		if (type == NODEQ_ENDED && *state == WAITING)
			continue;
		bool ends = type == NODEQ_ENDED && *state == RUNNING;
		*state = type == NODEQ_JOB ? RECEIVING : type == NODEQ_READY ? WAITING : *state;
		*state = ends ? SENDING : *state;
		t.now_us += 1000;
		nodeq_step(t.q, &(struct nodeq_event){type, client, job, t.now_us}, &t.plan);
		follow(m, &t.plan);
		unsigned running = count(m, RUNNING) + count(m, DYING), waiting = count(m, WAITING);
		cr_assert_eq(nodeq_running(t.q), running);
		cr_assert_eq(nodeq_waiting(t.q), waiting);
		cr_assert(running <= SLOTS);
		cr_assert(waiting == 0 || running == SLOTS, "a core idles while a job waits");
	}
	end(&t);
}
