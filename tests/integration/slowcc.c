/* slowcc - the real compiler, but that a compile with -DSLOWCC_MS=N takes N ms longer, and no CPU time
 * for them: for tests of who gets how much, on machines that have other things to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
	if (compiles)
		nanosleep(&(struct timespec){pause_ms / 1000, pause_ms % 1000 * 1000000}, NULL);
	static char real[] = "/usr/bin/gcc";
	argv[0] = real;
	execv(real, argv);
	perror(real);
	return 127;
}
