/* inputs_test - what the parts of this test share: farmmake's inputs, asked by a program that then does what a node
 * would. */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "core/ccargs.h"
#include "inputs.h"

/* One command in one directory. */
struct compile {
	char *cwd;
	struct strv words; /* the compiler first */
	struct ccargs args;
};

/* Whoever asks, and the contents of all files so far. */
struct asker {
	uv_loop_t loop;
	struct inputs *in;
	struct inputs_answer answer;
	VEC(uint32_t) shown; /* all entries of the last answer's view so far */
	uint32_t view;       /* which is this one */
	unsigned compared;
	VEC(struct buf) contents; /* by the entry's number; data NULL: not loaded */
	uint64_t cpu_us;          /* of the last answer */
	unsigned good;            /* compiles that succeeded here */
	char *hidden;             /* a directory of which only the view is shown; NULL: none */
};

/* What a command wrote, and how it ended. */
struct outcome {
	struct buf out, err;
	int status;
};

void asker_init(struct asker *a, const char *hidden);
void asker_fini(struct asker *a);
/* Asks, and asks the compiler if it has to be asked; the time of the last answer in microseconds. */
uint64_t asker_ask(struct asker *a, const struct compile *c);

void outcome_fini(struct outcome *o);
/* What the command makes of the source when it only preprocesses: here, or where nothing is but the view. */
void run_here(const struct compile *c, struct outcome *ret);
void run_in_view(struct asker *a, const struct compile *c, struct outcome *ret);
/* Both, and whether they are the same. */
bool same_in_view(struct asker *a, const struct compile *c);

/* A project that changes at random, and a compile of it after each change. */
int inputs_walk(struct asker *a, const char *dir, unsigned seed, unsigned steps);
