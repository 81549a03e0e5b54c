/* The options that say where to look, and for what before the source.
 *
 * The command is split into words by the table of ccflags, so that the value of one option is never
 * taken for another. An option that keeps a compile local may do so because it changes the search: it is
 * refused, unless it is known not to.
 */
#include "core/ccflags.h"
#include "core/incdirs.h"

#include "base/err.h"

#include <assert.h>
#include <string.h>

struct parser {
	struct incdirs_args *out;
	struct strv includes; /* they come behind all -imacros */
	const char *prefix;   /* -iprefix */
	const char *sysroot, *isysroot;
};

static void refuse(struct parser *p, const char *arg, const char *why)
{
	assert(arg && why);
	if (!p->out->reason)
		p->out->reason = xasprintf("%.80s %s", arg, why);
}

static void on_quote(struct parser *p, const char *value)
{
	strv_push(&p->out->quote, value);
}

static void on_bracket(struct parser *p, const char *value)
{
	if (strcmp(value, "-") == 0)
		refuse(p, "-I-", "changes what quotes mean");
	strv_push(&p->out->bracket, value);
}

static void on_system(struct parser *p, const char *value)
{
	strv_push(&p->out->system, value);
}

static void on_after(struct parser *p, const char *value)
{
	strv_push(&p->out->after, value);
}

static void on_prefix(struct parser *p, const char *value)
{
	p->prefix = value;
	strv_push(&p->out->probe, "-iprefix");
	strv_push(&p->out->probe, value);
}

static void add_prefixed(struct parser *p, struct strv *dirs, const char *value)
{
	if (!p->prefix)
		refuse(p, "-iwithprefix", "takes the compiler's own prefix");
	strv_pushf(dirs, "%s%s", p->prefix ? p->prefix : "", value);
}

static void on_with_prefix(struct parser *p, const char *value)
{
	add_prefixed(p, &p->out->system, value);
}

static void on_with_prefix_before(struct parser *p, const char *value)
{
	add_prefixed(p, &p->out->bracket, value);
}

static void on_sysroot(struct parser *p, const char *value)
{
	p->sysroot = value;
	strv_pushf(&p->out->probe, "--sysroot=%s", value);
}

static void on_isysroot(struct parser *p, const char *value)
{
	p->isysroot = value;
	strv_push(&p->out->probe, "-isysroot");
	strv_push(&p->out->probe, value);
}

static void on_imacros(struct parser *p, const char *value)
{
	strv_push(&p->out->forced, value);
}

static void on_include(struct parser *p, const char *value)
{
	strv_push(&p->includes, value);
}

/* A definition can ask for files as a line of a source does, but no scan sees it. */
static void add_macro(struct parser *p, const char *macro, size_t n)
{
	static const char *const asking[] = {"__has_", "_Pragma", ".incbin", ".include"};
	char *copy = xstrndup(macro, n);
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
		if (strstr(copy, asking[i]))
			refuse(p, copy, "may name a file");
	strv_push_take(&p->out->macros, copy);
}

static void on_define(struct parser *p, const char *value)
{
	add_macro(p, value, strlen(value));
}

/* "X=1,-DY,-UZ" */
static void on_defines(struct parser *p, const char *value)
{
	for (bool defines = true; *value;) {
		size_t n = strcspn(value, ",");
		if (defines)
			add_macro(p, value, n);
		value += n;
		defines = str_starts(value, ",-D");
		value += *value ? strlen(",-D") : 0;
	}
}

static void on_no_standard(struct parser *p, const char *value)
{
	(void)value;
	p->out->nostdinc = true;
}

static void on_probe(struct parser *p, const char *value)
{
	strv_push(&p->out->probe, value);
}

static void on_harmless(struct parser *p, const char *value)
{
	(void)p;
	(void)value;
}

static const struct {
	const char *spelling; /* as in ccflags */
	void (*take)(struct parser *p, const char *value);
	bool whole; /* wants the whole word */
} options[] = {
	{"--sysroot", on_sysroot, false},
	{"--sysroot=", on_sysroot, false},
	{"-D", on_define, false},
	{"-I", on_bracket, false},
	{"-Wp,-D", on_defines, false},
	{"-fverbose-asm", on_harmless, false},
	{"-idirafter", on_after, false},
	{"-imacros", on_imacros, false},
	{"-include", on_include, false},
	{"-iprefix", on_prefix, false},
	{"-iquote", on_quote, false},
	{"-isysroot", on_isysroot, false},
	{"-isystem", on_system, false},
	{"-iwithprefix", on_with_prefix, false},
	{"-iwithprefixbefore", on_with_prefix_before, false},
	{"-m", on_probe, true},
	{"-nostdinc", on_no_standard, false},
	{"-nostdinc++", on_probe, true},
};

static void take(struct parser *p, const struct ccflag *row, const char *arg, const char *next)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (strcmp(options[i].spelling, row->spelling) == 0) {
			const char *joined = options[i].whole ? arg : arg + strlen(row->spelling);
			options[i].take(p, next ? next : joined);
			return;
		}
	if (row->use == CCFLAG_LOCAL)
		refuse(p, arg, row->reason);
	else if (row->use == CCFLAG_CPP)
		refuse(p, arg, "may change where headers are looked for");
}

/* "=DIR" and "$SYSROOTDIR" are below the system's root, which a command that has these has to name. */
static void put_roots(struct parser *p, struct strv *dirs)
{
	const char *root = p->isysroot ? p->isysroot : p->sysroot;
	for (size_t i = 0; i < dirs->n; i++) {
		char *dir = dirs->v[i];
		size_t skip = dir[0] == '='                 ? 1
			      : str_starts(dir, "$SYSROOT") ? strlen("$SYSROOT")
							    : 0;
		if (skip == 0)
			continue;
		if (!root)
			refuse(p, dir, "is below a root that only the compiler knows");
		dirs->v[i] = xasprintf("%s%s", root ? root : "", dir + skip);
		free(dir);
	}
}

static void parse_words(struct parser *p, char *const args[])
{
	for (size_t i = 0; args[i] && !p->out->reason; i++) {
		const char *arg = args[i];
		if (arg[0] != '-' || arg[1] == '\0')
			continue;
		size_t words;
		const struct ccflag *row = ccflags_find(arg, &words);
		if (!row)
			refuse(p, arg, "is not known to the farm");
		else if (words == 2 && !args[i + 1])
			refuse(p, arg, "has no value");
		else
			take(p, row, arg, words == 2 ? args[++i] : NULL);
	}
}

int incdirs_parse(char *const args[], struct incdirs_args *ret)
{
	struct incdirs_args a = {0};
	struct parser p = {.out = &a};
	struct strv *const lists[] = {&a.quote, &a.bracket, &a.system, &a.after};
	parse_words(&p, args);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		put_roots(&p, lists[i]);
	a.imacros = a.forced.n;
	for (size_t i = 0; i < p.includes.n; i++)
		strv_push(&a.forced, p.includes.v[i]);
	strv_fini(&p.includes);
	if (a.reason) {
		char *reason = a.reason;
		a.reason = NULL;
		incdirs_args_fini(&a);
		*ret = (struct incdirs_args){.reason = reason};
		return ERR_UNSAFE;
	}
	*ret = a;
	return 0;
}

void incdirs_args_fini(struct incdirs_args *a)
{
	struct strv *const lists[] = {
		&a->quote, &a->bracket, &a->system, &a->after, &a->forced, &a->macros, &a->probe};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strv_fini(lists[i]);
	free(a->reason);
	*a = (struct incdirs_args){0};
}
