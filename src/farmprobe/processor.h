/* processor - what compilers ask a processor before they replace "native" by what it is.
 *
 * Contract: x86 only, where they ask by an instruction. Elsewhere they read files that a node does not show to its
 * jobs, so that "native" would mean something else there.
 */
#pragma once

#include "io/digest.h"

#include <stdbool.h>

/* The same where the same answers are given. False: nobody can tell, because this is another architecture, or
 * because the cores are of several kinds and it depends on the one that the compiler runs on. */
bool processor_digest(uint8_t out[DIGEST_BYTES]);
