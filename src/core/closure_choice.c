/* What a line may be when each macro has any of its values.
 *
 * A line is expanded once for each choice of definitions. Only macros that are met are chosen for, each when
 * it is met first, and each has one definition all along. So the choices are a tree, whose leaves are gone
 * over from left to right: the last choice of the expansion before is the next one, and those that follow
 * begin anew.
 */
#include "closure_walk.h"

#include <string.h>

enum { NAMES_MAX = 2000, STEPS_MAX = 200000, VALUES_MAX = 1000, OPTIONS_MAX = 1000 };

static const char *const cannot_be_read = "depends on macros",
			 *const too_many = "may name too many files",
			 *const unknown = "depends on a macro that may be the compiler's";

/* A macro that was met, with all that it may be; NULL: no macro. */
struct option {
	char *name;
	size_t n;
	VEC(const struct expand_definition *) values;
};

struct choice {
	size_t option, value;
};

struct chooser {
	const struct closure_walk *w;
	VEC(struct option) options;
	VEC(struct choice) path;
	size_t depth; /* of the path, in this expansion */
	VEC(struct expand_definition *) own;
	const char *trouble;
};

/* What a -D has behind the name, as a #define would; NULL when it is another one's. malloc'd. */
static char *given_value(const char *macro, const char *name, size_t n)
{
	if (strncmp(macro, name, n) != 0 || !strchr("=(", macro[n]))
		return NULL;
	char *value = xasprintf("%s%s", macro + n, strchr(macro, '=') ? "" : " 1"),
	     *equals = strchr(value, '=');
	if (equals)
		*equals = ' ';
	return value;
}

static void add_value(struct option *o, const struct expand_definition *d)
{
	for (size_t i = 0; i < o->values.n; i++)
		if (o->values.v[i] && strcmp(expand_definition_text(o->values.v[i]),
					      expand_definition_text(d)) == 0)
			return;
	vec_push(&o->values, d);
}

static void add_own(struct chooser *ch, struct option *o, const char *text)
{
	vec_push(&ch->own, expand_definition_create(text));
	add_value(o, ch->own.v[ch->own.n - 1]);
}

static void add_given(struct chooser *ch, struct option *o)
{
	const struct strv *macros = ch->w->job->macros;
	for (size_t i = 0; macros && i < macros->n; i++) {
		_cleanup_free_ char *value = given_value(macros->v[i], o->name, o->n);
		if (value)
			add_own(ch, o, value);
	}
}

static void add_defined(struct chooser *ch, struct option *o)
{
	struct closure *c = ch->w->c;
	uint32_t hash = incscan_hash(o->name, o->n), macro = closure_macro_at(c, hash);
	bool simple;
	for (size_t i = 0; i < c->macros.v[macro].files.n; i++) {
		uint32_t file = c->macros.v[macro].files.v[i];
		const struct incscan *scan = c->files.v[file].scan;
		if (!closure_counts(ch->w, file) || !scan || !incscan_defines(scan, hash, &simple))
			continue;
		const struct closure_body *body = closure_body_of(c, file, o->name, o->n);
		if (!body) {
			ch->trouble = cannot_be_read;
			return;
		}
		for (size_t k = 0; k < body->definitions.n; k++)
			add_value(o, body->definitions.v[k]);
	}
}

/* May the compiler define it? What a file defines it does not, unless that is for compilers without it. */
static bool may_be_own(const struct option *o)
{
	return *o->name == '_' &&
	       (o->values.n == 1 || str_starts(o->name, "__has_") || str_ends(o->name, "__"));
}

static size_t option_of(struct chooser *ch, const char *name, size_t n)
{
	for (size_t i = 0; i < ch->options.n; i++)
		if (ch->options.v[i].n == n && memcmp(ch->options.v[i].name, name, n) == 0)
			return i;
	struct option o = {.name = xstrndup(name, n), .n = n};
	vec_push(&o.values, NULL);
	add_given(ch, &o);
	add_defined(ch, &o);
	if (closure_is_builtin(name, n) && *name != '_')
		add_own(ch, &o, " 1");
	if (may_be_own(&o))
		o.values.v[0] = expand_unknown;
	if (o.values.n > VALUES_MAX || ch->options.n == OPTIONS_MAX)
		ch->trouble = too_many;
	vec_push(&ch->options, o);
	return ch->options.n - 1;
}

static const struct expand_definition *choose(void *ctx, const char *name, size_t n)
{
	struct chooser *ch = ctx;
	size_t option = option_of(ch, name, n);
	const struct option *o = &ch->options.v[option];
	if (ch->trouble)
		return expand_unknown;
	if (o->values.n == 1)
		return o->values.v[0];
	for (size_t i = 0; i < ch->depth; i++)
		if (ch->path.v[i].option == option)
			return o->values.v[ch->path.v[i].value];
	if (ch->depth == ch->path.n)
		vec_push(&ch->path, (struct choice){.option = option});
	return o->values.v[ch->path.v[ch->depth++].value];
}

/* The next leaf; false behind the last one. */
static bool advance(struct chooser *ch)
{
	ch->path.n = ch->depth;
	ch->depth = 0;
	for (; ch->path.n > 0; ch->path.n--) {
		struct choice *last = &ch->path.v[ch->path.n - 1];
		if (++last->value < ch->options.v[last->option].values.n)
			return true;
	}
	return false;
}

/* Each name once. */
static void add_names(struct strv *all, struct strv *some)
{
	for (size_t i = 0; i < some->n; i++)
		if (!strv_has(all, some->v[i]))
			strv_push(all, some->v[i]);
	strv_fini(some);
}

static void fini(struct chooser *ch)
{
	for (size_t i = 0; i < ch->options.n; i++) {
		free(ch->options.v[i].name);
		vec_fini(&ch->options.v[i].values);
	}
	for (size_t i = 0; i < ch->own.n; i++)
		expand_definition_destroy(ch->own.v[i]);
	vec_fini(&ch->options);
	vec_fini(&ch->path);
	vec_fini(&ch->own);
}

const char *closure_choose(const struct closure_walk *w, const char *line, struct strv *ret)
{
	unsigned steps = STEPS_MAX;
	struct chooser ch = {.w = w};
	const struct expand_world world = {.define = choose, .ctx = &ch, .steps = &steps};
	/* a scan has no more of a line than that */
	if (strlen(line) >= INCSCAN_NAME_BYTES_MAX)
		return cannot_be_read;
	do {
		struct strv names = {0};
		enum expand_result result = expand_names(&world, line, &names);
		add_names(ret, &names);
		const char *why = result == EXPAND_UNKNOWN                      ? unknown
				  : result == EXPAND_ODD                        ? cannot_be_read
				  : result == EXPAND_LONG || ret->n > NAMES_MAX ? too_many
										: NULL;
		ch.trouble = ch.trouble ? ch.trouble : why;
	} while (!ch.trouble && advance(&ch));
	fini(&ch);
	return ch.trouble;
}
