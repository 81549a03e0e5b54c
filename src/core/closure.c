/* One walk for each job, over nodes that mostly are known.
 *
 * Include guards count for nothing but one thing: headers that name each other by "../" would have ever
 * longer names without an end. So a file that is reached through itself, and names nothing the second
 * time because of its guard, is put off. It stays so only if it cannot be reached past itself.
 */
#include "closure_walk.h"

#include <string.h>

#define NO_PARENT UINT32_MAX

enum { NAMES_MAX = 4000000 };

void closure_refuse(struct closure_walk *w, char *reason)
{
	if (w->reason)
		free(reason);
	else
		w->reason = reason;
}

static uint64_t place_of(const struct closure *c, uint32_t node)
{
	return c->files.v[c->nodes.v[node].file].identity.place;
}

/* Is the node's file open under another name when it is reached from the parent? */
static bool is_open(const struct closure_walk *w, uint32_t node, uint32_t parent)
{
	uint64_t place = place_of(w->c, node);
	for (; parent != NO_PARENT; parent = w->c->nodes.v[parent].parent)
		if (place_of(w->c, parent) == place)
			return true;
	return false;
}

/* Does a file of the set take the guard away? */
static bool is_undefined(const struct closure_walk *w, uint32_t guard)
{
	for (size_t i = 0; i < w->nodes.n; i++) {
		const struct incscan *scan = w->c->files.v[w->c->nodes.v[w->nodes.v[i]].file].scan;
		if (scan && incscan_undefines(scan, guard))
			return true;
	}
	return false;
}

static void list(struct closure_walk *w, uint32_t file)
{
	struct closure_file *f = &w->c->files.v[file];
	if (f->listed == w->now)
		return;
	f->listed = w->now;
	vec_push(&w->files, file);
	if (w->files.n > CLOSURE_FILES_MAX)
		closure_refuse(w, xstrdup("more files than a job may have"));
}

static void expand(struct closure_walk *w, uint32_t node)
{
	vec_push(&w->nodes, node);
	w->c->files.v[w->c->nodes.v[node].file].expanded = w->now;
}

static void visit(struct closure_walk *w, uint32_t edge, uint32_t parent)
{
	uint32_t node = edge / 2, file = w->c->nodes.v[node].file;
	list(w, file);
	if (edge % 2 || w->c->nodes.v[node].seen == w->now)
		return;
	w->c->nodes.v[node].seen = w->now;
	w->c->nodes.v[node].parent = parent;
	const struct incscan *scan = closure_scan(w->c, file);
	unsigned flags = scan ? incscan_flags(scan) : 0;
	if ((flags & (INCSCAN_GUARDED | INCSCAN_ONCE)) && w->c->files.v[file].dotted &&
		is_open(w, node, parent))
		vec_push(&w->deferred, node);
	else
		expand(w, node);
}

void closure_visit_made(struct closure_walk *w, uint32_t edge, uint32_t parent)
{
	vec_push(&w->made, (struct closure_made){.from = parent, .edge = edge});
	visit(w, edge, parent);
}

/* What the file itself may make undecidable. */
static void check(struct closure_walk *w, uint32_t node)
{
	static const struct {
		enum incscan_flag flag;
		const char *why;
	} rows[] = {
		{INCSCAN_INCBIN, "the assembler's .incbin reads a file"},
		{INCSCAN_ASM_INCLUDE, "the assembler's .include reads a file"},
		{INCSCAN_PCH, "a precompiled header is in use"},
		{INCSCAN_MODULES, "C++ modules"},
	};
	const struct closure_node *n = &w->c->nodes.v[node];
	const struct closure_file *f = &w->c->files.v[n->file];
	const char *why = f->scan ? incscan_problem(f->scan) : "cannot be read";
	unsigned flags = f->scan ? incscan_flags(f->scan) : 0;
	w->flags |= flags;
	if (!w->job->is_cxx)
		flags &= ~(unsigned)INCSCAN_MODULES;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && !why; i++)
		why = flags & rows[i].flag ? rows[i].why : NULL;
	if (!why && n->pch != NO_FILE)
		why = "a precompiled header may be in use";
	if (why)
		closure_refuse(w, xasprintf("%s: %s", f->path, why));
}

static void go_over_nodes(struct closure_walk *w)
{
	while (w->next < w->nodes.n && !w->reason) {
		uint32_t node = w->nodes.v[w->next++];
		closure_resolve(w->c, node);
		check(w, node);
		if (w->c->files.n > NAMES_MAX)
			closure_refuse(w, xstrdup("more names than are kept"));
		const struct closure_node n = w->c->nodes.v[node];
		for (uint32_t i = 0; i < n.late.n; i++)
			vec_push(&w->pending, (struct closure_pending){.node = node, .late = i});
		for (size_t i = 0; i < n.edges.n; i++)
			visit(w, n.edges.v[i], node);
	}
}

/* Follows an edge of the search; true when it leads to the target. */
static bool reach(struct closure_walk *w, uint32_t edge, uint32_t target, closure_list *queue)
{
	struct closure_node *to = &w->c->nodes.v[edge / 2];
	if (edge == 2 * target)
		return true;
	if (edge % 2 || to->reached == w->c->search || to->seen != w->now ||
		place_of(w->c, edge / 2) == place_of(w->c, target))
		return false;
	to->reached = w->c->search;
	vec_push(queue, edge / 2);
	return false;
}

/* Is there a way to the node on which no other has its place? Only nodes that were gone over lead on. */
static bool is_reached_past_itself(struct closure_walk *w, uint32_t target)
{
	struct closure *c = w->c;
	uint64_t place = place_of(c, target);
	closure_list queue = {0};
	bool found = false;
	c->search++;
	for (size_t i = 0; i < w->nodes.n; i++) {
		uint32_t node = w->nodes.v[i];
		if (c->nodes.v[node].parent != NO_PARENT || place_of(c, node) == place)
			continue;
		c->nodes.v[node].reached = c->search;
		vec_push(&queue, node);
	}
	for (size_t i = 0; i < queue.n && !found; i++) {
		const struct closure_node *n = &c->nodes.v[queue.v[i]];
		for (size_t k = 0; k < n->edges.n && !found; k++)
			found = reach(w, n->edges.v[k], target, &queue);
		for (size_t k = 0; k < w->made.n && !found; k++)
			if (w->made.v[k].from == queue.v[i])
				found = reach(w, w->made.v[k].edge, target, &queue);
	}
	vec_fini(&queue);
	return found;
}

static void take_up_deferred(struct closure_walk *w)
{
	for (size_t i = 0; i < w->deferred.n && !w->reason; i++) {
		uint32_t node = w->deferred.v[i];
		const struct incscan *scan = w->c->files.v[w->c->nodes.v[node].file].scan;
		bool stays =
			incscan_flags(scan) & INCSCAN_ONCE || !is_undefined(w, incscan_guard(scan));
		if (stays && !is_reached_past_itself(w, node))
			continue;
		expand(w, node);
		w->deferred.v[i--] = w->deferred.v[--w->deferred.n];
	}
}

/* Returns whether more came. */
static bool go_on(struct closure_walk *w, void (*follow)(struct closure_walk *w))
{
	size_t before = w->nodes.n + w->files.n;
	go_over_nodes(w);
	follow(w);
	take_up_deferred(w);
	return w->next < w->nodes.n || w->nodes.n + w->files.n > before;
}

/* Until nothing more comes; what costs least is done first. */
static void walk(struct closure_walk *w)
{
	bool more = true;
	while (more && !w->reason)
		more = go_on(w, closure_follow_late) || go_on(w, closure_follow_made) ||
		       closure_settle_made(w);
}

static void visit_name(struct closure_walk *w, enum incscan_form form, const char *name)
{
	struct closure_asker asker = {.path = "./",
		.chain = w->job->chain,
		.pos = POS_PLAIN,
		.with_pch = form == INCSCAN_QUOTED,
		.pch = NO_FILE,
		.absent = &w->absent};
	uint32_t edge = closure_look_up(w->c, &asker,
		&(struct incscan_item){.kind = INCSCAN_INCLUDE, .form = form, .name = name});
	if (asker.pch != NO_FILE)
		closure_refuse(w, xasprintf("%s: a precompiled header may be in use", name));
	if (edge != NO_FILE)
		visit(w, edge, NO_PARENT);
}

static void visit_roots(struct closure_walk *w)
{
	const struct closure_job *job = w->job;
	const char *slash = strrchr(job->source, '/');
	uint32_t source = closure_file_at(
		w->c, job->source, strlen(job->source), slash ? (size_t)(slash - job->source) : 0);
	if (!closure_ask(w->c, source)->exists) {
		closure_refuse(w, xasprintf("%s: cannot be read", job->source));
		return;
	}
	/* gcc includes it by itself where the C library has it */
	visit_name(w, INCSCAN_ANGLED, "stdc-predef.h");
	for (size_t i = 0; job->forced && i < job->forced->n; i++)
		visit_name(w, INCSCAN_QUOTED, job->forced->v[i]);
	visit(w, 2 * closure_node_at(w->c, source, job->chain, POS_MAIN), NO_PARENT);
}

static void add_absent(struct closure_walk *w, closure_list *all, const closure_list *some)
{
	for (size_t i = 0; i < some->n; i++) {
		struct closure_file *f = &w->c->files.v[some->v[i]];
		if (f->missed == w->now)
			continue;
		f->missed = w->now;
		vec_push(all, some->v[i]);
	}
}

static void hand_over(struct closure_walk *w, struct closure_set *ret)
{
	closure_list absent = {0};
	if (w->job->want_absent) {
		add_absent(w, &absent, &w->absent);
		for (size_t i = 0; i < w->nodes.n; i++)
			add_absent(w, &absent, &w->c->nodes.v[w->nodes.v[i]].absent);
	}
	*ret = (struct closure_set){
		.verdict = w->learned ? CLOSURE_LEARNED : CLOSURE_PROVED,
		.flags = w->flags,
		.files = w->files.v,
		.count = w->files.n,
		.absent = absent.v,
		.absent_count = absent.n,
	};
	if (w->learned)
		ret->reason = xstrdup("names that macros make are those of last time");
}

void closure_find(struct closure *c, const struct closure_job *job, struct closure_set *ret)
{
	struct closure_walk w = {.c = c, .job = job, .now = ++c->walk};
	for (size_t i = 0; job->macros && i < job->macros->n; i++) {
		const char *macro = job->macros->v[i];
		vec_push(&w.given, incscan_hash(macro, strcspn(macro, "=(")));
	}
	visit_roots(&w);
	walk(&w);
	if (w.reason) {
		*ret = (struct closure_set){
			.verdict = CLOSURE_UNDECIDABLE, .reason = w.reason, .flags = w.flags};
		vec_fini(&w.files);
	} else {
		hand_over(&w, ret);
	}
	vec_fini(&w.nodes);
	vec_fini(&w.deferred);
	vec_fini(&w.absent);
	vec_fini(&w.pending);
	vec_fini(&w.made);
	vec_fini(&w.given);
}

void closure_set_fini(struct closure_set *s)
{
	free(s->reason);
	free(s->files);
	free(s->absent);
	*s = (struct closure_set){0};
}
