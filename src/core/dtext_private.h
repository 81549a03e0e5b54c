/* dtext_private - what dtext.c and dtext_trap.c share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Looks through whole lines of text for what would behave differently on a node; NULL or the trap's
 * name. */
const char *dtext_find_trap(const char *text, size_t n);
/* p: behind the word "pragma". Does this pragma change what the preprocessor would have said? NULL
 * or why. in_system: in a system header, which may use target pragmas (the intrinsics do). */
const char *dtext_pragma_trap(const char *p, const char *end, bool in_system);
