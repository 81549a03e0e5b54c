/* Names that macros make.
 *
 * A directive whose name is a macro's, or made by macros, names whatever it can be under the definitions that
 * the command and files of the set give them (closure_choice.c). One that is not reached unless some macro
 * is defined counts once a file of the set defines that macro. The set grows meanwhile, and both are asked
 * again: in the end no file is missing, because the first one missing would have been named by a file of
 * the set, under macros that files of the set define.
 */
#include "closure_walk.h"

#include <string.h>

/* What gcc defines by itself without an underscore in front, on some system or other. */
static const char *const builtin[] = {"linux", "unix", "i386", "arm", "mips", "sparc", "sun",
	"m68k", "vax", "hpux", "vms", "pyr", "sgi", "host_mips", "MIPSEB", "MIPSEL", "R3000", "PPC",
	"spu", "true", "false", "BSD"};

bool closure_is_builtin(const char *name, size_t n)
{
	if (n == 0 || name[0] == '_')
		return true;
	for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++)
		if (strlen(builtin[i]) == n && memcmp(builtin[i], name, n) == 0)
			return true;
	return false;
}

bool closure_counts(const struct closure_walk *w, uint32_t file)
{
	return w->c->files.v[file].expanded == w->now;
}

static bool look_for_definition(const struct closure_walk *w, const struct closure_macro *m)
{
	for (size_t i = 0; i < w->given.n; i++)
		if (w->given.v[i] == m->hash)
			return true;
	for (size_t i = 0; i < m->files.n; i++) {
		const struct incscan *scan = w->c->files.v[m->files.v[i]].scan;
		if (closure_counts(w, m->files.v[i]) && scan && incscan_introduces(scan, m->hash))
			return true;
	}
	return false;
}

/* Does the command or a file of the set define it? What was defined once stays so; what was not is looked
 * for again in the next round. */
static bool is_defined(const struct closure_walk *w, uint32_t macro)
{
	struct closure_macro *m = &w->c->macros.v[macro];
	if (m->defined == w->now)
		return true;
	if (m->missed == w->c->round)
		return false;
	bool defined = look_for_definition(w, m);
	*(defined ? &m->defined : &m->missed) = defined ? w->now : w->c->round;
	return defined;
}

/* Are all the macros that the directive hangs on possible by now? */
static bool may_be_reached(
	const struct closure_walk *w, const struct closure_node *n, const struct closure_late *late)
{
	for (uint32_t i = 0; i < late->guard_count; i++)
		if (!is_defined(w, n->guards.v[late->guards + i]))
			return false;
	return true;
}

/* Takes one of the names that a node's item may be; returns what is wrong with it, or NULL. */
static const char *take_name(
	struct closure_walk *w, uint32_t node, enum incscan_kind kind, const char *name)
{
	const struct closure_node *n = &w->c->nodes.v[node];
	_cleanup_free_ char *path = xstrdup(w->c->files.v[n->file].path);
	struct closure_asker asker = {.path = path,
		.chain = n->chain,
		.pos = n->pos,
		.with_pch = n->pos == POS_MAIN,
		.pch = NO_FILE,
		.absent = &w->absent};
	struct incscan_item item = {.kind = kind,
		.form = name[0] == '<' ? INCSCAN_ANGLED : INCSCAN_QUOTED,
		.name = name + 1};
	uint32_t edge = closure_look_up(w->c, &asker, &item);
	if (asker.pch != NO_FILE)
		return "may be a precompiled header";
	if (edge != NO_FILE)
		closure_visit_made(w, edge, node);
	return NULL;
}

static const char *directive(enum incscan_kind kind)
{
	static const char *const names[] = {
		[INCSCAN_INCLUDE] = "#include",
		[INCSCAN_INCLUDE_NEXT] = "#include_next",
		[INCSCAN_HAS_INCLUDE] = "__has_include",
		[INCSCAN_HAS_INCLUDE_NEXT] = "__has_include_next",
		[INCSCAN_EMBED] = "#embed",
		[INCSCAN_DEFINE] = "#define",
	};
	return names[kind];
}

static void visit_learned(struct closure_walk *w, uint32_t parent)
{
	const struct strv *learned = w->job->learned;
	w->learned = true;
	for (size_t i = 0; i < learned->n; i++) {
		const char *path = learned->v[i], *slash = strrchr(path, '/');
		uint32_t file = closure_file_at(
			w->c, path, strlen(path), slash ? (size_t)(slash - path) : 0);
		if (closure_ask(w->c, file)->exists)
			closure_visit_made(w,
				2 * closure_node_at(w->c, file, w->job->chain, POS_PLAIN), parent);
	}
}

static struct incscan_item item_of(const struct closure_walk *w, const struct closure_pending *p)
{
	const struct closure_node *n = &w->c->nodes.v[p->node];
	struct incscan_item item = {.name = ""};
	size_t at = n->late.v[p->late].item;
	incscan_next(w->c->files.v[n->file].scan, &at, &item);
	return item;
}

static bool is_made(const struct closure_walk *w, const struct closure_pending *p)
{
	return w->c->nodes.v[p->node].late.v[p->late].edge == NO_FILE;
}

/* Returns whether there is no more to it. */
static bool follow(struct closure_walk *w, const struct closure_pending *p)
{
	const struct closure_node *n = &w->c->nodes.v[p->node];
	const struct closure_late late = n->late.v[p->late];
	if (late.edge == NO_FILE || !may_be_reached(w, n, &late))
		return false;
	closure_visit_made(w, late.edge, p->node);
	return true;
}

void closure_follow_late(struct closure_walk *w)
{
	w->c->round++;
	for (size_t i = 0; i < w->pending.n && !w->reason;) {
		if (follow(w, &w->pending.v[i]))
			w->pending.v[i] = w->pending.v[--w->pending.n];
		else
			i++;
	}
}

/* Another file may give the macros other values: there may always be more to it. */
static void follow_name(struct closure_walk *w, struct closure_pending *p)
{
	const struct closure_node *n = &w->c->nodes.v[p->node];
	if (!may_be_reached(w, n, &n->late.v[p->late]))
		return;
	struct incscan_item item = item_of(w, p);
	struct strv names = {0};
	p->trouble = closure_choose(w, item.name, &names);
	for (size_t i = 0; i < names.n && !w->reason; i++) {
		const char *wrong = take_name(w, p->node, item.kind, names.v[i]);
		p->trouble = p->trouble ? p->trouble : wrong;
	}
	strv_fini(&names);
}

void closure_follow_made(struct closure_walk *w)
{
	for (size_t i = 0; i < w->pending.n && !w->reason; i++)
		if (is_made(w, &w->pending.v[i]))
			follow_name(w, &w->pending.v[i]);
}

bool closure_settle_made(struct closure_walk *w)
{
	bool learned = false;
	for (size_t i = 0; i < w->pending.n && !w->reason;) {
		const struct closure_pending p = w->pending.v[i];
		if (!p.trouble) {
			i++;
			continue;
		}
		w->pending.v[i] = w->pending.v[--w->pending.n];
		struct incscan_item item = item_of(w, &p);
		if (w->job->learned)
			visit_learned(w, p.node);
		else
			closure_refuse(w, xasprintf("%s: %s %.60s %s",
						  closure_path(w->c, w->c->nodes.v[p.node].file),
						  directive(item.kind), item.name, p.trouble));
		learned = true;
	}
	return learned;
}
