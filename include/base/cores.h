/* cores - how many cores this process may really use. */
#pragma once

/* The affinity mask's, cut by the CPU quotas of the control groups (v2 and v1) above this process;
 * at least 1. */
unsigned cores_usable(void);
