/* peer - a node, as one build sees it, and the link to it.
 *
 * Happy path: peer_dial, greeting and TLS (io/conn), HELLO, WELCOME, then jobs: JOB, DATA …,
 * JOB_TEXT_END up; STARTED, DATA …, RESULT down. Failure modes: the link breaks, falls silent while
 * results are owed (heartbeats), or the node breaks the protocol: the node is down for the
 * scheduler, its jobs go elsewhere, and it is dialled again with growing pauses.
 *
 * Ownership: peers live as long as the farm; wrappers in a peer's lists are not owned.
 */
#pragma once

#include "farm.h"
#include "wrapper.h"

enum {
	PEER_SUSPECT_MS = 600,  /* its jobs are sent to another node, too */
	PEER_SILENCE_MS = 3000, /* it is dead */
	PEER_RETRY_MIN_MS = 500,
	PEER_RETRY_MAX_MS = 30000
};

enum peer_state { PEER_IDLE, PEER_DIALING, PEER_UP };

struct peer {
	struct farm *farm;
	struct list link;
	uint32_t id; /* the scheduler's number */
	enum peer_state state;
	char name[WIRE_NAME_MAX + 1]; /* "" until known, for a node given by address */
	struct sockaddr_storage addr;
	bool is_static; /* given by the user: dialled without a beacon */
	struct conn *conn;
	bool draining, duplicate, suspect;
	uint64_t retry_at_ms, retry_pause_ms;
	uint64_t owed_since_ms; /* silence is counted from here: results have been owed since */
	struct list jobs;       /* struct copy.peer_link */
	struct list uploads;    /* struct copy.upload_link, in order */

	/* for the report */
	unsigned slots;
	bool lost;
	char address[64];
};

struct peer *peer_create(struct farm *f, const struct sockaddr *addr, const char *name);
struct peer *peer_find(struct farm *f, uint32_t id);
struct peer *peer_find_name(struct farm *f, const char *name);
bool peer_any_up(const struct farm *f);
/* Starts to connect, unless it is too early after the last failure. */
void peer_dial(struct peer *p);
/* The heartbeat check; late: this loop itself was late, so silence proves nothing. */
void peer_check(struct peer *p, uint64_t now_ms, bool late);

/* Actions of the plan. */
void peer_send(struct peer *p, struct wrapper *w);
void peer_cancel(struct peer *p, uint32_t job);

void peer_close_all(struct farm *f);   /* begins to close every link */
void peer_destroy_all(struct farm *f); /* once they are closed */
