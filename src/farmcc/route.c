/* The stages of a compile that may go to a node, and what happens when one of them says local. */
#include "farmcc.h"

#include "base/err.h"
#include "child.h"
#include "commit.h"
#include "local.h"
#include "tongue.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum route route_local(struct cc *cc, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(cc->reason, sizeof cc->reason, fmt, ap);
	va_end(ap);
	return ROUTE_LOCAL;
}

/* What gcc records as the directory: $PWD when it is true, else what the kernel says. */
static char *current_dir(void)
{
	const char *pwd = getenv("PWD");
	struct stat a, b;
	if (pwd && pwd[0] == '/' && stat(pwd, &a) == 0 && stat(".", &b) == 0 &&
		a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return xstrdup(pwd);
	char path[PATH_MAX];
	return getcwd(path, sizeof path) ? xstrdup(path) : NULL;
}

/* Variables that change what the compiler does and that a node is not told. */
static const char *strange_environment(void)
{
	static const char *const names[] = {"DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES",
		"GCC_COMPARE_DEBUG", "COMPILER_PATH", "GCC_EXEC_PREFIX", "COMPILER_OPTIONS",
		"GCC_EXTRA_DIAGNOSTIC_OUTPUT", "CCC_OVERRIDE_OPTIONS"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (getenv(names[i]))
			return names[i];
	return NULL;
}

/* What the command line does not say but also keeps a compile here. */
static void look_around(struct cc *cc)
{
	struct ccargs *a = &cc->args;
	const char *name = strange_environment();
	if (a->verdict != CCARGS_REMOTE)
		route_local(cc, "%s", a->reason);
	else if (name)
		route_local(cc, "%s is set in the environment", name);
	else if (!cc->cwd)
		route_local(cc, "the current directory has no name");
	else if (commit_is_same(a->output, a->source) ||
		 (a->deps_file && commit_is_same(a->deps_file, a->source)))
		route_local(cc, "the output is the source");
	else if (!commit_is_plain(a->output, a->output_kind) ||
		 (a->side[SIDE_DWO] && !commit_is_plain(a->side[SIDE_DWO], OUTPUT_OBJECT)))
		route_local(cc, "%s is no plain file to be replaced", a->output);
	else
		return;
	a->verdict = CCARGS_LOCAL;
}

static char *or_empty(const char *s)
{
	return s ? (char *)s : (char *)"";
}

static void describe(const struct cc *cc, struct job_spec *ret)
{
	const struct ccargs *a = &cc->args;
	*ret = (struct job_spec){
		.lang = a->lang,
		.input_kind = INPUT_TEXT,
		.output_kind = a->output_kind,
		.sides = a->sides,
		.names_output = a->names_output,
		.deps = a->deps,
		.cwd = or_empty(cc->cwd),
		.source = or_empty(a->source),
		.output = or_empty(a->output),
		.flags = a->flags,
	};
}

/* What only a compile says that may go to a node. */
static void offer(const struct cc *cc, struct msg *m)
{
	bool is_cxx = cc->args.lang == LANG_CXX;
	m->cc_begin.spec.messages = tongue_here();
	m->cc_begin.words = ccargs_words(&cc->args);
	m->cc_begin.deps_flags = cc->args.deps_flags;
	m->cc_begin.cpath = or_empty(getenv("CPATH"));
	m->cc_begin.lang_path = or_empty(getenv(is_cxx ? "CPLUS_INCLUDE_PATH" : "C_INCLUDE_PATH"));
	m->cc_begin.no_text = or_empty(cc->args.no_text);
	m->cc_begin.no_view = or_empty(cc->args.no_view);
}

/* A long command is told without what only a view needs. */
static int say_begin(struct sock *sock, struct msg *m)
{
	int err = sock_send(sock, m);
	if (err != ERR_TOOBIG || !m->cc_begin.words.n)
		return err;
	m->cc_begin.words = m->cc_begin.deps_flags = (struct strv){0};
	m->cc_begin.no_view = (char *)"the command is too long";
	return sock_send(sock, m);
}

static enum route begin(struct cc *cc)
{
	look_around(cc);
	bool remote = cc->args.verdict == CCARGS_REMOTE;
	struct msg m = {.type = MSG_CC_BEGIN};
	m.cc_begin.version = WIRE_VERSION;
	m.cc_begin.distributable = remote;
	m.cc_begin.reason = cc->reason;
	m.cc_begin.compiler = cc->compiler;
	m.cc_begin.cpath = m.cc_begin.lang_path = m.cc_begin.no_text = m.cc_begin.no_view =
		or_empty(NULL);
	describe(cc, &m.cc_begin.spec);
	if (remote)
		offer(cc, &m);
	else
		m.cc_begin.spec.flags = (struct strv){0};
	int err = say_begin(cc->sock, &m);
	if (err) {
		sock_close(cc->sock);
		cc->sock = NULL;
		return route_local(cc, "farmmake is gone: %s", err_str(err));
	}
	cc->told = !remote;
	return remote ? ROUTE_NEXT : ROUTE_LOCAL;
}

/* The controller learns that what it may still wait for is compiled here. */
static void tell_local(struct cc *cc)
{
	struct msg m = {.type = MSG_CC_LOCAL};
	m.cc_local = cc->reason;
	if (cc->sock && !cc->told)
		sock_send(cc->sock, &m);
	const char *verbose = getenv("FARMMAKE_VERBOSE");
	if (verbose && strcmp(verbose, "1") == 0)
		fprintf(stderr, "farmcc: %s here: %s\n",
			cc->args.source ? cc->args.source : "a compile", cc->reason);
}

static int compile_here(struct cc *cc)
{
	int wait_status;
	tell_local(cc);
	int err = local_run(cc, &wait_status);
	if (!err)
		child_exit_like(wait_status);
	fprintf(stderr, "farmcc: %s: %s\n", cc->compiler, err_str(err));
	return FARMCC_EXIT_NO_EXEC;
}

int route_run(struct cc *cc)
{
	static enum route (*const stages[])(struct cc * cc) = {
		begin, remote_ask, preprocess_run, remote_receive};
	child_watch_signals();
	cc->cwd = current_dir();
	enum route next = ROUTE_NEXT;
	for (size_t i = 0; next == ROUTE_NEXT && i < sizeof stages / sizeof *stages; i++)
		next = stages[i](cc);
	return next == ROUTE_DONE ? 0 : compile_here(cc);
}
