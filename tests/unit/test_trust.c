#include "core/trust.h"

#include "base/err.h"

#include <criterion/criterion.h>
#include <string.h>

Test(trust, what_a_node_alone_can_do_ends_it_at_once)
{
	static const enum trust_offence offences[] = {
		TRUST_FRAME, TRUST_JOB, TRUST_DIGEST, TRUST_OBJECT};
	for (size_t i = 0; i < sizeof offences / sizeof *offences; i++) {
		struct trust t = {0};
		cr_expect(trust_strike(&t, offences[i]));
		cr_expect(t.ended);
		cr_expect_eq(t.why, offences[i]);
		cr_expect_not(trust_strike(&t, TRUST_OBJECT), "it ends once");
		cr_expect_eq(t.why, offences[i]);
	}
}

Test(trust, failures_are_forgiven_while_something_succeeds)
{
	struct trust t = {0};
	for (int i = 1; i <= 70; i++) {
		cr_expect_not(trust_strike(&t, TRUST_FAILURE));
		if (i % 7 == 0)
			trust_forgive(&t);
	}
	for (int i = 0; i < 7; i++)
		cr_expect_not(trust_strike(&t, TRUST_FAILURE));
	cr_expect(trust_strike(&t, TRUST_FAILURE));
	trust_forgive(&t);
	cr_expect(t.ended);
}

Test(trust, what_the_network_can_do_is_no_offence)
{
	static const int network[] = {
		ERR_TLS, ERR_TRUNCATED, ERR_CLOSED, ERR_TIMEOUT, ERR_VERSION, ERR_KEY, -104, -12};
	static const int node[] = {ERR_PROTO, ERR_STATE, ERR_TOOBIG, ERR_LZO};
	for (size_t i = 0; i < sizeof network / sizeof *network; i++)
		cr_expect_not(trust_is_offence(network[i]), "%s", err_str(network[i]));
	for (size_t i = 0; i < sizeof node / sizeof *node; i++)
		cr_expect(trust_is_offence(node[i]), "%s", err_str(node[i]));
}

Test(trust, every_offence_has_words)
{
	for (int i = 0; i < TRUST_COUNT; i++)
		cr_expect_gt(strlen(trust_words((enum trust_offence)i)), 10);
}

/* Of 10000 jobs, for several seeds. */
Test(trust, a_sample_is_as_large_as_asked_for)
{
	static const unsigned percents[] = {0, 1, 5, 50, 99, 100};
	for (uint64_t seed = 1; seed <= 5; seed++) {
		for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
			unsigned n = 0;
			for (uint32_t job = 1; job <= 10000; job++)
				n += trust_wants_check(seed << 40, job, percents[i]);
			unsigned wanted = percents[i] * 100;
			unsigned slack = percents[i] % 100 ? 150 : 0;
			cr_expect(n + slack >= wanted && n <= wanted + slack,
				"seed %u: %u of 10000 for %u %%", (unsigned)seed, n, percents[i]);
		}
	}
}

Test(trust, another_seed_is_another_sample)
{
	unsigned same = 0;
	for (uint32_t job = 1; job <= 1000; job++)
		same += trust_wants_check(1, job, 50) == trust_wants_check(2, job, 50);
	cr_expect(same > 400 && same < 600, "%u of 1000 are the same", same);
	cr_expect_eq(trust_wants_check(1, 7, 50), trust_wants_check(1, 7, 50));
}
