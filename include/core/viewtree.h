/* viewtree - what the entries of one view say, as a tree of names.
 *
 * Contract: pure. Entries are valid ones (core/view.h); their order does not matter but for what follows
 * from "first". What is above an entry is a directory. A node lives as long as its tree.
 *
 * Ownership: the tree owns its nodes.
 */
#pragma once

#include "core/view.h"

enum {
	VIEWTREE_NAME_BYTES_MAX = 255,      /* of one part of a path, as in Linux' file systems */
	VIEWTREE_TEXT_BYTES_MAX = 32 << 20, /* names and targets of a view, together */
};

struct viewtree_node {
	/* its place among all nodes of the tree, and so the key: first in the struct */
	const struct viewtree_node *parent; /* NULL: the root's */
	char *name;                         /* NULL: the root's */

	struct viewtree_node *children, *next; /* youngest first */
	enum view_kind kind;
	bool said;     /* by an entry of its own; otherwise it is above one */
	bool shown;    /* core/viewplan.h: by a mount, with all that comes to be below it */
	char *target;  /* VIEW_LINK */
	uint8_t *hash; /* VIEW_FILE: VIEW_HASH_BYTES, and so the rest */
	uint64_t bytes, mtime_s;
	const struct viewtree_node *first; /* with these contents: itself, or an older node */
};

struct viewtree {
	struct viewtree_node root;
	void *by_name, *by_contents; /* search trees: a peer chooses what is in them */
	size_t nodes, text_bytes;
	bool changed; /* since a plan was made, in a way that the plan may depend on */
};

void viewtree_init(struct viewtree *t);
void viewtree_fini(struct viewtree *t);
/* *ret is the entry's node; *ret_new: it, or what it says, was not known. ERR_PROTO when others say
 * something else, ERR_TOOBIG past a limit. */
int viewtree_add(
	struct viewtree *t, const struct view_entry *e, struct viewtree_node **ret, bool *ret_new);
/* NULL when nothing is said about it; name need not end after n bytes. */
struct viewtree_node *viewtree_child(
	const struct viewtree *t, const struct viewtree_node *parent, const char *name, size_t n);
/* out holds JOB_PATH_BYTES_MAX + 1; the root is "". */
void viewtree_path(const struct viewtree_node *n, char *out);
