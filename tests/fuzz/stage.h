/* stage - plays the kernel's part for the two programs of fuzz_session.c: the clock, make's tokens, and
 * jails with a compiler in them, and a node's files of views. It stands in for base/clock.h,
 * io/jobserver.h, io/jail.h and storedir.h.
 */
#pragma once

#include "io/jobserver.h"

enum { STAGE_TEXT_BYTES_MAX = 150000 };

extern uint64_t stage_now_us;

struct jobserver {
	struct tokens tokens;
};

/* What the compiler makes of each byte of a text. Some texts fail, and some have something to say. */
uint8_t stage_compile(uint8_t c);
bool stage_fails(const uint8_t *text, size_t n);
bool stage_warns(const uint8_t *text, size_t n);

/* Trees of views, and contents, that a node has not removed. */
extern size_t stage_trees, stage_contents;

/* How many run, and the end of one. */
extern size_t stage_jails;
void stage_finish_jail(size_t i);
