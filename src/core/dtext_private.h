/* dtext_private - what the parts of dtext share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* # LINE "NAME" FLAGS; name as written, escapes and all */
struct dtext_marker {
	uint64_t line;
	const char *name;
	size_t name_len;
	bool enter, leave, system;
	const char *flags; /* what follows the closing quote, without 1 and 2 */
	size_t flags_len;
};

/* Is this line, from its '#' to its end, a marker exactly as gcc writes it? */
bool dtext_parse_marker(const char *p, const char *end, struct dtext_marker *ret);
/* p: behind the word "pragma". Does this pragma change what the preprocessor would have said? NULL
 * or why. in_system: in a system header, which may use target pragmas (the intrinsics do). */
const char *dtext_pragma_trap(const char *p, const char *end, bool in_system);
