/* history - what compiles cost, kept from build to build: the file "costs" in the state directory.
 *
 * Nobody asked for this file: where it cannot be read or written, jobs are guessed by their size.
 */
#pragma once

#include "core/cost.h"

struct cost_table *history_load(void);
/* Destroys t, too. */
void history_save(struct cost_table *t);
