/* slowcc - the real compiler, but that a compile with -DSLOWCC_MS=N takes N ms longer, and to preprocess with
 * -DSLOWCC_CPP_MS=N, and no CPU time for them: for tests of who gets how much, on machines that have other things
 * to do.
 *
 * Built with SLOWCC_TIMES it takes so many times as long, and with SLOWCC_LIE it adds that option behind
 * all others: it looks honest to whoever measures it, and its objects are other ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef SLOWCC_TIMES
#define SLOWCC_TIMES 1
#endif

static const char compile_option[] = "-DSLOWCC_MS=", cpp_option[] = "-DSLOWCC_CPP_MS=";

/* Of the option, if that is the word. */
static void take(const char *word, const char *option, long *ret_ms)
{
	if (strncmp(word, option, strlen(option)) == 0)
		*ret_ms = strtol(word + strlen(option), NULL, 10);
}

int main(int argc, char *argv[])
{
	long compile_ms = 0, cpp_ms = 0;
	int compiles = 0, preprocesses = 0;
	for (int i = 1; i < argc; i++) {
		take(argv[i], compile_option, &compile_ms);
		take(argv[i], cpp_option, &cpp_ms);
		compiles |= strcmp(argv[i], "-c") == 0;
		preprocesses |= strcmp(argv[i], "-E") == 0;
	}
	long pause_ms = preprocesses ? cpp_ms : compile_ms * SLOWCC_TIMES;
	if (compiles || preprocesses)
		nanosleep(&(struct timespec){pause_ms / 1000, pause_ms % 1000 * 1000000}, NULL);
	static char real[] = "/usr/bin/gcc";
	argv[0] = real;
#ifdef SLOWCC_LIE
	static char lie[] = SLOWCC_LIE;
	if (compiles && pause_ms) {
		char **all = calloc((size_t)argc + 2, sizeof *all);
		if (!all)
			return 127;
		memcpy(all, argv, (size_t)argc * sizeof *all);
		all[argc] = lie;
		argv = all;
	}
#endif
	execv(real, argv);
	perror(real);
	return 127;
}
