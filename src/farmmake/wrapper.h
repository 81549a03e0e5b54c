/* wrapper - farmmake's side of one farmcc: one connection, one job.
 *
 * Happy path of a remote job: CC_BEGIN, the scheduler says preprocess, DATA and CC_STAGED come in,
 * the job is sent to a peer, or to two, the first result (peer.c) is delivered, the wrapper commits
 * it, says CC_DONE and ends. Failure modes: the wrapper says CC_LOCAL, dies, or breaks the protocol;
 * its end, however it comes, is SCHED_JOB_GONE.
 *
 * Ownership: freed when its connection has closed.
 */
#pragma once

#include "copy.h"
#include "core/usage.h"
#include "direct.h"
#include "farm.h"
#include "intake.h"
#include "io/conn.h"

struct compiler;
struct peer;

enum wrapper_phase {
	WRAPPER_NEW,
	WRAPPER_WAITING, /* for a node, or for its compiler's fingerprint (lobby.h) */
	WRAPPER_PROBING, /* fingerprints its compiler */
	WRAPPER_ASKED,   /* the scheduler knows it and will answer */
	WRAPPER_LOOKING, /* what it reads is being found out (direct.h) */
	WRAPPER_CPP,
	WRAPPER_AWAY, /* staged, sent or running: no local core is used */
	WRAPPER_DELIVERED,
	WRAPPER_LOCAL,
	WRAPPER_DONE,
	WRAPPER_HEAVY, /* no compile: a large link, which asks before it begins */
};

struct wrapper {
	struct farm *farm;
	struct conn *conn;
	uint32_t id;
	enum wrapper_phase phase;
	uint64_t cost_key; /* its name in the table of costs */
	uint64_t cost_us;  /* what it is expected to take, once its text is here; 0: nobody knows */
	struct list lobby_link;
	uint64_t waits_since_us;
	bool has_waited; /* as long as it may */
	bool in_sched;   /* SCHED_JOB_ASK was said, SCHED_JOB_GONE is due */
	bool is_native;  /* what it means depends on the processor */
	char *compiler_path;
	struct compiler *compiler;
	struct job_spec spec;
	char *reason; /* why it is, or became, local; "" */
	struct direct direct;

	struct buf prelude; /* of the text; empty: nobody asked, or it is too long */
	struct chunks text;
	bool text_is_lost;    /* it was too large */
	struct intake intake; /* of text */
	struct copy copies[2];
	struct copy *good; /* has the result that is, or will be, delivered */
	size_t deliver_cursor;
	struct job_result outcome;
	bool is_checked; /* it is to be compiled here, too */
	struct buf scratch;

	/* for the report */
	struct peer *done_by;
	struct peer *checked_by; /* whose result was compiled here, too; NULL: none */
	enum checked checked;
	int32_t wait_status;
	struct usage_times t;
	uint32_t pid, shell; /* its process, and the one that waits for it; 0: not known */
	uint64_t text_bytes, up_bytes, down_bytes, local_cpu_us, remote_cpu_us;
	unsigned dispatches;
};

/* A new connection on the unix socket. */
void wrapper_accept(struct farm *f);

/* Its compile may be placed now: it is probed, waits, or is a matter of the scheduler. */
void wrapper_ask(struct wrapper *w);
/* The scheduler has forgotten it: more is known now. */
void wrapper_ask_again(struct wrapper *w);

/* Actions of the plan. wrapper_prepare: a view is looked for, or it preprocesses. */
void wrapper_prepare(struct wrapper *w);
void wrapper_local(struct wrapper *w, const char *why, bool idle);
void wrapper_deliver(struct wrapper *w);
/* direct.c: it preprocesses after all. */
void wrapper_preprocess(struct wrapper *w);
/* All that a node needs of it is here. */
void wrapper_stage(struct wrapper *w, uint64_t text_bytes, uint64_t held_bytes);
void wrapper_verdict(struct wrapper *w, enum verdict v, const char *why);
/* The heavy step may begin. */
void wrapper_go(struct wrapper *w);

/* Its copy on this node; NULL: the one that is nowhere. NULL when there is none. */
struct copy *wrapper_copy(struct wrapper *w, const struct peer *p);
void wrapper_close_all(struct farm *f);
