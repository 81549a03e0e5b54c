/* farmctl - looks at a farm and manages its keys. */
#include "verbs.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct verb {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{"doctor", doctor_main, "what is wrong with this machine or the farm, and how to mend it"},
	{"explain", explain_main, "where a compile is done, why, and what to change"},
	{"key", key_main, "make the farm's key, and those of its nodes"},
	{"nodes", nodes_main, "who is there, what it offers, and why it cannot be used"},
	{"report", report_main, "what a build did: as a summary, a page, a table, compared"},
	{"top", top_main, "the running build, live"},
};

static int show_help(FILE *out)
{
	fputs("usage: farmctl VERB [ARGUMENT]...\n", out);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	fputs("Exit status: 0 done, 1 the answer is no, 2 usage, 3 key.\n", out);
	return out == stdout ? FARMCTL_OK : FARMCTL_USAGE;
}

static int run(int argc, char **argv)
{
	if (argc < 2)
		return show_help(stderr);
	if (strcmp(argv[1], "--help") == 0)
		return show_help(stdout);
	if (strcmp(argv[1], "--version") == 0)
		return puts("farmctl " FARMMAKE_VERSION) < 0 ? FARMCTL_NOTHING : FARMCTL_OK;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].fn(argc - 1, argv + 1);
	char shown[64];
	log_error("no such verb: %s (farmctl --help lists them)",
		log_escape(argv[1], shown, sizeof shown));
	return FARMCTL_USAGE;
}

int main(int argc, char **argv)
{
	log_init("farmctl", LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	int status = run(argc, argv);
	if (fflush(stdout) != 0 && status == FARMCTL_OK) {
		log_error("cannot write: %s", strerror(errno));
		return FARMCTL_NOTHING;
	}
	return status;
}
