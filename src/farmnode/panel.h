/* panel - shows this node's load on the board itself: on a LED, and by how fast its cores may run.
 *
 * The kernel's "activity" trigger does the LED where there is one; else it is the brighter the more slots are in
 * use. Cores' ceilings (cpufreq) follow the slots in use, too. What is not there, or may not be written, is said
 * once and left alone. Everything is put back in the end.
 *
 * Contract: from the loop. panel_close() frees it, from the loop.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <uv.h>

struct panel;

/* led: its name below /sys/class/leds; NULL: none. NULL when there is nothing to be done. */
struct panel *panel_open(uv_loop_t *loop, const char *led, bool dvfs, unsigned slots);
void panel_show(struct panel *p, unsigned used);
void panel_close(struct panel *p);
