/* history - what is kept from build to build, in the state directory: what compiles cost, in the file
 * "costs", whether there were nodes, by the file "had-nodes", and how many files builds had, in "files".
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

/* How many files the last build with this key had; 0: nobody knows. */
uint64_t history_expected_files(uint64_t key);
void history_note_files(uint64_t key, uint64_t files);
