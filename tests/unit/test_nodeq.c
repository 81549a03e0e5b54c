/* Golden traces: what the queue decides is written down as one line of text for each event. */
#include "core/nodeq.h"

#include "base/str.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct trace {
	struct nodeq *q;
	struct nodeq_plan plan;
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
	nodeq_plan_fini(&t->plan);
}

static const char *step(struct trace *t, enum nodeq_event_type type, uint32_t client, uint32_t job)
{
	nodeq_step(t->q, &(struct nodeq_event){type, client, job}, &t->plan);
	format(t);
	return t->line;
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
		nodeq_step(t.q, &(struct nodeq_event){type, client, job}, &t.plan);
		follow(m, &t.plan);
		unsigned running = count(m, RUNNING) + count(m, DYING), waiting = count(m, WAITING);
		cr_assert_eq(nodeq_running(t.q), running);
		cr_assert_eq(nodeq_waiting(t.q), waiting);
		cr_assert(running <= SLOTS);
		cr_assert(waiting == 0 || running == SLOTS, "a core idles while a job waits");
	}
	end(&t);
}
