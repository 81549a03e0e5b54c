#include "core/trust.h"

#include "base/err.h"

static const struct {
	unsigned strikes; /* and trust ends */
	const char *words;
} offences[] = {
	[TRUST_FRAME] = {1, "breaks the protocol"},
	[TRUST_JOB] = {1, "speaks of jobs that it was never given"},
	[TRUST_DIGEST] = {1, "returned a result that does not match its digest"},
	[TRUST_OBJECT] = {1, "returned an object that is not what the compiler here makes"},
	[TRUST_FAILURE] = {8, "fails to compile what the compiler here does compile"},
};

bool trust_strike(struct trust *t, enum trust_offence offence)
{
	if (t->ended || ++t->strikes[offence] < offences[offence].strikes)
		return false;
	t->ended = true;
	t->why = offence;
	return true;
}

void trust_forgive(struct trust *t)
{
	t->strikes[TRUST_FAILURE] = 0;
}

const char *trust_words(enum trust_offence offence)
{
	return offences[offence].words;
}

bool trust_is_offence(int err)
{
	return err == ERR_PROTO || err == ERR_STATE || err == ERR_TOOBIG || err == ERR_LZO;
}

/* The finalizer of splitmix64: every bit of the input moves about half of the output's. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

bool trust_wants_check(uint64_t seed, uint32_t job, unsigned percent)
{
	return mix(seed + job * UINT64_C(0x9e3779b97f4a7c15)) % 100 < percent;
}
