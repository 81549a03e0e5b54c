/* measure - a compiler's toolchain, by running it.
 *
 * Contract: blocking. The compiler is run by the path given, because clang reads its target and its
 * mode from the name it is called by.
 */
#pragma once

#include "core/toolchain.h"
#include "run.h"

/* The place is private and empty. 0, ERR_COMPILER, ERR_TIMEOUT or -errno. */
int measure_toolchain(const char *compiler, const struct run_place *place, struct toolchain *ret);
/* The id that belongs to the other fields. */
void measure_id(const struct toolchain *t, uint8_t out[TOOLCHAIN_ID_BYTES]);
/* Where the compiler finds a program of its own ("cc1"); malloc'd, NULL when it has none. */
char *measure_find_program(const char *compiler, const char *name, const struct run_place *place);
