/* peer - a node, as one build sees it, and the link to it.
 *
 * Happy path: peer_dial, greeting and TLS (io/conn), HELLO, WELCOME, then jobs: JOB, DATA …,
 * JOB_TEXT_END up; STARTED, DATA …, RESULT down. Failure modes: the link breaks, or falls silent while
 * results are owed (heartbeats): the node is down for the scheduler, its jobs go elsewhere, and it is
 * dialled again, with pauses that grow until it returns a result or says that it has started anew. What
 * only the node itself can have done wrong puts it in quarantine (core/trust.h): it is never dialled
 * again.
 *
 * Ownership: peers live as long as the farm; wrappers in a peer's lists are not owned.
 */
#pragma once

#include "core/trust.h"
#include "farm.h"
#include "peer_view.h"
#include "wrapper.h"

enum {
	PEER_SUSPECT_MS = 600,      /* its jobs are sent to another node, too */
	PEER_SILENCE_MS = 3000,     /* it is dead */
	PEER_VIEW_REFUSALS_MAX = 8, /* so many, and it is sent no views any more */
	PEER_RETRY_MIN_MS = 500,
	PEER_RETRY_MAX_MS = 30000
};

enum peer_state { PEER_IDLE, PEER_DIALING, PEER_UP, PEER_QUARANTINE };

enum { PEER_BOOT_BYTES = 8 };

struct peer {
	struct farm *farm;
	struct list link;
	uint32_t id; /* the scheduler's number */
	enum peer_state state;
	char name[WIRE_NAME_MAX + 1]; /* "" until known, for a node given by address */
	struct sockaddr_storage addr;
	bool is_static; /* given by the user: dialled without a beacon */
	struct conn *conn;
	struct distccd *distccd; /* it is one; NULL: a farmnode, with a conn when it is not idle */
	bool draining, duplicate, suspect;
	struct trust trust;
	uint32_t last_job;                   /* the highest number that it was ever given */
	uint8_t boot_id[PEER_BOOT_BYTES];    /* of the connection */
	uint8_t heard_boot[PEER_BOOT_BYTES]; /* of its last beacon */
	unsigned namesakes;                  /* beacons of another node that has its name */
	uint64_t retry_at_ms, retry_pause_ms;
	uint64_t owed_since_ms; /* silence is counted from here: results have been owed since */
	struct list jobs;       /* struct copy.peer_link */
	struct list uploads;    /* struct copy.upload_link, in order */
	uint32_t credits;       /* as it gave them */
	bool shows_views;
	bool left_out;          /* ways.h: the scheduler is told of no credits */
	unsigned view_refusals; /* since the last view that it did show */
	struct peer_view view;

	/* for the report */
	unsigned slots, jail_level;
	double t_up; /* PEER_UP since then */
	bool lost;
	uint64_t content_bytes; /* packed, of files that it was sent */
	uint64_t moved_bytes;   /* of a distccd's: requests and replies */
	char address[64];
};

struct peer *peer_create(struct farm *f, const struct sockaddr *addr, const char *name);
struct peer *peer_find(struct farm *f, uint32_t id);
struct peer *peer_find_name(struct farm *f, const char *name);
/* What it has of this job; NULL: nothing. */
struct copy *peer_find_job(const struct peer *p, uint32_t id);
bool peer_any_up(const struct farm *f);
/* That is no distccd. */
bool peer_any_farmnode_up(const struct farm *f);
/* Starts to connect, unless it is too early after the last failure. */
void peer_dial(struct peer *p);
/* Its beacon says that it runs, and which start of it that is. */
void peer_heard(
	struct peer *p, const struct sockaddr *addr, const uint8_t boot_id[PEER_BOOT_BYTES]);
void peer_set_credits(struct peer *p, uint32_t credits);
/* Of these, what the scheduler is told of. */
uint32_t peer_usable_credits(const struct peer *p);
/* It is up no more, and its jobs are not there. */
void peer_gone(struct peer *p, int err);
/* Through its links, both ways. It is up. */
uint64_t peer_moved_bytes(const struct peer *p);
/* It has done this; about: the source or whatever it was about, for people. */
void peer_strike(struct peer *p, enum trust_offence offence, const char *about);
/* The heartbeat check; late: this loop itself was late, so silence proves nothing. */
void peer_check(struct peer *p, uint64_t now_ms, bool late);

/* It cannot have this job: elsewhere, or (not retry) here. */
void peer_refuse(struct peer *p, struct copy *c, bool retry);

/* Actions of the plan. */
void peer_send(struct peer *p, struct wrapper *w);
void peer_cancel(struct peer *p, uint32_t job);

/* Sends as much as the link takes; the rest follows as it drains. */
void peer_pump(struct peer *p);
/* The job's view has been looked at again: ok, or it is one no more. */
void peer_go_on(struct wrapper *w, bool ok);

void peer_close_all(struct farm *f);   /* begins to close every link */
void peer_destroy_all(struct farm *f); /* once they are closed */
