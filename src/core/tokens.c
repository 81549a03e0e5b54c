#include "core/tokens.h"

#include <assert.h>
#include <stddef.h>

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void tokens_init(struct tokens *t, uint32_t base)
{
	*t = (struct tokens){.base = base};
}

uint32_t tokens_lend(struct tokens *t, uint32_t n, uint32_t *ret_repaid)
{
	uint32_t repaid = min_u32(n, t->owed);
	t->owed -= repaid;
	t->lent += n - repaid;
	if (t->lent > t->lent_peak)
		t->lent_peak = t->lent;
	if (ret_repaid)
		*ret_repaid = repaid;
	return n - repaid;
}

void tokens_owe(struct tokens *t, uint32_t n)
{
	/* only a job that left can return */
	assert(n <= t->lent - t->owed);
	t->owed += n;
}

uint32_t tokens_returned(struct tokens *t, uint32_t n)
{
	uint32_t kept = min_u32(n, t->owed);
	t->returned += n;
	t->owed -= kept;
	t->lent -= kept;
	return n - kept;
}

uint32_t tokens_clamp(struct tokens *t, uint32_t n, uint32_t in_pool)
{
	uint32_t total = t->base + t->lent;
	uint32_t ours = min_u32(n, total - min_u32(in_pool, total));
	t->surplus += n - ours;
	return ours;
}
