/* nodes - finds nodes and keeps an eye on them: beacons, addresses that the user gave, the clock.
 *
 * Contract: nodes_start() never waits for anything; names are resolved while make already runs.
 */
#pragma once

#include "farm.h"

/* Failures are logged, and only cost nodes. */
void nodes_start(struct farm *f);
/* Closes discovery and the clock. */
void nodes_stop(struct farm *f);
