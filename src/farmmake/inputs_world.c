/* One order after the other: its chain, its set, and whether all that the set relies on is still so.
 *
 * A closure believes what it was told until it is told otherwise. So the set is found by what is known, and
 * then each of its names is looked at; when one leads elsewhere than the closure was told, that one is touched
 * and the set found again. A set that is not decided has no names to look at: it is found by a closure that
 * knows nothing.
 */
#include "inputs_impl.h"

#include "base/err.h"
#include "core/closure.h"

#include <errno.h>
#include <string.h>

enum {
	ROUNDS_MAX = 20,
	SPOTS_MAX = VIEW_ENTRIES_MAX, /* in all: files, directories and what is missing */
	NAMES_MAX = 2000000,
};

/* Where a closure's path led when it was last walked. */
struct name {
	bool known;
	uint8_t way;
	uint32_t end, dir, version;
	uint32_t *via; /* until NO_SPOT; NULL: none */
};

/* A working directory, in which relative names mean something. */
struct inputs_site {
	struct inputs_world *world;
	char *cwd;
	uint32_t root; /* where it is */
	struct closure *closure;
	VEC(struct name) names; /* by the closure's numbers */
};

void inputs_world_init(struct inputs_world *w)
{
	*w = (struct inputs_world){0};
	w->files = inputs_files_create();
	inputs_places_init(&w->places, w->files);
}

static void forget_names(struct inputs_site *site)
{
	for (size_t i = 0; i < site->names.n; i++)
		free(site->names.v[i].via);
	vec_fini(&site->names);
}

static void forget(struct inputs_world *w)
{
	for (size_t i = 0; i < w->sites.n; i++) {
		struct inputs_site *site = w->sites.v[i];
		closure_destroy(site->closure);
		forget_names(site);
		free(site->cwd);
		free(site);
	}
	vec_fini(&w->sites);
	inputs_places_fini(&w->places);
	inputs_files_destroy(w->files);
}

void inputs_world_fini(struct inputs_world *w)
{
	forget(w);
	for (size_t i = 0; i < w->entries.n; i++) {
		view_entry_fini(w->entries.v[i]);
		free(w->entries.v[i]);
	}
	vec_fini(&w->entries);
	vec_fini(&w->needed);
}

static bool is_too_much(const struct inputs_world *w)
{
	size_t names = 0;
	for (size_t i = 0; i < w->sites.n; i++)
		names += w->sites.v[i]->names.n;
	return w->places.spots.n > SPOTS_MAX || names > NAMES_MAX;
}

void inputs_world_begin_epoch(struct inputs_world *w)
{
	if (is_too_much(w)) {
		uint32_t view = w->places.view;
		forget(w);
		w->files = inputs_files_create();
		inputs_places_init(&w->places, w->files);
		w->places.view = view + 1;
	}
	inputs_places_begin_epoch(&w->places);
}

/* What a compiler would find there; false: nothing. What cannot be read has no content. */
static bool tell(struct inputs_world *w, const char *path, const struct name *name,
	struct closure_identity *ret)
{
	*ret = (struct closure_identity){0};
	if (name->way == WAY_NOTHING || name->way == WAY_BLOCKED)
		return false;
	const struct spot *s = inputs_places_look(&w->places, name->end);
	if (name->way == WAY_THERE && s->kind == SPOT_DIR)
		return str_ends(path, ".gch");
	if (name->way == WAY_THERE && s->kind == SPOT_FILE) {
		ret->content = inputs_places_content(&w->places, name->end);
		ret->place = s->state.inode ^ (uint64_t)s->state.device << 40;
	}
	return true;
}

static bool find(void *ctx, const char *path, struct closure_identity *ret)
{
	struct inputs_site *site = ctx;
	struct inputs_walk walk;
	inputs_places_walk(&site->world->places, site->root, path, &walk);
	struct name name = {.way = (uint8_t)walk.way, .end = walk.end};
	inputs_walk_fini(&walk);
	return tell(site->world, path, &name, ret);
}

static const struct incscan *scan(void *ctx, const char *path, uint64_t content)
{
	struct inputs_site *site = ctx;
	(void)path;
	return content ? inputs_files_content(site->world->files, (uint32_t)content)->scan : NULL;
}

static char *text(void *ctx, const char *path, uint64_t content, size_t *ret_n)
{
	struct inputs_site *site = ctx;
	struct inputs_walk walk;
	char *data = NULL;
	inputs_places_walk(&site->world->places, site->root, path, &walk);
	if (content && walk.way == WAY_THERE)
		data = inputs_files_read_as(
			inputs_places_look(&site->world->places, walk.end)->path,
			inputs_files_content(site->world->files, (uint32_t)content)->hash, ret_n);
	inputs_walk_fini(&walk);
	return data;
}

static struct closure *create_closure(struct inputs_site *site)
{
	return closure_create(
		&(struct closure_fs){.find = find, .scan = scan, .text = text, .ctx = site});
}

static void take_closure(struct inputs_site *site, struct closure *c)
{
	closure_destroy(site->closure);
	site->closure = c;
	forget_names(site);
}

/* NULL when the working directory is none. */
static struct inputs_site *site_at(struct inputs_world *w, const char *cwd)
{
	struct inputs_site *site = NULL;
	for (size_t i = 0; i < w->sites.n && !site; i++)
		if (strcmp(w->sites.v[i]->cwd, cwd) == 0)
			site = w->sites.v[i];
	uint32_t root = inputs_view_need_directory(w, 0, cwd);
	if (root == NO_SPOT)
		return NULL;
	if (!site) {
		site = xcalloc(1, sizeof *site);
		site->world = w;
		site->cwd = xstrdup(cwd);
		site->root = root;
		site->closure = create_closure(site);
		vec_push(&w->sites, site);
	} else if (site->root != root) {
		site->root = root;
		take_closure(site, create_closure(site));
	}
	return site;
}

static bool is_still_so(struct inputs_places *p, const struct name *n)
{
	bool so = n->known && inputs_places_look(p, n->end)->version <= n->version;
	for (const uint32_t *via = n->via; so && via && *via != NO_SPOT; via++)
		so = inputs_places_look(p, *via)->version <= n->version;
	return so;
}

static void walk_name(struct inputs_site *site, const char *path, struct name *n)
{
	struct inputs_places *p = &site->world->places;
	struct inputs_walk walk;
	inputs_places_walk(p, site->root, path, &walk);
	free(n->via);
	*n = (struct name){.known = true,
		.way = (uint8_t)walk.way,
		.end = walk.end,
		.dir = walk.dir,
		.version = p->version};
	if (walk.via.n) {
		vec_push(&walk.via, NO_SPOT);
		n->via = walk.via.v;
	} else {
		inputs_walk_fini(&walk);
	}
}

static const struct name *name_at(struct inputs_site *site, uint32_t file)
{
	while (site->names.n <= file)
		vec_push(&site->names, (struct name){0});
	struct name *n = &site->names.v[file];
	if (!is_still_so(&site->world->places, n))
		walk_name(site, closure_path(site->closure, file), n);
	return n;
}

/* Is the name what the closure believes? It forgets it if not. */
static bool confirm(struct inputs_site *site, uint32_t file, bool listed)
{
	const char *path = closure_path(site->closure, file);
	struct closure_identity now, told = closure_identity(site->closure, file);
	bool there = tell(site->world, path, name_at(site, file), &now);
	if (there == listed &&
		(!listed || (now.content == told.content && now.place == told.place)))
		return true;
	closure_touch(site->closure, path);
	return false;
}

static bool confirm_all(struct inputs_site *site, const struct closure_set *set)
{
	bool same = true;
	for (size_t i = 0; i < set->count; i++)
		same &= confirm(site, set->files[i], true);
	for (size_t i = 0; i < set->absent_count; i++)
		same &= confirm(site, set->absent[i], false);
	return same;
}

/* By a closure that knows nothing; it is kept when it finds what the site's does not. */
static int find_afresh(struct inputs_site *site, const struct incdirs *chain,
	struct closure_job *job, struct closure_set *ret)
{
	struct closure *c = create_closure(site);
	int err = closure_add_chain(c, chain, &job->chain);
	if (!err)
		closure_find(c, job, ret);
	if (!err && ret->verdict == CLOSURE_PROVED)
		take_closure(site, c);
	else
		closure_destroy(c);
	return err;
}

/* Finds the set as it is in this epoch. */
static int find_set(struct inputs_site *site, const struct incdirs *chain, struct closure_job *job,
	struct closure_set *ret)
{
	int err = closure_add_chain(site->closure, chain, &job->chain);
	if (err)
		return find_afresh(site, chain, job, ret);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		closure_find(site->closure, job, ret);
		if (ret->verdict != CLOSURE_PROVED)
			break;
		if (confirm_all(site, ret))
			return 0;
		closure_set_fini(ret);
	}
	closure_set_fini(ret);
	err = find_afresh(site, chain, job, ret);
	if (!err && ret->verdict == CLOSURE_PROVED && !confirm_all(site, ret)) {
		closure_set_fini(ret);
		err = -EAGAIN;
	}
	return err;
}

static void need_name(struct inputs_site *site, uint32_t file)
{
	const struct name *n = &site->names.v[file];
	struct inputs_walk walk = {.way = (enum inputs_way)n->way, .end = n->end, .dir = n->dir};
	walk.via.v = n->via;
	for (const uint32_t *via = n->via; via && *via != NO_SPOT; via++)
		walk.via.n++;
	inputs_view_need_walk(site->world, &walk);
}

/* A set's files are known by now; which of them are none that a node could have? */
static void need_set(
	struct inputs_site *site, struct inputs_job *job, const struct closure_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (closure_identity(site->closure, set->files[i]).content == 0)
			inputs_order_refuse(
				job, xasprintf("%s: is no file that can be sent",
					     closure_path(site->closure, set->files[i])));
		need_name(site, set->files[i]);
	}
	for (size_t i = 0; i < set->absent_count; i++)
		need_name(site, set->absent[i]);
}

/* What would be another elsewhere. */
static const char *trap_of(unsigned flags)
{
	static const struct {
		enum incscan_flag flag;
		const char *why;
	} traps[] = {
		{INCSCAN_TIME, "uses __TIME__"},
		{INCSCAN_DATE, "uses __DATE__"},
		{INCSCAN_TIMESTAMP, "uses __TIMESTAMP__"},
		{INCSCAN_FILE_DATES, "#pragma GCC dependency compares dates"},
	};
	for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
		if (flags & (unsigned)traps[i].flag)
			return traps[i].why;
	return NULL;
}

static void answer_at(struct inputs_site *site, struct inputs_job *job, const struct incdirs *chain)
{
	struct strv macros = {0};
	struct closure_set set = {0};
	struct closure_job what = {.source = job->source,
		.forced = &job->args.forced,
		.macros = &macros,
		.is_cxx = job->is_cxx,
		.want_absent = true};
	for (size_t i = 0; i < job->args.macros.n; i++)
		strv_push(&macros, job->args.macros.v[i]);
	for (size_t i = 0; i < job->own->macros.n; i++)
		strv_push(&macros, job->own->macros.v[i]);
	int err = find_set(site, chain, &what, &set);
	const char *trap = err ? NULL : trap_of(set.flags);
	if (err == -EAGAIN)
		inputs_order_refuse(job, xstrdup("files change while they are looked at"));
	else if (err)
		inputs_order_refuse(job, xstrdup(err_str(err)));
	else if (trap)
		inputs_order_refuse(job, xstrdup(trap));
	else if (set.verdict != CLOSURE_PROVED)
		inputs_order_refuse(job, xstrdup(set.reason));
	else
		need_set(site, job, &set);
	closure_set_fini(&set);
	strv_fini(&macros);
}

void inputs_world_answer(struct inputs_world *w, struct inputs_job *job)
{
	struct incdirs chain;
	if (!job->own->usable) {
		inputs_order_refuse(job, xstrdup("the compiler does not say where it looks"));
		return;
	}
	inputs_view_begin(w);
	struct inputs_site *site = site_at(w, job->cwd);
	if (!site) {
		inputs_order_refuse(job, xasprintf("%s: is no directory", job->cwd));
		return;
	}
	if (!inputs_flags_build(w, site->root, job, &chain))
		return;
	answer_at(site, job, &chain);
	incdirs_fini(&chain);
	if (!job->answered && job->output)
		inputs_desk_need(w, site->root, job);
	if (!job->answered)
		inputs_view_answer(w, job);
}
