/* closure_walk - one job on its way: what the parts of closure that go over nodes share. For closure*.c only.
 */
#pragma once

#include "closure_impl.h"

/* A node's late item that has not been followed. */
struct closure_pending {
	uint32_t node, late;
	const char *trouble; /* why it is not known, as things stand, what it names; or NULL */
};

/* An edge that macros have made. */
struct closure_made {
	uint32_t from, edge;
};

/* One job on its way. */
struct closure_walk {
	struct closure *c;
	const struct closure_job *job;
	uint32_t now;
	closure_list files;
	closure_list nodes; /* whose names count; those before next have been gone over */
	size_t next;
	closure_list deferred; /* nodes whose own file is open already */
	closure_list absent;   /* what macros would name */
	VEC(struct closure_pending) pending;
	VEC(struct closure_made) made;
	closure_list given; /* hashes of what the command defines */
	unsigned flags;
	bool learned;
	char *reason;
};

/* Follows an edge of the parent's that macros have made. */
void closure_visit_made(struct closure_walk *w, uint32_t edge, uint32_t parent);
/* Goes on with the items that macros make possible by now. */
void closure_follow_late(struct closure_walk *w);
/* Goes on with the names that macros make by now. */
void closure_follow_made(struct closure_walk *w);
/* Nothing more comes, and of some items it is not known what they name: takes what was learned instead, or
 * refuses. Returns whether more may come. */
bool closure_settle_made(struct closure_walk *w);
/* All names, as of expand_names(), that the line may be, each macro having any of its values. NULL, or why
 * they are not known. */
const char *closure_choose(const struct closure_walk *w, const char *line, struct strv *ret);
/* Is the file one whose directives count? */
bool closure_counts(const struct closure_walk *w, uint32_t file);
/* Keeps the first reason; takes it over. */
void closure_refuse(struct closure_walk *w, char *reason);
