/* What a name means where it stands, by gcc's rules.
 *
 * "x.h" is looked for in the directory of the file that asks, under the name by which that was opened,
 * then along the chain; <x.h> from the chain's brackets on. #include_next goes on behind the directory in
 * which the file that asks was found; one that was found beside another is followed by the whole chain,
 * and in the source itself, or behind an absolute name, it is an #include like others.
 */
#include "closure_impl.h"

#include <stdio.h>
#include <string.h>

/* The path's directory as far as it is named: "a" for "a/x.h", "" for "x.h". */
static size_t dir_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) : 0;
}

/* dir/name as gcc puts them together; NO_FILE when no file can have that long a name. */
static uint32_t file_in(struct closure *c, const char *dir, size_t dir_len, const char *name)
{
	char path[CLOSURE_PATH_BYTES_MAX + 2];
	const char *slash = dir_len > 0 && dir[dir_len - 1] != '/' ? "/" : "";
	int n = snprintf(path, sizeof path, "%.*s%s%s", (int)dir_len, dir, slash, name);
	if (n > CLOSURE_PATH_BYTES_MAX)
		return NO_FILE;
	return closure_file_at(c, path, (size_t)n, dir_len);
}

static void find_pch(struct closure *c, struct closure_asker *asker, uint32_t file)
{
	if (!asker->with_pch)
		return;
	_cleanup_free_ char *path = xasprintf("%s.gch", c->files.v[file].path);
	uint32_t pch = closure_file_at(c, path, strlen(path), c->files.v[file].dir_bytes);
	if (!closure_ask(c, pch)->exists)
		vec_push(asker->absent, pch);
	else if (asker->pch == NO_FILE)
		asker->pch = pch;
}

/* The file if it is there. */
static uint32_t try(struct closure *c, struct closure_asker *asker, uint32_t file)
{
	if (file == NO_FILE)
		return NO_FILE;
	find_pch(c, asker, file);
	if (closure_ask(c, file)->exists)
		return file;
	vec_push(asker->absent, file);
	return NO_FILE;
}

/* The file, and where it leaves #include_next in it. */
static uint32_t search(struct closure *c, struct closure_asker *asker,
	const struct incscan_item *item, int *ret_pos)
{
	const struct closure_chain *chain = &c->chains.v[asker->chain];
	bool next =
		(item->kind == INCSCAN_INCLUDE_NEXT || item->kind == INCSCAN_HAS_INCLUDE_NEXT) &&
		asker->pos >= 0;
	uint32_t file = NO_FILE;
	*ret_pos = POS_PLAIN;
	if (item->name[0] == '/')
		return try(c, asker, file_in(c, "", 0, item->name));
	size_t i = chain->bracket;
	if (next) {
		i = (size_t)asker->pos;
	} else if (item->form == INCSCAN_QUOTED) {
		*ret_pos = 0;
		file = try(c, asker, file_in(c, asker->path, dir_length(asker->path), item->name));
		i = 0;
	}
	for (; file == NO_FILE && i < chain->n; i++) {
		*ret_pos = (int)i + 1;
		file = try(
			c, asker, file_in(c, chain->dirs[i], strlen(chain->dirs[i]), item->name));
	}
	return file;
}

uint32_t closure_look_up(
	struct closure *c, struct closure_asker *asker, const struct incscan_item *item)
{
	int pos;
	uint32_t file = item->name[0] ? search(c, asker, item, &pos) : NO_FILE;
	if (file == NO_FILE)
		return NO_FILE;
	bool leaf = item->kind != INCSCAN_INCLUDE && item->kind != INCSCAN_INCLUDE_NEXT;
	const struct incscan *scan = leaf ? NULL : closure_scan(c, file);
	if (!scan || !(incscan_flags(scan) & INCSCAN_USES_NEXT))
		pos = POS_ANY;
	return 2 * closure_node_at(c, file, asker->chain, pos) + leaf;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Each once, and in the memory that it needs. */
static void settle(closure_list *list)
{
	size_t kept = 0;
	if (list->n)
		qsort(list->v, list->n, sizeof *list->v, compare);
	for (size_t i = 0; i < list->n; i++)
		if (kept == 0 || list->v[i] != list->v[kept - 1])
			list->v[kept++] = list->v[i];
	list->n = list->cap = kept;
	if (kept)
		list->v = xrealloc(list->v, kept * sizeof *list->v);
}

/* The node is resolved anew when one of these files comes, goes or changes. */
static void depend_on(struct closure *c, const closure_list *files, uint32_t node)
{
	for (size_t i = 0; i < files->n; i++)
		vec_push(&c->files.v[files->v[i]].nodes, node);
}

/* Adds the macros that an item hangs on to the node's. */
static void add_guards(
	struct closure *c, struct closure_node *n, struct closure_late *late, const char *names)
{
	late->guards = (uint32_t)n->guards.n;
	for (size_t len; *names; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		if (!closure_is_builtin(names, len))
			vec_push(&n->guards, closure_macro_at(c, incscan_hash(names, len)));
	}
	late->guard_count = (uint32_t)n->guards.n - late->guards;
}

static void resolve_item(struct closure *c, struct closure_asker *asker, struct closure_node *n,
	const struct incscan_item *item, uint32_t at)
{
	struct closure_late late = {.item = at, .edge = NO_FILE};
	bool made = item->form == INCSCAN_MACRO || item->form == INCSCAN_OTHER;
	if (!made)
		late.edge = closure_look_up(c, asker, item);
	if (!made && late.edge == NO_FILE)
		return;
	add_guards(c, n, &late, item->more);
	if (made || late.guard_count > 0)
		vec_push(&n->late, late);
	else
		vec_push(&n->edges, late.edge);
}

void closure_resolve(struct closure *c, uint32_t node)
{
	struct closure_node n = c->nodes.v[node];
	if (n.resolved)
		return;
	const struct incscan *scan = closure_scan(c, n.file);
	n.edges.n = n.absent.n = n.late.n = n.guards.n = 0;
	_cleanup_free_ char *path = xstrdup(c->files.v[n.file].path);
	struct closure_asker asker = {.path = path,
		.chain = n.chain,
		.pos = n.pos,
		.with_pch = n.pos == POS_MAIN,
		.pch = NO_FILE,
		.absent = &n.absent};
	struct incscan_item item;
	for (size_t at = 0, before = 0; scan && incscan_next(scan, &at, &item); before = at)
		if (item.kind != INCSCAN_DEFINE)
			resolve_item(c, &asker, &n, &item, (uint32_t)before);
	settle(&n.edges);
	settle(&n.absent);
	depend_on(c, &n.absent, node);
	for (size_t i = 0; i < n.edges.n; i++)
		vec_push(&c->files.v[c->nodes.v[n.edges.v[i] / 2].file].nodes, node);
	for (size_t i = 0; i < n.late.n; i++)
		if (n.late.v[i].edge != NO_FILE)
			vec_push(&c->files.v[c->nodes.v[n.late.v[i].edge / 2].file].nodes, node);
	n.pch = asker.pch;
	n.resolved = true;
	c->nodes.v[node] = n;
}
