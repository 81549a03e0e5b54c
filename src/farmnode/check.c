#include "check.h"

#include "base/log.h"
#include "core/ccflags.h"
#include "core/side.h"
#include "paths.h"

#include <stdio.h>
#include <string.h>

/* A job's files never appear in, and never hide, what the jail shows of the node itself. */
static const char *const system_dirs[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/libx32", "/etc", "/proc", "/sys", "/dev"};

/* Sources are often kept here, and the jail makes this one anew. */
static const char shelf[] = "/usr/src";

static bool refuse(
	struct check_refusal *ret, enum refusal code, const char *text, const char *peer_text)
{
	char shown[128];
	ret->code = code;
	snprintf(ret->text, sizeof ret->text, "%s: %s", text,
		log_escape(peer_text, shown, sizeof shown));
	return false;
}

static bool is_taken(const char *path, const struct strv *closed)
{
	for (size_t i = 0; i < sizeof system_dirs / sizeof *system_dirs; i++)
		if (paths_is_below(path, system_dirs[i]) && !paths_is_below(path, shelf))
			return true;
	for (size_t i = 0; i < closed->n; i++)
		if (paths_is_below(path, closed->v[i]))
			return true;
	return false;
}

static bool check_cwd(const char *cwd, const struct strv *closed, struct check_refusal *ret)
{
	if (!paths_is_clean(cwd) || strcmp(cwd, "/") == 0)
		return refuse(ret, REFUSED_FLAG, "not a directory for jobs", cwd);
	if (is_taken(cwd, closed))
		return refuse(ret, REFUSED_FLAG, "this node's own directory", cwd);
	return true;
}

/* path as the client wrote it; its clean form goes to out. */
static bool check_file(const struct job_spec *spec, const char *path, const struct strv *closed,
	char out[JOB_PATH_BYTES_MAX], struct check_refusal *ret)
{
	/* what a compiler reads as an option or a file of options; strchr finds the empty name too */
	if (strchr("-@", path[0]) || path[strlen(path) - 1] == '/' ||
		paths_resolve(spec->cwd, path, out, JOB_PATH_BYTES_MAX) < 0)
		return refuse(ret, REFUSED_FLAG, "not a file name for jobs", path);
	if (paths_is_below(spec->cwd, out))
		return refuse(ret, REFUSED_FLAG, "a directory, not a file", path);
	if (is_taken(out, closed))
		return refuse(ret, REFUSED_FLAG, "in this node's own directory", path);
	return true;
}

static bool allows(const struct job_spec *spec, const struct toolchain *toolchain, const char *flag)
{
	/* the client knows a clang by its name only, which may be cc */
	if (strcmp(toolchain->kind, "clang") == 0 && ccflags_records_command(flag))
		return false;
	return ccflags_node_allows(flag) ||
	       (spec->input_kind == INPUT_VIEW && ccflags_view_allows(flag));
}

/* Of a view: nothing of the node's can be hidden or written by a name, so names need only be names. */
static bool check_view_names(const struct job_spec *spec, struct check_refusal *ret)
{
	if (!paths_is_clean(spec->cwd))
		return refuse(ret, REFUSED_FLAG, "not a directory for jobs", spec->cwd);
	if (strchr("-@", spec->source[0]))
		return refuse(ret, REFUSED_FLAG, "not a file name for jobs", spec->source);
	if (spec->names_output && strchr("-@", spec->output[0]))
		return refuse(ret, REFUSED_FLAG, "not a file name for jobs", spec->output);
	if (spec->messages == MESSAGES_HERE || (spec->sides && !spec->names_output))
		return refuse(ret, REFUSED_FLAG, "not for the files of a view", spec->source);
	return true;
}

static bool check_text_names(
	const struct job_spec *spec, const struct strv *closed, struct check_refusal *ret)
{
	char source[JOB_PATH_BYTES_MAX], output[JOB_PATH_BYTES_MAX];
	bool is_for_view = spec->view || spec->names_output || (spec->sides & ~(1u << SIDE_DWO));
	if (spec->deps != DEPS_NONE || is_for_view)
		return refuse(ret, REFUSED_FLAG, "only for the files of a view", spec->source);
	if (!check_cwd(spec->cwd, closed, ret) ||
		!check_file(spec, spec->source, closed, source, ret) ||
		!check_file(spec, spec->output, closed, output, ret))
		return false;
	if (strcmp(source, output) == 0)
		return refuse(ret, REFUSED_FLAG, "output would replace the source", spec->output);
	return true;
}

bool check_job(const struct job_spec *spec, const struct toolchain *toolchain,
	const struct strv *closed, struct check_refusal *ret)
{
	char hex[2 * TOOLCHAIN_ID_BYTES + 1];
	if (!toolchain)
		return refuse(ret, REFUSED_TOOLCHAIN, "no such toolchain",
			str_hex(spec->toolchain, sizeof spec->toolchain, hex));
	if (!toolchain_compiles(toolchain, spec->lang))
		return refuse(ret, REFUSED_TOOLCHAIN, "compiles no C++", toolchain->target);
	for (size_t i = 0; i < spec->flags.n; i++)
		if (!allows(spec, toolchain, spec->flags.v[i]))
			return refuse(ret, REFUSED_FLAG, "flag not allowed", spec->flags.v[i]);
	const char *native = ccflags_native(&spec->flags);
	if (native && !toolchain_is_native(toolchain, spec->toolchain))
		return refuse(ret, REFUSED_FLAG, "not by the id for such flags", native);
	return spec->input_kind == INPUT_VIEW ? check_view_names(spec, ret)
					      : check_text_names(spec, closed, ret);
}
