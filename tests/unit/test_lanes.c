#include "core/lanes.h"

#include <criterion/criterion.h>

Test(lanes, nothing_needs_no_lane)
{
	lanes_assign(NULL, 0, 0);
}

Test(lanes, whatever_begins_takes_the_first_that_is_free)
{
	struct lanes_span s[] = {{2, 4, 0, 3}, {0, 2, 0, 1}, {1, 5, 0, 2}, {4.5, 6, 0, 4}};
	lanes_assign(s, 4, 3);
	static const size_t whats[] = {1, 2, 3, 4}, lanes[] = {0, 1, 0, 0};
	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(s[i].what, whats[i]);
		cr_expect_eq(s[i].lane, lanes[i], "%zu", i);
	}
}

Test(lanes, what_finds_none_is_cut)
{
	struct lanes_span s[] = {{0, 4, 0, 1}, {0, 2, 0, 2}, {1, 3, 0, 3}, {1, 1.5, 0, 4}};
	lanes_assign(s, 4, 2);
	/* the shorter of two that begin at once comes first */
	cr_expect(s[0].what == 2 && s[0].lane == 0);
	cr_expect(s[1].what == 1 && s[1].lane == 1);
	cr_expect(s[2].what == 4 && s[2].lane == 0 && s[2].begin == 2 && s[2].end < s[2].begin);
	cr_expect(s[3].what == 3 && s[3].lane == 0 && s[3].begin == 2 && s[3].end == 3);
}

Test(lanes, no_moment_of_a_full_machine_is_lost)
{
	/* three at any time, on two lanes */
	enum { N = 300 };
	struct lanes_span s[N];
	for (size_t i = 0; i < N; i++)
		s[i] = (struct lanes_span){(double)i, (double)i + 3, 0, i};
	lanes_assign(s, N, 2);
	double busy = 0;
	for (size_t i = 0; i < N; i++)
		busy += s[i].end > s[i].begin ? s[i].end - s[i].begin : 0;
	cr_expect_float_eq(
		busy, 2.0 * (N + 2) - 2, 1e-9); /* one alone in the first second, and in the last */
}
