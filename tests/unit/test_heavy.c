/* Golden traces: after each event, who was told to run. */
#include "core/heavy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct trace {
	struct heavy h;
	uint64_t available_kib, now_ms;
	char line[256];
};

static const char *go(struct trace *t)
{
	size_t n = 0;
	uint32_t number;
	t->line[0] = '\0';
	while (heavy_next(&t->h, t->available_kib, t->now_ms, &number))
		n += (size_t)snprintf(t->line + n, sizeof t->line - n, n ? " %u" : "%u", number);
	return t->line;
}

static const char *ask(struct trace *t, uint32_t number, uint64_t need_kib)
{
	heavy_ask(&t->h, number, need_kib, t->now_ms);
	return go(t);
}

static const char *end(struct trace *t, uint32_t number)
{
	heavy_end(&t->h, number);
	return go(t);
}

static const char *later(struct trace *t, uint64_t ms, uint64_t available_kib)
{
	t->now_ms += ms;
	t->available_kib = available_kib;
	return go(t);
}

#define expect(call, numbers) cr_expect_str_eq(call, numbers)

Test(heavy, all_run_while_there_is_memory)
{
	struct trace t = {.available_kib = 1000};
	expect(ask(&t, 1, 400), "1");
	expect(ask(&t, 2, 400), "2");
	expect(ask(&t, 3, 200), "3");
	expect(ask(&t, 4, 1), "");
	vec_fini(&t.h);
}

Test(heavy, unknown_memory_is_enough)
{
	struct trace t = {.available_kib = UINT64_MAX};
	for (uint32_t i = 1; i < 9; i++)
		cr_expect_str_neq(ask(&t, i, UINT64_MAX / 16), "");
	vec_fini(&t.h);
}

Test(heavy, one_always_runs)
{
	struct trace t = {.available_kib = 0};
	expect(ask(&t, 1, 5000), "1");
	expect(ask(&t, 2, 5000), "");
	expect(ask(&t, 3, 5000), "");
	expect(end(&t, 1), "2");
	expect(end(&t, 2), "3");
	expect(end(&t, 3), "");
	expect(ask(&t, 4, 5000), "4");
	vec_fini(&t.h);
}

Test(heavy, first_come_first_served)
{
	struct trace t = {.available_kib = 1000};
	expect(ask(&t, 1, 900), "1");
	expect(ask(&t, 2, 900), "");
	expect(ask(&t, 3, 50), ""); /* or the large one would never have its turn */
	expect(end(&t, 2), "3");    /* it was interrupted */
	expect(end(&t, 1), "");
	vec_fini(&t.h);
}

Test(heavy, what_a_step_takes_shows_after_a_while)
{
	struct trace t = {.available_kib = 1000};
	expect(ask(&t, 1, 700), "1");
	expect(ask(&t, 2, 700), "");
	expect(later(&t, 9999, 900), ""); /* it may still grow */
	expect(later(&t, 1, 900), "2");   /* it has not */
	expect(ask(&t, 3, 300), "");
	expect(later(&t, 10000, 250), "");
	expect(later(&t, 500, 300), "3");
	vec_fini(&t.h);
}

Test(heavy, nobody_waits_for_ever)
{
	struct trace t = {.available_kib = 0};
	expect(ask(&t, 1, 100), "1");
	expect(ask(&t, 2, 100), "");
	expect(later(&t, 30000, 0), "");
	expect(ask(&t, 3, 100), "");
	expect(later(&t, 29999, 0), "");
	expect(later(&t, 1, 0), "2");
	expect(later(&t, 29999, 0), "");
	expect(later(&t, 1, 0), "3");
	heavy_end(&t.h, 77);
	vec_fini(&t.h);
}
