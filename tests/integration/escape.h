/* escape - a hostile client that holds a valid key: what its jobs try, where they try it, and what
 * shows that they got out.
 *
 * Each vector is tried in three places: as the compiler of this user, with no jail (does the vector
 * work at all?); at a node, over its own protocol, past all that an honest client checks; and in the
 * jail alone, as if the node's list of options had let it through.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "core/job.h"

#include <stdbool.h>

/* Who reads the text. */
enum tool { TOOL_GCC, TOOL_GXX, TOOL_CLANG, TOOL_INTRUDER, TOOL_COUNT };

/* What a vector is after, and so how it is tried without a jail. */
enum aim {
	AIM_READ,    /* words of a file of the node's in what comes back */
	AIM_WRITE,   /* a file outside */
	AIM_RUN,     /* a program of the node's */
	AIM_CONNECT, /* a socket */
	AIM_SPEND,   /* more time, memory, processes or space than a job has: never tried without */
	AIM_BREAK,   /* a compiler taken over, which does as it likes: never tried without */
	AIM_COUNT
};

/* In all texts "%r" is the world's directory, "%p" the listener's port, "%s" the secret. */
struct vector {
	const char *name;
	enum tool tool;
	enum aim aim;
	const char *flags[5];
	const char *text;
	const char *source, *output, *cwd; /* NULL: the usual */
	const char *env;                   /* of whoever starts the compiler; NAME=VALUE */
	/* A view in place of the text, as a manifest (manifest.h), with what is done wrong about it; and one
	 * that the node is shown before. */
	const char *view, *view_before;
	unsigned tricks;
	bool names_output; /* the compiler of a view gets its name */
	unsigned sides;
	bool has_neighbour; /* another client's job runs at the same node, with the secret in its source */
};

extern const struct vector vectors[];
extern const size_t vectors_n;

/* What a vector left behind. */
enum ending {
	ENDING_UNTRIED,
	ENDING_REFUSED, /* by the node, before anything ran */
	ENDING_FAILED,  /* it ran, and the compiler did not succeed */
	ENDING_PASSED,  /* it ran and succeeded, and there was nothing outside to show for it */
	ENDING_LIMITED, /* a limit ended it */
	ENDING_CLOSED,  /* the node hung up */
	ENDING_LOST,    /* the link or the jail broke: as bad as an escape */
	ENDING_COUNT
};

struct attempt {
	enum ending ending;
	const char *escaped; /* how, or NULL */
	char why[160];       /* ENDING_UNTRIED, ENDING_LOST, ENDING_REFUSED */
	struct buf streams[STREAM_COUNT];
};

void attempt_init(struct attempt *a);
void attempt_fini(struct attempt *a);

/* escape_world.c: the canaries, and what became of them. */
struct world {
	const char *dir;
	const char *intruder; /* a program that the jail shows */
	int listener, unix_listener;
	int port;
	char secret[40];         /* stands in canary/secret, and in the environment */
	struct strv other_words; /* that must not come back either */
};
void world_create(struct world *w, const char *dir, const char *key_file);
void world_destroy(struct world *w);
char *world_expand(const struct world *w, const char *text); /* malloc'd */
/* The job that a vector asks for; fini'd by the caller. */
void world_spec(const struct world *w, const struct vector *v, struct job_spec *ret);
/* Looks at everything, says how a vector got out, and puts it back as it was. NULL: it did not. */
const char *world_inspect(struct world *w, const struct attempt *a);

/* escape_bare.c: the compiler itself. */
void bare_try(const struct world *w, const struct vector *v, struct attempt *ret);

/* escape_jail.c: the jail, with little memory and time. NULL when there can be none. */
struct cell; /* a jail_box and its loop */
struct cell *cell_create(const struct world *w, int *ret_level);
void cell_destroy(struct cell *c);
void cell_try(struct cell *c, const struct world *w, const struct vector *v, struct attempt *ret);

/* escape_node.c: a node. */
struct hostile;
struct hostile *hostile_create(const char *key_file, const char *node);
void hostile_destroy(struct hostile *h);
int hostile_level(const struct hostile *h); /* as it said */
void hostile_try(
	struct hostile *h, const struct world *w, const struct vector *v, struct attempt *ret);

const char *tool_path(const struct world *w, enum tool tool);
