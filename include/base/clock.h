/* clock - the monotonic clock, the only one that timers and the protocol know. */
#pragma once

#include <stdint.h>

uint64_t clock_now_us(void);
uint64_t clock_now_ms(void);
