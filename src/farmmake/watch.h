/* watch - sees what make runs besides compiles: looks at the processes below it five times a second, for the report
 * and the journal, and to know whether all local slots have work (f->has_idle_slot).
 *
 * A compile is known by its wrapper. Anything else at the end of a branch is a step; makes, shells and the like
 * only hold the branch, unless nothing hangs on them. What is below a wrapper, and a shell that waits for one,
 * is never looked at, so the cost does not grow with the jobs that are away.
 *
 * Contract: between start and stop, which takes what is still there for ended. It is told of wrappers when they
 * begin, and when they are gone.
 */
#pragma once

#include "farm.h"

#include <sys/types.h>

struct wrapper;

/* make is the pid of make. */
void watch_start(struct farm *f, pid_t make);
void watch_stop(struct farm *f);

void watch_add(struct farm *f, struct wrapper *w);
void watch_remove(struct farm *f, struct wrapper *w);
