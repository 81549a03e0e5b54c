/* machine - looks at this machine while the build runs: lends what was held back when there is enough
 * memory again (core/guard.h), and lets large links begin (core/heavy.h).
 *
 * Contract: between start and stop. What cannot be read is taken for enough memory.
 */
#pragma once

#include "farm.h"

void machine_start(struct farm *f);
void machine_stop(struct farm *f);

/* A wrapper with a heavy step waits for wrapper_go(). */
void machine_ask(struct farm *f, uint32_t wrapper, uint64_t input_bytes);
void machine_end(struct farm *f, uint32_t wrapper);
