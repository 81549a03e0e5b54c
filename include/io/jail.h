/* jail - runs one job in farmjail, from a loop.
 *
 * Happy path: jail_start() with the job's text in a memfd, or with the tree of a view; the job runs in
 * its own user, mount, pid, network, ipc and uts namespaces, the text under the source's name in the
 * client's own directory, or the view's files where the client has them; on_done with what came out.
 * Failure modes: the jail could not be set up (ERR_JAIL, with the step), memory or descriptors are short
 * (-ENOMEM, -EMFILE …), the job was killed.
 *
 * Contract: on_done fires exactly once, never from inside jail_start, also after jail_kill (then
 * err is -ECANCELED); after it the handle is gone. A kill takes every process of the job with it.
 *
 * Ownership: jail_start takes text_fd over on success. The descriptors in the outcome are on_done's
 * to close.
 */
#pragma once

#include "core/job.h"
#include "core/jaildesc.h"

#include <uv.h>

struct jail;
struct jail_box; /* what all jobs of a node share: the helper's path, the seccomp filter, binds */

struct jail_outcome {
	int err;      /* 0: the compiler ran and the rest is valid */
	char why[96]; /* for people, when err */
	int32_t wait_status;
	uint64_t cpu_us, wall_us, max_rss_kib;
	int fd[STREAM_COUNT]; /* memfds by stream, -1 where there is none */
	uint64_t bytes[STREAM_COUNT];
	bool over_limit; /* an output or time limit was exceeded */
	bool lacks_side; /* a file was not made that was to be beside the output */
	uint32_t loose;  /* of a trial: bits by enum jail_wall */
};

struct jail_box_conf {
	const char *helper;       /* path of farmjail; NULL: found */
	const struct strv *binds; /* read-only, besides the system's directories */
	uint64_t memory_bytes;    /* of each process; 0: none */
	uint64_t tmpfs_bytes;     /* of one job's file system; never more than 2 GiB; 0: that */
	uint32_t wall_s;          /* limit of one job */
	/* Memory and file system together, of one job and of all, where control groups can be had;
	 * 0: none are looked for. */
	uint64_t job_bytes, all_bytes;
};

int jail_box_create(const struct jail_box_conf *conf, struct jail_box **ret);
void jail_box_destroy(struct jail_box *box);
bool jail_box_has_groups(const struct jail_box *box);
/* Tries each wall, compiles a source, and one that asks for a file of the node (blocking). *ret_level
 * is what held, an enum jail_level, which every job from then on insists on; at JAIL_LEVEL_NONE
 * *ret_why says for people what did not. ERR_JAIL and *ret_why (malloc'd) when no job can run. */
int jail_box_self_test(struct jail_box *box, const char *compiler, int *ret_level, char **ret_why);
/* Do the jobs' namespaces come from root, because user namespaces are refused? After the self-test. */
bool jail_box_needs_root(const struct jail_box *box);

/* Compiles JAIL_TRIAL_SOURCE as a view shows it (blocking). ERR_JAIL and *ret_why, malloc'd. */
#define JAIL_TRIAL_SOURCE "/farm/self-test/test.c"
int jail_box_try_view(struct jail_box *box, const char *compiler, const char *tree,
	const struct viewplan *plan, char **ret_why);

struct jail_order {
	uv_loop_t *loop;
	struct jail_box *box;
	const char *compiler;        /* absolute path */
	const struct job_spec *spec; /* passed the node's checks; its flags go in as they are */
	int text_fd;                 /* -1 for a job that is a view */
	const char *tree;            /* of that view: an absolute path; NULL for a text */
	const struct viewplan *plan; /* how it is shown; borrowed until jail_start returns */
	bool is_trial;               /* compiles nothing: tries the walls instead */
	bool is_gcc;                 /* the compiler, not clang */
	void (*on_done)(void *ctx, struct jail_outcome *o);
	void *ctx;
};
int jail_start(const struct jail_order *order, struct jail **ret);
void jail_kill(struct jail *j);
