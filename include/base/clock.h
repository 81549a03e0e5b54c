/* clock - the monotonic clock, the only one that timers and the protocol know; and what this thread has used. */
#pragma once

#include <stdint.h>

uint64_t clock_now_us(void);
uint64_t clock_now_ms(void);
/* Of this thread. */
uint64_t clock_own_cpu_us(void);
