/* slowcc - the real compiler, but that a compile with -DSLOWCC_MS=N takes N ms longer, and no CPU time
 * for them: for tests of who gets how much, on machines that have other things to do.
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

static const char option[] = "-DSLOWCC_MS=";

int main(int argc, char *argv[])
{
	long pause_ms = 0;
	int compiles = 0;
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], option, strlen(option)) == 0)
			pause_ms = strtol(argv[i] + strlen(option), NULL, 10);
		compiles |= strcmp(argv[i], "-c") == 0;
	}
	pause_ms *= SLOWCC_TIMES;
	if (compiles)
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
