/* Dependency options.
 *
 * The driver turns -MD into "-MD FILE" for cc1, with a file name made of the output's, and adds
 * "-MQ OUTPUT" unless a target is given. With -E there is neither an output to take names from nor
 * such a target, so both are spelled out here. The -Wp forms reach cc1 as they stand: nothing to add.
 */
#include "core/ccargs.h"
#include "ccargs_parts.h"

#include <string.h>

static void set_once(struct ccargs_deps *d, bool *flag)
{
	if (*flag)
		d->problem = "has a dependency option twice";
	*flag = true;
}

void ccargs_deps_add(struct ccargs_deps *d, const char *spelling, const char *value)
{
	if (strcmp(spelling, "-MD") == 0 || strcmp(spelling, "-MMD") == 0)
		set_once(d, &d->has_mode);
	else if (strcmp(spelling, "-MF") == 0)
		set_once(d, &d->has_file);
	else if (strcmp(spelling, "-MP") == 0)
		d->has_phony = true;
	else if (strcmp(spelling, "-MT") == 0 || strcmp(spelling, "-MQ") == 0)
		d->has_target = true;
	else if (strcmp(spelling, "-Wp,-MD,") == 0 || strcmp(spelling, "-Wp,-MMD,") == 0)
		set_once(d, &d->has_cpp_mode);
	else
		d->has_cpp_more = true;

	/* another comma would begin another option */
	if (str_starts(spelling, "-Wp,") && value && strchr(value, ','))
		d->problem = "has several preprocessor options in one -Wp";
}

const char *ccargs_deps_problem(const struct ccargs_deps *d)
{
	bool is_driver = d->has_mode || d->has_file;
	bool is_cpp = d->has_cpp_mode || d->has_cpp_more;
	if (d->problem)
		return d->problem;
	if (is_driver && is_cpp)
		return "asks for dependencies in two ways";
	if ((d->has_file || d->has_phony || d->has_target || d->has_cpp_more) && !d->has_mode &&
		!d->has_cpp_mode)
		return "says how to write dependencies, but not which";
	return NULL;
}

/* gcc's %. and %b: the extension goes, and a name that is all extension is one for an output (".d"
 * for "-o .o") but none for a source. */
static int stem_length(const char *name, bool keep_hidden)
{
	const char *base = str_base(name);
	const char *dot = strrchr(base, '.');
	if (!dot || (keep_hidden && dot == base))
		return (int)strlen(name);
	return (int)(dot - name);
}

char *ccargs_object_name(const char *source, enum output_kind kind)
{
	const char *base = str_base(source);
	return xasprintf(
		"%.*s.%c", stem_length(base, true), base, kind == OUTPUT_ASSEMBLY ? 's' : 'o');
}

char *ccargs_dwo_name(const char *output)
{
	return xasprintf("%.*s.dwo", stem_length(output, true), output);
}

void ccargs_deps_complete(
	const struct ccargs_deps *d, const char *source, const char *output, struct strv *cpp)
{
	if (!d->has_mode)
		return;
	if (!d->has_file) {
		const char *from = output ? output : str_base(source);
		strv_push(cpp, "-MF");
		strv_pushf(cpp, "%.*s.d", stem_length(from, !output), from);
	}
	if (output && !d->has_target) {
		strv_push(cpp, "-MQ");
		strv_push(cpp, output);
	}
}
