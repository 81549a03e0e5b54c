/* farmctl explain: where a compile goes, and what to change if that is here. A command is looked at as farmcc
 * would; a file or an object is looked up in the last build's report.
 */
#include "verbs.h"

#include "doc.h"
#include "trap.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "core/advice.h"
#include "core/ccargs.h"
#include "core/ccflags.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 400 };

static const char usage[] =
	"usage: farmctl explain [--report FILE] SOURCE|OBJECT\n"
	"       farmctl explain COMPILER ARGUMENT...\n"
	"Where a compile of the last build was, or where this one would be; why; and what\n"
	"to change.\n"
	"Exit status: 0 on nodes, 1 here, 2 usage.\n";

static void say_here(const char *reason)
{
	const char *advice = advice_for(reason);
	char shown[NAME_BYTES];
	printf("here: %s\n",
		*reason ? log_escape(reason, shown, sizeof shown) : "no reason is known");
	if (advice)
		printf("to change that: %s\n", advice);
}

/* Is something in the text that keeps it here? A compiler that makes no text of it is not asked. */
static int check_text(const char *compiler, const struct ccargs *a)
{
	_cleanup_free_ char *why = NULL;
	int err = a->no_text ? trap_find_in(a->source, &why) : trap_find(compiler, &a->cpp, &why);
	if (err) {
		log_error("%s: cannot be preprocessed: %s", a->source, err_str(err));
		return FARMCTL_NOTHING;
	}
	if (why) {
		say_here(why);
		return FARMCTL_NOTHING;
	}
	return FARMCTL_OK;
}

static int explain_compile(const char *compiler, const struct ccargs *a)
{
	if (check_text(compiler, a) != FARMCTL_OK)
		return FARMCTL_NOTHING;
	if (a->no_view)
		printf("on nodes, preprocessed here: %s\n", a->no_view);
	else
		puts("on nodes, which read the sources themselves");
	const char *native = ccflags_native(&a->flags);
	if (native)
		printf("of these, on those with this processor: %s\n", native);
	if (a->no_text)
		printf("if they cannot, here: %s\n", a->no_text);
	return FARMCTL_OK;
}

static int explain_command(char *const argv[])
{
	_cleanup_free_ char *path =
		strchr(argv[0], '/') ? xstrdup(argv[0]) : fs_find_program(argv[0]);
	_cleanup_free_ char *file = path ? realpath(path, NULL) : NULL;
	struct ccargs a;
	ccargs_scan_file(argv[0], file ? file : argv[0], argv + 1, &a);
	int status = FARMCTL_NOTHING;
	switch (a.verdict) {
	case CCARGS_PASS: puts("here: it is no compile from one source to one object"); break;
	case CCARGS_LOCAL: say_here(a.reason); break;
	case CCARGS_REMOTE: status = explain_compile(argv[0], &a); break;
	}
	ccargs_fini(&a);
	return status;
}

/* One of them may be given from further up. */
static bool is_same_path(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);
	if (m > n)
		return is_same_path(end, path);
	return n > 0 && m > 0 && strcmp(path + n - m, end) == 0 &&
	       (m == n || path[n - m - 1] == '/' || end[0] == '/');
}

/* The last of that name. */
static const json_t *find_job(const json_t *doc, const char *name)
{
	const json_t *jobs = json_object_get(doc, "jobs"), *found = NULL;
	for (size_t i = 0; i < json_array_size(jobs); i++) {
		const json_t *job = json_array_get(jobs, i);
		if (is_same_path(doc_string(job, "source"), name) ||
			is_same_path(doc_string(job, "output"), name))
			found = job;
	}
	return found;
}

static int tell_job(const json_t *job)
{
	char source[NAME_BYTES], text[NAME_BYTES];
	double wait_s = doc_time(job, "done") - doc_time(job, "start");
	printf("%s: %.2f s, ", log_escape(doc_string(job, "source"), source, sizeof source),
		wait_s);
	if (!doc_is_remote(job)) {
		say_here(doc_string(job, "reason"));
		return FARMCTL_NOTHING;
	}
	const char *no_view = doc_string(job, "no_view");
	printf("on %s, %s\n", log_escape(doc_string(job, "node"), text, sizeof text),
		strcmp(doc_string(job, "input"), "view") == 0 ? "which read the source itself"
							      : "preprocessed here");
	if (*no_view)
		printf("preprocessed because: %s\n", log_escape(no_view, text, sizeof text));
	return FARMCTL_OK;
}

static int explain_file(const char *report, const char *name)
{
	_cleanup_free_ char *text = NULL;
	char shown[NAME_BYTES];
	if (doc_read(report, &text) < 0)
		return FARMCTL_NOTHING;
	json_t *doc = doc_parse(text);
	const json_t *job = find_job(doc, name);
	int status = job ? tell_job(job) : FARMCTL_NOTHING;
	if (!job)
		log_error("%s was not compiled in that build: build it, or give the whole command",
			log_escape(name, shown, sizeof shown));
	json_decref(doc);
	return status;
}

int explain_main(int argc, char **argv)
{
	_cleanup_free_ char *last = doc_last();
	const char *report = last;
	int i = 1;
	if (argc > 2 && strcmp(argv[1], "--report") == 0) {
		report = argv[2];
		i = 3;
	}
	if (i < argc && strcmp(argv[i], "--help") == 0) {
		fputs(usage, stdout);
		return FARMCTL_OK;
	}
	if (i >= argc || argv[i][0] == '-') {
		fputs(usage, stderr);
		return FARMCTL_USAGE;
	}
	if (ccargs_is_compiler(str_base(argv[i])))
		return explain_command(argv + i);
	if (i + 1 < argc) {
		fputs(usage, stderr);
		return FARMCTL_USAGE;
	}
	if (!report) {
		log_error("no report: neither XDG_STATE_HOME nor HOME is set");
		return FARMCTL_NOTHING;
	}
	return explain_file(report, argv[i]);
}
