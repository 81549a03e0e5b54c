#include "core/tokens.h"

#include <criterion/criterion.h>

Test(tokens, lend_and_keep)
{
	struct tokens t;
	tokens_init(&t, 3);
	uint32_t repaid = 9;
	cr_expect_eq(tokens_lend(&t, 2, &repaid), 2);
	cr_expect_eq(repaid, 0);
	cr_expect_eq(tokens_returned(&t, 4), 4, "nothing is owed: all go round again");
	tokens_owe(&t, 2);
	cr_expect_eq(tokens_returned(&t, 1), 0);
	cr_expect_eq(tokens_returned(&t, 3), 2);
	cr_expect(t.base == 3 && t.lent == 0 && t.owed == 0);
	cr_expect(t.lent_peak == 2 && t.returned == 8);
}

Test(tokens, a_departure_repays_a_debt)
{
	struct tokens t;
	tokens_init(&t, 1);
	cr_expect_eq(tokens_lend(&t, 3, NULL), 3);
	tokens_owe(&t, 2);
	uint32_t repaid;
	cr_expect_eq(tokens_lend(&t, 1, &repaid), 0);
	cr_expect(repaid == 1 && t.lent == 3 && t.owed == 1);
	cr_expect_eq(tokens_lend(&t, 4, &repaid), 3);
	cr_expect(repaid == 1 && t.lent == 6 && t.owed == 0 && t.lent_peak == 6);
}

Test(tokens, more_than_was_out_is_surplus)
{
	static const struct {
		uint32_t came_back, in_pool, ours;
	} cases[] = {{0, 0, 0}, {1, 0, 1}, {5, 0, 5}, {6, 0, 5}, {2, 3, 2}, {3, 3, 2}, {1, 5, 0},
		{1, 9, 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tokens t;
		tokens_init(&t, 3);
		tokens_lend(&t, 2, NULL);
		uint32_t n = cases[i].came_back;
		cr_expect_eq(tokens_clamp(&t, n, cases[i].in_pool), cases[i].ours, "case %zu", i);
		cr_expect_eq(t.surplus, n - cases[i].ours, "case %zu", i);
	}
}

/* A pool, a make and a farm that do anything they may. */
struct world {
	struct tokens t;
	uint32_t in_pool, held, away;
	uint32_t seed;
};

static uint32_t draw(struct world *w, uint32_t bound)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 8) % bound;
}

static uint32_t draw_some(struct world *w, uint32_t available)
{
	return draw(w, (available < 5 ? available : 5) + 1);
}

static void step(struct world *w)
{
	uint32_t n, repaid;
	switch (draw(w, 4)) {
	case 0:
		n = draw_some(w, 200 - w->away);
		w->in_pool += tokens_lend(&w->t, n, &repaid);
		w->away += n;
		break;
	case 1:
		n = draw_some(w, w->away);
		tokens_owe(&w->t, n);
		w->away -= n;
		break;
	case 2:
		n = draw_some(w, w->in_pool);
		w->in_pool -= n;
		w->held += n;
		break;
	case 3:
		n = draw_some(w, w->held);
		cr_assert_eq(tokens_clamp(&w->t, n, w->in_pool), n);
		w->held -= n;
		w->in_pool += tokens_returned(&w->t, n);
		break;
	}
}

Test(tokens, a_hundred_thousand_steps)
{
	for (uint32_t seed = 1; seed <= 4; seed++) {
		struct world w = {.seed = seed, .in_pool = seed - 1};
		tokens_init(&w.t, seed - 1);
		for (int i = 0; i < 100000; i++) {
			step(&w);
			cr_assert_eq(w.t.base + w.t.lent, w.in_pool + w.held, "seed %u step %d",
				seed, i);
			cr_assert_leq(w.t.owed, w.t.lent, "seed %u step %d", seed, i);
			cr_assert_eq(w.t.lent - w.t.owed, w.away, "seed %u step %d", seed, i);
		}
		tokens_owe(&w.t, w.away);
		w.in_pool = tokens_returned(&w.t, w.in_pool + w.held);
		cr_assert_eq(w.in_pool, w.t.base);
		cr_assert(w.t.lent == 0 && w.t.owed == 0 && w.t.surplus == 0);
	}
}
