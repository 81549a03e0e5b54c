/* copy - a wrapper's job on one node: how far its upload is, and what has come back so far.
 *
 * Contract: a job is on at most as many nodes as it has copies, and on none twice.
 *
 * Ownership: part of its wrapper; linked, not owned, by the peer that has it.
 */
#pragma once

#include "base/list.h"
#include "chunks.h"
#include "core/noise.h"
#include "io/digest.h"

struct distccd_job;
struct peer;
struct wrapper;

struct copy {
	struct wrapper *wrapper;
	struct peer *peer; /* NULL: nowhere */
	struct list peer_link, upload_link;
	struct distccd_job
		*call; /* its way to a distccd and back; NULL: it goes over the peer's link */
	bool job_sent;
	bool waits; /* a view's, that is being looked at again */
	size_t upload_cursor;
	double t_started; /* for the report; negative: it has not */

	struct chunks result;
	struct digest *digest; /* of the result's DATA so far */
	uint64_t stream_bytes[STREAM_COUNT];
	struct noise said; /* on stderr, by the node's compiler */
};

void copy_init(struct copy *c, struct wrapper *w);
void copy_fini(struct copy *c);
/* From now on it is there, and nothing is uploaded yet. */
void copy_attach(struct copy *c, struct peer *p);
/* It is nowhere. What came back stays. */
void copy_detach(struct copy *c);
/* A block of the result. -ENOMEM when this result, or all that are kept together, are as large as they may be. */
int copy_keep(struct copy *c, const struct msg *data);
/* Forgets what came back. */
void copy_reset(struct copy *c);
