/* The first line is what stands behind an #include, the others are definitions: "NAME text". A name that is made
 * stands behind a quote or a bracket; what macros make of a line is always the same, within its steps; and
 * where a name that has a definition is unknown, or has none, nothing else goes wrong. */
#include "fuzz.h"

#include "base/vec.h"
#include "core/expand.h"

enum { STEPS = 20000, TEXT_BYTES_MAX = 4096 };

struct macro {
	char *name;
	struct expand_definition *definition;
};

struct world {
	VEC(struct macro) macros;
	size_t hidden; /* one of some eight that has no definition */
	bool unknown;
};

static const struct expand_definition *define(void *ctx, const char *name, size_t n)
{
	struct world *w = ctx;
	assert(n > 0);
	for (size_t i = 0; i < w->macros.n; i++)
		if (strlen(w->macros.v[i].name) == n && memcmp(w->macros.v[i].name, name, n) == 0)
			return i % 8 + 1 != w->hidden ? w->macros.v[i].definition
			       : w->unknown           ? expand_unknown
						      : NULL;
	return NULL;
}

static char *expand(struct world *w, const char *line)
{
	unsigned steps = STEPS;
	struct strv names = {0};
	enum expand_result result = expand_names(
		&(struct expand_world){.define = define, .ctx = w, .steps = &steps}, line, &names);
	assert(steps <= STEPS && names.n <= 2);
	char *all = xasprintf("%d", result);
	for (size_t i = 0; i < names.n; i++) {
		assert(names.v[i][0] == '"' || names.v[i][0] == '<');
		assert(names.v[i][1]);
		char *longer = xasprintf("%s %s", all, names.v[i]);
		free(all);
		all = longer;
	}
	strv_fini(&names);
	return all;
}

static void expand_twice(struct world *w, const char *line)
{
	_cleanup_free_ char *once = expand(w, line), *again = expand(w, line);
	assert(strcmp(once, again) == 0);
}

static void add_macro(struct world *w, char *line)
{
	char *text = line + strcspn(line, " (");
	struct macro m = {.definition = expand_definition_create(text), .name = line};
	*text = '\0';
	vec_push(&w->macros, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data || size > TEXT_BYTES_MAX) /* libFuzzer's empty input */
		return 0;
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct world w = {0};
	char *first = text, *rest = strchr(text, '\n');
	while (rest) {
		*rest++ = '\0';
		char *line = rest;
		rest = strchr(rest, '\n');
		add_macro(&w, xstrndup(line, rest ? (size_t)(rest - line) : strlen(line)));
	}
	for (w.hidden = 0; w.hidden < 8; w.hidden++) {
		w.unknown = false;
		expand_twice(&w, first);
		w.unknown = true;
		expand_twice(&w, first);
	}
	for (size_t i = 0; i < w.macros.n; i++) {
		expand_definition_destroy(w.macros.v[i].definition);
		free(w.macros.v[i].name);
	}
	vec_fini(&w.macros);
	return 0;
}
