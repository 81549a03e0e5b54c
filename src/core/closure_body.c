/* How a file defines a macro: the scan says it when the value is a name, or another macro's; else the text has to
 * be read again. It is kept by what is in the file, so a file that changes is read anew.
 */
#include "closure_impl.h"

#include <string.h>

static char *as_text(const struct incscan_item *item)
{
	const char *open = item->form == INCSCAN_QUOTED   ? "\""
			   : item->form == INCSCAN_ANGLED ? "<"
							  : "",
		   *close = item->form == INCSCAN_ANGLED ? ">" : open;
	return xasprintf(" %s%s%s", open, item->more, close);
}

/* The definitions that the scan itself has. */
static void read_scan(const struct incscan *scan, const char *name, struct strv *ret)
{
	struct incscan_item item;
	for (size_t at = 0; incscan_next(scan, &at, &item);)
		if (item.kind == INCSCAN_DEFINE && strcmp(item.name, name) == 0)
			strv_push_take(ret, as_text(&item));
}

static bool read_text(
	struct closure *c, const struct closure_file *f, const char *name, struct strv *ret)
{
	size_t n;
	_cleanup_free_ char *text =
		c->fs.text ? c->fs.text(c->fs.ctx, f->path, f->identity.content, &n) : NULL;
	if (text)
		incscan_definitions(text, n, name, ret);
	return text != NULL;
}

const struct closure_body *closure_body_of(
	struct closure *c, uint32_t file, const char *name, size_t n)
{
	const struct closure_file *f = &c->files.v[file];
	uint32_t hash = incscan_hash(name, n);
	struct closure_macro *m = &c->macros.v[closure_macro_at(c, hash)];
	for (size_t i = 0; i < m->bodies.n; i++) {
		struct closure_body *b = m->bodies.v[i];
		if (b->content == f->identity.content && strncmp(b->name, name, n) == 0 &&
			b->name[n] == '\0')
			return b;
	}
	struct strv texts = {0};
	_cleanup_free_ char *whole = xstrndup(name, n);
	bool simple;
	if (incscan_defines(f->scan, hash, &simple) && simple)
		read_scan(f->scan, whole, &texts);
	else if (!read_text(c, f, whole, &texts))
		return NULL;
	struct closure_body *b = xcalloc(1, sizeof *b);
	b->content = f->identity.content;
	b->name = xstrdup(whole);
	for (size_t i = 0; i < texts.n; i++)
		vec_push(&b->definitions, expand_definition_create(texts.v[i]));
	strv_fini(&texts);
	vec_push(&m->bodies, b);
	return b;
}

void closure_body_free(struct closure_body *body)
{
	for (size_t i = 0; i < body->definitions.n; i++)
		expand_definition_destroy(body->definitions.v[i]);
	vec_fini(&body->definitions);
	free(body->name);
	free(body);
}
