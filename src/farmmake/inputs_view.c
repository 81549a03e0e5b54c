/* From what a job needs of places to the entries that say so.
 *
 * A directory in which names are looked for is whole, or below one that is: the uppermost in which some name
 * is looked for, in this job or in another of the view, serves for all below it. One that only has to be
 * there is a place, unless something that is shown lies below it. Were a place in this view to become whole,
 * another view begins.
 */
#include "inputs_impl.h"

#include <fnmatch.h>
#include <string.h>

/* Directories that a node needs for itself, or cannot hide. */
static const char *const forbidden[] = {"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib",
	"/lib32", "/lib64", "/libx32", "/media", "/mnt", "/nix", "/nix/store", "/opt", "/proc",
	"/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/lib/gcc",
	"/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/libx32", "/usr/local", "/usr/local/bin",
	"/usr/local/lib", "/usr/local/lib64", "/usr/sbin", "/usr/share", "/var", "/var/tmp"};
/* One for each kind of machine. */
static const char *const forbidden_patterns[] = {
	"/lib/*-*-*", "/usr/lib/*-*-*", "/usr/local/lib/*-*-*"};

static bool is_forbidden(const struct spot *s)
{
	if (s->holds_compiler)
		return true;
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden && !s->searched; i++)
		if (strcmp(s->path, forbidden[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof forbidden_patterns / sizeof *forbidden_patterns; i++)
		if (!s->searched && fnmatch(forbidden_patterns[i], s->path, FNM_PATHNAME) == 0)
			return true;
	return false;
}

void inputs_view_begin(struct inputs_world *w)
{
	w->order++;
	w->needed.n = 0;
}

void inputs_view_need(struct inputs_world *w, uint32_t spot, unsigned needs)
{
	struct spot *s = &w->places.spots.v[spot];
	if (s->order != w->order) {
		s->order = w->order;
		s->needs = 0;
		vec_push(&w->needed, spot);
	}
	s->needs |= needs;
}

void inputs_view_need_walk(struct inputs_world *w, const struct inputs_walk *walk)
{
	const struct spot *s = &w->places.spots.v[walk->end];
	bool shown = walk->way == WAY_NOTHING || (walk->way == WAY_THERE && s->kind == SPOT_FILE);
	inputs_view_need(w, walk->end, shown ? NEED_SHOWN : NEED_WATCH);
	if (walk->way == WAY_BLOCKED)
		inputs_view_need(w, s->parent, NEED_SEARCHED);
	if (walk->dir != NO_SPOT)
		inputs_view_need(w, walk->dir, NEED_SEARCHED);
	for (size_t i = 0; i < walk->via.n; i++) {
		bool link = w->places.spots.v[walk->via.v[i]].kind == SPOT_LINK;
		inputs_view_need(w, walk->via.v[i], link ? NEED_SHOWN : NEED_EXISTS);
	}
}

uint32_t inputs_view_need_directory(struct inputs_world *w, uint32_t start, const char *path)
{
	struct inputs_walk walk;
	uint32_t found = NO_SPOT;
	inputs_places_walk(&w->places, start, path, &walk);
	if (walk.way == WAY_THERE && inputs_places_look(&w->places, walk.end)->kind == SPOT_DIR) {
		found = walk.end;
		walk.dir = NO_SPOT;
		inputs_view_need_walk(w, &walk);
		inputs_view_need(w, found, NEED_EXISTS);
	}
	inputs_walk_fini(&walk);
	return found;
}

void inputs_view_spare(struct inputs_world *w, uint32_t spot)
{
	for (uint32_t i = spot; i != 0;) {
		i = w->places.spots.v[i].parent;
		if (w->places.spots.v[i].holds_compiler)
			return;
		w->places.spots.v[i].holds_compiler = true;
	}
}

static unsigned needs_of(const struct inputs_world *w, uint32_t spot)
{
	const struct spot *s = &w->places.spots.v[spot];
	return s->order == w->order ? s->needs : 0;
}

static bool is_whole(const struct inputs_world *w, uint32_t spot)
{
	return w->places.spots.v[spot].whole_view == w->places.view ||
	       needs_of(w, spot) & (NEED_SEARCHED | NEED_WHOLE);
}

/* The uppermost directory above the spot that is whole, or NO_SPOT. */
static uint32_t cover_of(const struct inputs_world *w, uint32_t spot)
{
	uint32_t cover = NO_SPOT;
	while (spot != 0) {
		spot = w->places.spots.v[spot].parent;
		if (is_whole(w, spot))
			cover = spot;
	}
	return cover;
}

static bool allow_searched(struct inputs_world *w, struct inputs_job *job)
{
	for (size_t i = 0; i < w->needed.n; i++) {
		struct spot *s = &w->places.spots.v[w->needed.v[i]];
		if (!(s->needs & NEED_SEARCHED))
			continue;
		if (is_forbidden(s)) {
			inputs_order_refuse(job, xasprintf("looks for headers in %s", s->path));
			return false;
		}
		s->searched = true;
	}
	return true;
}

static bool have_files(struct inputs_world *w, struct inputs_job *job)
{
	for (size_t i = 0; i < w->needed.n; i++) {
		const struct spot *s = &w->places.spots.v[w->needed.v[i]];
		if (s->kind != SPOT_FILE || !(s->needs & NEED_SHOWN) ||
			inputs_places_content(&w->places, w->needed.v[i]))
			continue;
		inputs_order_refuse(job, xasprintf("%s: cannot be read", s->path));
		return false;
	}
	return true;
}

static void cover(struct inputs_world *w, uint32_t spot)
{
	uint32_t above = cover_of(w, spot);
	const struct spot *s = &w->places.spots.v[spot];
	if (above != NO_SPOT)
		inputs_view_need(w, above, NEED_WHOLE);
	else if (s->kind == SPOT_DIR &&
		 (s->needs & NEED_SEARCHED || s->searched || is_whole(w, spot)))
		inputs_view_need(w, spot, NEED_WHOLE);
}

/* Of what another order has made whole, too. */
static bool allow_whole(struct inputs_world *w, struct inputs_job *job)
{
	for (size_t i = 0; i < w->needed.n; i++) {
		const struct spot *s = &w->places.spots.v[w->needed.v[i]];
		if (!(s->needs & NEED_WHOLE) || !s->holds_compiler)
			continue;
		inputs_order_refuse(job, xasprintf("the compiler lies in %s", s->path));
		return false;
	}
	return true;
}

/* Says which directories are whole. More may be needed meanwhile, but nothing that has to be covered. */
static void cover_all(struct inputs_world *w)
{
	for (size_t i = 0, n = w->needed.n; i < n; i++) {
		const struct spot *s = &w->places.spots.v[w->needed.v[i]];
		bool in_searched = needs_of(w, s->parent) & NEED_SEARCHED;
		bool nothing = s->kind == SPOT_NOTHING && s->needs & NEED_SHOWN && !in_searched;
		if (s->kind == SPOT_DIR ? s->needs & (NEED_SEARCHED | NEED_EXISTS) : nothing)
			cover(w, w->needed.v[i]);
	}
}

/* A place that the view has cannot become whole. */
static bool contradicts(const struct inputs_world *w)
{
	for (size_t i = 0; i < w->needed.n; i++) {
		const struct spot *s = &w->places.spots.v[w->needed.v[i]];
		if (s->needs & NEED_WHOLE && s->said_view == w->places.view)
			return true;
	}
	return false;
}

/* Is nothing left to say of what is missing there? */
static bool is_hidden(const struct inputs_world *w, uint32_t spot)
{
	uint32_t parent = w->places.spots.v[spot].parent;
	return needs_of(w, parent) & NEED_SEARCHED || cover_of(w, spot) != NO_SPOT;
}

/* Of what is said of the spot: the kind of its entry, or VIEW_KIND_COUNT for nothing. */
static enum view_kind kind_of(const struct inputs_world *w, uint32_t spot)
{
	const struct spot *s = &w->places.spots.v[spot];
	switch (s->kind) {
	case SPOT_DIR:
		if (s->needs & NEED_WHOLE)
			return VIEW_WHOLE;
		if (!(s->needs & NEED_EXISTS) || s->needs & NEED_IMPLIED || spot == 0)
			return VIEW_KIND_COUNT;
		return s->whole_view == w->places.view ? VIEW_WHOLE : VIEW_PLACE;
	case SPOT_FILE: return s->needs & NEED_SHOWN ? VIEW_FILE : VIEW_KIND_COUNT;
	case SPOT_LINK:
	case SPOT_DESK: return s->needs & NEED_SHOWN ? VIEW_LINK : VIEW_KIND_COUNT;
	case SPOT_NOTHING:
		return s->needs & NEED_SHOWN && !is_hidden(w, spot) ? VIEW_NOTHING
								    : VIEW_KIND_COUNT;
	case SPOT_GONE:
	case SPOT_ODD: return VIEW_KIND_COUNT;
	}
	return VIEW_KIND_COUNT;
}

/* What is shown implies the directories above it. */
static void imply(struct inputs_world *w)
{
	for (size_t i = 0, n = w->needed.n; i < n; i++) {
		uint32_t spot = w->needed.v[i];
		bool exists = w->places.spots.v[spot].kind == SPOT_DIR &&
			      w->places.spots.v[spot].needs & NEED_EXISTS;
		if (!exists && kind_of(w, spot) == VIEW_KIND_COUNT)
			continue;
		while (spot != 0) {
			spot = w->places.spots.v[spot].parent;
			if (needs_of(w, spot) & NEED_IMPLIED)
				break;
			inputs_view_need(w, spot, NEED_IMPLIED);
		}
	}
}

static void fill_in(const struct inputs_world *w, const struct spot *s, struct view_entry *e)
{
	const struct inputs_content *c;
	e->path = xstrdup(s->path);
	if (e->kind == VIEW_LINK)
		e->target = xstrdup(s->target);
	if (e->kind != VIEW_FILE)
		return;
	c = inputs_files_content(w->files, s->content);
	memcpy(e->hash, c->hash, sizeof e->hash);
	e->bytes = c->bytes;
	e->mtime_s = (uint64_t)s->content_mtime_s;
}

static uint32_t entry_of(struct inputs_world *w, struct spot *s, enum view_kind kind)
{
	uint32_t *number = kind == VIEW_WHOLE ? &s->whole_entry : &s->entry;
	if (*number == 0) {
		struct view_entry *e = xcalloc(1, sizeof *e);
		e->kind = kind;
		fill_in(w, s, e);
		vec_push(&w->entries, e);
		*number = (uint32_t)w->entries.n;
	}
	return *number;
}

static void say(struct inputs_world *w, struct inputs_answer *a, uint32_t spot, enum view_kind kind)
{
	struct spot *s = &w->places.spots.v[spot];
	uint32_t *said = kind == VIEW_WHOLE ? &s->whole_view : &s->said_view;
	uint32_t number = entry_of(w, s, kind);
	w->view_entries += *said != w->places.view;
	*said = w->places.view;
	a->entries[a->count++] = number;
	a->bytes += w->entries.v[number - 1]->bytes;
}

static void say_all(struct inputs_world *w, struct inputs_answer *a)
{
	static const enum view_kind order[] = {
		VIEW_WHOLE, VIEW_PLACE, VIEW_LINK, VIEW_NOTHING, VIEW_FILE};
	_cleanup_free_ uint8_t *kinds = xcalloc(w->needed.n, 1);
	a->entries = xcalloc(w->needed.n, sizeof *a->entries);
	for (size_t i = 0; i < w->needed.n; i++)
		kinds[i] = (uint8_t)kind_of(w, w->needed.v[i]);
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (size_t i = 0; i < w->needed.n; i++)
			if (kinds[i] == order[k])
				say(w, a, w->needed.v[i], order[k]);
	for (size_t i = 0; i < w->needed.n; i++)
		w->places.spots.v[w->needed.v[i]].view = w->places.view;
}

/* A view that cannot become larger is followed by another. */
static void keep_small(struct inputs_world *w)
{
	if (w->counted_view == w->places.view && w->view_entries + w->needed.n > VIEW_ENTRIES_MAX)
		w->places.view++;
	if (w->counted_view != w->places.view)
		w->view_entries = 0;
	w->counted_view = w->places.view;
}

void inputs_view_answer(struct inputs_world *w, struct inputs_job *job)
{
	if (!allow_searched(w, job) || !have_files(w, job))
		return;
	cover_all(w);
	if (!allow_whole(w, job))
		return;
	if (contradicts(w))
		w->places.view++;
	imply(w);
	keep_small(w);
	say_all(w, &job->answer);
	job->answer.outcome = INPUTS_VIEW;
	job->answer.view = w->places.view;
	job->answered = true;
}
