/* countdown - makes the n-th allocation, or the n-th system call, of this process fail.
 *
 * The functions of libc that can fail for want of something are replaced in the whole process, the
 * libraries included. But what libuv does among its own descriptors is left alone: it ends the process
 * when its loop is broken.
 *
 * Contract: nothing fails but between countdown_start() and countdown_stop().
 */
#pragma once

#include <stdbool.h>

enum countdown_kind { COUNTDOWN_MEMORY = 1, COUNTDOWN_CALLS };

/* n: 1 for the next. for_good: all the later ones, too. */
void countdown_start(enum countdown_kind kind, unsigned n, bool for_good);
/* Whether one did fail. */
bool countdown_stop(void);
