#include "core/spare.h"

#include <criterion/criterion.h>
#include <stdio.h>

static bool look(struct spare *s, uint64_t now_ms, unsigned idle, unsigned waits)
{
	char stat[128];
	snprintf(stat, sizeof stat, "cpu  900 1 200 %u %u 3 4 0 0 0\ncpu0 1 2 3 4\n", idle, waits);
	return spare_look(s, stat, now_ms);
}

Test(spare, half_a_core_counts)
{
	struct spare s = {0};
	cr_expect_not(look(&s, 1000, 5000, 100), "nothing to compare with");
	cr_expect_not(look(&s, 1500, 5024, 100));
	cr_expect(look(&s, 2000, 5049, 100));
	cr_expect(look(&s, 2500, 5049, 125), "a core that waits for a disk is idle");
	cr_expect_not(look(&s, 4500, 5140, 125), "longer ago");
	cr_expect(look(&s, 5000, 5540, 125), "eight cores");
}

Test(spare, what_is_not_known_is_no_core)
{
	static const char *const bad[] = {NULL, "", "cpu", "cpu  1 2 3 4", "intr 1 2 3 4 5"};
	struct spare s = {0};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		look(&s, 1000, 5000, 0);
		cr_expect_not(spare_look(&s, bad[i], 1500), "%zu", i);
		cr_expect_not(look(&s, 2000, 6000, 0), "%zu: begins anew", i);
	}
	look(&s, 3000, 7000, 0);
	cr_expect_not(look(&s, 3500, 6999, 0), "less than before");
	cr_expect_not(look(&s, 3500, 8000, 0), "no time has passed");
}
