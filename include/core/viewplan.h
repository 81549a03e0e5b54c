/* viewplan - what a jail has to mount where, so that a compiler sees a view's files in place of the node's.
 *
 * A node has *areas*: what its jail shows of the node itself. Where a view says nothing of an area, its
 * mounts show it whole. Below an area, only what is known completely is shown: a directory that is whole.
 *
 * Contract: pure; what the node has is asked for through callbacks, with absolute paths. The steps are in
 * the order in which they have to be taken. Making a plan marks the tree's nodes that it shows.
 *
 * Ownership: a plan owns its strings.
 */
#pragma once

#include "core/viewtree.h"

#include <stdbool.h>

enum {
	VIEWPLAN_STEPS_MAX = 512,
	VIEWPLAN_COVERED_MAX = 64, /* names in a directory of the node's that is made anew */
};

/* The one directory that a job may write, and what is in it; nothing of a view is there. */
#define VIEWPLAN_DESK "/.farm"
#define VIEWPLAN_OUTPUT VIEWPLAN_DESK "/object"
#define VIEWPLAN_DEPS VIEWPLAN_DESK "/deps"

/* In the order in which they are taken where their paths are equally deep. */
enum viewplan_kind {
	VIEWPLAN_EMPTY, /* an empty directory, over what is there */
	VIEWPLAN_NODE,  /* what the node has at this path, there again */
	VIEWPLAN_DIR,   /* a directory, if there is none */
	VIEWPLAN_TREE,  /* what the view has, over what is there */
	VIEWPLAN_LINK,  /* a symlink */
	VIEWPLAN_KIND_COUNT
};

struct viewplan_step {
	enum viewplan_kind kind;
	char *path;
	char *target; /* VIEWPLAN_LINK */
};

struct viewplan {
	struct viewplan_step *v; /* a vec */
	size_t n, cap;
	char *why; /* not NULL: the view cannot be shown, and why not, for people */
};

enum viewplan_place { VIEWPLAN_NONE, VIEWPLAN_IS_DIR, VIEWPLAN_IS_LINK, VIEWPLAN_IS_OTHER };

struct viewplan_node {
	const struct strv *areas; /* clean paths, those that exist */
	/* What is there, links not followed. *ret_target, when it is a link, is malloc'd. */
	enum viewplan_place (*look)(void *ctx, const char *path, char **ret_target);
	/* The names in a directory, unless there are more than VIEWPLAN_COVERED_MAX. */
	bool (*list)(void *ctx, const char *path, struct strv *ret);
	void *ctx;
};

void viewplan_make(const struct viewplan_node *node, struct viewtree *tree, struct viewplan *ret);
void viewplan_fini(struct viewplan *p);
/* May it be shown at all? gcc looks for a file "specs" in many places, and runs what that says. */
bool viewplan_allows(const struct view_entry *e);
/* Does the jail still show what the node has at path, after all steps? */
bool viewplan_spares(const struct viewplan *p, const char *path);
