/* A compiler that records its output's name, or makes others of it, writes under the client's own names: in the
 * view these are links to the desk. What is there at the client is nobody's to read, since the compile replaces
 * it.
 */
#include "inputs_impl.h"

#include "core/side.h"
#include "core/viewplan.h"

#include <string.h>

static bool is_file_name(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* The directory of a file's name, for a walk. */
static char *directory_of(const char *path)
{
	return xasprintf("%.*s", (int)(str_base(path) - path), path);
}

static void lead(struct inputs_world *w, uint32_t dir, const char *path, const char *desk,
	struct inputs_job *job)
{
	uint32_t spot = inputs_places_lead(&w->places, dir, str_base(path), desk);
	if (spot == NO_SPOT)
		inputs_order_refuse(job, xasprintf("%s: is read and written", path));
	else
		inputs_view_need(w, spot, NEED_SHOWN);
}

void inputs_desk_need(struct inputs_world *w, uint32_t cwd, struct inputs_job *job)
{
	_cleanup_free_ char *dir = directory_of(job->output);
	if (!is_file_name(str_base(job->output))) {
		inputs_order_refuse(job, xasprintf("%s: is no file", job->output));
		return;
	}
	uint32_t end = inputs_view_need_directory(w, cwd, dir);
	if (end == NO_SPOT) {
		inputs_order_refuse(job, xasprintf("%s: is no directory", dir));
		return;
	}
	lead(w, end, job->output, VIEWPLAN_OUTPUT, job);
	for (enum side i = 0; i < SIDE_COUNT; i++) {
		if (!side_is_in(job->sides, i))
			continue;
		_cleanup_free_ char *side = side_name(job->output, i);
		lead(w, end, side, side_table[i].desk, job);
	}
}
