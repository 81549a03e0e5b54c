/* viewplan - the tree is walked from the top, as far as it is not shown by a mount. What can fail: the view
 * says something about a place where the jail cannot let it be true. Then there is no plan, and a reason. */
#include "core/viewplan.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	const struct viewplan_node *node;
	struct viewtree *tree;
	struct viewplan *plan;
	struct strv covered;
	char path[JOB_PATH_BYTES_MAX + 2]; /* of the node that the walk is at */
	char above[JOB_PATH_BYTES_MAX + 2];
};

/* Sources are often kept here, below what else is the system's. */
static const char shelf[] = "/usr/src";

/* The jail's own, or of no compiler's business. */
static const char *const closed[] = {"/proc", "/dev", "/etc", VIEWPLAN_DESK};

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

enum where { FREE, ABOVE, INSIDE, CLOSED };

static enum where locate(const struct viewplan_node *node, const char *path)
{
	enum where where = FREE;
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
		if (is_below(path, closed[i]))
			return CLOSED;
	if (is_below(path, shelf))
		return FREE;
	for (size_t i = 0; i < node->areas->n; i++) {
		if (is_below(path, node->areas->v[i]))
			return INSIDE;
		if (is_below(node->areas->v[i], path))
			where = ABOVE;
	}
	return where;
}

static bool refuse(struct walk *w, const char *why)
{
	if (!w->plan->why)
		w->plan->why = xasprintf("%.200s: %s", w->path, why);
	return false;
}

static bool step(struct walk *w, enum viewplan_kind kind, const char *path, const char *target)
{
	if (w->plan->n == VIEWPLAN_STEPS_MAX)
		return refuse(w, "too many places that have to be mounted");
	vec_push(w->plan,
		(struct viewplan_step){kind, xstrdup(path), target ? xstrdup(target) : NULL});
	return true;
}

/* What comes to be below a directory is shown too, without another plan. */
static bool show(struct walk *w, struct viewtree_node *n)
{
	n->shown = true;
	return step(w, VIEWPLAN_TREE, w->path, NULL);
}

static enum viewplan_place look(const struct walk *w, const char *path)
{
	char *target = NULL;
	enum viewplan_place place = w->node->look(w->node->ctx, path, &target);
	free(target);
	return place;
}

/* Makes a directory of the node's anew, so that it can have other entries than on the node: those of the
 * node's that the view does not say are nothing. */
static bool cover(struct walk *w, const char *dir, const struct viewtree_node *said)
{
	struct strv names = {0};
	if (strv_has(&w->covered, dir))
		return true;
	if (!w->node->list(w->node->ctx, dir, &names)) {
		strv_fini(&names);
		return refuse(w, "is not on this node, in a directory with too much else");
	}
	bool good = step(w, VIEWPLAN_EMPTY, dir, NULL);
	for (size_t i = 0; i < names.n && good; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, names.v[i]);
		const struct viewtree_node *child =
			said ? viewtree_child(w->tree, said, names.v[i], strlen(names.v[i])) : NULL;
		if (!child || child->kind != VIEW_NOTHING)
			good = step(w, VIEWPLAN_NODE, path, NULL);
	}
	strv_push(&w->covered, dir);
	strv_fini(&names);
	return good;
}

/* The node has no such place: its deepest directory above is made anew. Every step down to here found a
 * directory, or nothing, and no link. */
static bool cover_above(struct walk *w, const struct viewtree_node *n)
{
	char *dir = strcpy(w->above, w->path);
	do {
		n = n->parent;
		*strrchr(dir, '/') = '\0';
	} while (dir[0] && look(w, dir) == VIEWPLAN_NONE);
	if (locate(w->node, dir) != INSIDE)
		return true; /* all above is the jail's own anyway */
	return cover(w, dir, n);
}

static bool walk_children(struct walk *w, struct viewtree_node *n);

/* The way to a place below an area that the view knows completely. */
static bool show_whole(struct walk *w, struct viewtree_node *n)
{
	if (strv_has(w->node->areas, w->path))
		return refuse(w, "would hide what compilers need");
	enum viewplan_place place = look(w, w->path);
	if (place == VIEWPLAN_IS_DIR)
		return show(w, n);
	if (place != VIEWPLAN_NONE)
		return refuse(w, "is no directory on this node");
	return cover_above(w, n) && show(w, n);
}

static bool walk_place(struct walk *w, struct viewtree_node *n)
{
	enum viewplan_place place = look(w, w->path);
	if (place == VIEWPLAN_NONE && !(cover_above(w, n) && step(w, VIEWPLAN_DIR, w->path, NULL)))
		return false;
	if (place == VIEWPLAN_IS_LINK || place == VIEWPLAN_IS_OTHER)
		return refuse(w, "is no directory on this node");
	return walk_children(w, n);
}

static bool show_link(struct walk *w, const struct viewtree_node *n)
{
	char *target = NULL;
	enum viewplan_place place = w->node->look(w->node->ctx, w->path, &target);
	bool same = place == VIEWPLAN_IS_LINK && strcmp(target, n->target) == 0;
	free(target);
	return same || refuse(w, "is another link than on this node");
}

static bool hide(struct walk *w, const struct viewtree_node *n)
{
	switch (look(w, w->path)) {
	case VIEWPLAN_NONE: return true;
	case VIEWPLAN_IS_DIR: return step(w, VIEWPLAN_EMPTY, w->path, NULL);
	case VIEWPLAN_IS_LINK:
	case VIEWPLAN_IS_OTHER: break;
	}
	if (strv_has(w->node->areas, w->path))
		return refuse(w, "cannot be hidden");
	strcpy(w->above, w->path);
	*strrchr(w->above, '/') = '\0';
	return cover(w, w->above, n->parent);
}

static bool walk_inside(struct walk *w, struct viewtree_node *n)
{
	switch (n->kind) {
	case VIEW_PLACE: return walk_place(w, n);
	case VIEW_WHOLE: return show_whole(w, n);
	case VIEW_LINK: return show_link(w, n);
	case VIEW_NOTHING: return hide(w, n);
	case VIEW_FILE:
	case VIEW_KIND_COUNT: break;
	}
	return refuse(w, "beside files of this node");
}

/* The jail's /usr/src is there only if the node has one, and then a directory of the jail's is put over it. */
static bool open_shelf(struct walk *w, const struct viewtree_node *n)
{
	if (!is_below(w->path, shelf) || strv_has(&w->covered, shelf))
		return true;
	if (look(w, shelf) != VIEWPLAN_IS_DIR)
		return n->kind == VIEW_NOTHING || refuse(w, "this node has no /usr/src");
	strv_push(&w->covered, shelf);
	return step(w, VIEWPLAN_EMPTY, shelf, NULL);
}

static bool walk_free(struct walk *w, struct viewtree_node *n)
{
	if (!open_shelf(w, n))
		return false;
	switch (n->kind) {
	case VIEW_PLACE:
	case VIEW_WHOLE:
	case VIEW_FILE: return show(w, n);
	case VIEW_LINK: return step(w, VIEWPLAN_LINK, w->path, n->target);
	case VIEW_NOTHING:
	case VIEW_KIND_COUNT: break;
	}
	return true;
}

static bool walk_above(struct walk *w, struct viewtree_node *n)
{
	if (n->kind != VIEW_PLACE)
		return refuse(w, "holds what compilers need");
	return step(w, VIEWPLAN_DIR, w->path, NULL) && walk_children(w, n);
}

/* The places exist, and are empty but for what the jail itself has there. */
static bool walk_closed(struct walk *w, struct viewtree_node *n)
{
	if (n->kind == VIEW_PLACE && !is_below(w->path, VIEWPLAN_DESK))
		return walk_children(w, n);
	if (n->kind == VIEW_NOTHING && is_below(w->path, "/etc") &&
		look(w, w->path) == VIEWPLAN_NONE)
		return true;
	return refuse(w, "is the jail's own");
}

static bool walk_one(struct walk *w, struct viewtree_node *n)
{
	switch (locate(w->node, w->path)) {
	case FREE: return walk_free(w, n);
	case ABOVE: return walk_above(w, n);
	case INSIDE: return walk_inside(w, n);
	case CLOSED: break;
	}
	return walk_closed(w, n);
}

static bool walk_children(struct walk *w, struct viewtree_node *n)
{
	size_t len = strlen(w->path);
	bool good = true;
	for (struct viewtree_node *c = n->children; c && good; c = c->next) {
		viewtree_path(c, w->path);
		good = walk_one(w, c);
		w->path[len] = '\0';
	}
	return good;
}

static size_t depth(const char *path)
{
	size_t n = 0;
	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* From the top down: what is mounted over a directory hides what was mounted below it before. */
static int compare(const void *a, const void *b)
{
	const struct viewplan_step *x = a, *y = b;
	size_t dx = depth(x->path), dy = depth(y->path);
	if (dx != dy)
		return dx < dy ? -1 : 1;
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->path, y->path);
}

static void forget_shown(struct viewtree_node *n)
{
	if (n->shown) {
		n->shown = false; /* and nothing below it was, by itself */
		return;
	}
	for (struct viewtree_node *c = n->children; c; c = c->next)
		forget_shown(c);
}

void viewplan_make(const struct viewplan_node *node, struct viewtree *tree, struct viewplan *ret)
{
	struct walk *w = xcalloc(1, sizeof *w);
	*ret = (struct viewplan){0};
	*w = (struct walk){.node = node, .tree = tree, .plan = ret};
	forget_shown(&tree->root);
	walk_children(w, &tree->root);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof *ret->v, compare);
	tree->changed = false;
	strv_fini(&w->covered);
	free(w);
}

void viewplan_fini(struct viewplan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].target);
	}
	vec_fini(p);
	free(p->why);
	p->why = NULL;
}

bool viewplan_allows(const struct view_entry *e)
{
	bool is_read = e->kind == VIEW_FILE || e->kind == VIEW_LINK;
	return !is_read || strcmp(str_base(e->path), "specs") != 0;
}

bool viewplan_spares(const struct viewplan *p, const char *path)
{
	bool spared = true;
	for (size_t i = 0; i < p->n; i++)
		if (is_below(path, p->v[i].path) && p->v[i].kind != VIEWPLAN_DIR)
			spared = p->v[i].kind == VIEWPLAN_NODE;
	return spared;
}
