/* peer_view - which of the client's files a node knows of, and the contents that it still needs.
 *
 * Happy path: before a view's job is sent, peer_view_announce() sends what the node has not been told yet;
 * it answers with the contents that it needs, which go out one after the other while the link has room.
 * Failure modes: a content has changed since (CONTENT_GONE; the node refuses what would have read it); the
 * node asks for what it was not told of (ERR_PROTO); the link ends: all begins anew.
 *
 * Ownership: part of its peer.
 */
#pragma once

#include "base/vec.h"
#include "chunks.h"

struct inputs;
struct peer;
struct wrapper;

struct peer_view {
	uint32_t view;          /* the newest that the node knows of; 0: none */
	VEC(uint8_t) told;      /* by entry: it belongs to that view */
	VEC(uint32_t) contents; /* entries of files, by content number - 1 */
	VEC(uint32_t) needs;    /* content numbers; those before next are on their way or there */
	size_t next;
	uint32_t sending; /* the content of chunks, or 0 */
	bool loading;     /* it is being read */
	unsigned orphans; /* contents that are read for a link that has ended */
	struct chunks content;
	size_t cursor;
};

void peer_view_init(struct peer_view *v);
/* The link has ended. */
void peer_view_reset(struct peer_view *v);
void peer_view_fini(struct peer_view *v);

/* Is the job's view older than what the node knows? Then it cannot be sent as it is. */
bool peer_view_is_stale(const struct peer *p, const struct wrapper *w);
/* Tells the node of what the job reads; the errors of conn_send(). */
int peer_view_announce(struct peer *p, const struct wrapper *w);
/* NEED */
int peer_view_on_need(struct peer *p, const struct msg *m);
/* Sends contents as long as the link takes them; the errors of conn_send(). */
int peer_view_pump(struct peer *p);
