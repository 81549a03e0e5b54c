/* farmcc - what the stages of one compile share.
 *
 * Routing is a value: each stage returns where to go next, route.c has the table of stages and the
 * one loop, and local.c the one place where the compiler is run here.
 */
#pragma once

#include "base/str.h"
#include "check.h"
#include "core/ccargs.h"
#include "io/sock.h"

#include <stdbool.h>

enum route {
	ROUTE_NEXT,  /* the next stage */
	ROUTE_DONE,  /* the output is in place */
	ROUTE_LOCAL, /* compile here, for cc.reason */
};

/* Statuses of our own; the compilers use small ones. */
enum {
	FARMCC_EXIT_USAGE = 100,
	FARMCC_EXIT_ORPHAN = 101,
	FARMCC_EXIT_NO_EXEC = 126,
	FARMCC_EXIT_NOT_FOUND = 127,
};

struct cc {
	char *const *argv; /* as the compiler would be run: its name as typed, and its arguments */
	char *compiler;    /* the real one's path */
	struct strv words; /* the arguments, response files expanded */
	struct ccargs args;
	char *cwd;          /* as the compiler would record it */
	struct sock *sock;  /* NULL: nobody to talk to */
	bool sends_prelude; /* with its text */
	bool idle;          /* compile with what others leave of the cores */
	bool told;          /* the controller knows already that this compile is local */
	struct check check; /* of a node's result */
	char reason[256];   /* ROUTE_LOCAL: why */
};

/* Sets the reason and returns ROUTE_LOCAL. */
enum route route_local(struct cc *cc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* route.c: runs the stages; returns the process's exit status. */
int route_run(struct cc *cc);

/* preprocess.c: the text goes to the controller while the preprocessor still writes it. */
enum route preprocess_run(struct cc *cc);
/* remote.c: what the controller says, and the output when it comes. Without a text there is one, too, when
 * a node reads the sources itself. */
enum route remote_ask(struct cc *cc);
enum route remote_receive(struct cc *cc);
