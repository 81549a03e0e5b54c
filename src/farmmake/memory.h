/* memory - looks at this machine's memory while the build runs, and lends what was held back when
 * there is enough of it again (core/guard.h).
 *
 * Contract: between start and stop. What cannot be read is taken for enough memory.
 */
#pragma once

#include "farm.h"

void memory_start(struct farm *f);
void memory_stop(struct farm *f);
