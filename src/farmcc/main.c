/* farmcc - the compiler's name, and a farm behind it.
 *
 * Called through a link that has a compiler's name, or as "farmcc gcc …". Outside farmmake, and for
 * whatever is no compile, it becomes the compiler at once.
 */
#include "farmcc.h"

#include "find.h"
#include "heavy.h"
#include "local.h"
#include "pool.h"
#include "respfile.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

enum { HEAP_STEP_BYTES = 4 << 20 };

static int usage(FILE *to)
{
	fputs("Usage: farmcc COMPILER [argument]...\n"
	      "   or: COMPILER [argument]...   through a link to farmcc\n"
	      "Compiles on a node of the farm when farmmake runs the build, and here otherwise.\n",
		to);
	return to == stdout ? 0 : FARMCC_EXIT_USAGE;
}

/* What the compiler is, the file behind all links says. */
static int compile_below(struct cc *cc, const char *socket)
{
	char *const *argv = cc->argv;
	_cleanup_free_ char *real = realpath(cc->compiler, NULL);
	const char *file = real ? real : cc->compiler;
	if (find_is_cache(file))
		return local_ask_cache(cc->compiler, argv);
	if (respfile_expand(argv + 1, &cc->words) < 0)
		return local_exec(cc->compiler, argv);
	ccargs_scan_file(
		str_base(argv[0]), file, cc->words.v ? cc->words.v : (char *[]){NULL}, &cc->args);
	if (cc->args.verdict != CCARGS_REMOTE)
		pool_offer(&cc->words, socket);
	bool passes = cc->args.verdict == CCARGS_PASS;
	if (passes)
		heavy_wait(&cc->words, socket);
	if (passes || sock_connect(socket, &cc->sock) < 0)
		return local_exec(cc->compiler, argv);
	return route_run(cc);
}

static int compile(char *argv[], const char *socket)
{
	struct cc cc = {.argv = argv};
	bool past_us;
	check_init(&cc.check);
	cc.compiler = find_compiler(argv[0], &past_us);
	if (!cc.compiler) {
		fprintf(stderr, "farmcc: %s: command not found\n", argv[0]);
		return FARMCC_EXIT_NOT_FOUND;
	}
	/* a driver looks for its parts from where it is called, or found: not from our link's place */
	if (past_us || strchr(argv[0], '/'))
		argv[0] = cc.compiler;
	int status = socket ? compile_below(&cc, socket) : local_exec(cc.compiler, argv);
	sock_close(cc.sock);
	check_close(&cc.check);
	ccargs_fini(&cc.args);
	strv_fini(&cc.words);
	free(cc.compiler);
	free(cc.cwd);
	return status;
}

int main(int argc, char *argv[])
{
	if (argc < 1)
		return FARMCC_EXIT_USAGE;
	/* a short life: memory is taken in one piece, and given back by its end */
	mallopt(M_MMAP_THRESHOLD, HEAP_STEP_BYTES);
	mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	if (strcmp(str_base(argv[0]), "farmcc") == 0) {
		argv++;
		if (!argv[0])
			return usage(stderr);
		if (strcmp(argv[0], "--help") == 0)
			return usage(stdout);
		if (strcmp(argv[0], "--version") == 0)
			return puts("farmcc " FARMMAKE_VERSION) < 0;
	}
	return compile(argv, getenv("FARMMAKE_SOCKET"));
}
