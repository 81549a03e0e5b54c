#include "core/side.h"

#include "core/viewplan.h"

#include <string.h>

const struct side_row side_table[SIDE_COUNT] = {
	[SIDE_DWO] = {".dwo", STREAM_DWO, VIEWPLAN_DESK "/dwo"},
	[SIDE_NOTES] = {".gcno", STREAM_NOTES, VIEWPLAN_DESK "/notes"},
	[SIDE_STACK] = {".su", STREAM_STACK, VIEWPLAN_DESK "/stack"},
	[SIDE_CALLS] = {".ci", STREAM_CALLS, VIEWPLAN_DESK "/calls"},
};

int side_stem_length(const char *name, bool keep_hidden)
{
	const char *base = str_base(name);
	const char *dot = strrchr(base, '.');
	if (!dot || (keep_hidden && dot == base))
		return (int)strlen(name);
	return (int)(dot - name);
}

char *side_name(const char *output, enum side side)
{
	return xasprintf(
		"%.*s%s", side_stem_length(output, true), output, side_table[side].extension);
}
