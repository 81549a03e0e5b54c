#include "base/clock.h"

#include <time.h>

static uint64_t read_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t clock_now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

uint64_t clock_now_ms(void)
{
	return clock_now_us() / 1000u;
}

uint64_t clock_own_cpu_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}
