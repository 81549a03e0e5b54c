/* The chain of directories, joined from four lists as gcc joins them (incpath.c of gcc 12 is what this was
 * compared with, by its -v): those that are not there go, and of those that are the same directory the
 * first stays, except that one among the system's directories wins over -I and -iquote.
 */
#include "core/incdirs.h"

#include "base/err.h"
#include "base/vec.h"

#include <string.h>

struct dir {
	const char *name;
	uint64_t device, inode;
};

typedef VEC(struct dir) chain;

static bool is_same(const struct dir *a, const struct dir *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static bool has(const struct dir *v, size_t n, const struct dir *d)
{
	for (size_t i = 0; i < n; i++)
		if (is_same(&v[i], d))
			return true;
	return false;
}

static void add_all(
	const struct incdirs_world *w, enum incdirs_list list, const struct strv *names, chain *c)
{
	for (size_t i = 0; i < names->n; i++) {
		struct dir d = {.name = names->v[i]};
		if (w->identify(w->ctx, list, d.name, &d.device, &d.inode))
			vec_push(c, d);
	}
}

/* The directories of a variable: an empty part is the working directory, an empty variable has none. */
static void split_path(const char *path, struct strv *ret)
{
	while (path && *path) {
		size_t n = strcspn(path, ":");
		strv_push_take(ret, n ? xstrndup(path, n) : xstrdup("."));
		path += n;
		if (*path == ':' && *++path == '\0')
			strv_push(ret, ".");
	}
}

/* Of what is twice in the chain, the first stays; what system has goes. The last one goes too if it is
 * join's first. */
static void remove_duplicates(chain *c, const chain *system, const chain *join)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct dir d = c->v[i];
		bool joins = i + 1 == c->n && join && join->n && is_same(&join->v[0], &d);
		if (!joins && !has(c->v, kept, &d) && !(system && has(system->v, system->n, &d)))
			c->v[kept++] = d;
	}
	c->n = kept;
}

static void push_all(struct strv *dirs, const chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		strv_push(dirs, c->v[i].name);
}

int incdirs_build(const struct incdirs_args *a, const struct incdirs_world *w, struct incdirs *ret)
{
	struct strv cpath = {0}, lang_path = {0};
	chain quote = {0}, bracket = {0}, system = {0};
	split_path(w->cpath, &cpath);
	split_path(w->lang_path, &lang_path);
	add_all(w, INCDIRS_QUOTE, &a->quote, &quote);
	add_all(w, INCDIRS_BRACKET, &a->bracket, &bracket);
	add_all(w, INCDIRS_BRACKET, &cpath, &bracket);
	add_all(w, INCDIRS_SYSTEM, &a->system, &system);
	add_all(w, INCDIRS_SYSTEM, &lang_path, &system);
	if (!a->nostdinc)
		add_all(w, INCDIRS_SYSTEM, w->own, &system);
	add_all(w, INCDIRS_AFTER, &a->after, &system);

	remove_duplicates(&system, NULL, NULL);
	remove_duplicates(&bracket, &system, &system);
	chain joined = {0};
	for (size_t i = 0; i < bracket.n; i++)
		vec_push(&joined, bracket.v[i]);
	for (size_t i = 0; i < system.n && bracket.n == 0; i++)
		vec_push(&joined, system.v[i]);
	remove_duplicates(&quote, &system, &joined);

	struct incdirs d = {.bracket = quote.n};
	push_all(&d.dirs, &quote);
	push_all(&d.dirs, &bracket);
	push_all(&d.dirs, &system);
	vec_fini(&quote);
	vec_fini(&bracket);
	vec_fini(&system);
	vec_fini(&joined);
	strv_fini(&cpath);
	strv_fini(&lang_path);
	if (d.dirs.n > INCDIRS_MAX) {
		incdirs_fini(&d);
		return ERR_TOOBIG;
	}
	*ret = d;
	return 0;
}

void incdirs_fini(struct incdirs *d)
{
	strv_fini(&d->dirs);
	d->bracket = 0;
}

static const char *line_behind(const char *said, const char *line)
{
	const char *at = strstr(said, line);
	return at && (at == said || at[-1] == '\n') ? at + strlen(line) : NULL;
}

int incdirs_parse_probe(const char *said, struct strv *ret)
{
	static const char quote[] = "#include \"...\" search starts here:\n";
	static const char bracket[] = "#include <...> search starts here:\n";
	static const char end[] = "End of search list.\n";
	const char *p = line_behind(said, quote);
	if (!p || !str_starts(p, bracket))
		return ERR_COMPILER;
	struct strv dirs = {0};
	for (p += strlen(bracket); *p == ' ' && dirs.n < INCDIRS_MAX;) {
		size_t n = strcspn(p, "\n");
		strv_push_take(&dirs, xstrndup(p + 1, n - 1));
		p += n + (p[n] == '\n');
	}
	if (!str_starts(p, end)) {
		strv_fini(&dirs);
		return ERR_COMPILER;
	}
	*ret = dirs;
	return 0;
}
