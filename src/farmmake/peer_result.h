/* peer_result - collects what a node sends back for a job, and judges it.
 *
 * Contract: nothing of a result reaches a wrapper before the whole of it is here, its digest is
 * right, and it is a success, of a text without a word on stdout or stderr: anything else is compiled
 * here, so that messages and failures are the local compiler's own.
 */
#pragma once

#include "wrapper.h"

struct peer;

enum peer_result { PEER_RESULT_GOOD, PEER_RESULT_REDO, PEER_RESULT_BROKEN };

/* One block of a result; a limit exceeded is the node's fault and ends the link, but -ENOMEM, which is ours. */
int peer_result_add(struct copy *c, const struct msg *data);
enum peer_result peer_result_finish(struct copy *c, const struct job_result *r);
/* The same of what has no digest: all of it is here. */
enum peer_result peer_result_judge(struct copy *c, int32_t wait_status);

/* Its compiler has begun. */
void peer_result_begin(struct peer *p, struct copy *c);
/* The job is back, for better or for worse. */
void peer_result_return(
	struct peer *p, struct copy *c, const struct job_result *r, enum peer_result verdict);
