/* dirs - asks the compiler where it looks for headers of its own, and which macros it defines.
 *
 * Contract: runs the compiler, and waits. Who asks does so once for each compiler and set of options.
 */
#pragma once

#include "farmcc.h"

/* Sends what it says (CC_DIRS); when it says nothing usable, that. */
int dirs_answer(struct cc *cc);
