/* capacity - how much of this machine this process may really use: the machine's, cut by the limits of
 * the control groups (v2 and v1) above this process, which is what a container has. */
#pragma once

#include <stdint.h>

/* The affinity mask's, cut by the CPU quotas; at least 1. */
unsigned capacity_cores(void);
/* Never 0. */
uint64_t capacity_memory_bytes(void);

struct capacity_limits {
	uint64_t cores, memory_bytes; /* UINT64_MAX: none */
};

/* What the control groups say, of the files below root ("" for the machine's own). */
void capacity_read_limits(const char *root, struct capacity_limits *ret);
