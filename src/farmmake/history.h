/* history - what is kept from build to build, in the state directory: what compiles cost, in the file
 * "costs", and whether there were nodes, by the file "had-nodes".
 *
 * Nobody asked for these files: where they cannot be read or written, jobs are guessed by their size, and no
 * nodes expected.
 */
#pragma once

#include "core/cost.h"

struct cost_table *history_load(void);
/* Destroys t, too. */
void history_save(struct cost_table *t);

bool history_had_nodes(void);
void history_note_nodes(bool had_nodes);
