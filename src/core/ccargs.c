/* Scans a compiler's command line.
 *
 * Happy path: the words are sorted, one after the other and by their row in ccflags, into the half
 * for the preprocessor and the half for the node; then a list of checks looks at the command as a
 * whole. The first check that holds decides, an option that stays here comes last: "compiles and
 * links in one command" says more than the name of some linker option.
 *
 * Nothing fails: what is odd is local.
 */
#include "core/ccargs.h"
#include "ccargs_parts.h"
#include "core/ccflags.h"
#include "core/side.h"

#include <fnmatch.h>
#include <string.h>

/* The last one has a precompiled header named in the text, where it is a trap, instead of passed over. */
static const char *const to_preprocess[] = {"-E", "-fdirectives-only", "-fpch-preprocess"};

struct scan {
	struct ccargs *out;
	bool is_clang;
	bool is_cxx;
	bool is_query;          /* --version and the like */
	bool only_preprocesses; /* -E, -M, -MM */
	bool assembles;         /* -c */
	bool stops_at_assembly; /* -S, which wins over -c */
	unsigned makes;         /* as in ccflags' rows */
	bool has_link_option;
	bool is_pedantic, is_strict; /* -pedantic, -Werror */
	unsigned sources;
	unsigned link_inputs;
	unsigned outputs;
	const char *x_lang;
	const char *source_reason; /* why the source stays here */
	const char *device_reason;
	char *option_reason; /* why the first option that stays here does so */
	char *source_option; /* why an option needs the source itself */
	struct ccargs_deps deps;
};

static void stay_for(struct scan *s, const char *arg, const char *why)
{
	if (!s->option_reason)
		s->option_reason = xasprintf("%.80s %s", arg, why);
}

static void take_input(struct scan *s, const char *arg)
{
	const char *reason = NULL;
	enum ccargs_input input = ccargs_input_of(arg, s->x_lang, s->is_cxx, &reason);

	strv_push(&s->out->cpp, arg);
	if (input == CCARGS_INPUT_LINK) {
		s->link_inputs++;
		return;
	}
	if (s->sources++ > 0)
		return;
	s->out->source = xstrdup(arg);
	s->out->lang = input == CCARGS_INPUT_CXX ? LANG_CXX : LANG_C;
	s->source_reason = reason;
}

/* Macros that ask for the time, or for the files of the machine they are expanded on. The text is
 * searched for them elsewhere; the command line never becomes text. */
static bool has_trap(const char *macro)
{
	static const char *const traps[] = {
		"__DATE__", "__TIME__", "__TIMESTAMP__", "__has_include", ".incbin", ".include"};
	for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
		if (strstr(macro, traps[i]))
			return true;
	return false;
}

/* "--param X" is "--param=X", "-mllvm X" is "-mllvm=X"; "-D X" is "-DX". */
static bool is_joined_by_equals(const char *arg)
{
	_cleanup_free_ char *joined = xasprintf("%s=", arg);
	size_t words;
	const struct ccflag *row = ccflags_find(joined, &words);
	return row && strcmp(row->spelling, joined) == 0;
}

/* An option for both halves. Nodes take single words; the compiler here has them as they are, because not every
 * clang knows "-mllvm=X". */
static void take_both(struct scan *s, const char *arg, const char *value)
{
	_cleanup_free_ char *word = xasprintf(
		"%s%s%s", arg, value && is_joined_by_equals(arg) ? "=" : "", value ? value : "");

	if (!ccflags_node_allows(word))
		stay_for(s, word, "has a value that nodes do not take");
	if ((str_starts(word, "-D") || str_starts(word, "-Wp,")) && has_trap(word))
		stay_for(s, word, "means something else on another machine");
	if (s->is_clang && ccflags_records_command(word))
		stay_for(s, word, "records the whole command in the object");
	if (strlen(word) > JOB_FLAG_BYTES_MAX)
		stay_for(s, arg, "is longer than a node takes");
	s->is_pedantic |= str_ends(word, "-pedantic") || strcmp(word, "-Wpedantic") == 0;
	s->is_strict |= strcmp(word, "-Werror") == 0;
	strv_push(&s->out->cpp, arg);
	if (value)
		strv_push(&s->out->cpp, value);
	strv_push(&s->out->flags, word);
}

static void take_source_option(struct scan *s, const struct ccflag *row, const char *arg)
{
	if (!s->source_option)
		s->source_option = xasprintf("%.80s %s", arg, row->reason);
	if (row->form == CCFLAG_EITHER) /* it is core/incdirs' */
		return;
	if (!ccflags_view_allows(arg))
		stay_for(s, arg, "has a value that nodes do not take");
	strv_push(&s->out->flags, arg);
}

static void take_output(struct scan *s, const char *name)
{
	if (s->outputs++ == 0)
		s->out->output = xstrdup(name);
	if (name[0] == '\0' || strcmp(name, "-") == 0 || str_starts(name, "/dev/"))
		s->device_reason = "the output is no file";
}

static void take_language(struct scan *s, const char *name, bool is_joined)
{
	s->x_lang = strcmp(name, "none") == 0 ? NULL : name;
	if (is_joined) {
		strv_pushf(&s->out->cpp, "-x%s", name);
	} else {
		strv_push(&s->out->cpp, "-x");
		strv_push(&s->out->cpp, name);
	}
}

static void take_stage(struct scan *s, const char *arg, const char *value)
{
	switch (arg[1]) {
	case 'o': take_output(s, value ? value : arg + 2); break;
	case 'x': take_language(s, value ? value : arg + 2, !value); break;
	case 'c': s->assembles = true; break;
	case 'S': s->stops_at_assembly = true; break;
	case 'E':
	case 'M': s->only_preprocesses = true; break;
	default: break; /* -pipe: how, not what */
	}
}

/* An option in one word, or in two; value is the second one, or NULL. */
static void take_option(
	struct scan *s, const struct ccflag *row, const char *arg, const char *value)
{
	s->makes |= row->makes;
	switch (row->use) {
	case CCFLAG_BOTH:
	case CCFLAG_NATIVE: take_both(s, arg, value); return;
	case CCFLAG_STAGE: take_stage(s, arg, value); return;
	case CCFLAG_DRIVER: s->is_query = true; return;
	case CCFLAG_LOCAL: stay_for(s, arg, row->reason); return;
	case CCFLAG_SOURCE: take_source_option(s, row, arg); break;
	case CCFLAG_DEPS:
		ccargs_deps_add(
			&s->deps, row->spelling, value ? value : arg + strlen(row->spelling));
		break;
	case CCFLAG_CPP: break;
	case CCFLAG_LINK: s->has_link_option = true; break; /* clang has a word for each */
	}
	strv_push(&s->out->cpp, arg);
	if (value)
		strv_push(&s->out->cpp, value);
}

static void sort_words(struct scan *s, char *const args[])
{
	for (size_t i = 0; args[i]; i++) {
		const char *arg = args[i];
		if (arg[0] != '-' || arg[1] == '\0') {
			take_input(s, arg);
			continue;
		}
		size_t words;
		const struct ccflag *row = ccflags_find(arg, &words);
		if (!row)
			stay_for(s, arg, "is not known to the farm");
		else if (words == 2 && !args[i + 1])
			stay_for(s, arg, "has no value");
		else
			take_option(s, row, arg, words == 2 ? args[++i] : NULL);
	}
}

/* Of autoconf and its config.guess, of Meson; CMake's try_compile is known by what it makes. */
static bool is_configure_test(const struct ccargs *a)
{
	static const char *const names[] = {"conftest.", "tmp.conftest."};
	static const char *const places[] = {"*/cg?????[!/]/dummy.c", "*/meson-private/*"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_starts(str_base(a->source), names[i]))
			return true;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (fnmatch(places[i], a->source, 0) == 0)
			return true;
	return a->output && str_starts(a->output, "CMakeFiles/cmTC_");
}

static const char *check_source(const struct scan *s)
{
	return is_configure_test(s->out) ? "a configure test is compiled here" : s->source_reason;
}

static const char *check_inputs(const struct scan *s)
{
	if (s->sources > 1)
		return "several sources in one command";
	if (!s->assembles && !s->stops_at_assembly)
		return "compiles and links in one command";
	return s->link_inputs > 0 ? "object files have no place in a compile" : NULL;
}

static const char *check_outputs(const struct scan *s)
{
	return s->outputs > 1 ? "several outputs in one command" : s->device_reason;
}

static const char *check_deps(const struct scan *s)
{
	return ccargs_deps_problem(&s->deps);
}

static const char *check_options(const struct scan *s)
{
	return s->option_reason;
}

static const char *check_limits(const struct scan *s)
{
	if (s->out->flags.n > JOB_FLAGS_MAX)
		return "more options than a node takes";
	if (strlen(s->out->source) > JOB_PATH_BYTES_MAX ||
		(s->out->output && strlen(s->out->output) > JOB_PATH_BYTES_MAX))
		return "a path is longer than a node takes";
	return NULL;
}

/* Why the command stays here, or NULL. */
static const char *find_reason(const struct scan *s)
{
	static const char *(*const checks[])(const struct scan *) = {
		check_source,
		check_inputs,
		check_outputs,
		check_deps,
		check_options,
		check_limits,
	};
	const char *reason = NULL;
	for (size_t i = 0; !reason && i < sizeof checks / sizeof *checks; i++)
		reason = checks[i](s);
	return reason;
}

/* Why no text will do, or NULL. */
static const char *find_text_reason(const struct scan *s)
{
	if (s->is_clang)
		return "clang records its input in the object";
	if (s->source_option)
		return s->source_option;
	return s->is_pedantic && s->is_strict
		       ? "-pedantic with -Werror takes the line markers of preprocessed text for errors"
		       : NULL;
}

/* Why no view will do, or NULL. */
static const char *find_view_reason(const struct scan *s)
{
	if (side_is_in(s->out->sides, SIDE_DWO) && !s->is_clang)
		return "-gsplit-dwarf makes gcc write where the output is";
	if (s->is_clang && s->has_link_option)
		return "clang warns of options that only a linker reads";
	if (s->deps.file && strcmp(s->deps.file, "-") == 0)
		return "dependencies go to standard output";
	return NULL;
}

/* Configuration asks so by the hundred what a compiler knows. */
static bool is_question(const struct scan *s)
{
	return s->is_query || (s->sources == 1 && strcmp(s->out->source, "/dev/null") == 0);
}

static bool is_compile(const struct scan *s)
{
	return s->sources > 0 && !is_question(s) && !s->only_preprocesses;
}

static char *default_output(const struct scan *s)
{
	if (!s->assembles && !s->stops_at_assembly)
		return xstrdup("a.out");
	return ccargs_object_name(s->out->source, s->out->output_kind);
}

/* A text, a view, or neither will do. */
static void choose_input(struct scan *s, bool has_output)
{
	struct ccargs *a = s->out;
	const char *no_text = find_text_reason(s);
	const char *no_view = find_view_reason(s);
	ccargs_deps_describe(&s->deps, s->is_clang, has_output, a);
	a->no_view = no_view ? xstrdup(no_view) : NULL;
	a->no_text = no_text ? xstrdup(no_text) : NULL;
	if (a->no_text && a->no_view) {
		a->verdict = CCARGS_LOCAL;
		a->reason = xstrdup(a->no_text);
	}
}

static void name_sides(struct scan *s)
{
	struct ccargs *a = s->out;
	a->names_output = s->makes & CCFLAG_NAMES_OUTPUT;
	a->sides = s->makes & (CCFLAG_NAMES_OUTPUT - 1);
	if (a->output_kind == OUTPUT_ASSEMBLY)
		a->sides &= (uint8_t) ~(1u << SIDE_DWO);
	for (enum side i = 0; i < SIDE_COUNT; i++)
		if (side_is_in(a->sides, i))
			a->side[i] = side_name(a->output, i);
}

/* The verdict on a compile, and the names that the compiler would make up by itself. */
static void judge(struct scan *s)
{
	struct ccargs *a = s->out;
	const char *reason = find_reason(s);
	bool has_output = a->output;
	a->verdict = reason ? CCARGS_LOCAL : CCARGS_REMOTE;
	a->reason = reason ? xstrdup(reason) : NULL;
	a->output_kind = s->stops_at_assembly ? OUTPUT_ASSEMBLY : OUTPUT_OBJECT;
	ccargs_deps_complete(&s->deps, a->source, a->output, &a->cpp);
	if (!a->output)
		a->output = default_output(s);
	name_sides(s);
	if (!reason)
		choose_input(s, has_output);
}

void ccargs_scan(const char *compiler, char *const args[], struct ccargs *ret)
{
	ccargs_scan_file(compiler, compiler, args, ret);
}

void ccargs_scan_file(
	const char *compiler, const char *file, char *const args[], struct ccargs *ret)
{
	*ret = (struct ccargs){.verdict = CCARGS_PASS};
	struct scan s = {
		.out = ret,
		.is_clang = ccargs_is_clang(compiler) || ccargs_is_clang(file),
		.is_cxx = ccargs_is_cxx(compiler),
	};
	for (size_t i = 0; i < sizeof to_preprocess / sizeof *to_preprocess; i++)
		strv_push(&ret->cpp, to_preprocess[i]);
	sort_words(&s, args);
	if (is_compile(&s))
		judge(&s);
	if (ret->verdict != CCARGS_REMOTE) {
		strv_fini(&ret->cpp);
		strv_fini(&ret->flags);
	}
	free(s.option_reason);
	free(s.source_option);
	ccargs_deps_fini(&s.deps);
}

struct strv ccargs_words(const struct ccargs *a)
{
	size_t ours = sizeof to_preprocess / sizeof *to_preprocess;
	if (a->cpp.n < ours)
		return (struct strv){0};
	return (struct strv){.v = a->cpp.v + ours, .n = a->cpp.n - ours};
}

void ccargs_fini(struct ccargs *a)
{
	free(a->reason);
	free(a->source);
	free(a->output);
	for (size_t i = 0; i < SIDE_COUNT; i++)
		free(a->side[i]);
	strv_fini(&a->cpp);
	strv_fini(&a->flags);
	free(a->no_text);
	free(a->no_view);
	strv_fini(&a->deps_flags);
	free(a->deps_file);
	*a = (struct ccargs){0};
}
