/* cell - one job's jail while it is being built: what every step of the construction sees.
 *
 * Contract: steps run in the order of their tables, outer ones in farmjail itself, inner ones in
 * the process that becomes the compiler. A step returns 0 or a negative errno; the first failure
 * ends the construction and is reported with the step's name.
 *
 * While outer steps run, the new root is the working directory, and "./x" is what will be "/x".
 */
#pragma once

#include "core/jaildesc.h"

#include <sys/types.h>

struct cell {
	struct jail_desc desc;
	struct jail_report *report; /* shared with the inner process */
	dev_t root_dev;             /* of the job's own file system */
	uid_t uid;
	gid_t gid;
	int outer_fd;        /* pidfd of farmjail, for the inner process */
	bool keeps_mounting; /* CAP_SYS_ADMIN, until the root is entered */
	int tree_fd;         /* a view's tree, as this mount namespace has it */
};

/* Is this job's input a view, and not a text? */
static inline bool cell_has_view(const struct cell *c)
{
	return c->desc.tree[0];
}

struct step {
	const char *name;
	int (*run)(struct cell *c);
};

/* space.c: who the job is */
int space_join_cgroup(struct cell *c);
int space_drop_root(struct cell *c);
int space_forbid_gains(struct cell *c);
int space_unshare(struct cell *c);
int space_map_user(struct cell *c);
int space_drop_all(struct cell *c); /* inner */

/* root.c: what the job sees */
int root_mount(struct cell *c);
int root_bind_system(struct cell *c);
int root_bind_extra(struct cell *c);
int root_make_directories(struct cell *c);
int root_write_source(struct cell *c);
int root_mount_proc(struct cell *c);
int root_enter(struct cell *c);
/* For view.c: at is in the new root. */
int root_bind_path(const char *path);
int root_make_parents(const char *at);
int root_set_read_only(const char *at, uint64_t besides);

/* view.c: a view's files, in place of a text */
int view_open_tree(struct cell *c); /* before the new root may be mounted over it */
int view_mount(struct cell *c);
int view_seal(struct cell *c); /* inner, when the root is entered: only the desk can be written */

/* inside.c: what the job may do */
int inside_follow_parent(struct cell *c);
int inside_limit(struct cell *c);
int inside_forbid_paths(struct cell *c);
int inside_forbid_calls(struct cell *c);
int inside_execute(struct cell *c);

/* trial.c: in place of the compiler, somebody who tries to get out */
int trial_run(struct cell *c);

/* collect.c: what the job leaves; fills in the rest of the report */
void collect_outputs(struct cell *c);
