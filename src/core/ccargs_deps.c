/* Dependency options.
 *
 * The driver turns -MD into "-MD FILE" for cc1, with a file name made of the output's, and adds
 * "-MQ OUTPUT" unless a target is given. With -E there is neither an output to take names from nor
 * such a target, so both are spelled out here. The -Wp forms reach cc1 as they stand: nothing to add.
 */
#include "core/ccargs.h"
#include "ccargs_parts.h"
#include "core/side.h"

#include <string.h>

static void set_kind(struct ccargs_deps *d, bool *has, enum deps_kind kind)
{
	if (*has)
		d->problem = "has a dependency option twice";
	*has = true;
	d->kind = kind;
}

static void set_file(struct ccargs_deps *d, const char *file)
{
	if (d->file)
		d->problem = "has a dependency option twice";
	free(d->file);
	d->file = xstrdup(file);
}

void ccargs_deps_add(struct ccargs_deps *d, const char *spelling, const char *value)
{
	bool is_cpp = str_starts(spelling, "-Wp,");
	if (strcmp(spelling, "-MD") == 0)
		set_kind(d, &d->has_driver_kind, DEPS_ALL);
	else if (strcmp(spelling, "-MMD") == 0)
		set_kind(d, &d->has_driver_kind, DEPS_USER);
	else if (strcmp(spelling, "-Wp,-MD,") == 0)
		set_kind(d, &d->has_cpp_kind, DEPS_CPP_ALL);
	else if (strcmp(spelling, "-Wp,-MMD,") == 0)
		set_kind(d, &d->has_cpp_kind, DEPS_CPP_USER);
	else if (strcmp(spelling, "-MF") != 0)
		strv_pushf(&d->flags, "%s%s", spelling, value);

	if (strcmp(spelling, "-MF") == 0 || (is_cpp && str_ends(spelling, "MD,")))
		set_file(d, value);
	d->has_phony |= strcmp(spelling, "-MP") == 0;
	d->has_target |= strcmp(spelling, "-MT") == 0 || strcmp(spelling, "-MQ") == 0;
	d->has_cpp_more |= is_cpp && !str_ends(spelling, "MD,");

	/* another comma would begin another option */
	if (is_cpp && strchr(value, ','))
		d->problem = "has several preprocessor options in one -Wp";
}

const char *ccargs_deps_problem(const struct ccargs_deps *d)
{
	bool has_driver_file = d->file && !d->has_cpp_kind;
	if (d->problem)
		return d->problem;
	if ((d->has_driver_kind || has_driver_file) && (d->has_cpp_kind || d->has_cpp_more))
		return "asks for dependencies in two ways";
	if ((d->file || d->has_phony || d->has_target || d->has_cpp_more) && !d->has_driver_kind &&
		!d->has_cpp_kind)
		return "says how to write dependencies, but not which";
	return NULL;
}

char *ccargs_object_name(const char *source, enum output_kind kind)
{
	const char *base = str_base(source);
	return xasprintf(
		"%.*s.%c", side_stem_length(base, true), base, kind == OUTPUT_ASSEMBLY ? 's' : 'o');
}

/* Where the driver has the file written when nothing says so. */
static char *default_file(const char *source, const char *output)
{
	const char *from = output ? output : str_base(source);
	return xasprintf("%.*s.d", side_stem_length(from, !output), from);
}

void ccargs_deps_complete(
	const struct ccargs_deps *d, const char *source, const char *output, struct strv *cpp)
{
	if (!d->has_driver_kind)
		return;
	if (!d->file) {
		strv_push(cpp, "-MF");
		strv_push_take(cpp, default_file(source, output));
	}
	if (output && !d->has_target) {
		strv_push(cpp, "-MQ");
		strv_push(cpp, output);
	}
}

/* clang's driver takes -Wp,-MD for its own -MD. */
static enum deps_kind kind_of(const struct ccargs_deps *d, bool is_clang)
{
	if (!is_clang || !d->has_cpp_kind)
		return d->kind;
	return d->kind == DEPS_CPP_ALL ? DEPS_ALL : DEPS_USER;
}

void ccargs_deps_describe(
	const struct ccargs_deps *d, bool is_clang, bool has_output, struct ccargs *a)
{
	a->deps = kind_of(d, is_clang);
	if (a->deps == DEPS_NONE)
		return;
	a->deps_file =
		d->file ? xstrdup(d->file) : default_file(a->source, has_output ? a->output : NULL);
	for (size_t i = 0; i < d->flags.n; i++)
		strv_push(&a->deps_flags, d->flags.v[i]);
	bool is_driver = a->deps == DEPS_ALL || a->deps == DEPS_USER;
	if (!is_driver || d->has_target)
		return;
	/* without -o it is the preprocessor that names a target, without a directory */
	_cleanup_free_ char *own = ccargs_object_name(a->source, OUTPUT_OBJECT);
	strv_pushf(&a->deps_flags, "-MQ%s", has_output ? a->output : own);
}

void ccargs_deps_fini(struct ccargs_deps *d)
{
	free(d->file);
	strv_fini(&d->flags);
}
