/* lobby - where wrappers wait for a moment, so that the first compiles of a build do not keep the cores here
 * for seconds from a farm that is about to be there.
 *
 * They wait for the first node, if the last build had nodes, and for their compiler's fingerprint while
 * another wrapper takes it. When what they wait for has come, or a moment is over, all of them ask again.
 *
 * Ownership: the wrappers' own; one that ends leaves first.
 */
#pragma once

#include "farm.h"

struct wrapper;

void lobby_open(struct farm *f);
/* May it wait, and if so, does it? False when it must be told now what to do. */
bool lobby_enter(struct wrapper *w);
void lobby_leave(struct wrapper *w);
/* Something that they may have waited for has happened. */
void lobby_call(struct farm *f);
/* Who has waited for a moment waits no longer. */
void lobby_tick(struct farm *f);
