/* Names that macros make.
 *
 * A macro's name stands for each value that a file of the set, or the command, gives it; only when one of
 * these is more than a name is it not known what the directive opens. A directive that is not reached
 * unless some macro is defined counts once a file of the set defines that macro. The set grows meanwhile,
 * and both are asked again: in the end no file is missing, because the first one missing would have been
 * named by a file of the set, under macros that files of the set define.
 */
#include "closure_impl.h"

#include <string.h>

enum { ALIASES_MAX = 16 };

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

/* The value that a -D gives the name: "1" when it has none; NULL when it is another one's. */
static const char *value_of(const char *macro, const char *name, size_t n)
{
	if (strncmp(macro, name, n) != 0)
		return NULL;
	return macro[n] == '=' ? macro + n + 1 : macro[n] == '(' ? "(" : macro[n] ? NULL : "1";
}

static bool counts(const struct closure_walk *w, uint32_t file)
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
		if (counts(w, m->files.v[i]) && scan && incscan_introduces(scan, m->hash))
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

static bool may_be_defined(const struct closure_walk *w, const char *name, size_t n)
{
	return closure_is_builtin(name, n) ||
	       is_defined(w, closure_macro_at(w->c, incscan_hash(name, n)));
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

static size_t word_length(const char *text)
{
	size_t n = 0;
	while (text[n] == '_' || text[n] == '$' || (text[n] >= '0' && text[n] <= '9') ||
		((text[n] | 32) >= 'a' && (text[n] | 32) <= 'z') || (uint8_t)text[n] >= 0x80)
		n++;
	return n;
}

/* <sys/x.h> behind a macro is made of tokens: do they stay what they are? */
static bool stays(struct closure_walk *w, const char *name)
{
	for (size_t n; *name; name += n) {
		n = word_length(name);
		bool number = name[0] >= '0' && name[0] <= '9';
		if (n > 0 && !number && may_be_defined(w, name, n))
			return false;
		/* blanks and literals become something else */
		if (n == 0 && strchr(" \t\f\v\"'\\<", *name))
			return false;
		n += n == 0;
	}
	return true;
}

struct values {
	struct closure_walk *w;
	uint32_t node; /* whose directive it is */
	enum incscan_kind kind;
	int aliases;
};

static bool follow(struct values *v, const char *name, size_t n);

/* Returns false when the value is no name. */
static bool take_value(struct values *v, enum incscan_form form, const char *value)
{
	struct closure_walk *w = v->w;
	if (form == INCSCAN_MACRO)
		return follow(v, value, strlen(value));
	if (form == INCSCAN_OTHER || (form == INCSCAN_ANGLED && !stays(w, value)))
		return false;
	const struct closure_node *n = &w->c->nodes.v[v->node];
	_cleanup_free_ char *path = xstrdup(w->c->files.v[n->file].path);
	struct closure_asker asker = {.path = path,
		.chain = n->chain,
		.pos = n->pos,
		.with_pch = n->pos == POS_MAIN,
		.pch = NO_FILE,
		.absent = &w->absent};
	struct incscan_item item = {.kind = v->kind, .form = form, .name = value};
	uint32_t edge = closure_look_up(w->c, &asker, &item);
	if (asker.pch != NO_FILE)
		return false;
	if (edge != NO_FILE)
		closure_visit_made(w, edge, v->node);
	return true;
}

/* The value of a -D, which is no string of an incscan. */
static bool take_text(struct values *v, const char *value)
{
	size_t n = strlen(value);
	bool quoted = n > 2 && value[0] == '"' && strcspn(value + 1, "\"\\") == n - 2;
	bool angled = n > 2 && value[0] == '<' && strcspn(value + 1, ">") == n - 2;
	if (quoted || angled) {
		_cleanup_free_ char *name = xstrndup(value + 1, n - 2);
		return take_value(v, quoted ? INCSCAN_QUOTED : INCSCAN_ANGLED, name);
	}
	bool word = n > 0 && word_length(value) == n;
	/* a number names nothing */
	return word && (value[0] <= '9' || take_value(v, INCSCAN_MACRO, value));
}

static bool take_definitions(
	struct values *v, const struct incscan *scan, const char *name, size_t n)
{
	struct incscan_item item;
	bool known = true;
	for (size_t at = 0; known && incscan_next(scan, &at, &item);)
		if (item.kind == INCSCAN_DEFINE && strncmp(item.name, name, n) == 0 &&
			item.name[n] == '\0')
			known = take_value(v, item.form, item.more);
	return known;
}

/* All values of the macro; false when one is no name. A macro that nobody defines names nothing. */
static bool follow(struct values *v, const char *name, size_t n)
{
	struct closure_walk *w = v->w;
	if (v->aliases++ == ALIASES_MAX)
		return false;
	bool known = true, any = false;
	for (size_t i = 0; w->job->macros && known && i < w->job->macros->n; i++) {
		const char *value = value_of(w->job->macros->v[i], name, n);
		any |= value != NULL;
		known = !value || take_text(v, value);
	}
	uint32_t hash = incscan_hash(name, n), macro = closure_macro_at(w->c, hash);
	for (size_t i = 0; known && i < w->c->macros.v[macro].files.n; i++) {
		uint32_t file = w->c->macros.v[macro].files.v[i];
		const struct incscan *scan = w->c->files.v[file].scan;
		bool simple;
		if (!counts(w, file) || !scan || !incscan_defines(scan, hash, &simple))
			continue;
		any = true;
		known = simple && take_definitions(v, scan, name, n);
	}
	v->aliases--;
	return known && (any || !closure_is_builtin(name, n));
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

/* Returns whether there is no more to it. */
static bool follow_made(struct closure_walk *w, uint32_t node, uint32_t at)
{
	uint32_t file = w->c->nodes.v[node].file;
	struct incscan_item item;
	size_t next = at;
	if (!incscan_next(w->c->files.v[file].scan, &next, &item))
		return true;
	size_t n = word_length(item.name);
	struct values v = {.w = w, .node = node, .kind = item.kind};
	/* another file may give the macro another value */
	if (item.form == INCSCAN_MACRO && follow(&v, item.name, n))
		return false;
	if (item.form == INCSCAN_OTHER && item.name[n] == '(' && !may_be_defined(w, item.name, n))
		return false;
	if (w->job->learned)
		visit_learned(w, node);
	else
		closure_refuse(
			w, xasprintf("%s: %s %.60s depends on macros", closure_path(w->c, file),
				   directive(item.kind), item.name));
	return true;
}

static bool follow_one(struct closure_walk *w, const struct closure_pending *p)
{
	const struct closure_node *n = &w->c->nodes.v[p->node];
	const struct closure_late late = n->late.v[p->late];
	if (!may_be_reached(w, n, &late))
		return false;
	if (late.edge == NO_FILE)
		return follow_made(w, p->node, late.item);
	closure_visit_made(w, late.edge, p->node);
	return true;
}

void closure_follow_macros(struct closure_walk *w)
{
	w->c->round++;
	for (size_t i = 0; i < w->pending.n && !w->reason;) {
		struct closure_pending p = w->pending.v[i];
		if (follow_one(w, &p))
			w->pending.v[i] = w->pending.v[--w->pending.n];
		else
			i++;
	}
}
