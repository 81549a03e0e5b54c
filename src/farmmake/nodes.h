/* nodes - finds nodes and keeps an eye on them: beacons, addresses that the user gave, the clock.
 *
 * Contract: nodes_start() never waits for anything; names are resolved while make already runs.
 */
#pragma once

#include "farm.h"

/* Failures are logged, and only cost nodes. */
void nodes_start(struct farm *f);
/* Is one of them a distccd, which needs no key? */
bool nodes_has_distccd(const struct conf *c);
/* Closes discovery and the clock. */
void nodes_stop(struct farm *f);
