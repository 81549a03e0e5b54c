/* wrapper - farmmake's side of one farmcc: one connection, one job.
 *
 * Happy path of a remote job: CC_BEGIN, the scheduler says preprocess, DATA and CC_STAGED come in,
 * the job is sent to a peer, its result is collected there (peer.c fills result), delivered, the
 * wrapper commits it, says CC_DONE and ends. Failure modes: the wrapper says CC_LOCAL, dies, or
 * breaks the protocol; its end, however it comes, is SCHED_JOB_GONE.
 *
 * Ownership: freed when its connection has closed.
 */
#pragma once

#include "core/noise.h"
#include "farm.h"
#include "intake.h"
#include "io/conn.h"
#include "io/digest.h"

struct compiler;
struct peer;

enum wrapper_phase {
	WRAPPER_NEW,
	WRAPPER_PROBING, /* fingerprints its compiler */
	WRAPPER_ASKED,   /* the scheduler knows it and will answer */
	WRAPPER_CPP,
	WRAPPER_AWAY, /* staged, sent or running: no local core is used */
	WRAPPER_DELIVERED,
	WRAPPER_LOCAL,
	WRAPPER_DONE,
};

struct wrapper {
	struct farm *farm;
	struct conn *conn;
	uint32_t id;
	enum wrapper_phase phase;
	uint64_t cost_key; /* its name in the table of costs */
	bool in_sched;     /* SCHED_JOB_ASK was said, SCHED_JOB_GONE is due */
	char *compiler_path;
	struct compiler *compiler;
	struct job_spec spec;
	char *reason; /* why it is, or became, local; "" */

	struct chunks text;
	struct intake intake; /* of text */
	struct chunks result;
	size_t deliver_cursor;
	struct job_result outcome;
	struct digest *digest; /* of the result's DATA so far */
	uint64_t stream_bytes[STREAM_COUNT];
	struct noise said; /* on stderr, by the node's compiler */
	struct buf scratch;

	struct peer *peer; /* has it now */
	struct list peer_link, upload_link;
	bool job_sent;
	size_t upload_cursor;

	/* for the report */
	struct peer *done_by;
	int32_t wait_status;
	uint64_t local_since_us; /* WRAPPER_LOCAL */
	double t_start, t_cpp, t_staged, t_sent, t_started, t_finished;
	uint64_t text_bytes, up_bytes, down_bytes, local_cpu_us, remote_cpu_us;
	unsigned dispatches;
};

/* A new connection on the unix socket. */
void wrapper_accept(struct farm *f);

/* Actions of the plan. */
void wrapper_preprocess(struct wrapper *w);
void wrapper_local(struct wrapper *w, const char *why);
void wrapper_sent(struct wrapper *w, struct peer *p);
void wrapper_deliver(struct wrapper *w);

/* Forgets a result that came in part. */
void wrapper_reset_result(struct wrapper *w);
void wrapper_close_all(struct farm *f);
