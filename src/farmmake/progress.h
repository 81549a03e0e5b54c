/* progress - one line about the build at the bottom of the terminal, below what make says.
 *
 * The terminal scrolls above its last row while files are compiled. Whenever nothing is, or another program has
 * taken the terminal over (an editor, menuconfig), the row is given back.
 *
 * Contract: from the loop. NULL shows nothing.
 */
#pragma once

#include "core/live.h"

#include <uv.h>

struct progress;

/* NULL when stderr is no terminal that can do this. */
struct progress *progress_open(uv_loop_t *loop);
void progress_show(struct progress *p, const struct live *l, double now);
void progress_close(struct progress *p);
