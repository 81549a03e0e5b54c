#include "core/steps.h"

#include "base/str.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

static struct steps *s;
static char said[1000];

static void on_step(void *ctx, uint32_t pid, const struct report_step *step)
{
	(void)ctx, (void)pid;
	size_t n = strlen(said);
	snprintf(said + n, sizeof said - n, "%s (%s) %.2f-%.2f\n", step->name, step->command,
		step->begin, step->end);
}

static void setup(void)
{
	said[0] = '\0';
	s = steps_create(on_step, NULL);
}

static void teardown(void)
{
	steps_destroy(s);
}

TestSuite(steps, .init = setup, .fini = teardown);

static void see(uint32_t pid, uint64_t ticks, const char *name, double begin)
{
	if (!steps_see(s, pid, ticks))
		steps_add(s, pid, ticks, &(struct report_step){name, "-x", begin, 0});
}

Test(steps, one_that_lasts_ends_between_two_looks)
{
	steps_begin(s, 1);
	see(7, 70, "ld", 0.95);
	steps_end(s);
	steps_begin(s, 1.1);
	see(7, 70, "ld", 0.95);
	steps_end(s);
	cr_assert_str_empty(said);
	cr_assert_eq(steps_count(s), 1);
	steps_begin(s, 1.2);
	steps_end(s);
	cr_assert_eq(steps_count(s), 0);
	cr_assert_str_eq(said, "ld (-x) 0.95-1.15\n");
}

Test(steps, one_that_is_seen_once_counts_for_those_that_are_not)
{
	steps_begin(s, 1);
	see(7, 70, "ar", 0.99);
	steps_end(s);
	steps_begin(s, 1.1);
	steps_end(s);
	cr_assert_str_eq(said, "ar (-x) 0.99-1.10\n");
}

Test(steps, seeing_twice_in_one_look_is_seeing_once)
{
	steps_begin(s, 1);
	see(7, 70, "ar", 0.9);
	see(7, 70, "ar", 0.9);
	steps_end(s);
	steps_begin(s, 2);
	steps_end(s);
	cr_assert_str_eq(said, "ar (-x) 0.90-2.00\n");
}

Test(steps, a_number_that_is_used_again_is_another)
{
	steps_begin(s, 1);
	see(7, 70, "ld", 0.5);
	steps_end(s);
	steps_begin(s, 2);
	see(7, 190, "strip", 1.9);
	steps_end(s);
	cr_assert_str_eq(said, "ld (-x) 0.50-2.00\n");
	steps_begin(s, 3);
	steps_end(s);
	cr_assert_str_eq(said, "ld (-x) 0.50-2.00\nstrip (-x) 1.90-3.00\n");
}

Test(steps, what_proves_to_be_a_compile_is_none)
{
	steps_begin(s, 1);
	see(7, 70, "gcc", 0.5);
	see(8, 71, "ld", 0.5);
	steps_end(s);
	cr_assert(steps_drop(s, 7));
	cr_assert_not(steps_drop(s, 9));
	steps_begin(s, 2);
	steps_end(s);
	cr_assert_str_eq(said, "ld (-x) 0.50-2.00\n");
}

Test(steps, times_before_the_build_are_its_beginning)
{
	steps_begin(s, 0.1);
	see(7, 70, "make", -0.2);
	steps_end(s);
	steps_begin(s, 0.2);
	steps_end(s);
	cr_assert_str_eq(said, "make (-x) 0.00-0.20\n");
}

Test(steps, ends_never_come_before_beginnings)
{
	steps_begin(s, 1);
	see(7, 70, "ld", 1.5); /* clocks differ by a tick */
	steps_end(s);
	steps_begin(s, 1.1);
	steps_end(s);
	cr_assert_str_eq(said, "ld (-x) 1.50-1.50\n");
}
