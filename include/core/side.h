/* side - the files that a compiler writes beside its output, a row for each kind.
 *
 * Their names come of the output's, and some are recorded in the object. A node's compiler is given the
 * client's name for its output, and a view has a link of each of these names that leads to the desk
 * (core/viewplan.h), the one place where a job can write.
 *
 * Contract: pure; the table is const.
 */
#pragma once

#include "core/job.h"

struct side_row {
	const char *extension; /* in place of the output's */
	enum stream stream;    /* in which it travels */
	const char *desk;      /* where a view's compiler leaves it */
};

extern const struct side_row side_table[SIDE_COUNT];

/* Does the mask have this one? */
static inline bool side_is_in(unsigned sides, enum side side)
{
	return sides >> side & 1;
}

/* Where gcc and clang leave it beside this output; malloc'd. */
char *side_name(const char *output, enum side side);

/* How much of a file's name is left when its extension goes: gcc's %b. A name that is all extension is one
 * for an output (".d" for "-o .o") but none for a source. */
int side_stem_length(const char *name, bool keep_hidden);
