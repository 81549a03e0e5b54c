/* scan COMPILER ARGUMENT...: prints how a command would be split.
 * scan -r COMPILER ARGUMENT...: runs its first half, the preprocessor. Exits with 77 when the
 * command would stay local or is no compile. */
#include "core/ccargs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_words(const char *title, const struct strv *sv)
{
	for (size_t i = 0; i < sv->n; i++)
		printf("%s %s\n", title, sv->v[i]);
}

static void print(const struct ccargs *a)
{
	static const char *const verdicts[] = {"pass", "local", "remote"};
	printf("verdict %s\n", verdicts[a->verdict]);
	printf("reason %s\n", a->reason ? a->reason : "");
	printf("source %s\n", a->source ? a->source : "");
	printf("output %s\n", a->output ? a->output : "");
	printf("dwo %s\n", a->side[SIDE_DWO] ? a->side[SIDE_DWO] : "");
	print_words("cpp", &a->cpp);
	print_words("flag", &a->flags);
}

static int run(char *compiler, const struct ccargs *a)
{
	char **argv = xcalloc(a->cpp.n + 2, sizeof *argv);
	argv[0] = compiler;
	memcpy(argv + 1, a->cpp.v, a->cpp.n * sizeof *argv);
	execvp(compiler, argv);
	perror(compiler);
	free(argv);
	return 127;
}

int main(int argc, char **argv)
{
	bool runs = argc > 1 && strcmp(argv[1], "-r") == 0;
	argv += runs ? 2 : 1;
	if (argc < (runs ? 3 : 2)) {
		fputs("usage: scan [-r] COMPILER [ARGUMENT...]\n", stderr);
		return 2;
	}
	struct ccargs a;
	ccargs_scan(argv[0], argv + 1, &a);
	int status = a.verdict == CCARGS_REMOTE ? 0 : 77;
	if (!runs)
		print(&a);
	else if (status == 0)
		status = run(argv[0], &a);
	ccargs_fini(&a);
	return status;
}
