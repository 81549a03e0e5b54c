/* run - runs programs with a clean environment and captures what they print.
 *
 * Contract: run_all() blocks, each program takes at most RUN_LIMIT_MS; standard input and the output that is
 * not captured are /dev/null. What a program leaves behind in its process group is killed.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* A board that is a hundred times slower than a desktop, and busy, is to be in time. */
enum { RUN_LIMIT_MS = 120 * 1000, RUN_OUTPUT_BYTES_MAX = 8 << 20, RUN_CORES_MAX = 8 };

struct run {
	struct strv argv; /* the caller's to fill, by run_init() */
	bool by_stderr;   /* what is captured; else standard output */
	struct buf out;
	bool ok; /* it exited with 0, in time, and did not print too much */
};

struct run_place {
	const char *dir; /* becomes the working directory and TMPDIR */
	unsigned cores;  /* programs at a time, 1 to RUN_CORES_MAX */
};

/* The words up to NULL are the command line. */
void run_init(struct run *r, const char *program, ...) __attribute__((sentinel));
void run_fini(struct run *r);
/* From here on a signal that asks this process to end is heard by run_all() only: whoever measures in a
 * directory of its own gets to remove it. */
void run_hear_signals(void);
/* ERR_TIMEOUT when one took too long; -ECANCELED when this process was asked to end; -errno when one
 * could not be started. A program that fails is no error here. */
int run_all(struct run *runs, size_t n, const struct run_place *place);
