/* viewtree - nodes are found by parent and name in one balanced tree (tsearch), whose depth nobody can
 * drive up by choosing names. What can fail: entries that contradict each other, and the limits. */
#include "core/viewtree.h"

#include "base/err.h"

#include <search.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	const struct viewtree_node *x = a, *y = b;
	if (x->parent != y->parent)
		return (uintptr_t)x->parent < (uintptr_t)y->parent ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_contents(const void *a, const void *b)
{
	const struct viewtree_node *x = a, *y = b;
	return memcmp(x->hash, y->hash, VIEW_HASH_BYTES);
}

static void free_node(void *node)
{
	struct viewtree_node *n = node;
	free(n->target);
	free(n->hash);
	free(n->name);
	free(n);
}

static void keep_node(void *node)
{
	(void)node; /* by_name frees it */
}

void viewtree_init(struct viewtree *t)
{
	*t = (struct viewtree){.root = {.kind = VIEW_PLACE}, .changed = true};
}

void viewtree_fini(struct viewtree *t)
{
	tdestroy(t->by_contents, keep_node);
	tdestroy(t->by_name, free_node);
	viewtree_init(t);
}

struct viewtree_node *viewtree_child(
	const struct viewtree *t, const struct viewtree_node *parent, const char *name, size_t n)
{
	char text[VIEWTREE_NAME_BYTES_MAX + 1];
	if (n > VIEWTREE_NAME_BYTES_MAX)
		return NULL;
	memcpy(text, name, n);
	text[n] = '\0';
	const struct viewtree_node key = {.parent = parent, .name = text};
	void *found = tfind(&key, &t->by_name, compare_names);
	return found ? *(struct viewtree_node **)found : NULL;
}

void viewtree_path(const struct viewtree_node *n, char *out)
{
	size_t len = 0;
	for (const struct viewtree_node *p = n; p->parent; p = p->parent)
		len += 1 + strlen(p->name);
	out[len] = '\0';
	for (const struct viewtree_node *p = n; p->parent; p = p->parent) {
		size_t part = strlen(p->name);
		len -= part;
		memcpy(out + len, p->name, part);
		out[--len] = '/';
	}
}

/* Does a mount show what comes to be here? */
static bool is_shown(const struct viewtree_node *n)
{
	for (; n; n = n->parent)
		if (n->shown)
			return true;
	return false;
}

static struct viewtree_node *add_child(
	struct viewtree *t, struct viewtree_node *parent, const char *name, size_t n)
{
	struct viewtree_node *node = xcalloc(1, sizeof *node);
	node->parent = parent;
	node->name = xstrndup(name, n);
	node->kind = VIEW_PLACE;
	node->next = parent->children;
	parent->children = node;
	if (!tsearch(node, &t->by_name, compare_names))
		abort(); /* no memory, as in xmalloc() */
	t->nodes++;
	t->text_bytes += n;
	t->changed = t->changed || !is_shown(parent);
	return node;
}

/* The node of a path, which is made where it is missing. */
static int reach(struct viewtree *t, const char *path, struct viewtree_node **ret)
{
	struct viewtree_node *at = &t->root;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");
		if (n > VIEWTREE_NAME_BYTES_MAX)
			return ERR_TOOBIG;
		if (at->kind != VIEW_PLACE && at->kind != VIEW_WHOLE)
			return ERR_PROTO; /* below what has nothing below it */
		struct viewtree_node *child = viewtree_child(t, at, p, n);
		if (!child && (t->nodes == VIEW_ENTRIES_MAX ||
				      t->text_bytes + n > VIEWTREE_TEXT_BYTES_MAX))
			return ERR_TOOBIG;
		at = child ? child : add_child(t, at, p, n);
		p += n;
	}
	*ret = at;
	return 0;
}

static bool says_the_same(const struct viewtree_node *n, const struct view_entry *e)
{
	if (n->kind != e->kind)
		return false;
	if (e->kind == VIEW_LINK)
		return strcmp(n->target, e->target) == 0;
	return e->kind != VIEW_FILE || (n->bytes == e->bytes && n->mtime_s == e->mtime_s &&
					       memcmp(n->hash, e->hash, sizeof e->hash) == 0);
}

static void fill_file(struct viewtree *t, struct viewtree_node *n, const struct view_entry *e)
{
	n->hash = xmalloc(VIEW_HASH_BYTES);
	memcpy(n->hash, e->hash, VIEW_HASH_BYTES);
	n->bytes = e->bytes;
	n->mtime_s = e->mtime_s;
	void *first = tsearch(n, &t->by_contents, compare_contents);
	if (!first)
		abort();
	n->first = *(struct viewtree_node **)first;
}

int viewtree_add(
	struct viewtree *t, const struct view_entry *e, struct viewtree_node **ret, bool *ret_new)
{
	struct viewtree_node *n;
	int err = reach(t, e->path, &n);
	if (err)
		return err;
	*ret = n;
	*ret_new = !n->said;
	if (n->said)
		return says_the_same(n, e) ? 0 : ERR_PROTO;
	if (n->children && e->kind != VIEW_PLACE && e->kind != VIEW_WHOLE)
		return ERR_PROTO;
	size_t target_n = e->kind == VIEW_LINK ? strlen(e->target) : 0;
	if (t->text_bytes + target_n > VIEWTREE_TEXT_BYTES_MAX)
		return ERR_TOOBIG;
	n->said = true;
	n->kind = e->kind;
	t->text_bytes += target_n;
	t->changed = t->changed || !is_shown(n);
	if (e->kind == VIEW_LINK)
		n->target = xstrdup(e->target);
	else if (e->kind == VIEW_FILE)
		fill_file(t, n, e);
	return 0;
}
