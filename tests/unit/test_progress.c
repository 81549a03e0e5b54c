#include "progress.h"

#include <criterion/criterion.h>
#include <stddef.h>

/* How long a client lasts that moves so many bytes each 200 ms while it has something to do; 0: a minute. */
static uint64_t lasts_ms(uint64_t bytes_per_tick)
{
	struct progress p = {0};
	uint64_t moved = 12345;
	for (uint64_t now_ms = 1000; now_ms < 61000; now_ms += 200, moved += bytes_per_tick)
		if (progress_stalled(&p, true, moved, now_ms))
			return now_ms - 1000;
	return 0;
}

Test(progress, a_slow_client_stays_one_that_stalls_goes)
{
	cr_expect_eq(lasts_ms(0), PROGRESS_MS);
	cr_expect_eq(lasts_ms(34), PROGRESS_MS, "heartbeats are no progress");
	cr_expect_eq(lasts_ms(PROGRESS_BYTES / 50 - 1), PROGRESS_MS);
	cr_expect_eq(lasts_ms(PROGRESS_BYTES / 50 + 1), 0);
	cr_expect_eq(lasts_ms(100000), 0);
}

Test(progress, nobody_is_blamed_while_nothing_is_due)
{
	struct progress p = {0};
	uint64_t now_ms = 500;
	for (; now_ms < 60000; now_ms += 200)
		cr_expect_not(progress_stalled(&p, false, 77, now_ms));
	/* the time that it has begins with its turn, however long it said nothing before */
	const uint64_t start_ms = now_ms;
	for (; now_ms < start_ms + PROGRESS_MS; now_ms += 200)
		cr_expect_not(
			progress_stalled(&p, true, 77, now_ms), "at %lu", (unsigned long)now_ms);
	cr_expect(progress_stalled(&p, true, 77, now_ms));
}

Test(progress, a_pause_in_its_turn_is_a_new_turn)
{
	struct progress p = {0};
	uint64_t now_ms = 0;
	for (int i = 0; i < 20; i++) {
		for (uint64_t end_ms = now_ms + PROGRESS_MS - 1000; now_ms < end_ms; now_ms += 200)
			cr_expect_not(progress_stalled(&p, true, 0, now_ms));
		cr_expect_not(progress_stalled(&p, false, 0, now_ms));
		now_ms += 200;
	}
}
