/* jail - runs one job in farmjail, from a loop.
 *
 * Happy path: jail_start() with the job's text in a memfd; the job runs in its own user, mount, pid,
 * network, ipc and uts namespaces, the text under the source's name in the client's own directory;
 * on_done with what came out. Failure modes: the jail could not be set up (ERR_JAIL, with the step),
 * memory or descriptors are short (-ENOMEM, -EMFILE …), the job was killed.
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
};

struct jail_box_conf {
	const char *helper;       /* path of farmjail; NULL: found */
	const struct strv *binds; /* read-only, besides the system's directories */
	uint64_t memory_bytes;    /* of each process; 0: none */
	uint32_t wall_s;          /* limit of one job */
};

int jail_box_create(const struct jail_box_conf *conf, struct jail_box **ret);
void jail_box_destroy(struct jail_box *box);
/* Runs `/bin/true`-like work and a forbidden read in the jail (blocking): 0 and the level it proved,
 * or ERR_JAIL with a text for people in why (malloc'd). */
int jail_box_self_test(struct jail_box *box, const char *compiler, int *ret_level, char **ret_why);

struct jail_order {
	uv_loop_t *loop;
	struct jail_box *box;
	const char *compiler;        /* absolute path */
	const struct job_spec *spec; /* passed the node's checks; its flags go in as they are */
	int text_fd;
	void (*on_done)(void *ctx, struct jail_outcome *o);
	void *ctx;
};
int jail_start(const struct jail_order *order, struct jail **ret);
void jail_kill(struct jail *j);
